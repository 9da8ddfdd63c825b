import type {
  DescribeSecurityGroupReferencesRequest,
  DescribeSecurityGroupReferencesResult,
  DescribeStaleSecurityGroupsRequest,
  DescribeStaleSecurityGroupsResult,
  SecurityGroupReference,
  StaleIpPermission,
  StaleSecurityGroup,
} from '@aws-sdk/client-ec2';
import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import type { Call, Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { own, ownVpc, required } from '../own.ts';
import { isStale, staleRules } from '../rules/stale.ts';
import { ipPermissions } from '../rules/view.ts';

/** DescribeSecurityGroupReferences: the peered VPCs in which rules refer to the groups. */
export const describeSecurityGroupReferences: Handler<
  DescribeSecurityGroupReferencesRequest,
  DescribeSecurityGroupReferencesResult
> = (input, call) => {
  const ids = required(input.GroupId, 'groupId');
  const groups = ids.map((id) => own(call, call.store.groups, id));
  return { SecurityGroupReferenceSet: groups.flatMap((group) => referencesTo(call, group)) };
};

/** One per referring VPC and peering; references that are stale are none any more. */
function referencesTo(call: Call, { metadata: { name } }: SecurityGroup): SecurityGroupReference[] {
  const found = new Map<string, SecurityGroupReference>();
  for (const other of call.store.groups.table.by('reference', name))
    for (const rule of other.spec.rules) {
      const { vpcPeeringConnectionId: peeringId } = rule;
      if (rule.referencedGroupId !== name || peeringId === undefined || isStale(call, rule))
        continue;
      found.set(`${other.spec.vpcId}/${peeringId}`, {
        GroupId: name,
        ReferencingVpcId: other.spec.vpcId,
        VpcPeeringConnectionId: peeringId,
      });
    }
  return [...found.values()];
}

/**
 * DescribeStaleSecurityGroups: groups of a VPC whose rules refer to a group across a peering, when
 * the group or the peering is gone.
 */
export const describeStaleSecurityGroups: Handler<
  DescribeStaleSecurityGroupsRequest,
  DescribeStaleSecurityGroupsResult
> = (input, call) => {
  const vpcId = ownVpc(call, required(input.VpcId, 'vpcId')).metadata.name;
  const groups = call.store.groups.table
    .by('vpc', vpcId)
    .filter((group) => staleRules(call, group).length > 0);
  const page = paginate(groups, input, { key: ({ metadata }) => metadata.name, range: [5, 255] });
  return {
    StaleSecurityGroupSet: page.items.map((group) => staleView(call, group)),
    NextToken: page.nextToken,
  };
};

function staleView(call: Call, group: SecurityGroup): StaleSecurityGroup {
  const { metadata, spec } = group;
  return {
    GroupId: metadata.name,
    GroupName: spec.groupName,
    Description: spec.description,
    VpcId: spec.vpcId,
    StaleIpPermissions: stalePermissions(call, group, false),
    StaleIpPermissionsEgress: stalePermissions(call, group, true),
  };
}

function stalePermissions(
  call: Call,
  group: SecurityGroup,
  isEgress: boolean,
): StaleIpPermission[] {
  const rules = staleRules(call, group).filter((rule) => rule.isEgress === isEgress);
  return ipPermissions(call, rules).map(({ IpProtocol, FromPort, ToPort, UserIdGroupPairs }) => ({
    IpProtocol,
    FromPort,
    ToPort,
    UserIdGroupPairs,
    IpRanges: [],
    PrefixListIds: [],
  }));
}
