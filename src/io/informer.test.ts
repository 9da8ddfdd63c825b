import { beforeEach, afterEach, describe, expect, test } from 'vitest';
import { createFakeKube, type FakeKube } from '../api/client.fake.ts';
import { CONFIG_MAPS, type ConfigMap } from '../api/core/config-map.ts';
import type { Informer, InformerChange } from '../api/informer.ts';
import { KubeError } from '../api/kube-error.ts';
import { createFakeClock, type FakeClock } from '../base/clock.fake.ts';
import { silentLog } from '../base/log.ts';
import { createInformers } from './informer.ts';

let kube: FakeKube;
let clock: FakeClock;
let abort: AbortController;

beforeEach(() => {
  kube = createFakeKube();
  clock = createFakeClock();
  abort = new AbortController();
});
afterEach(() => abort.abort());

function open(): Informer<ConfigMap> {
  const deps = { kube, clock, log: silentLog, signal: abort.signal };
  return createInformers(deps).informer(CONFIG_MAPS);
}

function put(name: string, value: string): ConfigMap {
  return kube.seed(CONFIG_MAPS, { metadata: { name, namespace: 'n' }, data: { value } });
}

function recorded(informer: Informer<ConfigMap>): readonly string[] {
  const changes: string[] = [];
  informer.subscribe((change: InformerChange<ConfigMap>) => {
    const before = change.type === 'modified' ? ` from ${change.before.data?.['value']}` : '';
    const { metadata, data } = change.object;
    changes.push(`${change.type} ${metadata.name}=${data?.['value']}${before}`);
  });
  return changes;
}

test('lists, then follows', async () => {
  put('a', '1');
  const informer = open();
  await informer.synced;
  const changes = recorded(informer);
  put('b', '1');
  put('a', '2');
  kube.drop(CONFIG_MAPS, { name: 'b', namespace: 'n' });
  await clock.settle();
  expect(changes).toEqual(['added a=1', 'added b=1', 'modified a=2 from 1', 'deleted b=1']);
  expect(informer.list().map(({ metadata }) => metadata.name)).toEqual(['a']);
  expect(informer.get({ name: 'a', namespace: 'n' })?.data).toEqual({ value: '2' });
});

test('the same resource and options share one watch', async () => {
  const informers = createInformers({ kube, clock, log: silentLog, signal: abort.signal });
  const first = informers.informer(CONFIG_MAPS, { namespace: 'n' });
  expect(informers.informer(CONFIG_MAPS, { namespace: 'n' })).toBe(first);
  expect(informers.informer(CONFIG_MAPS)).not.toBe(first);
  await first.synced;
  await clock.settle();
  expect(kube.calls.filter(({ verb }) => verb === 'watch')).toHaveLength(2);
});

describe('after a gap', () => {
  test('a watch that the server ended goes on where it was, without a list', async () => {
    put('a', '1');
    const informer = open();
    await informer.synced;
    const changes = recorded(informer);
    kube.endWatches();
    put('a', '2');
    await clock.advance(1_000);
    expect(changes).toEqual(['added a=1', 'modified a=2 from 1']);
    expect(kube.calls.filter(({ verb }) => verb === 'list')).toHaveLength(1);
  });

  test('an expired version is listed again and the differences are told', async () => {
    put('kept', '1');
    put('changed', '1');
    put('dropped', '1');
    put('replaced', '1');
    const informer = open();
    await informer.synced;
    const changes = recorded(informer);
    const told = changes.length;
    kube.beforeCall = ({ verb }) => {
      if (verb === 'watch') throw new KubeError('Expired', 'too old', { status: 410 });
    };
    kube.endWatches();
    await clock.settle();
    put('changed', '2');
    put('new', '1');
    kube.drop(CONFIG_MAPS, { name: 'dropped', namespace: 'n' });
    kube.drop(CONFIG_MAPS, { name: 'replaced', namespace: 'n' });
    put('replaced', '2');
    kube.beforeCall = undefined;
    await clock.advance(1_000);
    expect(changes.slice(told).toSorted()).toEqual([
      'added new=1',
      'added replaced=2',
      'deleted dropped=1',
      'deleted replaced=1',
      'modified changed=2 from 1',
    ]);
  });

  test('a bookmark moves the version on, so that the next watch does not expire', async () => {
    put('a', '1');
    const informer = open();
    await informer.synced;
    await clock.settle();
    kube.expireHistory();
    kube.bookmark();
    await clock.settle();
    kube.endWatches();
    await clock.advance(1_000);
    expect(kube.calls.filter(({ verb }) => verb === 'list')).toHaveLength(1);
  });
});

test('failures are tried again ever more slowly, up to a ceiling', async () => {
  kube.beforeCall = () => {
    throw new KubeError('Unreachable', 'down', { status: 0 });
  };
  const informer = open();
  await clock.advance(60_000);
  const tries = kube.calls.length;
  expect(tries).toBeGreaterThan(8);
  expect(tries).toBeLessThan(15);
  put('a', '1');
  kube.beforeCall = undefined;
  await clock.advance(10_000);
  expect(informer.list()).toHaveLength(1);
});

test('a handler that throws harms nobody else', async () => {
  const informer = open();
  await informer.synced;
  informer.subscribe(() => {
    throw new Error('bad');
  });
  const changes = recorded(informer);
  put('a', '1');
  put('b', '1');
  await clock.settle();
  expect(changes).toEqual(['added a=1', 'added b=1']);
});

test('nothing is told after a subscription or the informer ended', async () => {
  const informer = open();
  await informer.synced;
  const changes: unknown[] = [];
  const unsubscribe = informer.subscribe((change) => changes.push(change));
  unsubscribe();
  const others = recorded(informer);
  put('a', '1');
  await clock.settle();
  abort.abort();
  put('b', '1');
  await clock.settle();
  expect(changes).toEqual([]);
  expect(others).toEqual(['added a=1']);
});

test('an informer that ends before its first list says so', async () => {
  kube.beforeCall = () => new Promise(() => {});
  const informer = open();
  abort.abort(new Error('over'));
  await expect(informer.synced).rejects.toThrow('over');
  expect(informer.list()).toEqual([]);
});
