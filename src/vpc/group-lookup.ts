import type { SecurityGroup } from '../api/vpc/security-group.ts';
import type { Vpc } from '../api/vpc/vpc.ts';
import { must } from '../base/assert.ts';
import { Ec2Error } from '../ec2/error.ts';
import { checkId } from '../ec2/id-kinds.ts';
import type { Call } from './context.ts';
import { defaultVpc, own, sees } from './own.ts';
import type { ResolveGroup } from './rules/draft.ts';

/** The id of the group that a request names by id, or by name in the default VPC. */
export function groupIdOf(
  call: Call,
  input: { readonly GroupId?: string | undefined; readonly GroupName?: string | undefined },
): string {
  if (input.GroupId !== undefined) return own(call, call.store.groups, input.GroupId).metadata.name;
  if (input.GroupName !== undefined)
    return groupByName(call, defaultVpc(call).metadata.name, input.GroupName).metadata.name;
  throw new Ec2Error(
    'MissingParameter',
    'The request must contain the parameter groupName or groupId',
  );
}

/** A group of a VPC by its name. */
export function groupByName(call: Call, vpcId: string, groupName: string): SecurityGroup {
  const [group] = call.store.groups.table.by('name', `${vpcId}/${groupName}`);
  if (group !== undefined) return group;
  throw new Ec2Error(
    'InvalidGroup.NotFound',
    `The security group '${groupName}' does not exist in VPC '${vpcId}'`,
  );
}

/** The default group of a VPC. */
export function defaultGroupOf(call: Call, vpcId: string): SecurityGroup {
  return must(
    call.store.groups.table.by('name', `${vpcId}/default`)[0],
    () => `VPC ${vpcId} has no default group`,
  );
}

/** Finds the groups that rules of a group refer to: by id, or by name in the same VPC. */
export function referenceResolver(call: Call, group: SecurityGroup): ResolveGroup {
  return ({ GroupId: id, GroupName: name }) => {
    if (id === undefined && name === undefined)
      throw new Ec2Error('MissingParameter', 'The request must contain the parameter groupId');
    if (id === undefined) {
      const found = groupByName(call, group.spec.vpcId, name ?? '');
      return { groupId: found.metadata.name, account: found.spec.account };
    }
    checkId(call.store.groups.idKind, id);
    const found = call.store.groups.get(id);
    if (found === undefined || !sees(call, found)) throw call.store.groups.missing(id);
    if (found.spec.vpcId !== group.spec.vpcId)
      throw new Ec2Error(
        'InvalidGroup.NotFound',
        'You have specified two resources that belong to different networks.',
      );
    return { groupId: id, account: found.spec.account };
  };
}

/**
 * The groups that an interface or instance shall wear: those given, or the default group of the
 * VPC. Refuses groups of other VPCs and more than the quota.
 */
export function wornGroups(
  call: Call,
  vpc: Pick<Vpc, 'metadata'>,
  groupIds: readonly string[] | undefined,
): readonly string[] {
  const vpcId = vpc.metadata.name;
  if (!groupIds?.length) return [defaultGroupOf(call, vpcId).metadata.name];
  const unique = [...new Set(groupIds)];
  for (const id of unique) {
    if (own(call, call.store.groups, id).spec.vpcId !== vpcId)
      throw new Ec2Error(
        'InvalidParameterValue',
        `Security group ${id} and subnet belong to different networks.`,
      );
  }
  if (unique.length > call.quotas.groupsPerInterface)
    throw new Ec2Error(
      'SecurityGroupsPerInterfaceLimitExceeded',
      `The maximum number of security groups per interface has been reached.`,
    );
  return unique;
}
