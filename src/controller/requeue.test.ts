import { expect, test } from 'vitest';
import { retryMs } from './requeue.ts';

const transient = { retry: 'backoff' };

test.each([
  [transient, 1, 200],
  [transient, 4, 1_600],
  [transient, 40, 30_000],
  [{ retry: 'no' }, 1, 2_000],
  [new Error('x'), 3, 8_000],
  [undefined, 99, 120_000],
])('the wait after %j, failed %i times, is %i ms', (error, failures, expected) => {
  expect(retryMs(error, failures)).toBe(expected);
});
