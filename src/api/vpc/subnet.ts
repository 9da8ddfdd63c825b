import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['account', 'vpcId', 'availabilityZone'],
  properties: {
    account: { type: 'string' },
    vpcId: { type: 'string' },
    cidr: { type: 'string', description: 'The IPv4 block; IPv6-only subnets have none.' },
    ipv6Native: {
      type: 'boolean',
      description: 'IPv6 only: interfaces have no IPv4 address, and always one of IPv6.',
    },
    availabilityZone: { type: 'string' },
    mapPublicIpOnLaunch: { type: 'boolean' },
    ipv6CidrBlocks: {
      type: 'array',
      description: 'IPv6 blocks, usually one /64.',
      items: {
        type: 'object',
        required: ['associationId', 'cidr'],
        properties: { associationId: { type: 'string' }, cidr: { type: 'string' } },
      },
    },
    assignIpv6AddressOnCreation: { type: 'boolean' },
    defaultForAz: { type: 'boolean' },
    enableDns64: { type: 'boolean' },
    hostnameType: { type: 'string', enum: ['ip-name', 'resource-name'] },
    enableResourceNameDnsARecord: { type: 'boolean' },
    enableResourceNameDnsAaaaRecord: { type: 'boolean' },
    routeTable: {
      type: 'object',
      required: ['associationId', 'routeTableId'],
      description: 'Absent: the main table of the VPC.',
      properties: { associationId: { type: 'string' }, routeTableId: { type: 'string' } },
    },
    networkAcl: {
      type: 'object',
      required: ['associationId', 'networkAclId'],
      properties: { associationId: { type: 'string' }, networkAclId: { type: 'string' } },
    },
    tags: STRING_MAP,
  },
} as const;

/** A subnet; `metadata.name` is its id. */
export interface Subnet extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The blocks of a subnet: that of IPv4, unless it is IPv6 only, then those of IPv6. */
export function subnetCidrs({ spec }: Pick<Subnet, 'spec'>): readonly string[] {
  const ipv4 = spec.cidr === undefined ? [] : [spec.cidr];
  return [...ipv4, ...(spec.ipv6CidrBlocks ?? []).map(({ cidr }) => cidr)];
}

/** The `subnets` resource. */
export const SUBNETS: Resource<Subnet> = resource<Subnet>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'Subnet',
  plural: 'subnets',
  namespaced: false,
});

/** The CRD. */
export const SUBNET_CRD: CustomResource = {
  resource: SUBNETS,
  singular: 'subnet',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Vpc', type: 'string', jsonPath: '.spec.vpcId' },
    { name: 'Cidr', type: 'string', jsonPath: '.spec.cidr' },
    { name: 'Zone', type: 'string', jsonPath: '.spec.availabilityZone' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
