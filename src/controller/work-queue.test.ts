import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../base/clock.fake.ts';
import { silentLog } from '../base/log.ts';
import { backoffMs, createWorkQueue, type WorkQueue } from './work-queue.ts';

let clock: FakeClock;
let abort: AbortController;
beforeEach(() => {
  clock = createFakeClock();
  abort = new AbortController();
});
afterEach(() => abort.abort());

function queue(run: (key: string) => Promise<number | undefined>, concurrency = 2): WorkQueue {
  const { signal } = abort;
  return createWorkQueue({ name: 'test', clock, log: silentLog, signal, concurrency, run });
}

/** Work that ends when the test says so. */
function held(): {
  run: (key: string) => Promise<undefined>;
  started: string[];
  let: (key: string) => void;
} {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    started,
    run: (key) => {
      started.push(key);
      return new Promise((resolve) => {
        ends.set(key, () => resolve(undefined));
      });
    },
    let: (key) => ends.get(key)?.(),
  };
}

test('a key is worked on once at a time, and once more if added meanwhile', async () => {
  const work = held();
  const keys = queue(work.run);
  keys.add('a');
  await clock.settle();
  keys.add('a');
  keys.add('a');
  await clock.settle();
  expect(work.started).toEqual(['a']);
  work.let('a');
  await clock.settle();
  expect(work.started).toEqual(['a', 'a']);
});

test('no more keys at once than allowed', async () => {
  const work = held();
  const keys = queue(work.run);
  for (const key of ['a', 'b', 'c']) keys.add(key);
  await clock.settle();
  expect(work.started).toEqual(['a', 'b']);
  work.let('a');
  await clock.settle();
  expect(work.started).toEqual(['a', 'b', 'c']);
});

test('the soonest of several delays counts, and add overrides them', async () => {
  const at: number[] = [];
  const keys = queue(() => {
    at.push(clock.monotonicMs());
    return Promise.resolve(undefined);
  });
  keys.addAfter('a', 500);
  keys.addAfter('a', 100);
  keys.addAfter('a', 300);
  await clock.advance(1_000);
  expect(at).toEqual([100]);
  keys.addAfter('a', 500);
  keys.add('a');
  await clock.advance(1_000);
  expect(at).toEqual([100, 1_000]);
});

test('work that asks to be looked at again is', async () => {
  let runs = 0;
  const keys = queue(() => {
    runs += 1;
    return Promise.resolve(runs < 3 ? 100 : undefined);
  });
  keys.add('a');
  await clock.advance(10_000);
  expect(runs).toBe(3);
});

test('a failure never forgets the key: it is tried ever more slowly, and afresh after a success', async () => {
  const at: number[] = [];
  let failing = true;
  const keys = queue(() => {
    at.push(clock.monotonicMs());
    return failing ? Promise.reject(new Error('no')) : Promise.resolve(undefined);
  });
  keys.add('a');
  await clock.advance(1_000_000);
  expect(at.slice(0, 4)).toEqual([0, 2_000, 6_000, 14_000]);
  const gaps = at.map((time, index) => time - (at[index - 1] ?? 0));
  expect(Math.max(...gaps)).toBe(120_000);
  failing = false;
  await clock.advance(120_000);
  failing = true;
  const from = clock.monotonicMs();
  at.length = 0;
  keys.add('a');
  await clock.advance(2_000);
  expect(at).toEqual([from, from + 2_000]);
});

test('after the end nothing new starts, and what runs is waited for', async () => {
  const work = held();
  const keys = queue(work.run, 1);
  keys.add('a');
  keys.add('b');
  await clock.settle();
  abort.abort();
  let drained = false;
  const draining = keys.drained().then(() => (drained = true));
  await clock.settle();
  expect(drained).toBe(false);
  work.let('a');
  await draining;
  expect(work.started).toEqual(['a']);
});

describe('back-off', () => {
  const transient = { retry: 'backoff' };
  test.each([
    [transient, 1, 200],
    [transient, 4, 1_600],
    [transient, 40, 30_000],
    [{ retry: 'no' }, 1, 2_000],
    [new Error('x'), 3, 8_000],
    [undefined, 99, 120_000],
  ])('of %j after %i failures is %i ms', (error, failures, expected) => {
    expect(backoffMs(error, failures)).toBe(expected);
  });
});
