import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['account', 'vpcId', 'subnetId', 'cidr', 'reservationType'],
  properties: {
    account: { type: 'string' },
    vpcId: { type: 'string' },
    subnetId: { type: 'string' },
    cidr: { type: 'string' },
    reservationType: { type: 'string', enum: ['prefix', 'explicit'] },
    description: { type: 'string' },
    tags: STRING_MAP,
  },
} as const;

/** A reserved block of a subnet; `metadata.name` is its id. */
export interface SubnetCidrReservation extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `subnetcidrreservations` resource. */
export const SUBNET_CIDR_RESERVATIONS: Resource<SubnetCidrReservation> =
  resource<SubnetCidrReservation>({
    group: VPC_GROUP,
    version: VPC_VERSION,
    kind: 'SubnetCidrReservation',
    plural: 'subnetcidrreservations',
    namespaced: false,
  });

/** The CRD. */
export const SUBNET_CIDR_RESERVATION_CRD: CustomResource = {
  resource: SUBNET_CIDR_RESERVATIONS,
  singular: 'subnetcidrreservation',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Subnet', type: 'string', jsonPath: '.spec.subnetId' },
    { name: 'Cidr', type: 'string', jsonPath: '.spec.cidr' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
