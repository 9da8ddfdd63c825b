import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['account', 'vpcId'],
  properties: {
    account: { type: 'string' },
    vpcId: { type: 'string' },
    clientToken: { type: 'string' },
    clientTokenDigest: { type: 'string' },
    tags: STRING_MAP,
  },
} as const;

/** An egress-only internet gateway (IPv6); `metadata.name` is its id. */
export interface EgressOnlyInternetGateway extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `egressonlyinternetgateways` resource. */
export const EGRESS_ONLY_INTERNET_GATEWAYS: Resource<EgressOnlyInternetGateway> =
  resource<EgressOnlyInternetGateway>({
    group: VPC_GROUP,
    version: VPC_VERSION,
    kind: 'EgressOnlyInternetGateway',
    plural: 'egressonlyinternetgateways',
    namespaced: false,
  });

/** The CRD. */
export const EGRESS_ONLY_INTERNET_GATEWAY_CRD: CustomResource = {
  resource: EGRESS_ONLY_INTERNET_GATEWAYS,
  singular: 'egressonlyinternetgateway',
  categories: ['vpc-objects'],
  columns: [{ name: 'Vpc', type: 'string', jsonPath: '.spec.vpcId' }],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
