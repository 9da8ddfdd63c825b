import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeClient, WatchEvent } from './client.ts';
import { CONFIG_MAPS, type ConfigMap } from './core/config-map.ts';
import { NODES, type Node } from './core/node.ts';
import { isKubeError, type KubeReason } from './kube-error.ts';
import type { KubeObject } from './meta.ts';
import type { Resource } from './resource.ts';

/** What a suite run needs: a client, and what must be undone afterwards. */
export interface ContractSubject {
  readonly kube: KubeClient;
  close(): Promise<void>;
}

const NAMESPACE = 'default';
const WAIT_MS = 5_000;

/** The behaviour of `KubeClient` that everything relies on; the fake and the real API both pass. */
export function kubeClientContract(name: string, setUp: () => Promise<ContractSubject>): void {
  describe(`KubeClient contract: ${name}`, () => {
    let subject: ContractSubject;
    let serial = 0;
    const kube = (): KubeClient => subject.kube;
    const newName = (): string => `contract-${(serial += 1)}`;
    const newConfigMap = (data?: Record<string, string>): ConfigMap => ({
      metadata: { name: newName(), namespace: NAMESPACE },
      ...(data && { data }),
    });

    beforeAll(async () => {
      subject = await setUp();
    });
    afterAll(() => subject.close());

    describe('reads and writes', () => {
      test('gets undefined for an absent object', async () => {
        const key = { name: newName(), namespace: NAMESPACE };
        expect(await kube().get(CONFIG_MAPS, key)).toBeUndefined();
      });

      test('creates, with uid, version, times and kind filled in', async () => {
        const object = newConfigMap({ a: '1' });
        const created = await kube().create(CONFIG_MAPS, object);
        expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } });
        expect(created.metadata.uid).toMatch(/./);
        expect(created.metadata.resourceVersion).toMatch(/^\d+$/);
        expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(await kube().get(CONFIG_MAPS, object.metadata)).toEqual(created);
      });

      test('refuses to create what exists', async () => {
        const object = newConfigMap();
        await kube().create(CONFIG_MAPS, object);
        await fails(kube().create(CONFIG_MAPS, object), 'AlreadyExists');
      });

      test('makes names from generateName', async () => {
        const metadata = { name: '', namespace: NAMESPACE, generateName: `${newName()}-` };
        const first = await kube().create<ConfigMap>(CONFIG_MAPS, { metadata });
        const second = await kube().create<ConfigMap>(CONFIG_MAPS, { metadata });
        expect(first.metadata.name).toMatch(/^contract-\d+-.{4,}$/);
        expect(second.metadata.name).not.toBe(first.metadata.name);
      });

      test('a dry run stores nothing', async () => {
        const object = newConfigMap();
        await kube().create(CONFIG_MAPS, object, { dryRun: true });
        expect(await kube().get(CONFIG_MAPS, object.metadata)).toBeUndefined();
      });

      test('replaces at the right version and refuses a stale one', async () => {
        const created = await kube().create(CONFIG_MAPS, newConfigMap({ a: '1' }));
        const replaced = await kube().replace(CONFIG_MAPS, { ...created, data: { a: '2' } });
        expect(replaced.data).toEqual({ a: '2' });
        expect(replaced.metadata.uid).toBe(created.metadata.uid);
        expect(replaced.metadata.resourceVersion).not.toBe(created.metadata.resourceVersion);
        await fails(kube().replace(CONFIG_MAPS, { ...created, data: { a: '3' } }), 'Conflict');
      });

      test('a write that changes nothing keeps the version', async () => {
        const created = await kube().create(CONFIG_MAPS, newConfigMap({ a: '1' }));
        const replaced = await kube().replace(CONFIG_MAPS, created);
        expect(replaced.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
      });

      test('replace and patch of an absent object are NotFound', async () => {
        const object = newConfigMap();
        await fails(kube().replace(CONFIG_MAPS, object), 'NotFound');
        const change = { type: 'merge', body: { data: { a: '1' } } } as const;
        await fails(kube().patch(CONFIG_MAPS, object.metadata, change), 'NotFound');
      });
    });

    describe('patches', () => {
      test('merge patch sets, merges and removes', async () => {
        const { metadata } = await kube().create(CONFIG_MAPS, newConfigMap({ a: '1', b: '2' }));
        const body = { data: { b: null, c: '3' }, metadata: { labels: { x: 'y' } } };
        const patched = await kube().patch(CONFIG_MAPS, metadata, { type: 'merge', body });
        expect(patched.data).toEqual({ a: '1', c: '3' });
        expect(patched.metadata.labels).toEqual({ x: 'y' });
      });

      test('merge patch with a stale version is a Conflict', async () => {
        const { metadata } = await kube().create(CONFIG_MAPS, newConfigMap({ a: '1' }));
        await kube().patch(CONFIG_MAPS, metadata, { type: 'merge', body: { data: { a: '2' } } });
        const body = {
          metadata: { resourceVersion: metadata.resourceVersion },
          data: { a: '3' },
        };
        await fails(kube().patch(CONFIG_MAPS, metadata, { type: 'merge', body }), 'Conflict');
      });

      test('JSON patch applies all steps or none', async () => {
        const { metadata } = await kube().create(CONFIG_MAPS, newConfigMap({ a: '1' }));
        const patched = await kube().patch(CONFIG_MAPS, metadata, {
          type: 'json',
          body: [
            { op: 'test', path: '/data/a', value: '1' },
            { op: 'add', path: '/data/b', value: '2' },
            { op: 'add', path: '/metadata/annotations', value: {} },
            { op: 'add', path: '/metadata/annotations/example.com~1c', value: '3' },
          ],
        });
        expect(patched.data).toEqual({ a: '1', b: '2' });
        expect(patched.metadata.annotations).toEqual({ 'example.com/c': '3' });
        const refused = kube().patch(CONFIG_MAPS, metadata, {
          type: 'json',
          body: [
            { op: 'remove', path: '/data/a' },
            { op: 'test', path: '/metadata/annotations/example.com~1c', value: 'other' },
          ],
        });
        await expect(refused).rejects.toThrow();
        const after = await kube().get(CONFIG_MAPS, metadata);
        expect(after?.data).toEqual({ a: '1', b: '2' });
      });

      test('status is written through its subresource, and nothing else is', async () => {
        const node = await kube().create<Node>(NODES, { metadata: { name: newName() } });
        const body = { status: { capacity: { 'example.com/x': '9' } }, spec: { providerID: 'p' } };
        const viaStatus = await kube().patch(NODES, node.metadata, {
          type: 'merge',
          body,
          subresource: 'status',
        });
        expect(viaStatus.status?.capacity).toMatchObject({ 'example.com/x': '9' });
        expect(viaStatus.spec?.providerID).toBeUndefined();
        const viaMain = await kube().patch(NODES, node.metadata, {
          type: 'merge',
          body: { status: { capacity: { 'example.com/x': '7' } }, spec: { unschedulable: true } },
        });
        expect(viaMain.status?.capacity).toMatchObject({ 'example.com/x': '9' });
        expect(viaMain.spec?.unschedulable).toBe(true);
        await kube().delete(NODES, node.metadata);
      });
    });

    describe('deletes', () => {
      test('deletes, and again without complaint', async () => {
        const { metadata } = await kube().create(CONFIG_MAPS, newConfigMap());
        await kube().delete(CONFIG_MAPS, metadata);
        await kube().delete(CONFIG_MAPS, metadata);
        expect(await kube().get(CONFIG_MAPS, metadata)).toBeUndefined();
      });

      test('refuses when the uid is another', async () => {
        const { metadata } = await kube().create(CONFIG_MAPS, newConfigMap());
        await fails(kube().delete(CONFIG_MAPS, metadata, { uid: 'other' }), 'Conflict');
      });

      test('a finalizer holds the object until it is taken off', async () => {
        const object = newConfigMap({ a: '1' });
        const metadata = { ...object.metadata, finalizers: ['example.com/hold'] };
        await kube().create(CONFIG_MAPS, { ...object, metadata });
        await kube().delete(CONFIG_MAPS, metadata);
        const held = await kube().get(CONFIG_MAPS, metadata);
        expect(held?.metadata.deletionTimestamp).toMatch(/./);
        await kube().patch(CONFIG_MAPS, metadata, {
          type: 'merge',
          body: { metadata: { finalizers: null } },
        });
        expect(await kube().get(CONFIG_MAPS, metadata)).toBeUndefined();
      });
    });

    describe('lists and watches', () => {
      test('lists by label and by field', async () => {
        const group = newName();
        const names = [newName(), newName(), newName()];
        for (const [index, name] of names.entries()) {
          const labels = { group, even: index % 2 === 0 ? 'yes' : 'no' };
          await kube().create(CONFIG_MAPS, { metadata: { name, namespace: NAMESPACE, labels } });
        }
        const list = async (labelSelector: string, fieldSelector?: string): Promise<string[]> => {
          const options = { namespace: NAMESPACE, labelSelector };
          const { items } = await kube().list(CONFIG_MAPS, {
            ...options,
            ...(fieldSelector !== undefined && { fieldSelector }),
          });
          return items.map(({ metadata }) => metadata.name).sort();
        };
        expect(await list(`group=${group}`)).toEqual(names.toSorted());
        expect(await list(`group=${group},even=yes`)).toEqual(
          names.filter((_, index) => index !== 1).sort(),
        );
        expect(await list(`group in (${group}),even notin (yes)`)).toEqual([names[1]]);
        expect(await list(`group=${group},!even`)).toEqual([]);
        expect(await list(`group=${group}`, `metadata.name=${names[1]}`)).toEqual([names[1]]);
      });

      test('watches from a list without missing or repeating a change', async () => {
        const { resourceVersion } = await kube().list(CONFIG_MAPS);
        const object = newConfigMap({ a: '1' });
        await kube().create(CONFIG_MAPS, object);
        const watch = watching(kube(), CONFIG_MAPS, resourceVersion);
        await watch.seen(1);
        const body = { data: { a: '2' } };
        await kube().patch(CONFIG_MAPS, object.metadata, { type: 'merge', body });
        await kube().delete(CONFIG_MAPS, object.metadata);
        await watch.seen(3);
        await watch.stop();
        expect(watch.events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
        const versions = watch.events.map(({ object: seen }) =>
          Number(seen.metadata.resourceVersion),
        );
        expect(versions).toEqual(versions.toSorted((left, right) => left - right));
        expect(new Set(versions).size).toBe(3);
      });

      test('a change of labels enters or leaves a selected watch', async () => {
        const { resourceVersion } = await kube().list(CONFIG_MAPS);
        const group = newName();
        const watch = watching(kube(), CONFIG_MAPS, resourceVersion, `group=${group}`);
        const { metadata } = await kube().create(CONFIG_MAPS, newConfigMap());
        const label = (value: string | null): Promise<ConfigMap> =>
          kube().patch(CONFIG_MAPS, metadata, {
            type: 'merge',
            body: { metadata: { labels: { group: value } } },
          });
        await label(group);
        await label(null);
        await watch.seen(2);
        await watch.stop();
        expect(watch.events.map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
      });

      test('a watch ends promptly when its signal aborts', async () => {
        const { resourceVersion } = await kube().list(CONFIG_MAPS);
        const watch = watching(kube(), CONFIG_MAPS, resourceVersion);
        await delay(50);
        const startedMs = performance.now();
        await watch.stop();
        expect(performance.now() - startedMs).toBeLessThan(500);
      });
    });
  });
}

