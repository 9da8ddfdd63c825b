import { describe, expect, test } from 'vitest';
import type { Fields } from '../../../../base/json.ts';
import { builtinSchema, builtinTypeNames, resolved } from './builtin.ts';
import { decodeBuiltin } from './decode.ts';
import { applyDefaults } from './default.ts';
import type { JsonSchema } from './json-schema.ts';
import { prune } from './prune.ts';
import { validateSchema } from './validate.ts';

function texts(value: unknown, schema: JsonSchema, path = 'spec.x'): string[] {
  return validateSchema(value, schema, path).map((problem) => `${problem.path}: ${problem.text}`);
}

describe('validation by a structural schema', () => {
  test.each<[string, unknown, JsonSchema, string]>([
    [
      'type',
      'a',
      { type: 'integer' },
      'Invalid value: "string": spec.x in body must be of type integer: "string"',
    ],
    [
      'integer',
      1.5,
      { type: 'integer' },
      'Invalid value: "number": spec.x in body must be of type integer: "number"',
    ],
    [
      'null',
      null,
      { type: 'object' },
      'Invalid value: "null": spec.x in body must be of type object: "null"',
    ],
    [
      'int-or-string',
      true,
      { 'x-kubernetes-int-or-string': true },
      'Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"',
    ],
    [
      'enum',
      'c',
      { type: 'string', enum: ['a', 'b'] },
      'Unsupported value: "c": supported values: "a", "b"',
    ],
    [
      'pattern',
      'A',
      { type: 'string', pattern: '^[a-z]$' },
      'Invalid value: "A": spec.x in body should match \'^[a-z]$\'',
    ],
    [
      'minLength',
      '',
      { type: 'string', minLength: 1 },
      'Invalid value: "": spec.x in body should be at least 1 chars long',
    ],
    [
      'maxLength',
      'abc',
      { type: 'string', maxLength: 2 },
      'Too long: may not be more than 2 bytes',
    ],
    [
      'minimum',
      0,
      { type: 'integer', minimum: 1 },
      'Invalid value: 0: spec.x in body should be greater than or equal to 1',
    ],
    [
      'exclusive',
      1,
      { type: 'integer', minimum: 1, exclusiveMinimum: true },
      'Invalid value: 1: spec.x in body should be greater than 1',
    ],
    [
      'maximum',
      9,
      { type: 'integer', maximum: 8 },
      'Invalid value: 9: spec.x in body should be less than or equal to 8',
    ],
    [
      'multipleOf',
      3,
      { type: 'integer', multipleOf: 2 },
      'Invalid value: 3: spec.x in body should be a multiple of 2',
    ],
    [
      'minItems',
      [],
      { type: 'array', minItems: 1 },
      'Invalid value: 0: spec.x in body should have at least 1 items',
    ],
    ['maxItems', [1, 2], { type: 'array', maxItems: 1 }, 'Too many: 2: must have at most 1 items'],
    [
      'format',
      'x',
      { type: 'string', format: 'ipv4' },
      'Invalid value: "x": spec.x in body must be of type ipv4: "x"',
    ],
    [
      'not',
      1,
      { not: { enum: [1] } },
      'Invalid value: 1: "spec.x" must not validate the schema (not)',
    ],
    [
      'anyOf',
      1,
      { anyOf: [{ enum: [2] }] },
      'Invalid value: 1: "spec.x" must validate at least one schema (anyOf)',
    ],
    [
      'oneOf',
      1,
      { oneOf: [{}, {}] },
      'Invalid value: 1: "spec.x" must validate one and only one schema (oneOf)',
    ],
  ])('%s', (_, value, schema, text) => {
    expect(texts(value, schema)).toEqual([`spec.x: ${text}`]);
  });

  test('gathers problems with their paths', () => {
    const schema: JsonSchema = {
      type: 'object',
      required: ['a', 'b'],
      properties: { a: { type: 'string' }, list: { type: 'array', items: { type: 'string' } } },
      additionalProperties: { type: 'integer' },
    };
    expect(texts({ list: ['x', 1], other: 'y' }, schema, 'spec')).toEqual([
      'spec.a: Required value',
      'spec.b: Required value',
      'spec.list[1]: Invalid value: "integer": spec.list[1] in body must be of type string: "integer"',
      'spec.other: Invalid value: "string": spec.other in body must be of type integer: "string"',
    ]);
  });

  test('finds items that are there twice', () => {
    expect(texts(['a', 'a'], { type: 'array', 'x-kubernetes-list-type': 'set' })).toEqual([
      'spec.x[1]: Duplicate value: "a"',
    ]);
    const map: JsonSchema = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
    };
    expect(
      texts(
        [
          { k: 1, v: 1 },
          { k: 1, v: 2 },
        ],
        map,
      ),
    ).toEqual(['spec.x[1]: Duplicate value: {"k":1}']);
  });

  test.each<[unknown, JsonSchema]>([
    [null, { type: 'string', nullable: true }],
    [1, { type: 'number' }],
    ['50%', { 'x-kubernetes-int-or-string': true }],
    ['10.0.0.0/8', { type: 'string', format: 'cidr' }],
    ['2026-01-01T00:00:00Z', { type: 'string', format: 'date-time' }],
    ['anything', { type: 'string', format: 'unheard-of' }],
    ['x', { type: 'string', pattern: '(?<broken' }],
    [{ any: [1] }, { 'x-kubernetes-preserve-unknown-fields': true }],
  ])('%j fits %j', (value, schema) => {
    expect(texts(value, schema)).toEqual([]);
  });
});

