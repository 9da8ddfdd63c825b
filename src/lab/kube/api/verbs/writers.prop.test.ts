import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Api } from '../api.ts';
import { at, fieldsOf } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { ApiError } from '../status.ts';
import { configMapCall, createTestApi } from '../test-api.fake.ts';
import { createObject } from './create.ts';
import { deleteObject } from './delete.ts';
import { patchObject } from './patch.ts';
import { getObject } from './read.ts';
import { updateObject } from './update.ts';

/** Admission takes as many turns of the event loop as the scheduler of fast-check likes. */
function scheduledApi(scheduler: fc.Scheduler): Api {
  return createTestApi(() => scheduler.schedule(Promise.resolve()));
}

async function settled(
  scheduler: fc.Scheduler,
  writers: readonly Promise<unknown>[],
): Promise<void> {
  await scheduler.waitFor(Promise.all(writers));
}

const isConflict = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'Conflict';

/** Reads, adds one, writes the version that it read; again when somebody was faster. */
async function increment(api: Api, times: number): Promise<void> {
  const call = configMapCall(api, 'a', 'm');
  for (let done = 0; done < times;) {
    const read = getObject(api, call);
    const data = { count: String(Number(at(read, 'data', 'count') ?? 0) + 1) };
    try {
      await updateObject(api, call, () => ({ ...read, data }));
      done += 1;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

async function withMap(api: Api, scheduler: fc.Scheduler): Promise<void> {
  const made = createObject(api, configMapCall(api, 'a'), { metadata: { name: 'm' } });
  await settled(scheduler, [made]);
}

const current = (api: Api): ApiObject => getObject(api, configMapCall(api, 'a', 'm'));

describe('writers at the same time', () => {
  test('lose no update when they name the version they have read', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
        async (scheduler, counts) => {
          const api = scheduledApi(scheduler);
          await withMap(api, scheduler);
          await settled(
            scheduler,
            counts.map((times) => increment(api, times)),
          );
          const total = counts.reduce((sum, each) => sum + each, 0);
          expect(at(current(api), 'data', 'count')).toBe(String(total));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('lose no patch that was acknowledged', async () => {
    const writers = fc.integer({ min: 2, max: 8 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), writers, async (scheduler, count) => {
        const api = scheduledApi(scheduler);
        await withMap(api, scheduler);
        const acknowledged: string[] = [];
        const types = ['application/merge-patch+json', 'application/strategic-merge-patch+json'];
        const patches = Array.from({ length: count }, async (_, i) => {
          const body = { data: { [`k${i}`]: '1' } };
          try {
            const call = configMapCall(api, 'a', 'm');
            await patchObject(api, call, { type: types[i % 2] ?? '', body, force: false });
            acknowledged.push(`k${i}`);
          } catch (error) {
            expect(isConflict(error)).toBe(true);
          }
        });
        await settled(scheduler, patches);
        expect(acknowledged.length).toBeGreaterThan(0);
        expect(Object.keys(fieldsOf(current(api)['data'])).sort()).toEqual(acknowledged.sort());
      }),
      { numRuns: 200 },
    );
  });

  test('create an object once, and one of each name that the server makes up', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const api = scheduledApi(scheduler);
        const create = (metadata: object): Promise<unknown> =>
          createObject(api, configMapCall(api, 'a'), { metadata }).then(
            () => 'created',
            (error: unknown) => (error as ApiError).reason,
          );
        const same = [1, 2, 3].map(() => create({ name: 'm' }));
        const made = [1, 2, 3].map(() => create({ generateName: 'g-' }));
        await settled(scheduler, [...same, ...made]);
        const outcomes = await Promise.all(same);
        expect(outcomes.filter((each) => each === 'created')).toHaveLength(1);
        expect(outcomes.filter((each) => each === 'AlreadyExists')).toHaveLength(2);
        expect(await Promise.all(made)).toEqual(['created', 'created', 'created']);
        expect(api.store.count('configmaps')).toBe(4);
      }),
      { numRuns: 50 },
    );
  });

  test('do not bring back what was deleted meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const api = scheduledApi(scheduler);
        await withMap(api, scheduler);
        const call = configMapCall(api, 'a', 'm');
        const body = { data: { a: '1' } };
        const patched = patchObject(api, call, {
          type: 'application/merge-patch+json',
          body,
          force: false,
        }).then(
          () => 'patched',
          (error: unknown) => (error as ApiError).reason,
        );
        const deleted = deleteObject(api, call, { propagation: 'Background' });
        await settled(scheduler, [patched, deleted]);
        expect(['patched', 'NotFound']).toContain(await patched);
        expect(api.store.get('configmaps', call)).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });
});
