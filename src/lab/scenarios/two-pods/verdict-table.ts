import { textTable } from '../../../base/text-table.ts';
import type { GateVerdict, Verdict } from '../../../policy/evaluate.ts';
import type { World } from '../../../policy/world.ts';

/** What became of a real packet: `failed` is neither an answer nor silence, such as a crash. */
export type Fate = 'admitted' | 'dropped' | 'failed';

/** One attempt of the scenario: what the evaluator says, and what the packet did. */
export interface VerdictRow {
  readonly step: number;
  readonly from: string;
  readonly to: string;
  readonly expected: Fate;
  readonly fate: Fate;
  readonly verdict: Verdict;
  /** Groups by id as they were at the attempt, for their names. */
  readonly world: World;
  /** Milliseconds from the change before it until the fate was the expected one. */
  readonly settledMs: number;
}

/** Whether the packet did what was expected and what the evaluator said. */
export function rowHolds(row: VerdictRow): boolean {
  return row.fate === row.expected && row.verdict.admitted === (row.fate === 'admitted');
}

/** The table that the demo prints: one line per attempt, with the rule or the gate that decided. */
export function verdictTable(rows: readonly VerdictRow[]): string {
  return textTable(
    ['STEP', 'FROM', 'TO', 'PACKET', 'EVALUATOR', 'DECIDED BY', 'OK'],
    rows.map((row) => [
      String(row.step),
      row.from,
      row.to,
      row.fate,
      row.verdict.admitted ? 'admitted' : 'dropped',
      decidedBy(row),
      rowHolds(row) ? 'yes' : 'NO',
    ]),
  );
}

/** The rules that admitted the packet at its receiver, or the gates that dropped it. */
export function decidedBy({ verdict, world }: Pick<VerdictRow, 'verdict' | 'world'>): string {
  const dropped = [verdict.egress, verdict.ingress].filter((gate) => gate.outcome === 'dropped');
  if (dropped.length > 0) return dropped.map((gate) => gateText(gate, world)).join(', ');
  const rules = verdict.ingress.rules.length > 0 ? verdict.ingress.rules : verdict.egress.rules;
  return rules.map((rule) => `rule ${rule.ruleId} of ${nameOf(rule.groupId, world)}`).join(', ');
}

function gateText(gate: GateVerdict, world: World): string {
  const worn = gate.groupIds.map((groupId) => nameOf(groupId, world)).join(' ');
  return `${gate.gate} gate of ${worn}: no rule`;
}

function nameOf(groupId: string, world: World): string {
  const name = world.groups.get(groupId)?.name;
  return name === undefined ? groupId : `${name} (${groupId})`;
}
