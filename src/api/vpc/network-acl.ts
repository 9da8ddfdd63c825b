import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const ENTRY = {
  type: 'object',
  required: ['ruleNumber', 'egress', 'protocol', 'ruleAction'],
  properties: {
    ruleNumber: { type: 'integer' },
    egress: { type: 'boolean' },
    protocol: { type: 'string', description: 'A number, or -1 for all.' },
    ruleAction: { type: 'string', enum: ['allow', 'deny'] },
    cidrBlock: { type: 'string' },
    ipv6CidrBlock: { type: 'string' },
    icmpType: { type: 'integer' },
    icmpCode: { type: 'integer' },
    portFirst: { type: 'integer' },
    portLast: { type: 'integer' },
  },
} as const;

const SPEC = {
  type: 'object',
  required: ['account', 'vpcId', 'isDefault', 'entries'],
  properties: {
    account: { type: 'string' },
    vpcId: { type: 'string' },
    isDefault: { type: 'boolean' },
    entries: {
      type: 'array',
      description: 'Without the last entries, which deny all.',
      items: ENTRY,
    },
    clientToken: { type: 'string' },
    clientTokenDigest: { type: 'string' },
    tags: STRING_MAP,
  },
} as const;

/** One stored entry. */
export type NetworkAclEntrySpec = FromSchema<typeof ENTRY>;

/** A network ACL; `metadata.name` is its id. Subnets say which one they use. */
export interface NetworkAcl extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `networkacls` resource. */
export const NETWORK_ACLS: Resource<NetworkAcl> = resource<NetworkAcl>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'NetworkAcl',
  plural: 'networkacls',
  namespaced: false,
});

/** The CRD. */
export const NETWORK_ACL_CRD: CustomResource = {
  resource: NETWORK_ACLS,
  singular: 'networkacl',
  categories: ['vpc-objects'],
  columns: [{ name: 'Vpc', type: 'string', jsonPath: '.spec.vpcId' }],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
