import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const ROUTE = {
  type: 'object',
  required: ['destination'],
  description: 'One destination and exactly one target.',
  properties: {
    destination: { type: 'string', description: 'A block of either family, or a prefix list id.' },
    gatewayId: { type: 'string', description: 'An internet gateway.' },
    natGatewayId: { type: 'string' },
    egressOnlyInternetGatewayId: { type: 'string' },
    networkInterfaceId: { type: 'string', description: 'Also of routes to an instance.' },
    vpcPeeringConnectionId: { type: 'string' },
  },
} as const;

const SPEC = {
  type: 'object',
  required: ['account', 'vpcId', 'routes'],
  properties: {
    account: { type: 'string' },
    vpcId: { type: 'string' },
    routes: {
      type: 'array',
      description: 'The local routes follow from the VPC and are not stored.',
      items: ROUTE,
    },
    clientToken: { type: 'string' },
    clientTokenDigest: { type: 'string' },
    tags: STRING_MAP,
  },
} as const;

/** One stored route. */
export type RouteSpec = FromSchema<typeof ROUTE>;

/** A route table; `metadata.name` is its id. Subnets, gateways and VPCs say which table they use. */
export interface RouteTable extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `routetables` resource. */
export const ROUTE_TABLES: Resource<RouteTable> = resource<RouteTable>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'RouteTable',
  plural: 'routetables',
  namespaced: false,
});

/** The CRD. */
export const ROUTE_TABLE_CRD: CustomResource = {
  resource: ROUTE_TABLES,
  singular: 'routetable',
  categories: ['vpc-objects'],
  columns: [{ name: 'Vpc', type: 'string', jsonPath: '.spec.vpcId' }],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
