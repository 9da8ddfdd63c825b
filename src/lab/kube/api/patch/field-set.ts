import { at, isFields, ownField, sameJson, type Fields } from '../../../../base/json.ts';
import { resolved } from '../schema/builtin.ts';
import { propertyOf, type JsonSchema } from '../schema/json-schema.ts';

/**
 * Sets of fields as managedFields writes them (meta/v1 FieldsV1): `f:name` is a field, `k:{...}` the
 * list item with these keys, `v:...` a value of a set, `.` the item itself; a leaf is `{}`.
 */
export type FieldSet = Fields;

/** How the items of a list are told apart: by fields, by their value, or not at all (atomic). */
export type ListIdentity = { readonly keys: readonly string[] } | 'value' | 'atomic';

/** What stands behind a reference, with the marks beside it. */
export function schemaBehind(schema: JsonSchema | undefined): JsonSchema {
  if (schema === undefined) return {};
  const target = resolved(schema.allOf?.[0] ?? schema);
  return target === schema ? schema : { ...target, ...marksOf(schema) };
}

function marksOf(schema: JsonSchema): JsonSchema {
  const { 'x-kubernetes-patch-merge-key': key, 'x-kubernetes-patch-strategy': strategy } = schema;
  return {
    ...(key !== undefined && { 'x-kubernetes-patch-merge-key': key }),
    ...(strategy !== undefined && { 'x-kubernetes-patch-strategy': strategy }),
  };
}

/** The schema of a field of an object. */
export function fieldSchema(schema: JsonSchema, key: string): JsonSchema {
  const values = schema.additionalProperties;
  return schemaBehind(propertyOf(schema, key) ?? (typeof values === 'object' ? values : undefined));
}

/** The identity of a list's items, from merge keys of built-in types or list types of CRDs. */
export function listIdentity(schema: JsonSchema): ListIdentity {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] === 'map' && keys?.[0] !== undefined) return { keys };
  if (schema['x-kubernetes-list-type'] === 'set') return 'value';
  if (schema['x-kubernetes-patch-strategy'] !== 'merge') return 'atomic';
  const key = schema['x-kubernetes-patch-merge-key'];
  return key === undefined ? 'value' : { keys: [key] };
}

/** The fields that an applied object sets. */
export function fieldSetOf(value: unknown, schema: JsonSchema): FieldSet {
  if (isFields(value) && schema['x-kubernetes-map-type'] !== 'atomic') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        `f:${key}`,
        fieldSetOf(item, fieldSchema(schema, key)),
      ]),
    );
  }
  if (!Array.isArray(value)) return {};
  const identity = listIdentity(schema);
  if (identity === 'atomic') return {};
  const items = schemaBehind(schema.items);
  return Object.fromEntries(value.map((item) => itemEntry(item, identity, items)));
}

function itemEntry(
  item: unknown,
  identity: Exclude<ListIdentity, 'atomic'>,
  items: JsonSchema,
): [string, FieldSet] {
  if (identity === 'value') return [`v:${JSON.stringify(item)}`, {}];
  const name = `k:${JSON.stringify(keysOf(item, identity.keys))}`;
  return [name, { '.': {}, ...fieldSetOf(item, items) }];
}

/** The fields that identify an item of a list. */
export function keysOf(item: unknown, keys: readonly string[]): Fields {
  const entries = keys.map((key) => [key, at(item, key)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** A copy whose list items have all the fields that identify them, by default where left out. */
export function withKeys(value: unknown, schema: JsonSchema): unknown {
  if (isFields(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, withKeys(item, fieldSchema(schema, key))]),
    );
  }
  if (!Array.isArray(value)) return value;
  const identity = listIdentity(schema);
  const items = schemaBehind(schema.items);
  return value.map((item) => {
    if (typeof identity === 'string' || !isFields(item)) return withKeys(item, items);
    const defaults = identity.keys.map((key) => [key, propertyOf(items, key)?.default] as const);
    const missing = defaults.filter(([, value]) => value !== undefined);
    return { ...Object.fromEntries(missing), ...(withKeys(item, items) as Fields) };
  });
}

/** The part of a value that an element of a set names, or undefined. */
export function elementOf(value: unknown, element: string): unknown {
  const name = element.slice(2);
  if (element.startsWith('f:')) return isFields(value) ? ownField(value, name) : undefined;
  if (!Array.isArray(value)) return undefined;
  return value.find((item) => isElement(item, element)) as unknown;
}

function isElement(item: unknown, element: string): boolean {
  const wanted = JSON.parse(element.slice(2)) as unknown;
  if (element.startsWith('v:')) return sameJson(item, wanted);
  if (!isFields(item) || !isFields(wanted)) return false;
  return Object.entries(wanted).every(([key, value]) => sameJson(item[key], value));
}

/** A copy of the value without an element. */
export function withoutElement(value: unknown, element: string): unknown {
  if (isFields(value)) {
    const { [element.slice(2)]: _dropped, ...rest } = value;
    return rest;
  }
  return Array.isArray(value) ? value.filter((item) => !isElement(item, element)) : value;
}

/** A copy of the value with an element replaced. */
export function withElement(value: unknown, element: string, item: unknown): unknown {
  if (isFields(value)) return { ...value, [element.slice(2)]: item };
  if (!Array.isArray(value)) return value;
  return value.map((each: unknown) => (isElement(each, element) ? item : each));
}

/** Whether a set says nothing below this point. */
export function isLeaf(set: FieldSet): boolean {
  return Object.keys(set).every((key) => key === '.');
}

/** The set below an element, or undefined. */
export function subset(set: FieldSet | undefined, element: string): FieldSet | undefined {
  const found = set?.[element];
  return isFields(found) ? found : undefined;
}
