import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldsOf, sameJson, type Fields } from '../../../../base/json.ts';
import { builtinSchema } from '../schema/builtin.ts';
import { strategicPatch } from './strategic.ts';

/*
 * A second, slow reading of the rules (k8s.io/apimachinery/pkg/util/strategicpatch), for the part of
 * a pod that the generators make. It shares nothing with the implementation: lists are told apart by
 * the name of their field, and orders are found by trying all of them.
 */

/** Merge keys by field; '' for lists of plain values. Other lists are replaced. */
const KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  env: 'name',
  ports: 'containerPort',
  finalizers: '',
};

function oracle(live: unknown, patch: unknown, field: string): unknown {
  if (Array.isArray(patch)) return oracleList(Array.isArray(live) ? live : [], patch, field);
  if (typeof patch !== 'object' || patch === null) return patch;
  return oracleFields(live, patch as Fields);
}

function oracleFields(live: unknown, patch: Fields): unknown {
  if (patch['$patch'] === 'delete') return undefined;
  const base = patch['$patch'] === 'replace' ? {} : fieldsOf(live);
  const result: Fields = {};
  const retained = patch['$retainKeys'] as string[] | undefined;
  const fields = [...Object.keys(base), ...Object.keys(patch).filter((key) => !key.includes('$'))];
  for (const key of new Set(fields)) {
    const was = retained === undefined || retained.includes(key) ? base[key] : undefined;
    const value = key in patch ? oracleValue(was, patch[key], key) : was;
    const placed = directed(value, { patch, live: base[key], field: key });
    if (placed !== undefined) result[key] = placed;
  }
  return result;
}

/** A field's value after the directives about it that stand beside it in the patch. */
function directed(
  value: unknown,
  given: { readonly patch: Fields; readonly live: unknown; readonly field: string },
): unknown {
  const { patch, live, field } = given;
  if (!Array.isArray(value)) return value;
  const dropped = (patch[`$deleteFromPrimitiveList/${field}`] ?? []) as unknown[];
  const kept = value.filter((item) => !dropped.includes(item));
  const order = patch[`$setElementOrder/${field}`] as unknown[] | undefined;
  if (order === undefined) return kept;
  return arranged(kept, { order, live: Array.isArray(live) ? live : [], field });
}

function oracleValue(live: unknown, patch: unknown, field: string): unknown {
  return patch === null ? undefined : oracle(live, patch, field);
}

function idOf(item: unknown, field: string): string {
  const key = KEYS[field] ?? '';
  return JSON.stringify(key === '' ? item : (item as Fields)[key]);
}

function oracleList(live: readonly unknown[], patch: readonly unknown[], field: string): unknown[] {
  const isReplaced = patch.some((item) => (item as Fields | null)?.['$patch'] === 'replace');
  const own = patch.filter((item) => (item as Fields | null)?.['$patch'] !== 'replace');
  if (KEYS[field] === undefined || isReplaced) return own;
  const items = new Map(live.map((item) => [idOf(item, field), item]));
  for (const item of own) {
    const id = idOf(item, field);
    const merged = oracle(KEYS[field] === '' ? undefined : items.get(id), item, '');
    if (merged === undefined) items.delete(id);
    else items.set(id, merged);
  }
  return arranged([...items.values()], { order: own, live, field });
}

/** The one arrangement that keeps the patch's order, the server's order, and puts new items first. */
function arranged(
  items: readonly unknown[],
  given: {
    readonly order: readonly unknown[];
    readonly live: readonly unknown[];
    readonly field: string;
  },
): unknown[] {
  const ids = (list: readonly unknown[]): string[] => list.map((item) => idOf(item, given.field));
  const [order, live] = [ids(given.order), ids(given.live)];
  const byId = new Map(items.map((item) => [idOf(item, given.field), item]));
  const named = order.filter((id) => byId.has(id));
  const others = live.filter((id) => byId.has(id) && !named.includes(id));
  const result: string[] = [];
  while (named.length + others.length > 0) {
    const [ours, theirs] = [named[0], others[0]];
    const both = ours !== undefined && theirs !== undefined;
    const known = both && live.includes(ours);
    const takesTheirs = ours === undefined || (known && live.indexOf(theirs) < live.indexOf(ours));
    result.push((takesTheirs ? others.shift() : named.shift()) ?? '');
  }
  return result.map((id) => byId.get(id));
}

const NAMES = ['a', 'b', 'c', 'd'] as const;
const name = fc.constantFrom(...NAMES);
const few = <T>(item: fc.Arbitrary<T>, id: (value: T) => unknown): fc.Arbitrary<T[]> =>
  fc.uniqueArray(item, { maxLength: 4, selector: id });
const some = <T extends object>(model: {
  [K in keyof T]: fc.Arbitrary<T[K]>;
}): fc.Arbitrary<Fields> =>
  fc.record(model, {
    requiredKeys: ('name' in model ? ['name'] : []) as never,
  }) as fc.Arbitrary<Fields>;

const variable = some({ name, value: fc.constantFrom('1', '2') });
const port = fc.record({ containerPort: fc.integer({ min: 1, max: 4 }), name });
const container = some({
  name,
  image: fc.constantFrom('i', 'j'),
  args: fc.array(name, { maxLength: 3 }),
  env: few(variable, (item) => item['name']),
  ports: few(port, (item) => item.containerPort),
});
const pod = some({
  metadata: some({
    labels: fc.dictionary(name, name),
    finalizers: few(name, (item) => item),
  }),
  spec: some({
    nodeName: name,
    containers: few(container, (item) => item['name']),
    tolerations: fc.array(fc.record({ key: name }), { maxLength: 2 }),
  }),
});

