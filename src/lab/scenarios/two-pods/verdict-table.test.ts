import { describe, expect, test } from 'vitest';
import type { GateVerdict, Verdict } from '../../../policy/evaluate.ts';
import type { World } from '../../../policy/world.ts';
import { decidedBy, rowHolds, verdictTable, type VerdictRow } from './verdict-table.ts';

const RDS = 'sg-0000000000000000a';
const world: World = {
  groups: new Map([[RDS, { groupId: RDS, name: 'rds', vpcId: 'vpc-1', rules: [] }]]),
  interfaces: [],
};

function gate(over: Partial<GateVerdict>): GateVerdict {
  return { gate: 'ingress', outcome: 'admitted', rules: [], groupIds: [RDS], ...over };
}

const admitted: Verdict = {
  admitted: true,
  egress: gate({ gate: 'egress', rules: [{ groupId: 'sg-x', ruleId: 'sgr-out' }] }),
  ingress: gate({ rules: [{ groupId: RDS, ruleId: 'sgr-in' }] }),
  acls: [],
};
const dropped: Verdict = { ...admitted, admitted: false, ingress: gate({ outcome: 'dropped' }) };

function row(over: Partial<VerdictRow>): VerdictRow {
  return {
    step: 1,
    from: 'checkout',
    to: 'rds:5432',
    expected: 'admitted',
    fate: 'admitted',
    verdict: admitted,
    world,
    settledMs: 0,
    ...over,
  };
}

describe('a row holds', () => {
  test.each([
    ['expected, seen and judged admitted', row({}), true],
    [
      'expected, seen and judged dropped',
      row({ expected: 'dropped', fate: 'dropped', verdict: dropped }),
      true,
    ],
    ['seen otherwise than expected', row({ fate: 'dropped', verdict: dropped }), false],
    ['judged otherwise than seen', row({ verdict: dropped }), false],
    ['neither an answer nor silence', row({ fate: 'failed' }), false],
    [
      'a failure that the evaluator would drop',
      row({ expected: 'dropped', fate: 'failed', verdict: dropped }),
      false,
    ],
  ])('only when %s agrees', (_, given, holds) => {
    expect(rowHolds(given)).toBe(holds);
  });
});

test('names the rule and the group that admitted the packet at its receiver', () => {
  expect(decidedBy({ verdict: admitted, world })).toBe(`rule sgr-in of rds (${RDS})`);
});

test('names the gate that dropped the packet', () => {
  expect(decidedBy({ verdict: dropped, world })).toBe(`ingress gate of rds (${RDS}): no rule`);
});

test('falls back to the id of a group that the world does not know', () => {
  const verdict = { ...dropped, ingress: gate({ outcome: 'dropped', groupIds: ['sg-gone'] }) };
  expect(decidedBy({ verdict, world })).toBe('ingress gate of sg-gone: no rule');
});

test('marks rows that do not hold', () => {
  const text = verdictTable([row({}), row({ fate: 'dropped' })]);
  expect(text.split('\n').map((line) => line.split(/ {2,}/).at(-1))).toEqual(['OK', 'yes', 'NO']);
});
