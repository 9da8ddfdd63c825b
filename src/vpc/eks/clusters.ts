import { createHash } from 'node:crypto';
import type {
  Cluster,
  CreateClusterRequest,
  CreateClusterResponse,
  DeleteClusterRequest,
  DeleteClusterResponse,
  DescribeClusterRequest,
  DescribeClusterResponse,
  ListClustersRequest,
  ListClustersResponse,
} from '@aws-sdk/client-eks';
import type { EksCluster } from '../../api/vpc/eks-cluster.ts';
import { compact } from '../compact.ts';
import { nowText, type Call, type Handler, type Place } from '../context.ts';
import { isAmbiguous } from '../store/collection.ts';
import { checkReplay, requestDigest } from '../tokens.ts';
import { createClusterGroup, deleteClusterGroup } from './cluster-group.ts';
import { checkNetwork } from './cluster-network.ts';
import { inUse, invalidParameter, notFound } from './errors.ts';
import { pageOf } from './pages.ts';

/** What CreateCluster takes when no version is named. */
const DEFAULT_VERSION = '1.33';
const NETWORK_DEFAULTS = {
  securityGroupIds: [],
  endpointPublicAccess: true,
  endpointPrivateAccess: false,
  publicAccessCidrs: ['0.0.0.0/0'],
  serviceIpv4Cidr: '10.100.0.0/16',
  ipFamily: 'ipv4',
} as const;
const NAME = /^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/;

/** CreateCluster: the record of a cluster and its security group; ACTIVE at once. */
export const createCluster: Handler<CreateClusterRequest, CreateClusterResponse> = (
  input,
  call,
) => {
  const { store } = call;
  const name = input.name ?? '';
  if (!NAME.test(name)) throw invalidParameter(`The cluster name '${name}' is not valid`);
  if (!/^arn:[^:]*:iam::\d{12}:role\/.+/.test(input.roleArn ?? ''))
    throw invalidParameter(`Role with arn: ${input.roleArn} is not valid`);
  const id = clusterId(call, name);
  return store.locks.hold({ exclusive: [id] }, async () => {
    const existing = store.clusters.get(id);
    if (existing !== undefined) return replayed(call, existing, input);
    const vpcId = checkNetwork(call, input.resourcesVpcConfig);
    const groupId = await createClusterGroup(call, { name, vpcId });
    try {
      const cluster = await store.clusters.create(newCluster(call, input, { id, vpcId, groupId }));
      return { cluster: clusterView(call, cluster) };
    } catch (error) {
      // As far as that is possible now; else when the server starts again.
      if (!isAmbiguous(error)) await deleteClusterGroup(store, groupId).catch(() => {});
      throw error;
    }
  });
};

function replayed(
  call: Call,
  existing: EksCluster,
  input: CreateClusterRequest,
): CreateClusterResponse {
  const token = input.clientRequestToken;
  if (token === undefined || existing.spec.clientToken !== token)
    throw inUse(`Cluster already exists with name: ${input.name}`);
  checkReplay(existing.spec.clientTokenDigest, input);
  return { cluster: clusterView(call, existing) };
}

function newCluster(
  call: Call,
  input: CreateClusterRequest,
  made: { readonly id: string; readonly vpcId: string; readonly groupId: string },
): EksCluster {
  const token = input.clientRequestToken;
  return {
    metadata: { name: made.id },
    spec: compact<EksCluster['spec']>({
      account: call.accountId,
      region: call.region,
      clusterName: input.name ?? '',
      version: input.version ?? DEFAULT_VERSION,
      roleArn: input.roleArn ?? '',
      vpcId: made.vpcId,
      clusterSecurityGroupId: made.groupId,
      ...networkOf(input),
      authenticationMode: input.accessConfig?.authenticationMode ?? 'CONFIG_MAP',
      createdAt: nowText(call),
      clientToken: token,
      clientTokenDigest: token === undefined ? undefined : requestDigest(input),
      addons: [],
      tags: input.tags ?? {},
    }),
  };
}

