import { must } from '../../../../base/assert.ts';
import compact from '../generated/kube-schema.json' with { type: 'json' };
import { APPLY_KEYS, MERGE_KEYS } from '../patch/merge-keys.ts';
import { ANY_SCHEMA, type JsonSchema } from './json-schema.ts';

interface CompactType {
  readonly d?: string;
  readonly f: Readonly<Record<string, readonly [string, string, number?]>>;
}

const TYPES = compact as unknown as Readonly<Record<string, CompactType>>;
const expanded = new Map<string, JsonSchema>();
const REF_PREFIX = '#/components/schemas/io.k8s.api.';

/** Fields that are keys of items, with what they are when absent. */
const KEY_DEFAULTS: Readonly<Record<string, string>> = {
  'ContainerPort.protocol': 'TCP',
  'ServicePort.protocol': 'TCP',
};

const PRIMITIVES: Readonly<Record<string, JsonSchema>> = {
  s: { type: 'string' },
  b: { type: 'boolean' },
  i: { type: 'integer', format: 'int32' },
  l: { type: 'integer', format: 'int64' },
  n: { type: 'number', format: 'double' },
  y: { type: 'string', format: 'byte' },
  t: { type: 'string', format: 'date-time' },
  m: { type: 'string', format: 'date-time' },
  q: { type: 'string', format: 'quantity' },
  x: { 'x-kubernetes-int-or-string': true },
  a: ANY_SCHEMA,
};

/** Every type in the generated file, such as `core.v1.Pod` or `v1.PodSpec`. */
export function builtinTypeNames(): readonly string[] {
  return Object.keys(TYPES);
}

/** The schema of a built-in type; references to other types stay references. */
export function builtinSchema(name: string): JsonSchema {
  let schema = expanded.get(name);
  if (schema === undefined) expanded.set(name, (schema = expand(name)));
  return schema;
}

/** Follows a reference to a built-in type; anything else is returned as it is. */
export function resolved(schema: JsonSchema): JsonSchema {
  if (schema.$ref !== undefined) return builtinSchema(schema.$ref.slice(REF_PREFIX.length));
  return schema;
}

/** The reference that stands for a built-in type in an OpenAPI document. */
export function builtinRef(name: string): string {
  return REF_PREFIX + name;
}

function expand(name: string): JsonSchema {
  const type = must(TYPES[name], () => `No built-in type ${name}: run tools/generate-kube-schema`);
  const description = type.d === undefined ? {} : { description: type.d };
  const fields = Object.entries(type.f);
  if (fields.length === 0) return { type: 'object', ...description, ...ANY_SCHEMA };
  const short = name.slice(name.lastIndexOf('.') + 1);
  const required = fields.filter(([, [, , needed]]) => needed === 1).map(([field]) => field);
  return {
    type: 'object',
    ...description,
    properties: Object.fromEntries(
      fields.map(([field, [code, text]]) => [field, property(short, field, code, text)]),
    ),
    ...(required.length > 0 && { required }),
  };
}

function property(owner: string, field: string, code: string, text: string): JsonSchema {
  const merge = MERGE_KEYS[`${owner}.${field}`];
  const keyDefault = KEY_DEFAULTS[`${owner}.${field}`];
  const applyKeys = APPLY_KEYS[`${owner}.${field}`];
  const base = typed(code);
  // Siblings of $ref are ignored by OpenAPI readers, so a described reference goes into allOf.
  const described = base.$ref === undefined ? base : { allOf: [base] };
  return {
    ...(text !== '' || merge !== undefined ? described : base),
    ...(text !== '' && { description: text }),
    ...(keyDefault !== undefined && { default: keyDefault }),
    ...(merge !== undefined && { 'x-kubernetes-patch-strategy': 'merge' }),
    ...(merge !== undefined && merge !== '' && { 'x-kubernetes-patch-merge-key': merge }),
    ...(applyKeys && {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': applyKeys,
    }),
  };
}

function typed(code: string): JsonSchema {
  if (code.startsWith('[]')) return { type: 'array', items: typed(code.slice(2)) };
  if (code.startsWith('{}')) return { type: 'object', additionalProperties: typed(code.slice(2)) };
  if (code.startsWith('#')) return { $ref: builtinRef(code.slice(1)) };
  return must(PRIMITIVES[code], () => `Unknown type code ${code} in kube-schema.json`);
}