const directive = (key: string): fc.Arbitrary<Fields> =>
  fc.record({ [key]: name, $patch: fc.constant('delete') });
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(value, { freq: 6, nil: null });
/** A list for a patch, maybe with the order that it wants: all of its own items, and others. */
function listPatch(field: string, items: fc.Arbitrary<unknown[]>): fc.Arbitrary<Fields> {
  const key = KEYS[field] ?? '';
  const known = NAMES.map((each) => (key === '' ? each : { [key]: each }));
  return fc
    .record({ items, rest: fc.shuffledSubarray(known), ordered: fc.boolean() })
    .map(({ items, rest, ordered }) => {
      const named = items.filter((item) => (item as Fields)['$patch'] === undefined);
      const ids = new Set(named.map((item) => idOf(item, field)));
      const own = named.map((item) => (key === '' ? item : { [key]: (item as Fields)[key] }));
      const others = rest.filter((item) => !ids.has(idOf(item, field)));
      return {
        [field]: items,
        ...(ordered && { [`$setElementOrder/${field}`]: [...own, ...others] }),
      };
    });
}
const together = (...parts: fc.Arbitrary<Fields>[]): fc.Arbitrary<Fields> =>
  fc.tuple(...parts).map((all) => Object.assign({}, ...all) as Fields);
const maybe = (part: fc.Arbitrary<Fields>): fc.Arbitrary<Fields> =>
  fc.option(part, { nil: {} }) as fc.Arbitrary<Fields>;

const envPatch = listPatch(
  'env',
  few(fc.oneof({ weight: 3, arbitrary: variable }, directive('name')), (item) => item['name']),
);
const containerPatch = together(
  some({
    name,
    image: orNull(fc.constantFrom('i', 'j')),
    args: orNull(fc.array(name, { maxLength: 2 })),
  }),
  maybe(envPatch),
  maybe(
    listPatch(
      'ports',
      few(port, (item) => item.containerPort),
    ).map(({ ports }) => ({ ports })),
  ),
);
/** `$retainKeys` names at least what the patch itself sets. */
const retaining = fc
  .tuple(containerPatch, fc.boolean(), fc.subarray(['image', 'args', 'env', 'ports']))
  .map(([patch, retains, others]) => {
    const own = Object.keys(patch).filter((key) => !key.includes('$'));
    return retains ? { ...patch, $retainKeys: [...new Set([...own, ...others])] } : patch;
  });
const containersPatch = listPatch(
  'containers',
  few(fc.oneof({ weight: 4, arbitrary: retaining }, directive('name')), (item) => item['name']),
);
const patches = together(
  maybe(
    together(
      maybe(some({ labels: orNull(fc.dictionary(name, orNull(name))) })),
      maybe(listPatch('finalizers', few(name, (item) => item) as fc.Arbitrary<unknown[]>)),
    ).map((metadata) => ({ metadata })),
  ),
  maybe(
    together(
      maybe(
        some({
          nodeName: orNull(name),
          tolerations: fc.array(fc.record({ key: name }), { maxLength: 2 }),
        }),
      ),
      maybe(containersPatch),
      maybe(fc.constant({ $patch: 'merge' }).map(() => ({}))),
    ).map((spec) => ({ spec })),
  ),
);

const schema = builtinSchema('core.v1.Pod');
const apply = (live: unknown, patch: unknown): unknown => strategicPatch(live, patch, schema);

describe('a strategic merge patch', () => {
  test('is what the slow reading of the rules says', () => {
    fc.assert(
      fc.property(pod, patches, (live, patch) => {
        expect(apply(live, patch)).toEqual(oracle(live, patch, ''));
      }),
      { numRuns: 2000 },
    );
  });

  test('leaves its input alone, and nothing of its directives in the result', () => {
    fc.assert(
      fc.property(pod, patches, (live, patch) => {
        const before = JSON.stringify([live, patch]);
        const text = JSON.stringify(apply(live, patch));
        expect(JSON.stringify([live, patch])).toBe(before);
        expect(text).not.toContain('$');
        expect(text).not.toContain('null');
      }),
    );
  });

  test('changes nothing when it is empty, and nothing more when it is applied again', () => {
    fc.assert(
      fc.property(pod, patches, (live, patch) => {
        expect(apply(live, {})).toEqual(live);
        const once = apply(live, patch);
        expect(apply(once, patch)).toEqual(once);
      }),
    );
  });

  test('never throws anything but a refusal, whatever it is', () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    const wild = fc.oneof(
      json,
      fc.record({
        spec: fc.record({ containers: fc.array(json), '$setElementOrder/containers': json }),
      }),
      fc.record({
        metadata: fc.record({ finalizers: json, '$deleteFromPrimitiveList/finalizers': json }),
      }),
    );
    fc.assert(
      fc.property(pod, wild, (live, patch) => {
        try {
          apply(live, patch);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ApiError', code: 400 });
        }
      }),
      { numRuns: 500 },
    );
  });

  test('does with names that every object inherits what it does with others', () => {
    const odd = fc.constantFrom('constructor', 'toString', '__proto__', 'hasOwnProperty');
    fc.assert(
      fc.property(odd, name, (key, value) => {
        const labels = Object.fromEntries([[key, value]]);
        const made = apply({ metadata: {} }, { metadata: { labels } });
        expect(sameJson(made, { metadata: { labels } })).toBe(true);
        const gone = { metadata: { labels: Object.fromEntries([[key, null]]) } };
        expect(JSON.stringify(apply(made, gone))).toBe('{"metadata":{"labels":{}}}');
      }),
    );
  });
});
