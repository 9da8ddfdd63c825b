import type { SecurityGroup } from '../api/vpc/security-group.ts';
import type { Vpc } from '../api/vpc/vpc.ts';
import { must } from '../base/assert.ts';
import { Ec2Error } from '../ec2/error.ts';
import type { Call } from './context.ts';
import { defaultVpc, own } from './own.ts';
import { checkWornRules } from './rules/quota.ts';

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
    if (!groupVpcIds(own(call, call.store.groups, id)).includes(vpcId))
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
  checkWornRules(call, unique);
  return unique;
}

/** The VPCs whose interfaces may wear a group: its own, and those it is associated with. */
export function groupVpcIds({ spec }: SecurityGroup): readonly string[] {
  return [spec.vpcId, ...(spec.associatedVpcIds ?? [])];
}
