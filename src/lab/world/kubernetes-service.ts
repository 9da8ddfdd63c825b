import type { KubeClient } from '../../api/client.ts';
import { ENDPOINT_SLICES, SERVICE_NAME_LABEL } from '../../api/core/endpoints.ts';
import { SERVICES } from '../../api/core/service.ts';
import { CLUSTER_DOMAIN } from '../dns/zone.ts';
import { ensure } from './ensure.ts';
import { HOST_API_PORTS } from './host-ports.ts';
import type { SeededInstance } from './seed-vpc.ts';

const NAME = 'kubernetes';
const NAMESPACE = 'default';
/** The first address of 10.100.0.0/16, as in every cluster. */
const ADDRESS = '10.100.0.1';

/** How pods know the API; its certificate has them all. */
export const KUBERNETES_NAMES: readonly string[] = [
  ADDRESS,
  NAME,
  `${NAME}.${NAMESPACE}`,
  `${NAME}.${NAMESPACE}.svc`,
  `${NAME}.${NAMESPACE}.svc.${CLUSTER_DOMAIN}`,
];

/**
 * The Service by which pods reach the API. Its endpoints are the nodes, which hand connections on, where
 * EKS has interfaces of its own in the subnets; in both cases the groups there must admit the pod.
 */
export async function ensureKubernetesService(
  kube: KubeClient,
  instances: readonly SeededInstance[],
): Promise<void> {
  const labels = { component: 'apiserver', provider: NAME };
  await ensure(kube, SERVICES, {
    metadata: { name: NAME, namespace: NAMESPACE, labels },
    spec: {
      clusterIP: ADDRESS,
      ports: [{ name: 'https', port: 443, targetPort: HOST_API_PORTS.kube }],
    },
  });
  const nodes = instances.filter(({ isNode }) => isNode);
  await ensure(kube, ENDPOINT_SLICES, {
    metadata: { name: NAME, namespace: NAMESPACE, labels: { [SERVICE_NAME_LABEL]: NAME } },
    addressType: 'IPv4',
    endpoints: nodes.map(({ privateIp }) => ({
      addresses: [privateIp],
      conditions: { ready: true },
    })),
    ports: [{ name: 'https', port: HOST_API_PORTS.kube, protocol: 'TCP' }],
  });
}