describe('pruning', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          known: { type: 'string' },
          list: { type: 'array', items: { type: 'object', properties: { a: {} } } },
          map: { type: 'object', additionalProperties: { type: 'object', properties: { a: {} } } },
          free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  };

  test('drops unknown fields and names them', () => {
    const object = {
      apiVersion: 'v1',
      metadata: { name: 'n' },
      spec: {
        known: 'a',
        knwon: 'b',
        list: [{ a: 1, b: 2 }],
        map: { x: { b: 1 } },
        free: { z: 1 },
      },
      extra: 1,
    };
    expect(prune(object, schema)).toEqual({
      value: {
        apiVersion: 'v1',
        metadata: { name: 'n' },
        spec: { known: 'a', list: [{ a: 1 }], map: { x: {} }, free: { z: 1 } },
      },
      unknown: ['spec.knwon', 'spec.list[0].b', 'spec.map.x.b', 'extra'],
    });
  });

  test('keeps everything where the schema says so, and wrong types for validation to refuse', () => {
    const open: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    expect(prune({ a: { b: 1 } }, open)).toEqual({ value: { a: { b: 1 } }, unknown: [] });
    expect(prune({ spec: 'text' }, schema).value).toEqual({ spec: 'text' });
  });
});

describe('defaults', () => {
  const schema: JsonSchema = {
    properties: {
      spec: {
        default: {},
        properties: {
          a: { default: 1 },
          n: { default: 2, nullable: true },
          list: { items: { properties: { b: { default: 'x' } } } },
        },
      },
    },
  };
  test.each<[Fields, Fields]>([
    [{}, { spec: { a: 1, n: 2 } }],
    [{ spec: { a: 5, n: null } }, { spec: { a: 5, n: null } }],
    [{ spec: { a: null } }, { spec: { a: 1, n: 2 } }],
    [
      { spec: { list: [{}, { b: 'y' }] } },
      { spec: { a: 1, n: 2, list: [{ b: 'x' }, { b: 'y' }] } },
    ],
  ])('%j becomes %j', (value, wanted) => {
    applyDefaults(value, schema);
    expect(value).toEqual(wanted);
  });
});

describe('built-in types', () => {
  const pod = builtinSchema('core.v1.Pod');

  test('can all be expanded, and their references followed', () => {
    for (const name of builtinTypeNames()) {
      for (const property of Object.values(builtinSchema(name).properties ?? {})) {
        expect(() => resolved(property.allOf?.[0] ?? property)).not.toThrow();
      }
    }
    expect(builtinTypeNames().length).toBeGreaterThan(200);
  });

  test('are decoded without what they do not have', () => {
    const body = { spec: { containers: [{ name: 'c', imagee: 'x', tty: null }] }, extra: 1 };
    expect(decodeBuiltin(body, pod, 'Pod')).toEqual({
      value: { spec: { containers: [{ name: 'c' }] } },
      unknown: ['spec.containers[0].imagee', 'extra'],
    });
  });

  test('take numbers for quantities and both for ports', () => {
    const container = {
      name: 'c',
      resources: { limits: { cpu: 1, 'vpc.amazonaws.com/pod-eni': '1' } },
      readinessProbe: { httpGet: { port: 'http' } },
    };
    const { value } = decodeBuiltin({ spec: { containers: [container] } }, pod, 'Pod');
    expect(value).toMatchObject({
      spec: { containers: [{ resources: { limits: { cpu: '1' } } }] },
    });
  });

  test.each([
    [
      'text for a number',
      { spec: { priority: 'x' } },
      'string into Go struct field Pod.spec.priority of type int32',
    ],
    [
      'a fraction',
      { spec: { priority: 1.5 } },
      'number into Go struct field Pod.spec.priority of type int32',
    ],
    [
      'an object for a list',
      { spec: { containers: {} } },
      'object into Go struct field Pod.spec.containers of type []',
    ],
    [
      'a list for an object',
      { metadata: [] },
      'array into Go struct field Pod.metadata of type struct',
    ],
    [
      'a number for a label',
      { metadata: { labels: { a: 1 } } },
      'number into Go struct field Pod.metadata.labels.a of type string',
    ],
  ])('refuse %s', (_, body, text) => {
    expect(() => decodeBuiltin(body, pod, 'Pod')).toThrow(text);
  });

  test('refuse secrets that are no base64', () => {
    const secret = builtinSchema('core.v1.Secret');
    expect(() => decodeBuiltin({ data: { a: '%%' } }, secret, 'Secret')).toThrow('illegal base64');
    expect(decodeBuiltin({ data: { a: 'YWI=', b: null } }, secret, 'Secret').value).toEqual({
      data: { a: 'YWI=', b: '' },
    });
  });
});
