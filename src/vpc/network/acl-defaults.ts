import type { NetworkAclEntrySpec } from '../../api/vpc/network-acl.ts';

const ALLOW_IPV4 = 100;
const ALLOW_IPV6 = 101;

/** The entries that allow everything over one family, in both directions. */
export function allowAllEntries(family: 4 | 6): NetworkAclEntrySpec[] {
  const block = family === 4 ? { cidrBlock: '0.0.0.0/0' } : { ipv6CidrBlock: '::/0' };
  const ruleNumber = family === 4 ? ALLOW_IPV4 : ALLOW_IPV6;
  return [true, false].map((egress) => ({
    ruleNumber,
    egress,
    protocol: '-1',
    ruleAction: 'allow',
    ...block,
  }));
}

/** Whether these are still the entries that the default ACL of an IPv4 VPC begins with. */
export function areUntouchedEntries(entries: readonly NetworkAclEntrySpec[]): boolean {
  return JSON.stringify(entries) === JSON.stringify(allowAllEntries(4));
}
