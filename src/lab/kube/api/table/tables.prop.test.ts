import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldsOf } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { builtinKinds } from '../registry/builtin-kinds.ts';
import type { PrinterColumn } from '../registry/kind.ts';
import { schemaBehind } from '../patch/field-set.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { customColumns } from './custom.ts';
import { findByPath } from './json-path.ts';
import { tableOf } from './table.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const OPTIONS = { metadata: {}, include: 'None', version: 'v1', nowMs: NOW_MS };
const DEPTH = 8;

const text = fc.oneof(
  fc.constantFrom('', 'True', 'Running', 'Ready', 'Pending', 'Succeeded', 'kubernetes.io/role'),
  fc.string({ maxLength: 6 }),
);
const time = fc.oneof(
  fc.integer({ min: -10, max: 1e9 }).map((s) => new Date(NOW_MS - s * 1000).toISOString()),
  fc.constantFrom('', 'never'),
);

/** Any value that the schema allows; every field may be missing, and rarely null. */
function valueOf(given: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const schema = schemaBehind(given);
  if (schema['x-kubernetes-int-or-string'] === true) return fc.oneof(fc.nat(), text);
  if (schema.format === 'date-time') return time;
  if (schema.type === 'object') return objectOf(schema, depth);
  if (schema.type !== 'array') return SCALARS[schema.type ?? ''] ?? fc.jsonValue({ maxDepth: 2 });
  if (depth === 0) return fc.constant([]);
  return fc.array(valueOf(schema.items ?? {}, depth - 1), { maxLength: 3 });
}

const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: text,
  integer: fc.integer({ min: -3, max: 300 }),
  number: fc.double({ noNaN: true }),
  boolean: fc.boolean(),
};

function objectOf(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  if (depth === 0) return fc.constant({});
  const values = schema.additionalProperties;
  if (typeof values === 'object')
    return fc.dictionary(text, valueOf(values, depth - 1), { maxKeys: 3 });
  const fields = Object.entries(schema.properties ?? {}).map(([key, inner]) =>
    // Built when it is drawn: the schema of a pod is far too large to be built at once.
    fc
      .option(
        fc.constant(null).chain(() => valueOf(inner, depth - 1)),
        { freq: 3, nil: undefined },
      )
      .map((value) => [key, value] as const),
  );
  return fc
    .tuple(...fields)
    .map((entries) => Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}

const objects = (schema: JsonSchema): fc.Arbitrary<ApiObject> =>
  fc.tuple(fc.string({ minLength: 1 }), valueOf(schema, DEPTH)).map(([name, value]) => {
    const { metadata, ...rest } = value as { metadata?: object };
    return { ...rest, apiVersion: 'v1', kind: 'X', metadata: { ...metadata, name } };
  });

interface Table {
  readonly columnDefinitions: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
}

describe('the table of', () => {
  test.each(builtinKinds().map((kind) => [`${kind.plural}.${kind.group}`, kind] as const))(
    '%s has a cell of its type in each column, whatever the objects are',
    (_, kind) => {
      fc.assert(
        fc.property(fc.array(objects(kind.schema), { maxLength: 3 }), (all) => {
          const table = tableOf(kind, all, OPTIONS) as unknown as Table;
          expect(table.rows).toHaveLength(all.length);
          for (const { cells } of table.rows) {
            expect(cells).toHaveLength(table.columnDefinitions.length);
            for (const [index, cell] of cells.entries()) {
              const wanted = CELL_TYPES[table.columnDefinitions[index]?.type ?? ''];
              if (cell !== null) expect(typeof cell).toBe(wanted);
            }
          }
        }),
        { numRuns: 60 },
      );
    },
    20_000,
  );
});

const CELL_TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  date: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
};

describe('the columns of custom resources', () => {
  const segment = fc.oneof(
    fc.constantFrom(
      '.spec',
      '.a',
      '[0]',
      '[*]',
      '.*',
      "['a.b']",
      '[?(@.type=="Ready")]',
      '.x\\.y',
      '[?(@.a==1)].b',
    ),
    fc.string({ maxLength: 4 }),
  );
  const path = fc.array(segment, { maxLength: 4 }).map((all) => all.join(''));

  test('are strings, numbers, booleans or empty, whatever path and object are', () => {
    const column = fc.record({
      name: text,
      type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'date'),
      jsonPath: path,
    }) as fc.Arbitrary<PrinterColumn>;
    const keys = fc.constantFrom('spec', 'a', 'a.b', 'type', 'x.y', 'b');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('Ready', 1, true, null, 0.5),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(column, fc.dictionary(keys, value), (declared, fields) => {
        const object = { ...fields, apiVersion: 'v1', kind: 'X', metadata: { name: 'n' } };
        const cell = customColumns([declared])[1]?.cell(object, { nowMs: NOW_MS }) ?? null;
        if (cell !== null) expect(typeof cell).toBe(CELL_TYPES[declared.type]);
      }),
      { numRuns: 1000 },
    );
  });

  test('find a plain path as plain code finds it', () => {
    const name = fc.constantFrom('a', 'b', 'toString', 'c-d', '$e');
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, fc.integer(), fc.dictionary(name, tie('tree'))),
    }));
    fc.assert(
      fc.property(tree, fc.array(name, { minLength: 1, maxLength: 3 }), (value, names) => {
        let wanted = value;
        for (const each of names) {
          const fields = fieldsOf(wanted);
          wanted = Object.hasOwn(fields, each) ? fields[each] : undefined;
        }
        const found = findByPath(value, names.map((each) => `.${each}`).join(''));
        expect(found[0]).toBe(wanted);
      }),
    );
  });
});