async function fails(call: Promise<unknown>, reason: KubeReason): Promise<void> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isKubeError(error, reason), `expected ${reason}, got ${String(error)}`).toBe(true);
}

interface Watching<T> {
  readonly events: readonly WatchEvent<T>[];
  seen(count: number): Promise<void>;
  stop(): Promise<void>;
}

function watching<T extends KubeObject>(
  kube: KubeClient,
  resource: Resource<T>,
  resourceVersion: string,
  labelSelector?: string,
): Watching<T> {
  const events: WatchEvent<T>[] = [];
  const controller = new AbortController();
  const options = { resourceVersion, ...(labelSelector !== undefined && { labelSelector }) };
  const running = (async (): Promise<void> => {
    for await (const event of kube.watch(resource, options, controller.signal)) {
      if (event.type !== 'BOOKMARK') events.push(event);
    }
  })();
  return {
    events,
    seen: async (count) => {
      const untilMs = performance.now() + WAIT_MS;
      while (events.length < count && performance.now() < untilMs) await delay(5);
      expect(events.length).toBeGreaterThanOrEqual(count);
    },
    stop: () => {
      controller.abort();
      return running;
    },
  };
}

function delay(durationMs: number): Promise<void> {
  // A contract runs against real servers too, so it waits in real time.
  return new Promise((resolve) => {
    AbortSignal.timeout(durationMs).addEventListener('abort', () => resolve(), { once: true });
  });
}