/** What a request says about the network, on top of what EKS assumes. */
function networkOf(input: CreateClusterRequest): Partial<EksCluster['spec']> {
  const { resourcesVpcConfig: vpc, kubernetesNetworkConfig: network } = input;
  const given = compact<Partial<EksCluster['spec']>>({
    subnetIds: vpc?.subnetIds,
    securityGroupIds: vpc?.securityGroupIds,
    endpointPublicAccess: vpc?.endpointPublicAccess,
    endpointPrivateAccess: vpc?.endpointPrivateAccess,
    publicAccessCidrs: vpc?.publicAccessCidrs,
    serviceIpv4Cidr: network?.serviceIpv4Cidr,
    ipFamily: network?.ipFamily,
  });
  return { ...NETWORK_DEFAULTS, ...given };
}

/** DescribeCluster. */
export const describeCluster: Handler<DescribeClusterRequest, DescribeClusterResponse> = (
  input,
  call,
) => ({ cluster: clusterView(call, ownCluster(call, input.name)) });

/** ListClusters, in the order of names. */
export const listClusters: Handler<ListClustersRequest, ListClustersResponse> = (input, call) => {
  const names = [...call.store.clusters.table.values()]
    .filter(({ spec }) => spec.account === call.accountId && spec.region === call.region)
    .map(({ spec }) => spec.clusterName);
  const page = pageOf(names, input);
  return { clusters: page.items, nextToken: page.nextToken };
};

/** DeleteCluster; its security group goes too, unless interfaces still wear it. */
export const deleteCluster: Handler<DeleteClusterRequest, DeleteClusterResponse> = (
  input,
  call,
) => {
  const { store } = call;
  const id = clusterId(call, input.name ?? '');
  return store.locks.hold({ exclusive: [id] }, async () => {
    const cluster = ownCluster(call, input.name);
    await store.clusters.remove(id);
    await deleteClusterGroup(store, cluster.spec.clusterSecurityGroupId);
    return { cluster: { ...clusterView(call, cluster), status: 'DELETING' } };
  });
};

/** Name of the object of a cluster. */
export function clusterId({ accountId, region }: Place, name: string): string {
  const digest = createHash('sha256').update(`${accountId}\n${region}\n${name}`).digest('hex');
  return `eks-${digest.slice(0, 17)}`;
}

/** The caller's cluster; throws ResourceNotFoundException. */
export function ownCluster(call: Place, name: string | undefined): EksCluster {
  const cluster = call.store.clusters.get(clusterId(call, name ?? ''));
  if (cluster === undefined) throw notFound(`No cluster found for name: ${name}.`);
  return cluster;
}

/** ARN of a cluster. */
export function clusterArn({ spec }: EksCluster): string {
  return `arn:aws:eks:${spec.region}:${spec.account}:cluster/${spec.clusterName}`;
}

/**
 * A cluster as EKS shows it. Endpoint and authority are those of the Kubernetes API that the server
 * was told about; without one they are left out.
 */
function clusterView({ kubernetes }: Call, cluster: EksCluster): Cluster {
  const { metadata, spec } = cluster;
  return {
    name: spec.clusterName,
    arn: clusterArn(cluster),
    createdAt: new Date(spec.createdAt),
    version: spec.version,
    platformVersion: 'eks.1',
    endpoint: kubernetes?.endpoint,
    certificateAuthority: kubernetes === undefined ? undefined : { data: btoa(kubernetes.caPem) },
    roleArn: spec.roleArn,
    resourcesVpcConfig: {
      subnetIds: [...(spec.subnetIds ?? [])],
      securityGroupIds: [...(spec.securityGroupIds ?? [])],
      clusterSecurityGroupId: spec.clusterSecurityGroupId,
      vpcId: spec.vpcId,
      endpointPublicAccess: spec.endpointPublicAccess,
      endpointPrivateAccess: spec.endpointPrivateAccess,
      publicAccessCidrs: [...(spec.publicAccessCidrs ?? [])],
    },
    kubernetesNetworkConfig: { serviceIpv4Cidr: spec.serviceIpv4Cidr, ipFamily: spec.ipFamily },
    accessConfig: { authenticationMode: spec.authenticationMode as 'API' },
    identity: {
      oidc: { issuer: `https://oidc.eks.${spec.region}.amazonaws.com/id/${oidcId(metadata.name)}` },
    },
    status: 'ACTIVE',
    clientRequestToken: spec.clientToken,
    tags: spec.tags,
    health: { issues: [] },
  };
}

function oidcId(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32).toUpperCase();
}
