import { afterEach, expect, test, vi } from 'vitest';
import { silentLog } from '../../../base/log.ts';
import { systemClock } from '../../../io/clock.ts';
import { backoffMs, createWorkQueue, type Requeue, type WorkQueue } from './work-queue.ts';

let queue: WorkQueue | undefined;

function start(reconcile: (key: string) => Promise<Requeue>): WorkQueue {
  queue = createWorkQueue({ name: 't', clock: systemClock, log: silentLog, reconcile });
  return queue;
}

afterEach(() => queue?.close());

const seen = (expected: readonly string[], log: readonly string[]) =>
  vi.waitFor(() => expect(log).toEqual(expected), { timeout: 2000, interval: 5 });

test('a burst of the same key is one pass', async () => {
  const log: string[] = [];
  const q = start(async (key) => {
    log.push(key);
    return undefined;
  });
  for (const key of ['a', 'b', 'a', 'a']) q.add(key);
  await seen(['a', 'b'], log);
});

test('a key that comes during its own pass is passed again, and never twice at once', async () => {
  let inside = 0;
  let most = 0;
  const log: string[] = [];
  const q: WorkQueue = start(async (key) => {
    most = Math.max(most, ++inside);
    log.push(key);
    if (log.length === 1) q.add('a');
    await systemClock.sleep(10);
    inside--;
    return undefined;
  });
  q.add('a');
  await seen(['a', 'a'], log);
  expect(most).toBe(1);
});

test('a failed pass comes back, and other keys need not wait for it', async () => {
  const log: string[] = [];
  const q = start(async (key) => {
    log.push(key);
    if (key === 'bad' && log.filter((k) => k === 'bad').length < 3) throw new Error('no');
    return undefined;
  });
  q.add('bad');
  q.add('good');
  await seen(['bad', 'good', 'bad', 'bad'], log);
});

test('a pass may ask to be repeated', async () => {
  const log: string[] = [];
  const q = start(async (key) => (log.push(key) < 3 ? { afterMs: 1 } : undefined));
  q.add('a');
  await seen(['a', 'a', 'a'], log);
});

test('a closed queue does nothing any more', async () => {
  const log: string[] = [];
  const q = start(async (key) => {
    log.push(key);
    return undefined;
  });
  await q.close();
  q.add('a');
  await systemClock.sleep(10);
  expect(log).toEqual([]);
});

test('delays double from 50 ms to 10 s', () => {
  expect([1, 2, 3, 8, 9, 100].map(backoffMs)).toEqual([50, 100, 200, 6400, 10_000, 10_000]);
});
