import { expect, test } from 'vitest';
import { afterProbe, probeTiming, UNPROBED } from './state.ts';

const TIMING = { ...probeTiming({}), successThreshold: 2, failureThreshold: 3 };

test('probes have the defaults of Kubernetes', () => {
  expect(probeTiming({})).toEqual({
    initialDelayMs: 0,
    periodMs: 10_000,
    timeoutMs: 1000,
    successThreshold: 1,
    failureThreshold: 3,
  });
});

test.each<[string, boolean | undefined]>([
  ['', undefined],
  ['+', undefined],
  ['++', true],
  ['--', undefined],
  ['---', false],
  ['+-+-+-', undefined],
  ['++--', true],
  ['++--+--', true],
  ['++---', false],
  ['++---+', false],
  ['++---++', true],
])('results %j leave the verdict %s', (results, healthy) => {
  const state = results
    .split('')
    .reduce((before, result) => afterProbe(before, result === '+', TIMING), UNPROBED);
  expect(state.healthy).toBe(healthy);
});
