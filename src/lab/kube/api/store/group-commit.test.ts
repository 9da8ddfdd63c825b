import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiObject } from '../object.ts';
import { Journal } from './journal.ts';
import { Store } from './store.ts';

/** A journal on a real file whose disk can be full when it commits, or when it writes. */
class FullDisk extends Journal {
  full: 'no' | 'commit' | 'put' = 'no';
  commits = 0;

  override commit(version: number): void {
    if (this.full === 'commit') throw new Error('database or disk is full');
    this.commits += 1;
    super.commit(version);
  }

  override put(row: Parameters<Journal['put']>[0]): void {
    if (this.full === 'put') throw new Error('database or disk is full');
    super.put(row);
  }
}

const object = (name: string, x = 0): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name, namespace: 'n' },
  x,
});

describe('writes that share a commit', () => {
  let dir: string;
  let file: string;
  let journal: FullDisk;
  let store: Store;
  let deferred: (() => void)[];
  let heard: string[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'trunkline-group-'));
    file = join(dir, 'data.sqlite');
    journal = new FullDisk(file);
    deferred = [];
    heard = [];
    store = new Store(journal, { defer: (commit) => deferred.push(commit) });
    store.subscribe((_storage, { type, object: { metadata } }) =>
      heard.push(`${type} ${metadata.name}`),
    );
  });
  afterEach(() => {
    journal.close();
    rmSync(dir, { recursive: true });
  });

  const commit = (): void => {
    for (const each of deferred.splice(0)) each();
  };
  const names = (of: Store): string[] => of.list('things').map(({ metadata }) => metadata.name);
  /** What another process finds in the file. */
  const onDisk = (): { names: string[]; version: number } => {
    const other = new Journal(file);
    const copy = new Store(other);
    const found = { names: names(copy), version: copy.version };
    other.close();
    return found;
  };
  const remove = (name: string): void => void store.remove('things', { namespace: 'n', name });

  test('are on disk together, and not before; then listeners hear, then waiters', async () => {
    store.put('things', object('a'));
    store.put('things', object('b'));
    remove('a');
    const before = onDisk();
    let isDurable = false;
    const durable = store.durable().then(() => {
      isDurable = true;
      heard.push('durable');
    });
    await new Promise(setImmediate);
    expect([before.names, names(store), heard, isDurable]).toEqual([[], ['b'], [], false]);
    expect(deferred).toHaveLength(1);
    commit();
    await durable;
    expect(heard).toEqual(['ADDED a', 'ADDED b', 'DELETED a', 'durable']);
    expect(onDisk()).toEqual({ names: ['b'], version: store.version });
    expect(journal.commits).toBe(1);
  });

  test('each have a commit of their own without a way to wait', () => {
    const alone = new Store(journal);
    alone.put('things', object('a'));
    alone.put('things', object('b'));
    expect([journal.commits, onDisk().names]).toEqual([2, ['a', 'b']]);
  });

  test('nothing under way is durable at once', async () => {
    await store.durable();
    store.put('things', object('a'));
    commit();
    await store.durable();
    expect(journal.commits).toBe(1);
  });

  test.each(['commit', 'put'] as const)(
    'are undone together when the disk is full at a %s',
    async (when) => {
      store.put('things', object('kept', 1));
      store.put('things', object('removed'));
      commit();
      const { version } = store;
      heard = [];
      store.put('things', object('new'));
      store.put('things', object('kept', 2));
      store.put('things', object('kept', 3));
      remove('removed');
      const waiting = store.durable();
      journal.full = when;
      if (when === 'put') expect(() => store.put('things', object('last'))).toThrow('disk is full');
      commit();
      await expect(waiting).rejects.toThrow('disk is full');
      expect(names(store)).toEqual(['kept', 'removed']);
      expect(store.get('things', { namespace: 'n', name: 'kept' })).toMatchObject({ x: 1 });
      expect([heard, store.version]).toEqual([[], version]);
      expect(onDisk()).toEqual({ names: ['kept', 'removed'], version });

      journal.full = 'no';
      store.put('things', object('later'));
      const later = store.durable();
      commit();
      await later;
      expect(heard).toEqual(['ADDED later']);
      expect(onDisk()).toEqual({ names: ['kept', 'later', 'removed'], version: version + 1 });
    },
  );
});
