import type { GateVerdict, Verdict } from './evaluate.ts';
import type { AclVerdict } from './network-acl.ts';
import { describePacket, type Packet } from './packet.ts';
import type { World } from './world.ts';

/**
 * One line for people: the groups and rules that admitted the packet, or the gate that dropped it and
 * the nearest miss.
 */
export function explainVerdict(world: World, packet: Packet, verdict: Verdict): string {
  const what = describePacket(packet);
  const { egress, ingress } = verdict;
  const drops = [
    ...[egress, ingress].filter((gate) => gate.outcome === 'dropped').map(dropText),
    ...verdict.acls.filter(({ allowed }) => !allowed).map(describeDenial),
  ];
  if (drops.length > 0) return `${what}: dropped ${drops.join('; and ')}`;
  return `${what}: admitted; ${passText(world, egress)}; ${passText(world, ingress)}`;
}

/** Which ACL denied a packet: `leaving subnet-1: acl-1, entry 90 denies it`. */
export function describeDenial(verdict: AclVerdict): string {
  const { direction, subnetId, networkAclId, entry } = verdict;
  const way = direction === 'egress' ? 'leaving' : 'entering';
  const which = entry === undefined ? 'no entry of it allows it' : `entry ${entry} denies it`;
  return `${way} ${subnetId}: ${networkAclId}, ${which}`;
}

function dropText(gate: GateVerdict): string {
  return `at the ${gate.gate} gate of ${gate.eniId ?? 'nobody'}: ${gate.nearest ?? 'no rule'}`;
}

function passText(world: World, gate: GateVerdict): string {
  if (gate.outcome === 'not-filtered') return `${gate.gate} not filtered: ${gate.note ?? ''}`;
  const rules = gate.rules.map(({ groupId, ruleId }) => `${groupName(world, groupId)} ${ruleId}`);
  const more = rules.length > 1 ? ` (and ${rules.length - 1} more)` : '';
  return `${gate.gate} of ${gate.eniId ?? 'nobody'} by ${rules[0] ?? 'no rule'}${more}`;
}

function groupName(world: World, groupId: string): string {
  const name = world.groups.get(groupId)?.name;
  return name ? `${groupId} (${name})` : groupId;
}
