import { cidrHasIp } from '../base/cidr.ts';
import type { VpcId } from '../base/ids.ts';
import type { Ip } from '../base/ip.ts';
import type { RulePeer } from './rule.ts';
import { hasAddress, type World } from './world.ts';

/**
 * Whether the rule's peer covers the address, for a gate in the VPC. A reference to a group covers the
 * private addresses of the interfaces that wear it, in the VPC or in the peered one that the rule names;
 * a group that does not exist covers none.
 */
export function peerAdmits(
  world: World,
  peer: RulePeer,
  at: { readonly vpcId: VpcId; readonly address: Ip },
): boolean {
  switch (peer.kind) {
    case 'cidr':
      return cidrHasIp(peer.cidr, at.address);
    case 'prefix-list': {
      const cidrs = world.prefixLists?.get(peer.prefixListId) ?? [];
      return cidrs.some((cidr) => cidrHasIp(cidr, at.address));
    }
    case 'group':
      return groupAdmits(world, peer, at);
  }
}

/** Across a peering that is not active, a reference is stale and covers nobody. */
function groupAdmits(
  world: World,
  { groupId, across }: RulePeer & { kind: 'group' },
  at: { readonly vpcId: VpcId; readonly address: Ip },
): boolean {
  if (!world.groups.has(groupId)) return false;
  if (across !== undefined && !joins(world, across, at.vpcId)) return false;
  const vpcId = across?.vpcId ?? at.vpcId;
  return world.interfaces.some(
    (item) =>
      item.vpcId === vpcId && item.groupIds.includes(groupId) && hasAddress(item, at.address),
  );
}

function joins(
  world: World,
  { vpcId, peeringId }: { readonly vpcId: VpcId; readonly peeringId: string },
  own: VpcId,
): boolean {
  const ends = world.activePeerings?.get(peeringId);
  return own !== vpcId && ends !== undefined && ends.includes(own) && ends.includes(vpcId);
}
