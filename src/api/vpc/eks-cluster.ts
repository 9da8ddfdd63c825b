import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const STRINGS = { type: 'array', items: { type: 'string' } } as const;

const ADDON = {
  type: 'object',
  required: ['name', 'version', 'createdAt', 'modifiedAt', 'tags'],
  properties: {
    name: { type: 'string' },
    version: { type: 'string' },
    createdAt: { type: 'string' },
    modifiedAt: { type: 'string' },
    serviceAccountRoleArn: { type: 'string' },
    configurationValues: {
      type: 'string',
      description: 'As given: a JSON object.',
    },
    tags: STRING_MAP,
    lastUpdate: {
      type: 'object',
      required: ['id', 'createdAt', 'params'],
      properties: {
        id: { type: 'string' },
        createdAt: { type: 'string' },
        params: STRING_MAP,
      },
    },
  },
} as const;

const SPEC = {
  type: 'object',
  required: ['account', 'region', 'clusterName', 'version', 'roleArn', 'vpcId', 'createdAt'],
  properties: {
    account: { type: 'string' },
    region: { type: 'string' },
    clusterName: { type: 'string' },
    version: { type: 'string' },
    roleArn: { type: 'string' },
    vpcId: { type: 'string' },
    subnetIds: STRINGS,
    securityGroupIds: STRINGS,
    clusterSecurityGroupId: { type: 'string' },
    endpointPublicAccess: { type: 'boolean' },
    endpointPrivateAccess: { type: 'boolean' },
    publicAccessCidrs: STRINGS,
    serviceIpv4Cidr: { type: 'string' },
    ipFamily: { type: 'string', enum: ['ipv4', 'ipv6'] },
    authenticationMode: { type: 'string' },
    createdAt: { type: 'string' },
    clientToken: { type: 'string' },
    clientTokenDigest: { type: 'string' },
    addons: { type: 'array', items: ADDON },
    tags: STRING_MAP,
  },
} as const;

/** One add-on of a cluster. */
export type EksAddon = FromSchema<typeof ADDON>;

/**
 * A cluster as the EKS API shows it, with its add-ons. `metadata.name` follows from account, region
 * and name, because EKS tells upper from lower case and Kubernetes does not.
 */
export interface EksCluster extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `eksclusters` resource. */
export const EKS_CLUSTERS: Resource<EksCluster> = resource<EksCluster>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'EksCluster',
  plural: 'eksclusters',
  namespaced: false,
});

/** The CRD. */
export const EKS_CLUSTER_CRD: CustomResource = {
  resource: EKS_CLUSTERS,
  singular: 'ekscluster',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Cluster', type: 'string', jsonPath: '.spec.clusterName' },
    { name: 'Version', type: 'string', jsonPath: '.spec.version' },
    { name: 'Vpc', type: 'string', jsonPath: '.spec.vpcId' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
