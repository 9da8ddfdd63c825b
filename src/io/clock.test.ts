import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { createLog } from './log.ts';
import { cryptoRandom } from './random.ts';

test('a sleep lasts about as long as asked', async () => {
  const startedMs = systemClock.monotonicMs();
  await systemClock.sleep(20);
  expect(systemClock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(18);
});

test('a sleep ends with the reason of its signal, also one that was aborted before', async () => {
  const abort = new AbortController();
  const sleeping = systemClock.sleep(60_000, abort.signal);
  abort.abort(new Error('enough'));
  await expect(sleeping).rejects.toThrow('enough');
  await expect(systemClock.sleep(1, abort.signal)).rejects.toThrow('enough');
});

test('a sleep that ran its course leaves no listener on its signal', async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...given: Parameters<typeof add>): void => {
    listeners += 1;
    add(...given);
  };
  signal.removeEventListener = (...given: Parameters<typeof remove>): void => {
    listeners -= 1;
    remove(...given);
  };
  await systemClock.sleep(1, signal);
  expect(listeners).toBe(0);
});

test('a sleep of a month does not end at once', async () => {
  const abort = new AbortController();
  const sleeping = systemClock.sleep(31 * 24 * 3_600_000, abort.signal);
  const first = await Promise.race([
    sleeping.then(() => 'over'),
    systemClock.sleep(20).then(() => 'asleep'),
  ]);
  expect(first).toBe('asleep');
  abort.abort(new Error('test over'));
  await expect(sleeping).rejects.toThrow('test over');
});

test('random bytes have the length asked for and differ', () => {
  expect(cryptoRandom.bytes(17)).toHaveLength(17);
  expect(cryptoRandom.bytes(16)).not.toEqual(cryptoRandom.bytes(16));
});

test('log lines are JSON with level, time, message, fields and errors', () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as (typeof lines)[number]);
  const log = createLog({ level: 'info', write }).child({ part: 'x' });
  log.debug('unseen');
  log.warn('Something failed', { count: 2, error: Object.assign(new Error('why'), { code: 'E' }) });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    level: 40,
    msg: 'Something failed',
    part: 'x',
    count: 2,
    error: { message: 'why', code: 'E', stack: expect.stringContaining('clock.test') as string },
  });
  expect(lines[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT/);
});
