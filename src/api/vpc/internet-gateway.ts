import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['account', 'region'],
  properties: {
    account: { type: 'string' },
    region: { type: 'string' },
    vpcId: { type: 'string', description: 'The VPC that it is attached to.' },
    routeTable: {
      type: 'object',
      required: ['associationId', 'routeTableId'],
      description: 'Table for traffic that enters through the gateway.',
      properties: { associationId: { type: 'string' }, routeTableId: { type: 'string' } },
    },
    tags: STRING_MAP,
  },
} as const;

/** An internet gateway; `metadata.name` is its id. */
export interface InternetGateway extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `internetgateways` resource. */
export const INTERNET_GATEWAYS: Resource<InternetGateway> = resource<InternetGateway>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'InternetGateway',
  plural: 'internetgateways',
  namespaced: false,
});

/** The CRD. */
export const INTERNET_GATEWAY_CRD: CustomResource = {
  resource: INTERNET_GATEWAYS,
  singular: 'internetgateway',
  categories: ['vpc-objects'],
  columns: [{ name: 'Vpc', type: 'string', jsonPath: '.spec.vpcId' }],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
