import { isFields, setField, type Fields } from '../../../../base/json.ts';
import { badRequest } from '../status.ts';
import { resolved } from './builtin.ts';
import { fieldPath, propertyOf, type JsonSchema } from './json-schema.ts';

/** A body turned into an object of a built-in kind, and the fields that the kind does not have. */
export interface Decoded {
  readonly value: unknown;
  /** Paths of fields that were dropped, such as `spec.containers[0].imagee`. */
  readonly unknown: readonly string[];
}

interface Walk {
  readonly unknown: string[];
  readonly kind: string;
}

/**
 * Reads a value as a built-in type, as the API server's decoder does: unknown fields are dropped
 * and reported, nulls are dropped, and a wrong JSON type is refused with 400.
 */
export function decodeBuiltin(value: unknown, schema: JsonSchema, kind: string): Decoded {
  const walk: Walk = { unknown: [], kind };
  return { value: decode(value, schema, '', walk), unknown: walk.unknown };
}

function decode(value: unknown, given: JsonSchema, path: string, walk: Walk): unknown {
  const schema = target(given);
  if (schema['x-kubernetes-int-or-string'] === true) return intOrString(value, path, walk);
  switch (schema.type) {
    case 'object':
      return decodeObject(value, schema, path, walk);
    case 'array':
      return decodeArray(value, schema, path, walk);
    case undefined:
      return value;
    default:
      return decodeScalar(value, schema, path, walk);
  }
}

function target(schema: JsonSchema): JsonSchema {
  const single = schema.allOf?.[0] ?? schema;
  return resolved(single);
}

function decodeObject(value: unknown, schema: JsonSchema, path: string, walk: Walk): unknown {
  if (!isFields(value)) throw mismatch(value, 'object', path, walk);
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return value;
  const result: Fields = {};
  for (const [key, item] of Object.entries(value)) {
    const at = fieldPath(path, key);
    const inner = propertyOf(schema, key) ?? mapValue(schema);
    if (inner === undefined) walk.unknown.push(at);
    else if (isPresent(item)) setField(result, key, decode(item, inner, at, walk));
    // A null value in a map is its zero value; in a struct it is as if it were not there.
    else if (mapValue(schema)?.type === 'string') setField(result, key, '');
  }
  return result;
}

function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function mapValue(schema: JsonSchema): JsonSchema | undefined {
  const values = schema.additionalProperties;
  return typeof values === 'object' ? values : undefined;
}

function decodeArray(value: unknown, schema: JsonSchema, path: string, walk: Walk): unknown {
  if (!Array.isArray(value)) throw mismatch(value, 'array', path, walk);
  const items = schema.items ?? {};
  return value.map((item, index) => decode(item, items, `${path}[${index}]`, walk));
}

function intOrString(value: unknown, path: string, walk: Walk): unknown {
  if (typeof value === 'string' || Number.isInteger(value)) return value;
  throw mismatch(value, 'int-or-string', path, walk);
}

function decodeScalar(value: unknown, schema: JsonSchema, path: string, walk: Walk): unknown {
  if (schema.format === 'quantity' && typeof value === 'number') return String(value);
  const fits = schema.type === 'integer' ? Number.isInteger(value) : typeof value === schema.type;
  if (!fits) throw mismatch(value, schema.format ?? schema.type ?? '', path, walk);
  if (schema.format === 'byte' && !isBase64(value as string)) {
    throw badRequest(
      `${walk.kind} in version "v1" cannot be handled as a ${walk.kind}: ` +
        `illegal base64 data at ${path}`,
    );
  }
  return value;
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/\s]*={0,2}$/.test(text) && text.replaceAll(/\s/g, '').length % 4 === 0;
}

function mismatch(value: unknown, type: string, path: string, walk: Walk): Error {
  const found = Array.isArray(value) ? 'array' : isFields(value) ? 'object' : typeof value;
  const field = path.replaceAll(/\[\d+\]/g, '');
  return badRequest(
    `${walk.kind} in version "v1" cannot be handled as a ${walk.kind}: json: cannot unmarshal ` +
      `${found === 'boolean' ? 'bool' : found} into Go struct field ${walk.kind}.${field} ` +
      `of type ${goType(type)}`,
  );
}

const GO_TYPES: Readonly<Record<string, string>> = {
  boolean: 'bool',
  array: '[]',
  object: 'struct',
  double: 'float64',
  'date-time': 'time.Time',
  quantity: 'resource.Quantity',
};

function goType(type: string): string {
  return GO_TYPES[type] ?? type;
}
