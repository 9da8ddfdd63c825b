import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiObject } from '../object.ts';
import { Journal } from './journal.ts';
import { Store } from './store.ts';

/** Writes that are done before the machine stops. */
const WRITES = 25;
/** Distance of the places in the log where it stops. */
const STRIDE_BYTES = 1531;

let dir: string;
let journal: Journal;
/** What the store held after each of its versions, as text. */
const states = new Map<number, string>();

const contentOf = (store: Store): string => JSON.stringify(store.list('things'));

function write(store: Store, i: number): void {
  const name = `o${i % 7}`;
  const exists = store.get('things', { namespace: 'n', name }) !== undefined;
  if (i % 5 === 4 && exists) {
    store.remove('things', { namespace: 'n', name });
    return;
  }
  const object: ApiObject = {
    apiVersion: 'v1',
    kind: 'T',
    metadata: { name, namespace: 'n' },
    data: 'x'.repeat((i * 997) % 3000),
  };
  store.put('things', object);
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'trunkline-crash-'));
  journal = new Journal(join(dir, 'live.sqlite'));
  const store = new Store(journal);
  states.set(store.version, contentOf(store));
  for (let i = 0; i < WRITES; i += 1) {
    write(store, i);
    states.set(store.version, contentOf(store));
  }
});
afterAll(() => {
  journal.close();
  rmSync(dir, { recursive: true });
});

/** A store from a copy of the files whose write-ahead log was changed; answers its version. */
function reopened(spoil: (walFile: string) => void): number {
  const file = join(dir, 'copy.sqlite');
  for (const suffix of ['', '-shm']) rmSync(file + suffix, { force: true });
  copyFileSync(join(dir, 'live.sqlite'), file);
  copyFileSync(join(dir, 'live.sqlite-wal'), `${file}-wal`);
  spoil(`${file}-wal`);
  const copy = new Journal(file);
  try {
    const store = new Store(copy);
    // Whatever survived is what was there after one of the writes: never half of one.
    expect(states.get(store.version), `version ${store.version}`).toBe(contentOf(store));
    const next = store.put('things', { apiVersion: 'v1', kind: 'T', metadata: { name: 'new' } });
    expect(Number(next.metadata.resourceVersion)).toBe(store.version);
    return store.version - 1;
  } finally {
    copy.close();
  }
}

describe('the journal', () => {
  test('has everything when its log is whole', () => {
    expect(reopened(() => {})).toBe(Math.max(...states.keys()));
  });

  test('cut off at any byte opens with a state that was there, the later the longer it is', () => {
    const { length } = readFileSync(join(dir, 'live.sqlite-wal'));
    const versions: number[] = [];
    for (let size = 0; size <= length; size += STRIDE_BYTES) {
      versions.push(reopened((file) => truncateSync(file, size)));
    }
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBeGreaterThan(WRITES / 2);
  });

  test('with a torn page opens with what was written before it', () => {
    const whole = readFileSync(join(dir, 'live.sqlite-wal'));
    for (let position = 40; position < whole.length; position += 9973) {
      const torn = Buffer.from(whole);
      torn[position] = (torn[position] ?? 0) ^ 0xff;
      expect(reopened((file) => writeFileSync(file, torn))).toBeLessThanOrEqual(
        Math.max(...states.keys()),
      );
    }
  });
});
