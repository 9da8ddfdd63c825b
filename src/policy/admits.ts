import { cidrHasIp } from '../base/cidr.ts';
import type { VpcId } from '../base/ids.ts';
import type { Ip } from '../base/ip.ts';
import { portRangeHas } from '../base/port-range.ts';
import type { Packet } from './packet.ts';
import { PROTOCOL, type RulePeer, type RuleProtocol } from './rule.ts';
import { hasAddress, type World } from './world.ts';

/** Whether the rule's protocol, ports and types cover the packet. */
export function protocolAdmits(protocol: RuleProtocol, packet: Packet): boolean {
  switch (protocol.kind) {
    case 'all':
      return true;
    case 'other':
      return packet.protocol === protocol.number;
    case 'ports':
      return (
        packet.protocol === protocol.number &&
        packet.destinationPort !== undefined &&
        portRangeHas(protocol.ports, packet.destinationPort)
      );
    case 'icmp':
      return packet.protocol === protocol.number && icmpAdmits(protocol, packet);
  }
}

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
  if (across !== undefined && !world.activePeerings?.has(across.peeringId)) return false;
  const vpcId = across?.vpcId ?? at.vpcId;
  return world.interfaces.some(
    (item) =>
      item.vpcId === vpcId && item.groupIds.includes(groupId) && hasAddress(item, at.address),
  );
}

/** icmp is of IPv4 and icmpv6 of IPv6; the other way round matches nothing (ec2-surface.md 3.3). */
function icmpAdmits(protocol: RuleProtocol & { kind: 'icmp' }, packet: Packet): boolean {
  const family = protocol.number === PROTOCOL.icmp ? 4 : 6;
  if (packet.source.family !== family || packet.icmpType === undefined) return false;
  if (protocol.type !== undefined && protocol.type !== packet.icmpType) return false;
  return protocol.code === undefined || protocol.code === packet.icmpCode;
}
