import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const IDS = { type: 'array', items: { type: 'string' } } as const;

const SPEC = {
  type: 'object',
  required: ['account', 'vpcId', 'serviceName', 'type', 'policyDocument', 'createdAt'],
  properties: {
    account: { type: 'string' },
    vpcId: { type: 'string' },
    serviceName: { type: 'string' },
    type: { type: 'string', enum: ['Gateway', 'Interface'] },
    policyDocument: { type: 'string' },
    privateDnsEnabled: { type: 'boolean' },
    createdAt: { type: 'string' },
    routeTableIds: IDS,
    subnetIds: IDS,
    groupIds: IDS,
    clientToken: { type: 'string' },
    clientTokenDigest: { type: 'string' },
    tags: STRING_MAP,
  },
} as const;

/** A VPC endpoint; `metadata.name` is its id. Its interfaces say that they are managed by it. */
export interface VpcEndpoint extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `vpcendpoints` resource. */
export const VPC_ENDPOINTS: Resource<VpcEndpoint> = resource<VpcEndpoint>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'VpcEndpoint',
  plural: 'vpcendpoints',
  namespaced: false,
});

/** The CRD. */
export const VPC_ENDPOINT_CRD: CustomResource = {
  resource: VPC_ENDPOINTS,
  singular: 'vpcendpoint',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Vpc', type: 'string', jsonPath: '.spec.vpcId' },
    { name: 'Service', type: 'string', jsonPath: '.spec.serviceName' },
    { name: 'Type', type: 'string', jsonPath: '.spec.type' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
