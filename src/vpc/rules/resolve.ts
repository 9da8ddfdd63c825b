import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import type { VpcPeeringConnection } from '../../api/vpc/vpc-peering-connection.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { checkId } from '../../ec2/id-kinds.ts';
import type { Call, Place } from '../context.ts';
import { groupByName, groupVpcIds } from '../group-lookup.ts';
import { required, sees } from '../own.ts';
import { usableList } from '../prefix-lists/aws-managed.ts';
import { peeringStatus } from '../network/peerings.ts';
import type { GroupReference, Resolve, ResolveGroup } from './draft.ts';

type Pair = Parameters<ResolveGroup>[0];

/**
 * Finds what new rules of a group refer to: groups by id or by name in the same VPC, groups of peered
 * VPCs by id (those of other accounts with their UserId), and prefix lists.
 */
export function referenceResolver(call: Call, group: SecurityGroup): Resolve {
  return {
    group: (pair) => resolveGroup(call, group, pair),
    prefixList: (id) => usableList(call, required(id, 'prefixListId')).metadata.name,
  };
}

/**
 * The same for rules that exist: what they refer to need not exist any more, or a stale rule could
 * never be revoked.
 */
export function existingResolver(call: Call, group: SecurityGroup): Resolve {
  const resolve = referenceResolver(call, group);
  const { rules } = group.spec;
  return {
    group: (pair) => {
      const known = rules.find(
        (rule) => pair.GroupId !== undefined && rule.referencedGroupId === pair.GroupId,
      );
      if (known?.referencedGroupId === undefined) return resolve.group(pair);
      return { groupId: known.referencedGroupId, account: known.referencedAccount ?? '' };
    },
    prefixList: (id) =>
      rules.find((rule) => id !== undefined && rule.prefixListId === id)?.prefixListId ??
      resolve.prefixList(id),
  };
}

function resolveGroup(call: Call, group: SecurityGroup, pair: Pair): GroupReference {
  const { GroupId: id, GroupName: name } = pair;
  if (id === undefined && name === undefined)
    throw new Ec2Error('MissingParameter', 'The request must contain the parameter groupId');
  if (id === undefined) {
    const found = groupByName(call, group.spec.vpcId, name ?? '');
    return { groupId: found.metadata.name, account: found.spec.account };
  }
  checkId(call.store.groups.idKind, id);
  return reachableGroup(call, group, { ...pair, GroupId: id });
}

function reachableGroup(
  call: Call,
  group: SecurityGroup,
  { GroupId: id, UserId: userId }: Pair & { readonly GroupId: string },
): GroupReference {
  const found = call.store.groups.get(id);
  const account = userId ?? call.accountId;
  if (found?.spec.account !== account) throw call.store.groups.missing(id);
  const reference = { groupId: id, account };
  if (sharesVpc(group, found)) return reference;
  const peering = activePeering(call, group.spec.vpcId, found.spec.vpcId);
  if (peering !== undefined)
    return {
      ...reference,
      peer: { vpcId: found.spec.vpcId, peeringId: peering.metadata.name },
    };
  if (!sees(call, found)) throw call.store.groups.missing(id);
  throw new Ec2Error(
    'InvalidGroup.NotFound',
    'You have specified two resources that belong to different networks.',
  );
}

/** Whether interfaces of some VPC may wear either group. */
export function sharesVpc(a: SecurityGroup, b: SecurityGroup): boolean {
  const vpcIds = groupVpcIds(a);
  return groupVpcIds(b).some((id) => vpcIds.includes(id));
}

/** The active peering of two VPCs of one region; references do not cross regions. */
function activePeering(
  place: Place,
  vpcId: string,
  otherId: string,
): VpcPeeringConnection | undefined {
  return place.store.peerings.table.by('vpc', vpcId).find((peering) => {
    const { requester, accepter } = peering.spec;
    return (
      [requester.vpcId, accepter.vpcId].includes(otherId) &&
      requester.region === accepter.region &&
      peeringStatus(place, peering) === 'active'
    );
  });
}
