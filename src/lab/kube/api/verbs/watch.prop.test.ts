import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Api, Call } from '../api.ts';
import type { ApiObject } from '../object.ts';
import { configMapCall, createTestApi } from '../test-api.fake.ts';
import { createObject } from './create.ts';
import { deleteObject } from './delete.ts';
import { patchObject } from './patch.ts';
import { listPage } from './read.ts';
import { startWatch, type Watch, type WatchEvent } from './watch.ts';

interface Write {
  readonly verb: 'create' | 'label' | 'delete' | 'hold' | 'release';
  readonly namespace: string;
  readonly name: string;
  readonly on: string | null;
}

const write: fc.Arbitrary<Write> = fc.record({
  verb: fc.constantFrom('create', 'create', 'label', 'label', 'delete', 'hold', 'release'),
  namespace: fc.constantFrom('a', 'b'),
  name: fc.constantFrom('x', 'x-y', 'y', 'z'),
  on: fc.constantFrom('yes', 'no', null),
});

/** Does what it says where that is possible. */
async function perform(api: Api, { verb, namespace, name, on }: Write): Promise<void> {
  const call = configMapCall(api, namespace, name);
  const merge = (body: object): Promise<unknown> =>
    patchObject(api, call, { type: 'application/merge-patch+json', body, force: false });
  const exists = api.store.get('configmaps', call) !== undefined;
  if (verb === 'create') {
    const labels = on === null ? {} : { on };
    if (!exists) await createObject(api, { ...call, name: '' }, { metadata: { name, labels } });
    return;
  }
  if (!exists) return;
  if (verb === 'delete') await deleteObject(api, call, { propagation: 'Background' });
  else if (verb !== 'hold' || !isDeleted(api, call)) await merge(CHANGES[verb](on));
}

const CHANGES = {
  label: (on: string | null) => ({ metadata: { labels: { on } } }),
  release: () => ({ metadata: { finalizers: null } }),
  hold: () => ({ metadata: { finalizers: ['a/b'] } }),
};

function isDeleted(api: Api, call: Call): boolean {
  return api.store.get('configmaps', call)?.metadata.deletionTimestamp !== undefined;
}

/** What a client keeps: a list that it follows by a watch, which it may have to begin again. */
class Follower {
  readonly #api: Api;
  readonly #query: string;
  readonly #namespace: string;
  readonly objects = new Map<string, ApiObject>();
  version = '';
  #watch: Watch | undefined;
  readonly problems: string[] = [];

  constructor(api: Api, namespace: string, query: string) {
    this.#api = api;
    this.#namespace = namespace;
    this.#query = query;
  }

