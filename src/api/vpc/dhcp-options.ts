import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['account', 'region', 'configurations'],
  properties: {
    account: { type: 'string' },
    region: { type: 'string' },
    configurations: {
      type: 'array',
      items: {
        type: 'object',
        required: ['key', 'values'],
        properties: {
          key: { type: 'string' },
          values: { type: 'array', items: { type: 'string' } },
        },
      },
    },
    tags: STRING_MAP,
  },
} as const;

/** A set of DHCP options; `metadata.name` is its id. */
export interface DhcpOptions extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `dhcpoptions` resource. */
export const DHCP_OPTIONS: Resource<DhcpOptions> = resource<DhcpOptions>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'DhcpOptions',
  plural: 'dhcpoptions',
  namespaced: false,
});

/** The CRD. */
export const DHCP_OPTION_CRD: CustomResource = {
  resource: DHCP_OPTIONS,
  singular: 'dhcpoptions',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Account', type: 'string', jsonPath: '.spec.account' },
    { name: 'Region', type: 'string', jsonPath: '.spec.region' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
