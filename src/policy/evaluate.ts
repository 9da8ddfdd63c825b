/**
 * The one authority on "may this packet pass, and by which rule" (DESIGN.md, D7). Plain and slow on
 * purpose: the compiler and the kernel are tested against it, so it shares nothing with them.
 *
 * A packet passes two gates that know nothing of each other: the egress gate of the interface that
 * sends it and the ingress gate of the interface that receives it. At each gate the rules of all groups
 * worn form one union; one match admits, none drops. A gate whose interface does not exist (the peer
 * is outside the VPC) filters nothing, and the verdict says so. Between the gates lie the boundaries of
 * the two subnets with their network ACLs, unless both ends are in one subnet.
 */
import type { EniId, GroupId, RuleId, VpcId } from '../base/ids.ts';
import { formatIp, type Ip } from '../base/ip.ts';
import { peerAdmits } from './admits.ts';
import { nearestMiss, type GateView } from './nearest.ts';
import { judgeBoundary, type AclVerdict } from './network-acl.ts';
import type { Packet } from './packet.ts';
import { protocolAdmits } from './protocol-admits.ts';
import type { Direction, Rule } from './rule.ts';
import { isTracked } from './tracking.ts';
import { allRulesOf, hasAddress, isUnfiltered, type InterfaceView, type World } from './world.ts';

/** A rule named by its group and id. */
interface RuleRef {
  readonly groupId: GroupId;
  readonly ruleId: RuleId;
}

/** What one gate decides about a packet. */
export interface GateVerdict {
  readonly gate: Direction;
  /** The interface that the gate belongs to; absent when that end is outside the VPC. */
  readonly eniId?: EniId;
  readonly outcome: 'admitted' | 'dropped' | 'not-filtered';
  /**
   * Set when admitted: whether the flow goes on by connection tracking. Each packet of one that does not is
   * judged by the rules.
   */
  readonly tracked?: boolean;
  /** All rules that admit the packet, in the order of the groups worn. */
  readonly rules: readonly RuleRef[];
  /** Groups that the interface wears. */
  readonly groupIds: readonly GroupId[];
  /** Why a packet was dropped, and what would have passed. */
  readonly nearest?: string;
  /** Why a gate does not filter. */
  readonly note?: string;
}

/** What becomes of a packet: both gates are judged, also when the first drops it. */
export interface Verdict {
  readonly admitted: boolean;
  readonly egress: GateVerdict;
  readonly ingress: GateVerdict;
  /** Boundaries of subnets that the packet crosses, the sender's first. */
  readonly acls: readonly AclVerdict[];
}

/** The interfaces at the two ends of a packet; absent for an end that is outside the VPC. */
export interface Ends {
  readonly sender: InterfaceView | undefined;
  readonly receiver: InterfaceView | undefined;
}

/** Judges the first packet of a flow. Replies pass by connection tracking and are not asked about. */
export function evaluate(world: World, packet: Packet): Verdict {
  const ends = endsOf(world, packet);
  const egress = egressGate(world, packet, ends.sender);
  const ingress = ingressGate(world, packet, ends.receiver);
  const acls = boundariesOf(world, packet, ends);
  const gates = [egress, ingress].every(({ outcome }) => outcome !== 'dropped');
  const admitted = gates && acls.every(({ allowed }) => allowed);
  return { admitted, egress, ingress, acls };
}

/** Who sends the packet and who receives it. */
export function endsOf(world: World, packet: Packet): Ends {
  const sender = senderOf(world, packet);
  return { sender, receiver: receiverOf(world, packet, packet.vpcId ?? sender?.vpcId) };
}

/** What the network ACLs say, where the packet crosses the boundary of a subnet. */
export function boundariesOf(world: World, packet: Packet, ends: Ends): readonly AclVerdict[] {
  return [
    boundary(world, packet, { direction: 'egress', own: ends.sender, peer: packet.destination }),
    boundary(world, packet, { direction: 'ingress', own: ends.receiver, peer: packet.source }),
  ].filter((verdict) => verdict !== undefined);
}

