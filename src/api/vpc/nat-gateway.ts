import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['account', 'vpcId', 'subnetId', 'connectivityType', 'state', 'createdAt'],
  properties: {
    account: { type: 'string' },
    vpcId: { type: 'string' },
    subnetId: { type: 'string' },
    connectivityType: { type: 'string', enum: ['public', 'private'] },
    state: { type: 'string', enum: ['available', 'failed', 'deleted'] },
    failure: { type: 'string', description: 'Code of the failure.' },
    createdAt: { type: 'string' },
    deletedAt: { type: 'string', description: 'Also of one that failed.' },
    allocationId: { type: 'string' },
    publicIp: { type: 'string' },
    associationId: { type: 'string' },
    networkInterfaceId: { type: 'string' },
    privateIp: { type: 'string' },
    clientToken: { type: 'string' },
    clientTokenDigest: { type: 'string' },
    tags: STRING_MAP,
  },
} as const;

/** A NAT gateway; `metadata.name` is its id. Its interface says that it is managed by it. */
export interface NatGateway extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `natgateways` resource. */
export const NAT_GATEWAYS: Resource<NatGateway> = resource<NatGateway>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'NatGateway',
  plural: 'natgateways',
  namespaced: false,
});

/** The CRD. */
export const NAT_GATEWAY_CRD: CustomResource = {
  resource: NAT_GATEWAYS,
  singular: 'natgateway',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Subnet', type: 'string', jsonPath: '.spec.subnetId' },
    { name: 'State', type: 'string', jsonPath: '.spec.state' },
    { name: 'Address', type: 'string', jsonPath: '.spec.publicIp' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
