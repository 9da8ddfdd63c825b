import { clone, isFields, setField, type Fields } from '../../../../base/json.ts';
import { fieldPath, propertyOf, type JsonSchema } from './json-schema.ts';

/** What the API server itself knows of every object; schemas need not name it. */
const ROOT_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** An object without the fields that its schema does not have, and the paths of those. */
export interface Pruned {
  readonly value: Fields;
  readonly unknown: readonly string[];
}

/**
 * Drops fields that the structural schema of a custom resource does not specify
 * (apiextensions "field pruning"). Fields of unfitting types are kept for validation to refuse.
 */
export function prune(object: Fields, schema: JsonSchema): Pruned {
  const unknown: string[] = [];
  const value: Fields = {};
  for (const [key, item] of Object.entries(object)) {
    const inner = propertyOf(schema, key);
    if (ROOT_FIELDS.has(key)) setField(value, key, clone(item));
    else if (inner !== undefined) setField(value, key, pruneValue(item, inner, key, unknown));
    else if (keeps(schema)) setField(value, key, clone(item));
    else unknown.push(key);
  }
  return { value, unknown };
}

function pruneValue(value: unknown, schema: JsonSchema, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return clone(value);
    return value.map((item, index) => pruneValue(item, items, `${path}[${index}]`, unknown));
  }
  return isFields(value) ? pruneObject(value, schema, path, unknown) : value;
}

function pruneObject(value: Fields, schema: JsonSchema, path: string, unknown: string[]): Fields {
  const result: Fields = {};
  for (const [key, item] of Object.entries(value)) {
    const at = fieldPath(path, key);
    const inner = propertyOf(schema, key) ?? mapValue(schema);
    if (inner !== undefined) setField(result, key, pruneValue(item, inner, at, unknown));
    else if (keeps(schema) || embedded(schema, key)) setField(result, key, clone(item));
    else unknown.push(at);
  }
  return result;
}

function mapValue(schema: JsonSchema): JsonSchema | undefined {
  const values = schema.additionalProperties;
  if (values === true) return { 'x-kubernetes-preserve-unknown-fields': true };
  return typeof values === 'object' ? values : undefined;
}

function keeps(schema: JsonSchema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true;
}

function embedded(schema: JsonSchema, key: string): boolean {
  return schema['x-kubernetes-embedded-resource'] === true && ROOT_FIELDS.has(key);
}
