import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { kubeClientContract } from '../../api/client.contract.ts';
import { CONFIG_MAPS } from '../../api/core/config-map.ts';
import { systemClock } from '../../io/clock.ts';
import { cryptoRandom } from '../../io/random.ts';
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