  list(): readonly ApiObject[] {
    const call = configMapCall(this.#api, this.#namespace);
    const page = listPage(this.#api, call, new URLSearchParams(this.#query));
    this.version = page.resourceVersion;
    return page.items;
  }

  begin(): void {
    for (const object of this.list()) this.objects.set(keyOf(object), object);
    this.resume();
  }

  resume(): void {
    this.#watch?.stop();
    const call = configMapCall(this.#api, this.#namespace);
    const query = `${this.#query}&allowWatchBookmarks=true&resourceVersion=${this.version}`;
    this.#watch = startWatch(this.#api, call, new URLSearchParams(query), (event) =>
      this.#take(event),
    );
  }

  bookmark(): void {
    this.#watch?.bookmark();
  }

  #take({ type, object }: WatchEvent): void {
    const one = object as unknown as ApiObject;
    const version = one.metadata.resourceVersion ?? '';
    if (Number(version) < Number(this.version))
      this.problems.push(`${type} goes back to ${version}`);
    this.version = version;
    if (type === 'BOOKMARK') return;
    const known = this.objects.has(keyOf(one));
    if (known === (type === 'ADDED'))
      this.problems.push(`${type} of ${keyOf(one)}, known: ${known}`);
    if (type === 'DELETED') this.objects.delete(keyOf(one));
    else this.objects.set(keyOf(one), one);
  }
}

function keyOf({ metadata }: ApiObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

const QUERIES = [
  '',
  'labelSelector=on',
  'labelSelector=on%3Dyes',
  'labelSelector=!on',
  'fieldSelector=metadata.name%3Dx',
];

describe('a list that is followed by a watch', () => {
  test('is the list at the end, wherever it began and however often it was interrupted', async () => {
    const follower = fc.record({
      namespace: fc.constantFrom('', 'a', 'b'),
      query: fc.constantFrom(...QUERIES),
      beginsAt: fc.nat(30),
      interruptedAt: fc.array(fc.nat(30), { maxLength: 3 }),
      bookmarkAt: fc.nat(30),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 30 }),
        fc.array(follower, { minLength: 1, maxLength: 4 }),
        async (writes, plans) => {
          const api = createTestApi();
          const followers = plans.map((plan) => ({
            ...plan,
            beginsAt: Math.min(plan.beginsAt, writes.length),
            follower: new Follower(api, plan.namespace, plan.query),
          }));
          for (const [step, each] of [...writes, undefined].entries()) {
            for (const { follower, beginsAt, interruptedAt, bookmarkAt } of followers) {
              if (step === beginsAt) follower.begin();
              if (step > beginsAt && bookmarkAt === step) follower.bookmark();
              if (step > beginsAt && interruptedAt.includes(step)) follower.resume();
            }
            if (each !== undefined) await perform(api, each);
          }
          for (const { follower } of followers) {
            const kept = [...follower.objects.values()];
            expect(follower.problems).toEqual([]);
            expect(new Map(kept.map((one) => [keyOf(one), one]))).toEqual(
              new Map(follower.list().map((one) => [keyOf(one), one])),
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  }, 30_000);

  test('may resume from any version of the history with the same end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 20 }), async (writes) => {
        const api = createTestApi();
        const states = new Map<string, ApiObject[]>();
        const list = (): readonly ApiObject[] => api.store.list('configmaps');
        states.set(String(api.store.version), [...list()]);
        for (const each of writes) {
          await perform(api, each);
          states.set(String(api.store.version), [...list()]);
        }
        for (const [version, known] of states) {
          const follower = new Follower(api, '', '');
          for (const object of known) follower.objects.set(keyOf(object), object);
          follower.version = version;
          follower.resume();
          expect(follower.problems).toEqual([]);
          expect([...follower.objects.keys()].sort()).toEqual(list().map(keyOf).sort());
        }
      }),
      { numRuns: 100 },
    );
  });

  test('is told to list again when the history no longer reaches back', async () => {
    const api = createTestApi();
    const old = String(api.store.version);
    for (let i = 0; i < 1300; i += 1) {
      await createObject(api, configMapCall(api, 'a'), { metadata: { name: `m${i}` } });
    }
    const events: WatchEvent[] = [];
    const query = new URLSearchParams({ resourceVersion: old });
    startWatch(api, configMapCall(api), query, (event) => events.push(event));
    expect(events).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
  });
});

describe('pages', () => {
  test('hold together what one list holds, whatever their size', async () => {
    const api = createTestApi();
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 15 }),
        fc.integer({ min: 1, max: 5 }),
        async (writes, limit) => {
          for (const each of writes) await perform(api, each);
          const all = listPage(api, configMapCall(api), new URLSearchParams());
          const paged: ApiObject[] = [];
          let next = '';
          do {
            const query = new URLSearchParams({ limit: String(limit), continue: next });
            const page = listPage(api, configMapCall(api), query);
            expect(page.items.length).toBeLessThanOrEqual(limit);
            paged.push(...page.items);
            expect(page.remaining).toBe(all.items.length - paged.length);
            expect(page.resourceVersion).toBe(all.resourceVersion);
            ({ next } = page);
          } while (next !== '');
          expect(paged).toEqual(all.items);
        },
      ),
      { numRuns: 100 },
    );
  });
});
