import type {
  NetworkAcl as NetworkAclView,
  NetworkAclAssociation,
  NetworkAclEntry,
} from '@aws-sdk/client-ec2';
import type { NetworkAcl, NetworkAclEntrySpec } from '../../api/vpc/network-acl.ts';
import type { Place } from '../context.ts';
import { byName } from '../store/table.ts';
import { tagList } from '../tags.ts';

/** Numbers of the last entries, which deny what no other entry decides. */
const LAST_IPV4 = 32_767;
const LAST_IPV6 = 32_768;

/** A network ACL as EC2 shows it. */
export function networkAclView(place: Place, acl: NetworkAcl): NetworkAclView {
  const { metadata, spec } = acl;
  return {
    NetworkAclId: metadata.name,
    VpcId: spec.vpcId,
    OwnerId: spec.account,
    IsDefault: spec.isDefault,
    Associations: aclAssociationsOf(place, acl),
    Entries: entriesOf(place, acl),
    Tags: tagList(spec.tags),
  };
}

/** The subnets that use the ACL. */
export function aclAssociationsOf(
  { store }: Place,
  { metadata }: NetworkAcl,
): NetworkAclAssociation[] {
  const id = metadata.name;
  return byName(store.subnets.table.by('networkAcl', id)).map((subnet) => ({
    NetworkAclAssociationId: subnet.spec.networkAcl?.associationId,
    NetworkAclId: id,
    SubnetId: subnet.metadata.name,
  }));
}

/** The entries by number, egress first, with the last ones, which cannot be changed. */
export function entriesOf({ store }: Place, { spec }: NetworkAcl): NetworkAclEntry[] {
  const hasIpv6 = Boolean(store.vpcs.get(spec.vpcId)?.spec.ipv6CidrBlocks?.length);
  const ofDirection = (egress: boolean): NetworkAclEntry[] => [
    ...spec.entries
      .filter((entry) => entry.egress === egress)
      .sort((a, b) => a.ruleNumber - b.ruleNumber)
      .map(entryView),
    lastEntry(egress, { RuleNumber: LAST_IPV4, CidrBlock: '0.0.0.0/0' }),
    ...(hasIpv6 ? [lastEntry(egress, { RuleNumber: LAST_IPV6, Ipv6CidrBlock: '::/0' })] : []),
  ];
  return [...ofDirection(true), ...ofDirection(false)];
}

function lastEntry(Egress: boolean, fields: NetworkAclEntry): NetworkAclEntry {
  return { Egress, Protocol: '-1', RuleAction: 'deny', ...fields };
}

function entryView(entry: NetworkAclEntrySpec): NetworkAclEntry {
  const { portFirst, icmpType } = entry;
  return {
    RuleNumber: entry.ruleNumber,
    Egress: entry.egress,
    Protocol: entry.protocol,
    RuleAction: entry.ruleAction,
    CidrBlock: entry.cidrBlock,
    Ipv6CidrBlock: entry.ipv6CidrBlock,
    PortRange: portFirst === undefined ? undefined : { From: portFirst, To: entry.portLast },
    IcmpTypeCode: icmpType === undefined ? undefined : { Type: icmpType, Code: entry.icmpCode },
  };
}
