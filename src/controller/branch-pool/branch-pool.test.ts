import { describe, expect, test } from 'vitest';
import { COOL_DOWN_DEFAULTS, coolDownOf, goDuration } from './cool-down.ts';
import { decideBranch, SETTLE_MS } from './delete-branch.ts';
import type { Entry } from './ledger.ts';

const ENTRY: Entry = {
  slot: 1,
  vlanId: 1,
  state: 'released',
  pod: undefined,
  branch: { eniId: 'eni-1', macAddress: '', privateIp: '', ipv6: '' },
  groupIds: [],
  releasedAtMs: 1_000,
};

describe('a released branch', () => {
  const cases: readonly [string, Partial<Entry>, number, object][] = [
    ['cools down', {}, 1_000, { kind: 'wait', waitMs: 60_000 }],
    ['is nearly cool', {}, 60_999, { kind: 'wait', waitMs: 1 }],
    ['is cool', {}, 61_000, { kind: 'delete' }],
    ['that nobody used goes at once', { immediate: true }, 1_000, { kind: 'delete' }],
    [
      'that may not exist is waited for',
      { immediate: true, branch: undefined },
      1_000,
      { kind: 'wait', waitMs: SETTLE_MS },
    ],
    [
      'that may not exist is looked up',
      { immediate: true, branch: undefined },
      6_000,
      { kind: 'look-up' },
    ],
    ['is the only kind touched', { state: 'assigned' }, 999_999, { kind: 'none' }],
  ];
  test.each(cases)('%s', (_, change, nowMs, plan) => {
    expect(decideBranch({ ...ENTRY, ...change }, { nowMs, coolDownMs: 60_000 })).toEqual(plan);
  });

  test('that is gone needs nothing', () => {
    expect(decideBranch(undefined, { nowMs: 0, coolDownMs: 0 })).toEqual({ kind: 'none' });
  });
});

describe('the cool-down', () => {
  const cases: readonly [string | undefined, number][] = [
    [undefined, 60_000],
    ['', 60_000],
    ['90', 90_000],
    [' 45 ', 45_000],
    ['30', 30_000],
    ['29', 30_000],
    ['0', 30_000],
    ['-5', 60_000],
    ['1m', 60_000],
    ['99999999999', 60_000],
  ];
  test.each(cases)('"%s" is %i ms', (text, expected) => {
    const data = text === undefined ? {} : { 'branch-eni-cooldown': text };
    const configMap = { metadata: { name: 'amazon-vpc-cni' }, data };
    expect(coolDownOf(configMap, COOL_DOWN_DEFAULTS)).toBe(expected);
  });

  test('without a ConfigMap is the default, not below the minimum', () => {
    expect(coolDownOf(undefined, COOL_DOWN_DEFAULTS)).toBe(60_000);
    expect(coolDownOf(undefined, { coolDownMs: 2_000, minimumCoolDownMs: 1_000 })).toBe(2_000);
    expect(coolDownOf(undefined, { coolDownMs: 2_000, minimumCoolDownMs: 5_000 })).toBe(5_000);
  });

  test.each([
    [30_000, '30s'],
    [60_000, '1m0s'],
    [90_000, '1m30s'],
    [3_600_000, '1h0m0s'],
    [3_661_000, '1h1m1s'],
  ])('%i ms is written %s, as Go does', (durationMs, text) => {
    expect(goDuration(durationMs)).toBe(text);
  });
});
