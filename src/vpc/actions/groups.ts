import type {
  CreateSecurityGroupRequest,
  CreateSecurityGroupResult,
  DeleteSecurityGroupRequest,
  DeleteSecurityGroupResult,
} from '@aws-sdk/client-ec2';
import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { defaultVpc, invalidValue, own, ownVpc, required, sees } from '../own.ts';
import { defaultEgressRules } from '../rules/defaults.ts';
import { sharesVpc } from '../rules/resolve.ts';
import { specifiedTags, tagList } from '../tags.ts';
import { checkText } from '../texts.ts';
import { groupArn } from '../views/group.ts';
import { groupIdOf } from '../group-lookup.ts';

/** CreateSecurityGroup: no ingress, everything out. */
export const createSecurityGroup: Handler<CreateSecurityGroupRequest, CreateSecurityGroupResult> = (
  input,
  call,
) => {
  const { store } = call;
  const groupName = required(input.GroupName, 'groupName').trimEnd();
  const description = required(input.Description, 'groupDescription');
  checkGroupTexts(groupName, description);
  const vpcId = input.VpcId ?? defaultVpc(call).metadata.name;
  const tags = specifiedTags(input.TagSpecifications, 'security-group', call.quotas);
  const nameLock = `group-name:${vpcId}/${groupName}`;
  return store.locks.hold({ shared: [vpcId], exclusive: [nameLock] }, async () => {
    const vpc = ownVpc(call, vpcId);
    if (store.groups.table.count('name', `${vpcId}/${groupName}`) > 0)
      throw new Ec2Error(
        'InvalidGroup.Duplicate',
        `The security group '${groupName}' already exists for VPC '${vpcId}'`,
      );
    checkGroupQuota(call);
    const group = await store.groups.create({
      metadata: { name: newId(call.random, 'sg') },
      spec: {
        account: call.accountId,
        vpcId,
        groupName,
        description,
        rules: defaultEgressRules(call.random, vpc),
        tags,
      },
    });
    return {
      GroupId: group.metadata.name,
      SecurityGroupArn: groupArn(call, group),
      Tags: tagList(tags),
    };
  });
};

function checkGroupTexts(groupName: string, description: string): void {
  if (groupName === '') throw invalidValue('Value () for parameter groupName is invalid.');
  checkText('GroupName', groupName);
  checkText('GroupDescription', description);
  if (description === '')
    throw new Ec2Error(
      'MissingParameter',
      'The request must contain the parameter GroupDescription',
    );
  if (groupName === 'default')
    throw new Ec2Error('InvalidGroup.Reserved', "The security group 'default' is reserved");
  if (groupName.toLowerCase().startsWith('sg-'))
    throw invalidValue(
      `Value (${groupName}) for parameter groupName is invalid. Group names may not be in the format sg-*.`,
    );
}

function checkGroupQuota(call: Call): void {
  const { store, quotas } = call;
  if (store.groups.table.size < quotas.groupsPerRegion) return;
  const own = [...store.groups.table.values()].filter((group) => sees(call, group));
  if (own.length >= quotas.groupsPerRegion)
    throw new Ec2Error(
      'SecurityGroupLimitExceeded',
      'The maximum number of security groups has been reached.',
    );
}

/** DeleteSecurityGroup: refused while an interface wears it or another group refers to it. */
export const deleteSecurityGroup: Handler<DeleteSecurityGroupRequest, DeleteSecurityGroupResult> = (
  input,
  call,
) => {
  const { store } = call;
  const groupId = groupIdOf(call, input);
  return store.locks.hold({ exclusive: [groupId] }, async () => {
    const group = own(call, store.groups, groupId);
    if (group.spec.groupName === 'default')
      throw new Ec2Error(
        'CannotDelete',
        `the specified group: "${groupId}" name: "default" cannot be deleted by a user`,
      );
    if (isInUse(call, group))
      throw new Ec2Error('DependencyViolation', `resource ${groupId} has a dependent object`);
    await store.groups.remove(groupId);
    return { Return: true, GroupId: groupId };
  });
};

/** The two shared a VPC when the rule was made, even if an association has ended since. */
function refersWithoutPeering({ spec }: SecurityGroup, id: string): boolean {
  return spec.rules.some(
    (rule) => rule.referencedGroupId === id && rule.vpcPeeringConnectionId === undefined,
  );
}

/** References from peered VPCs do not count: they become stale (spec: ec2-surface 3.4). */
function isInUse({ store }: Call, group: SecurityGroup): boolean {
  const { name } = group.metadata;
  const referring = store.groups.table
    .by('reference', name)
    .filter((other) => other.metadata.name !== name)
    .filter((other) => sharesVpc(group, other) || refersWithoutPeering(other, name));
  return referring.length > 0 || store.interfaces.table.count('group', name) > 0;
}
