import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const RULE = {
  type: 'object',
  required: ['ruleId', 'isEgress', 'ipProtocol'],
  description: 'One rule with one peer. Exactly one of the four peer fields is set.',
  properties: {
    ruleId: { type: 'string' },
    isEgress: { type: 'boolean' },
    ipProtocol: {
      type: 'string',
      description: 'tcp, udp, icmp, icmpv6, a number 0..255, or -1 for all.',
    },
    fromPort: { type: 'integer', description: 'First port, or ICMP type; absent for all.' },
    toPort: { type: 'integer', description: 'Last port, or ICMP code; absent for all.' },
    cidrIpv4: { type: 'string' },
    cidrIpv6: { type: 'string' },
    prefixListId: { type: 'string' },
    referencedGroupId: { type: 'string' },
    referencedAccount: { type: 'string' },
    referencedVpcId: {
      type: 'string',
      description: 'VPC of a referenced group on the other side of a peering.',
    },
    vpcPeeringConnectionId: { type: 'string', description: 'The peering, for such a group.' },
    description: { type: 'string' },
    tags: STRING_MAP,
  },
} as const;

const SPEC = {
  type: 'object',
  required: ['account', 'vpcId', 'groupName', 'description', 'rules'],
  properties: {
    account: { type: 'string' },
    vpcId: { type: 'string' },
    groupName: { type: 'string' },
    description: { type: 'string' },
    rules: { type: 'array', items: RULE },
    associatedVpcIds: {
      type: 'array',
      description: 'Further VPCs whose interfaces may wear the group.',
      items: { type: 'string' },
    },
    tags: STRING_MAP,
  },
} as const;

/** One stored rule of a group. */
export type SecurityGroupRuleSpec = FromSchema<typeof RULE>;

/** A security group with its rules; `metadata.name` is its id. */
export interface SecurityGroup extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `securitygroups` resource. */
export const SECURITY_GROUPS: Resource<SecurityGroup> = resource<SecurityGroup>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'SecurityGroup',
  plural: 'securitygroups',
  namespaced: false,
});

/** The CRD. */
export const SECURITY_GROUP_CRD: CustomResource = {
  resource: SECURITY_GROUPS,
  singular: 'securitygroup',
  shortNames: ['sg'],
  categories: ['vpc-objects'],
  columns: [
    { name: 'Group-Name', type: 'string', jsonPath: '.spec.groupName' },
    { name: 'Vpc', type: 'string', jsonPath: '.spec.vpcId' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
