import type { GateVerdict, Verdict } from './evaluate.ts';
import { describePacket, type Packet } from './packet.ts';
import type { World } from './world.ts';

/**
 * One line for people: the groups and rules that admitted the packet, or the gate that dropped it and
 * the nearest miss.
 */
export function explainVerdict(world: World, packet: Packet, verdict: Verdict): string {
  const what = describePacket(packet);
  const { egress, ingress } = verdict;
  const drops = [egress, ingress].filter((gate) => gate.outcome === 'dropped');
  if (drops.length > 0) return `${what}: dropped ${drops.map(dropText).join('; and ')}`;
  return `${what}: admitted; ${passText(world, egress)}; ${passText(world, ingress)}`;
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
