import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { kubeClientContract } from '../../api/client.contract.ts';
import type { KubeClient } from '../../api/client.ts';
import { CONFIG_MAPS } from '../../api/core/config-map.ts';
import { systemClock } from '../../io/clock.ts';
import { cryptoRandom } from '../../io/random.ts';
import { Journal } from '../kube/api/store/journal.ts';
import { Store } from '../kube/api/store/store.ts';
import { EmbeddedKube } from './kube.ts';
import { openEmbeddedKube, type OpenedKube } from './open.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-embedded-'));
afterAll(() => rmSync(folder, { recursive: true }));

function open(path?: string): OpenedKube {
  return openEmbeddedKube({ path, clock: systemClock, random: cryptoRandom });
}

kubeClientContract('embedded store in memory', async () => {
  const opened = open();
  return { kube: opened.kube, close: async () => opened.close() };
});

kubeClientContract('embedded store in a file', async () => {
  const opened = open(join(folder, 'contract.sqlite'));
  return { kube: opened.kube, close: async () => opened.close() };
});

test('what was written is there after the file is opened again, at the same version', async () => {
  const path = join(folder, 'reopened.sqlite');
  const first = open(path);
  const made = await first.kube.create(CONFIG_MAPS, { metadata: { name: 'a' }, data: { a: '1' } });
  first.close();
  const second = open(path);
  expect(await second.kube.get(CONFIG_MAPS, { name: 'a' })).toEqual(made);
  const { resourceVersion } = await second.kube.list(CONFIG_MAPS);
  expect(resourceVersion).toBe(made.metadata.resourceVersion);
  second.close();
});

test('a file that another process has open is refused', () => {
  const path = join(folder, 'taken.sqlite');
  const first = open(path);
  expect(() => open(path)).toThrow(/locked/);
  first.close();
  open(path).close();
});

describe('a call of the embedded client', () => {
  const calls: [string, (kube: KubeClient) => Promise<unknown>][] = [
    ['create', (kube) => kube.create(CONFIG_MAPS, { metadata: { name: 'b' } })],
    ['replace', (kube) => kube.replace(CONFIG_MAPS, { metadata: { name: 'a' }, data: { a: '2' } })],
    [
      'patch',
      (kube) =>
        kube.patch(CONFIG_MAPS, { name: 'a' }, { type: 'merge', body: { data: { b: '3' } } }),
    ],
    ['delete', (kube) => kube.delete(CONFIG_MAPS, { name: 'a' })],
  ];
  test.each(calls)('that is a %s answers when it is on disk, or fails', async (_what, call) => {
    const path = join(folder, `durable-${_what}.sqlite`);
    const journal = new Journal(path);
    let commit = (): void => {};
    const store = new Store(journal, { defer: (run) => (commit = run) });
    const kube = new EmbeddedKube({
      store,
      clock: systemClock,
      random: cryptoRandom,
      statusSubresources: [],
    });
    const first = kube.create(CONFIG_MAPS, { metadata: { name: 'a' }, data: { a: '1' } });
    commit();
    await first;
    const before = contentOf(path);

    let isAnswered = false;
    const called = call(kube).then(() => (isAnswered = true));
    const read = kube.list(CONFIG_MAPS);
    await new Promise(setImmediate);
    expect([isAnswered, contentOf(path)]).toEqual([false, before]);
    commit();
    await called;
    expect(contentOf(path)).not.toEqual(before);
    // A read that began meanwhile has waited, too.
    expect((await read).resourceVersion).toBe(String(store.version));
    journal.close();
  });

  test('shares its commit with the calls that come with it', async () => {
    const path = join(folder, 'shared.sqlite');
    const journal = new Journal(path);
    let commits = 0;
    const store = new Store(journal, {
      defer: (commit) => {
        commits += 1;
        setImmediate(commit);
      },
    });
    const kube = new EmbeddedKube({
      store,
      clock: systemClock,
      random: cryptoRandom,
      statusSubresources: [],
    });
    const names = Array.from({ length: 100 }, (_, i) => `c${i}`);
    await Promise.all(names.map((name) => kube.create(CONFIG_MAPS, { metadata: { name } })));
    expect(commits).toBe(1);
    expect(contentOf(path)).toHaveLength(100);
    journal.close();
  });
});

/** The rows that another process finds in the file. */
function contentOf(path: string): readonly unknown[] {
  const journal = new Journal(path);
  const rows = Array.from(journal.rows(), ({ json }) => json);
  journal.close();
  return rows;
}
