import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('waits double from 50 ms to 10 s', () => {
  expect([1, 2, 3, 8, 9, 100].map((failures) => backoffMs(failures))).toEqual([
    50, 100, 200, 6_400, 10_000, 10_000,
  ]);
});

test('first wait and ceiling can be set', () => {
  const backoff = { firstMs: 200, ceilingMs: 30_000 };
  expect([1, 4, 40].map((failures) => backoffMs(failures, backoff))).toEqual([200, 1_600, 30_000]);
});
