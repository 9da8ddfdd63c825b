import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../base/clock.ts';
import { fateOf, runProbe, type CommandResult, type Probe } from './probe.ts';

const pod = { label: 'checkout', namespace: 'default', name: 'checkout-1', ip: '10.0.0.9' };
const probe: Probe = {
  step: 1,
  from: pod,
  to: { label: 'rds', ip: '10.0.1.5', port: 5432 },
  command: ['psql'],
  expected: 'admitted',
};
const answer: CommandResult = { code: 0, stdout: '3', stderr: '' };
const silence: CommandResult = { code: 2, stdout: '', stderr: 'connection timed out' };
const refusal: CommandResult = { code: 2, stdout: '', stderr: 'connection refused' };

/** A clock that moves only by sleeping. */
function steppingClock(): Clock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (durationMs) => {
      nowMs += durationMs;
    },
  };
}

function depsOf(answers: CommandResult[]) {
  let calls = 0;
  return {
    clock: steppingClock(),
    exec: async () => answers[Math.min(calls++, answers.length - 1)] ?? refusal,
    world: () => ({ groups: new Map(), interfaces: [] }),
    signal: new AbortController().signal,
  };
}

describe('the fate of a packet', () => {
  test.each([
    ['an answer', answer, 'admitted'],
    ['silence', silence, 'dropped'],
    ['a refusal, which is neither', refusal, 'failed'],
  ])('is read from %s', (_, result, fate) => {
    expect(fateOf(result)).toBe(fate);
  });
});

test('tries again until the change is enforced and says how long it took', async () => {
  const row = await runProbe(depsOf([silence, silence, answer]), probe);
  expect(row).toMatchObject({ fate: 'admitted', settledMs: 100 });
});

test('gives up after the limit and reports what really happened', async () => {
  const row = await runProbe(depsOf([silence]), probe);
  expect(row.fate).toBe('dropped');
});
