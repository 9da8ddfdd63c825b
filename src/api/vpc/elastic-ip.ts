import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const ASSOCIATION = {
  type: 'object',
  required: ['associationId', 'networkInterfaceId', 'privateIp'],
  description: 'Ends when the interface goes, or loses the private address.',
  properties: {
    associationId: { type: 'string' },
    networkInterfaceId: { type: 'string' },
    privateIp: { type: 'string' },
  },
} as const;

const SPEC = {
  type: 'object',
  required: ['account', 'region', 'publicIp'],
  properties: {
    account: { type: 'string' },
    region: { type: 'string' },
    publicIp: { type: 'string' },
    association: ASSOCIATION,
    tags: STRING_MAP,
  },
} as const;

/** An Elastic IP address; `metadata.name` is its allocation id. */
export interface ElasticIp extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** What an address is associated with. */
export type ElasticIpAssociation = FromSchema<typeof ASSOCIATION>;

/** The `elasticips` resource. */
export const ELASTIC_IPS: Resource<ElasticIp> = resource<ElasticIp>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'ElasticIp',
  plural: 'elasticips',
  namespaced: false,
});

/** The CRD. */
export const ELASTIC_IP_CRD: CustomResource = {
  resource: ELASTIC_IPS,
  singular: 'elasticip',
  shortNames: ['eip'],
  categories: ['vpc-objects'],
  columns: [
    { name: 'Address', type: 'string', jsonPath: '.spec.publicIp' },
    { name: 'Interface', type: 'string', jsonPath: '.spec.association.networkInterfaceId' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
