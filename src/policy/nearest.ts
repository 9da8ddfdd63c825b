import { formatIp, type Ip } from '../base/ip.ts';
import { peerAdmits } from './admits.ts';
import { describePeer, describeProtocol } from './describe-rule.ts';
import { describeService, type Packet } from './packet.ts';
import { protocolAdmits } from './protocol-admits.ts';
import type { Direction, Rule } from './rule.ts';
import { allRulesOf, hasAddress, type InterfaceView, type World } from './world.ts';

/** One gate of one interface, and the address that its rules look at. */
export interface GateView {
  readonly gate: Direction;
  readonly own: InterfaceView;
  /** Destination at the egress gate, source at the ingress gate. */
  readonly peer: Ip;
}

/** Names in a list before the rest is only counted. */
const NAMES_MAX = 3;

/**
 * Why no rule admits the packet, and which rules come closest: those for the same service but other
 * peers, or else those for this peer but other services. One line, such as
 * `tcp/5432 from 10.0.1.7: sg-rds has no rule for group sg-catalog; sg-payments has`.
 */
export function nearestMiss(world: World, packet: Packet, view: GateView): string {
  const preposition = view.gate === 'egress' ? 'to' : 'from';
  return `${describeService(packet)} ${preposition} ${formatIp(view.peer)}: ${reason(world, packet, view)}`;
}

function reason(world: World, packet: Packet, { gate, own, peer }: GateView): string {
  const worn = own.groupIds.length === 0 ? own.eniId : names(own.groupIds);
  const unknown = own.groupIds.filter((groupId) => !world.groups.has(groupId));
  if (unknown.length > 0) return `group ${names(unknown)} does not exist`;
  const rules = allRulesOf(world, own.groupIds, gate);
  if (rules.length === 0) return `${worn} has no ${gate} rules`;
  const whom = peerName(world, own, peer);
  const forService = rules.filter((rule) => protocolAdmits(rule.protocol, packet));
  if (forService.length > 0) return `${worn} has no rule for ${whom}; ${have(forService)}`;
  const at = { vpcId: own.vpcId, address: peer };
  const forPeer = rules.filter((rule) => peerAdmits(world, rule.peer, at));
  if (forPeer.length === 0) return `${worn} has no ${gate} rule for ${whom} or for this service`;
  return `${worn} has rules for ${whom} only for ${names(forPeer.map(({ protocol }) => describeProtocol(protocol)))}`;
}

function have(rules: readonly Rule[]): string {
  const peers = [...new Set(rules.map((rule) => describePeer(rule.peer)))];
  return `${names(peers)} ${peers.length === 1 ? 'has' : 'have'}`;
}

function peerName(world: World, own: InterfaceView, peer: Ip): string {
  const found = world.interfaces.find((item) => item.vpcId === own.vpcId && hasAddress(item, peer));
  if (!found || found.groupIds.length === 0) return formatIp(peer);
  return `${found.groupIds.length === 1 ? 'group' : 'groups'} ${names(found.groupIds)}`;
}

function names(all: readonly string[]): string {
  const unique = [...new Set(all)];
  const rest = unique.length - NAMES_MAX;
  const shown = unique.slice(0, NAMES_MAX).join(', ');
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
