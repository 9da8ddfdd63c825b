import type { IpPermission, SecurityGroupRule, UserIdGroupPair } from '@aws-sdk/client-ec2';
import type { SecurityGroup, SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import type { Place } from '../context.ts';
import { tagList } from '../tags.ts';
import { referencePeeringStatus } from './stale.ts';

/** The permissions of one direction, as DescribeSecurityGroups groups them: by protocol and ports. */
export function ipPermissions(
  place: Place,
  rules: readonly SecurityGroupRuleSpec[],
): IpPermission[] {
  const permissions = new Map<string, Required<Lists> & IpPermission>();
  for (const rule of rules) {
    const { IpProtocol, FromPort, ToPort } = portFields(rule);
    const key = `${IpProtocol}|${FromPort}|${ToPort}`;
    const permission = permissions.get(key) ?? {
      IpProtocol,
      ...(rule.ipProtocol !== '-1' && FromPort !== undefined && { FromPort, ToPort }),
      UserIdGroupPairs: [],
      IpRanges: [],
      Ipv6Ranges: [],
      PrefixListIds: [],
    };
    permissions.set(key, permission);
    addPeer(place, permission, rule);
  }
  return [...permissions.values()];
}

type Lists = {
  [K in 'IpRanges' | 'Ipv6Ranges' | 'PrefixListIds' | 'UserIdGroupPairs']: NonNullable<
    IpPermission[K]
  >;
};

function addPeer(place: Place, permission: Lists, rule: SecurityGroupRuleSpec): void {
  const description = rule.description === undefined ? {} : { Description: rule.description };
  if (rule.cidrIpv4 !== undefined)
    permission.IpRanges.push({ CidrIp: rule.cidrIpv4, ...description });
  else if (rule.cidrIpv6 !== undefined)
    permission.Ipv6Ranges.push({ CidrIpv6: rule.cidrIpv6, ...description });
  else if (rule.prefixListId !== undefined)
    permission.PrefixListIds.push({ PrefixListId: rule.prefixListId, ...description });
  else
    permission.UserIdGroupPairs.push({
      UserId: rule.referencedAccount,
      GroupId: rule.referencedGroupId,
      ...(rule.vpcPeeringConnectionId !== undefined && peerFields(place, rule)),
      ...description,
    });
}

/** What is shown of a reference across a peering. */
function peerFields(
  place: Place,
  rule: SecurityGroupRuleSpec,
): Pick<UserIdGroupPair, 'VpcId' | 'VpcPeeringConnectionId' | 'PeeringStatus'> {
  return {
    VpcId: rule.referencedVpcId,
    VpcPeeringConnectionId: rule.vpcPeeringConnectionId,
    PeeringStatus: referencePeeringStatus(place, rule),
  };
}

/** A rule by itself, as DescribeSecurityGroupRules shows it: -1 stands for all ports. */
export function ruleView(
  place: Place,
  group: SecurityGroup,
  rule: SecurityGroupRuleSpec,
): SecurityGroupRule {
  const { account } = group.spec;
  const { IpProtocol, FromPort = -1, ToPort = -1 } = portFields(rule);
  return {
    SecurityGroupRuleId: rule.ruleId,
    GroupId: group.metadata.name,
    GroupOwnerId: account,
    IsEgress: rule.isEgress,
    IpProtocol,
    FromPort,
    ToPort,
    CidrIpv4: rule.cidrIpv4,
    CidrIpv6: rule.cidrIpv6,
    PrefixListId: rule.prefixListId,
    ReferencedGroupInfo:
      rule.referencedGroupId === undefined
        ? undefined
        : {
            GroupId: rule.referencedGroupId,
            UserId: rule.referencedAccount,
            // AWS names the VPC only when it is another one.
            ...(rule.vpcPeeringConnectionId !== undefined && peerFields(place, rule)),
          },
    Description: rule.description,
    Tags: tagList(rule.tags),
    SecurityGroupRuleArn: `arn:aws:ec2:${place.region}:${account}:security-group-rule/${rule.ruleId}`,
  };
}

/** ICMP shows -1 for "all"; protocols without ports have none. */
function portFields(rule: SecurityGroupRuleSpec): {
  IpProtocol: string;
  FromPort?: number;
  ToPort?: number;
} {
  const { ipProtocol: IpProtocol, fromPort, toPort } = rule;
  if (['tcp', 'udp', 'icmp', 'icmpv6'].includes(IpProtocol))
    return { IpProtocol, FromPort: fromPort ?? -1, ToPort: toPort ?? -1 };
  return { IpProtocol };
}
