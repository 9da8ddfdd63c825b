/**
 * Every label, annotation, resource, finalizer and tag key that Trunkline reads or writes. The
 * strings are EKS's (spec: eks-behaviour 1.4) unless they carry `trunkline.dev`.
 */

/** Extended resource and pod annotation: one unit is one branch interface. */
export const POD_ENI = 'vpc.amazonaws.com/pod-eni';
/** Legacy node label that makes a node managed, whatever its value. */
export const HAS_TRUNK_LABEL = 'vpc.amazonaws.com/has-trunk-attached';
/** CNINode feature: branch interfaces for pods. */
export const FEATURE_SECURITY_GROUPS = 'SecurityGroupsForPods';
/** CNINode feature: pods in the subnet and groups of the ENIConfig that its value names. */
export const FEATURE_CUSTOM_NETWORKING = 'CustomNetworking';
/** CNINode finalizer. */
export const CLEANUP_FINALIZER = 'networking.k8s.aws/resource-cleanup';
/** Pod label whose presence marks a Fargate pod. */
export const FARGATE_PROFILE_LABEL = 'eks.amazonaws.com/fargate-profile';
/** Annotation for the groups of a Fargate pod. */
export const FARGATE_POD_SG = 'fargate.amazonaws.com/pod-sg';
/** Node label: operating system. */
export const OS_LABEL = 'kubernetes.io/os';
/** Node label: compute type; `auto` nodes are left alone. */
export const COMPUTE_TYPE_LABEL = 'eks.amazonaws.com/compute-type';

/** Interface tag: who made the interface. */
export const TAG_ENI_OWNER = 'eks:eni:owner';
/** Value of TAG_ENI_OWNER for interfaces made by the controller. */
export const ENI_OWNER_CONTROLLER = 'eks-vpc-resource-controller';
/** Value of TAG_ENI_OWNER for interfaces made by the node agent. */
export const ENI_OWNER_AGENT = 'amazon-vpc-cni';
/** Interface tag: owning instance. */
export const TAG_INSTANCE_ID = 'node.k8s.amazonaws.com/instance_id';
/** Interface tag of the agent, and CNINode tag: cluster name. */
export const TAG_CLUSTER_NAME = 'cluster.k8s.amazonaws.com/name';
/** Branch tag: trunk it is associated with. */
export const TAG_TRUNK_ID = 'vpcresources.k8s.aws/trunk-eni-id';
/** Branch tag: VLAN id on the trunk. */
export const TAG_VLAN_ID = 'vpcresources.k8s.aws/vlan-id';

/** Interface tag of the controller: `kubernetes.io/cluster/<name>` = `owned`. */
export function clusterTag(clusterName: string): string {
  return `kubernetes.io/cluster/${clusterName}`;
}

/** Description of trunk interfaces. */
export const TRUNK_DESCRIPTION = 'aws-k8s-trunk-eni';
/** Description of branch interfaces. */
export const BRANCH_DESCRIPTION = 'aws-k8s-branch-eni';

/** Annotation of VPC objects: which term of which writer wrote last, as `<epoch>/<count>`. */
export const WRITER_ANNOTATION = 'vpc.trunkline.dev/writer';
/** Annotation of VPC objects whose deletion is decided and not yet done. */
export const DELETING_ANNOTATION = 'vpc.trunkline.dev/deleting';
/** Annotation of our CRDs: the number of the format of the objects, `VPC_STATE_FORMAT`. */
export const CRD_FORMAT_ANNOTATION = 'vpc.trunkline.dev/format';
/** Annotation of our CRDs: a digest of the manifest, so that another build's is told apart. */
export const CRD_DIGEST_ANNOTATION = 'vpc.trunkline.dev/manifest-sha256';
/** Annotation of the writer's Lease: where standbys send what they may not answer. */
export const URL_ANNOTATION = 'vpc.trunkline.dev/url';

/** Annotation of pods: the enforcing mode that the agent wired them in; absent: strict, or no branch. */
export const ENFORCING_MODE_ANNOTATION = 'vpc.trunkline.dev/enforcing-mode';

/** Label of address slices: the VPC of the host. */
export const VPC_LABEL = 'vpc.trunkline.dev/vpc';
/** Label of interfaces: the instance that they are attached to. */
export const INSTANCE_LABEL = 'vpc.trunkline.dev/instance';
/** Label of interfaces: the trunk that they are branches of. */
export const TRUNK_LABEL = 'vpc.trunkline.dev/trunk';
