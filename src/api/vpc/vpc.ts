import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['account', 'region', 'cidrBlocks', 'isDefault'],
  properties: {
    account: { type: 'string' },
    region: { type: 'string' },
    cidrBlocks: {
      type: 'array',
      description: 'The first block is the primary one.',
      items: {
        type: 'object',
        required: ['associationId', 'cidr'],
        properties: { associationId: { type: 'string' }, cidr: { type: 'string' } },
      },
    },
    ipv6CidrBlocks: {
      type: 'array',
      items: {
        type: 'object',
        required: ['associationId', 'cidr'],
        properties: {
          associationId: { type: 'string' },
          cidr: { type: 'string' },
          pool: { type: 'string' },
        },
      },
    },
    isDefault: { type: 'boolean' },
    enableDnsSupport: { type: 'boolean' },
    enableDnsHostnames: { type: 'boolean' },
    enableNetworkAddressUsageMetrics: { type: 'boolean' },
    instanceTenancy: { type: 'string', enum: ['default', 'dedicated'] },
    dhcpOptionsId: { type: 'string', description: 'An id, or default for none.' },
    mainRouteTable: {
      type: 'object',
      required: ['associationId', 'routeTableId'],
      properties: { associationId: { type: 'string' }, routeTableId: { type: 'string' } },
    },
    clientToken: { type: 'string' },
    tags: STRING_MAP,
  },
} as const;

/** A VPC; `metadata.name` is its id. */
export interface Vpc extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `vpcs` resource. */
export const VPCS: Resource<Vpc> = resource<Vpc>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'Vpc',
  plural: 'vpcs',
  namespaced: false,
});

/** The CRD. */
export const VPC_CRD: CustomResource = {
  resource: VPCS,
  singular: 'vpc',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Cidr', type: 'string', jsonPath: '.spec.cidrBlocks[0].cidr' },
    { name: 'Default', type: 'boolean', jsonPath: '.spec.isDefault' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
