/** Ports on the loopback address of every host that lead to the Kubernetes API and the VPC API. */
export const HOST_API_PORTS = { kube: 6443, ec2: 4566 } as const;
