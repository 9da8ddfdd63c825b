import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../../base/clock.fake.ts';
import { silentLog } from '../../base/log.ts';
import { FlowStore, type FlowStoreOptions } from './store.ts';

const HOUR_MS = 3_600_000;

describe('a store of flow records', () => {
  let folder = '';
  let clock: FakeClock;
  let warnings: string[];

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'flow-store-')), 'store');
    clock = createFakeClock();
    warnings = [];
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

  const open = (options: Partial<FlowStoreOptions> = {}): FlowStore =>
    new FlowStore({
      folder,
      bytesMax: 8000,
      ageMaxMs: 6 * HOUR_MS,
      clock,
      log: { ...silentLog, warn: (message) => void warnings.push(message) },
      ...options,
    });
  const lines = async (store: FlowStore, sinceMs = 0): Promise<readonly string[]> => {
    const all: string[] = [];
    for await (const some of store.read(sinceMs)) all.push(...some);
    return all;
  };
  const bytes = (): number =>
    readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

  test('gives back what was put in, also to the next process', async () => {
    const store = open();
    expect(await store.append(['one', 'two'])).toBe(true);
    expect(await store.append([])).toBe(true);
    expect(await store.append(['three'])).toBe(true);
    expect(await lines(store)).toEqual(['one', 'two', 'three']);
    const next = open();
    await next.append(['four']);
    expect(await lines(next)).toEqual(['one', 'two', 'three', 'four']);
  });

  test('never holds more than its bound, and loses the oldest first', async () => {
    const store = open();
    const all = Array.from({ length: 500 }, (_, i) => `record ${i} ${'x'.repeat(80)}`);
    for (const line of all) {
      await store.append([line]);
      expect(bytes()).toBeLessThanOrEqual(8000);
    }
    const kept = await lines(store);
    expect(kept.length).toBeGreaterThan(60);
    expect(kept).toEqual(all.slice(-kept.length));
    const next = open({ bytesMax: 4000 });
    await next.append(['last']);
    expect(bytes()).toBeLessThanOrEqual(4000);
    expect((await lines(next)).at(-1)).toBe('last');
  });

  test('lets go what is too old, and reads only from the time asked for', async () => {
    const store = open({ bytesMax: 80 });
    await store.append(['first']);
    await clock.advance(2 * HOUR_MS);
    const second = clock.nowMs();
    await store.append(['second one']);
    await clock.advance(2 * HOUR_MS);
    await store.append(['third one']);
    expect(await lines(store, second + 1)).toEqual(['second one', 'third one']);
    expect(await lines(store, clock.nowMs())).toEqual(['third one']);
    await clock.advance(7 * HOUR_MS);
    await store.append(['fourth']);
    expect(await lines(store)).toEqual(['third one', 'fourth']);
  });

  test('leaves out a line that a crash cut off', async () => {
    await open().append(['whole']);
    appendFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'half a li');
    expect(await lines(open())).toEqual(['whole']);
  });

  test('says once that it cannot write, and goes on when it can', async () => {
    writeFileSync(folder, 'a file where the folder should be');
    const store = open();
    expect(await store.append(['lost'])).toBe(false);
    expect(await store.append(['lost too'])).toBe(false);
    expect(warnings).toHaveLength(1);
    rmSync(folder);
    expect(await store.append(['kept'])).toBe(true);
    expect(await lines(store)).toEqual(['kept']);
  });

  test('leaves other files of the folder alone', async () => {
    await open().append(['one']);
    writeFileSync(join(folder, 'notes.txt'), 'x'.repeat(9000));
    const store = open();
    await store.append(['two']);
    expect(await lines(store)).toEqual(['one', 'two']);
    expect(readdirSync(folder)).toContain('notes.txt');
  });
});
