import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiObject } from '../object.ts';
import { History, type Change } from './history.ts';
import { Journal } from './journal.ts';
import { Store } from './store.ts';

const object = (name: string, namespace = 'n', extra: object = {}): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name, namespace },
  ...extra,
});

describe('the store', () => {
  let dir: string;
  let journal: Journal;
  let store: Store;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'trunkline-store-'));
    reopen();
  });
  afterEach(() => {
    journal.close();
    rmSync(dir, { recursive: true });
  });
  const reopen = (): void => {
    journal = new Journal(join(dir, 'data.sqlite'));
    store = new Store(journal);
  };

  test('gives each write the next version', () => {
    const first = store.put('things', object('a'));
    const second = store.put('things', { ...first, x: 1 });
    expect(Number(second.metadata.resourceVersion)).toBe(
      Number(first.metadata.resourceVersion) + 1,
    );
    expect(store.remove('things', { namespace: 'n', name: 'a' }).metadata.resourceVersion).toBe(
      String(store.version),
    );
    expect(store.get('things', { namespace: 'n', name: 'a' })).toBeUndefined();
  });

  test('lists in the order of namespace and name', () => {
    for (const [name, namespace] of [
      ['b', 'n'],
      ['a', 'n'],
      ['c', 'm'],
    ] as const) {
      store.put('things', object(name, namespace));
    }
    const names = (list: readonly ApiObject[]): string[] => list.map((each) => each.metadata.name);
    expect(names(store.list('things'))).toEqual(['c', 'a', 'b']);
    expect(names(store.list('things', 'n'))).toEqual(['a', 'b']);
    expect(store.storagesIn('m')).toEqual(['things']);
    expect(store.storagesIn('elsewhere')).toEqual([]);
  });

  test('has everything back after it was closed and opened again', () => {
    store.put('things', object('a'));
    store.put('things', object('b', 'n', { data: { deep: [1] } }));
    store.remove('things', { namespace: 'n', name: 'a' });
    store.put('others', object('c', ''));
    const { version } = store;
    const before = ['things', 'others'].map((storage) => store.list(storage));
    journal.close();
    reopen();
    expect(store.version).toBe(version);
    expect(['things', 'others'].map((storage) => store.list(storage))).toEqual(before);
    expect(Number(store.put('things', object('d')).metadata.resourceVersion)).toBe(version + 1);
  });

  test('knows nothing of changes before it was opened', () => {
    store.put('things', object('a'));
    const { version } = store;
    journal.close();
    reopen();
    expect(store.changesAfter('things', version)).toEqual([]);
    expect(store.changesAfter('things', version - 1)).toBeUndefined();
  });

  test('keeps settings beside the objects', () => {
    journal.setSetting('key', 'value');
    journal.setSetting('key', 'other');
    journal.close();
    reopen();
    expect(journal.setting('key')).toBe('other');
    expect(journal.setting('none')).toBeUndefined();
  });

  test('loses nothing that it acknowledged when the process is killed', async () => {
    const file = join(dir, 'killed.sqlite');
    const script = `
      import { Journal } from '${import.meta.dirname}/journal.ts';
      import { Store } from '${import.meta.dirname}/store.ts';
      const store = new Store(new Journal(process.argv[1]));
      for (let i = 0; ; i += 1) {
        store.put('things', { apiVersion: 'v1', kind: 'T', metadata: { name: 'o' + i } });
        process.stdout.write('o' + i + '\\n');
      }`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script, file]);
    let acknowledged = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        acknowledged += chunk.toString();
        if (acknowledged.length > 2000) child.kill('SIGKILL');
      });
      child.once('close', () => resolve());
    });
    const names = acknowledged.split('\n').slice(0, -1);
    expect(names.length).toBeGreaterThan(100);
    const survivor = new Store(new Journal(file));
    for (const name of names) {
      expect(survivor.get('things', { namespace: '', name })?.metadata.name).toBe(name);
    }
    expect(survivor.version).toBeGreaterThanOrEqual(names.length + 1);
  });

  test('tells listeners what was before', () => {
    const changes: Change[] = [];
    const stop = store.subscribe((_, change) => changes.push(change));
    const first = store.put('things', object('a'));
    store.put('things', { ...first, x: 1 });
    store.remove('things', { namespace: 'n', name: 'a' });
    stop();
    store.put('things', object('b'));
    expect(changes.map(({ type, before }) => [type, before?.['x']])).toEqual([
      ['ADDED', undefined],
      ['MODIFIED', undefined],
      ['DELETED', 1],
    ]);
  });
});

describe('the history of a resource', () => {
  const change = (version: number): Change => ({ type: 'ADDED', object: object('a'), version });

  test('answers the changes after a version', () => {
    const history = new History(10, 0);
    for (const version of [3, 5, 9]) history.push(change(version));
    const after = (version: number): number[] | undefined =>
      history.after(version)?.map((each) => each.version);
    expect(after(0)).toEqual([3, 5, 9]);
    expect(after(4)).toEqual([5, 9]);
    expect(after(5)).toEqual([9]);
    expect(after(9)).toEqual([]);
  });

  test('forgets the oldest, and says so', () => {
    const history = new History(4, 0);
    for (let version = 1; version <= 20; version += 1) history.push(change(version));
    expect(history.after(1)).toBeUndefined();
    expect(history.after(17)?.map((each) => each.version)).toEqual([18, 19, 20]);
  });
});
