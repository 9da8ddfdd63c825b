import type { GroupIdentifier, SecurityGroup as GroupView } from '@aws-sdk/client-ec2';
import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import { keepText } from '../../ec2/codec/kept-text.ts';
import type { Call } from '../context.ts';
import { ipPermissions } from '../rules/view.ts';
import { tagList } from '../tags.ts';

/**
 * A security group as EC2 shows it; made once per version of the group, unless it shows the state
 * of peerings.
 */
export function groupView(call: Call, group: SecurityGroup): GroupView {
  if (group.spec.rules.some((rule) => rule.vpcPeeringConnectionId !== undefined))
    return newGroupView(call, group);
  const make = (): GroupView => keepText(newGroupView(call, group));
  return call.store.groups.views.get(group, [call.region], make);
}

function newGroupView(call: Call, group: SecurityGroup): GroupView {
  const { metadata, spec } = group;
  return {
    OwnerId: spec.account,
    GroupId: metadata.name,
    GroupName: spec.groupName,
    Description: spec.description,
    VpcId: spec.vpcId,
    SecurityGroupArn: groupArn(call, group),
    IpPermissions: ipPermissions(
      call,
      spec.rules.filter((rule) => !rule.isEgress),
    ),
    IpPermissionsEgress: ipPermissions(
      call,
      spec.rules.filter((rule) => rule.isEgress),
    ),
    Tags: tagList(spec.tags),
  };
}

/** The ARN of a group. */
export function groupArn(call: Call, { metadata, spec }: SecurityGroup): string {
  return `arn:aws:ec2:${call.region}:${spec.account}:security-group/${metadata.name}`;
}

/** Groups with their names, as interfaces and instances show them. */
export function groupIdentifiers(call: Call, groupIds: readonly string[]): GroupIdentifier[] {
  return groupIds.map((GroupId) => ({
    GroupId,
    GroupName: call.store.groups.get(GroupId)?.spec.groupName,
  }));
}