function boundary(
  world: World,
  packet: Packet,
  at: { readonly direction: Direction; readonly own: InterfaceView | undefined; readonly peer: Ip },
): AclVerdict | undefined {
  const subnet = world.subnets?.get(at.own?.subnetId ?? '');
  if (!at.own || !subnet || isUnfiltered(world, at.own.vpcId, at.peer)) return undefined;
  const acl = world.networkAcls?.get(subnet.networkAclId);
  return judgeBoundary(subnet, acl, packet, at);
}

function senderOf(world: World, packet: Packet): InterfaceView | undefined {
  if (packet.senderEniId !== undefined)
    return world.interfaces.find((item) => item.eniId === packet.senderEniId);
  return ownerOf(world, packet.source, packet.vpcId);
}

function receiverOf(
  world: World,
  packet: Packet,
  vpcId: VpcId | undefined,
): InterfaceView | undefined {
  if (packet.receiverEniId !== undefined)
    return world.interfaces.find((item) => item.eniId === packet.receiverEniId);
  return ownerOf(world, packet.destination, vpcId);
}

function ownerOf(world: World, address: Ip, vpcId: VpcId | undefined): InterfaceView | undefined {
  return world.interfaces.find(
    (item) => (vpcId === undefined || item.vpcId === vpcId) && hasAddress(item, address),
  );
}

function egressGate(world: World, packet: Packet, sender?: InterfaceView): GateVerdict {
  if (!sender) return outside('egress', `sender ${formatIp(packet.source)} is outside the VPC`);
  if (sender.sourceDestCheck && !hasAddress(sender, packet.source))
    return dropped('egress', sender, foreign(sender, 'source', packet.source));
  if (isUnfiltered(world, sender.vpcId, packet.destination))
    return {
      ...outside('egress', `${formatIp(packet.destination)} is never filtered`),
      eniId: sender.eniId,
      groupIds: sender.groupIds,
    };
  return byRules(world, packet, { gate: 'egress', own: sender, peer: packet.destination });
}

function ingressGate(world: World, packet: Packet, receiver?: InterfaceView): GateVerdict {
  if (!receiver)
    return outside('ingress', `receiver ${formatIp(packet.destination)} is outside the VPC`);
  if (receiver.sourceDestCheck && !hasAddress(receiver, packet.destination))
    return dropped('ingress', receiver, foreign(receiver, 'destination', packet.destination));
  return byRules(world, packet, { gate: 'ingress', own: receiver, peer: packet.source });
}

function byRules(world: World, packet: Packet, { gate, own, peer }: GateView): GateVerdict {
  const at = { vpcId: own.vpcId, address: peer };
  const admits = (rule: Rule) =>
    protocolAdmits(rule.protocol, packet) && peerAdmits(world, rule.peer, at);
  const admitting = allRulesOf(world, own.groupIds, gate).filter(admits);
  if (admitting.length === 0)
    return dropped(gate, own, nearestMiss(world, packet, { gate, own, peer }));
  const others = allRulesOf(world, own.groupIds, gate === 'egress' ? 'ingress' : 'egress');
  const rules = admitting.map(({ groupId, ruleId }) => ({ groupId, ruleId }));
  const tracked = isTracked(packet, admitting, others);
  return { gate, eniId: own.eniId, outcome: 'admitted', tracked, rules, groupIds: own.groupIds };
}

function foreign(own: InterfaceView, end: 'source' | 'destination', address: Ip): string {
  return `${end} ${formatIp(address)} is no address of ${own.eniId} (source/destination check)`;
}

function dropped(gate: Direction, own: InterfaceView, nearest: string): GateVerdict {
  const { eniId, groupIds } = own;
  return { gate, eniId, outcome: 'dropped', rules: [], groupIds, nearest };
}

function outside(gate: Direction, note: string): GateVerdict {
  return { gate, outcome: 'not-filtered', rules: [], groupIds: [], note };
}
