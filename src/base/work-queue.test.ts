import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from './clock.fake.ts';
import { silentLog } from './log.ts';
import { createWorkQueue, type WorkQueue, type WorkQueueOptions } from './work-queue.ts';

let clock: FakeClock;
let made: WorkQueue | undefined;
beforeEach(() => {
  clock = createFakeClock();
});
afterEach(() => {
  // Not awaited: some tests leave work that never ends.
  void made?.close();
});

function queue(
  run: WorkQueueOptions['run'],
  options: Pick<WorkQueueOptions, 'concurrency' | 'retryMs'> = { concurrency: 2 },
): WorkQueue {
  made = createWorkQueue({ name: 'test', clock, log: silentLog, run, ...options });
  return made;
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

/** 2 s, 4 s, ... 120 s. */
const slow = {
  retryMs: (_error: unknown, failures: number) => Math.min(1_000 * 2 ** failures, 120_000),
};

test('a failure never forgets the key: it is tried ever more slowly, and afresh after a success', async () => {
  const at: number[] = [];
  let failing = true;
  const keys = queue(() => {
    at.push(clock.monotonicMs());
    return failing ? Promise.reject(new Error('no')) : Promise.resolve(undefined);
  }, slow);
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

test('a failed key does not hold up the others, and is soon tried again when nothing else is said', async () => {
  const log: string[] = [];
  const keys = queue((key) => {
    log.push(key);
    return key === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve(undefined);
  }, {});
  keys.add('bad');
  keys.add('good');
  await clock.settle();
  expect(log).toEqual(['bad', 'good']);
  await clock.advance(50);
  expect(log).toEqual(['bad', 'good', 'bad']);
});

test('a closed queue starts nothing, tells what runs, and waits for it', async () => {
  const work = held();
  let signal: AbortSignal | undefined;
  const keys = queue(
    (key, stop) => {
      signal = stop;
      return work.run(key);
    },
    { concurrency: 1 },
  );
  keys.add('a');
  keys.add('b');
  await clock.settle();
  let closed = false;
  const closing = keys.close().then(() => (closed = true));
  await clock.settle();
  expect({ closed, told: signal?.aborted }).toEqual({ closed: false, told: true });
  work.let('a');
  await closing;
  keys.add('c');
  await clock.settle();
  expect(work.started).toEqual(['a']);
});
