import {
  isFields,
  listOf,
  ownField,
  sameJson,
  setField,
  textAt,
  type Fields,
} from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import {
  elementOf,
  fieldSchema,
  fieldSetOf,
  isLeaf,
  keysOf,
  listIdentity,
  schemaBehind,
  subset,
  withElement,
  withKeys,
  withoutElement,
  type FieldSet,
} from './field-set.ts';

/** Who applies, and how. */
export interface ApplyOptions {
  readonly manager: string;
  readonly apiVersion: string;
  /** RFC 3339. */
  readonly now: string;
  readonly schema: JsonSchema;
}

/** A field that another manager applied with another value. */
export interface ApplyConflict {
  readonly manager: string;
  /** Such as `.spec.replicas`. */
  readonly path: string;
}

/** The outcome of an apply. */
export interface Applied {
  readonly object: Fields;
  readonly conflicts: readonly ApplyConflict[];
}

interface Entry {
  readonly manager: string;
  readonly fields: FieldSet;
  readonly raw: Fields;
}

/** Fields that are nobody's in particular. */
const UNOWNED = ['apiVersion', 'kind'];
const UNOWNED_METADATA = ['name', 'namespace', 'uid', 'resourceVersion', 'managedFields'];

/**
 * Server-side apply, simplified: ownership is recorded for appliers only, not for those who update
 * or patch. Fields that the manager applied before and no longer does are removed unless another
 * applier has them. Conflicts are reported, and resolved in favour of the manager in `object`.
 */
export function applyObject(current: Fields, given: Fields, options: ApplyOptions): Applied {
  const applied = withKeys(given, options.schema) as Fields;
  const entries = entriesOf(current);
  const own = fieldSetOf(ownable(applied), options.schema);
  const others = entries.filter(({ manager }) => manager !== options.manager);
  const before = entries.find(({ manager }) => manager === options.manager);
  const conflicts = others.flatMap(({ manager, fields }) =>
    disputed({ own, theirs: fields, current, applied }).map((path) => ({ manager, path })),
  );
  const merged = mergeValue(current, applied, options.schema) as ApiObject;
  const otherSets = others.map(({ fields }) => fields);
  const kept = before === undefined ? merged : removeDropped(merged, before.fields, own, otherSets);
  const managedFields = [
    ...unapplied(current),
    ...others.map((entry) => entryBody(entry, surrender(entry.fields, own, current, applied))),
    // An apply that repeats the one before leaves its time alone, and so the object unchanged.
    before !== undefined && sameJson(before.fields, own) ? before.raw : newEntry(own, options),
  ].filter((entry) => entry !== undefined);
  const object = kept as ApiObject;
  return { object: { ...object, metadata: { ...object.metadata, managedFields } }, conflicts };
}

function ownable(applied: Fields): Fields {
  const without = (fields: Fields, names: readonly string[]): Fields =>
    Object.fromEntries(Object.entries(fields).filter(([key]) => !names.includes(key)));
  const given = applied['metadata'];
  const metadata = isFields(given) ? without(given, UNOWNED_METADATA) : {};
  return {
    ...without(applied, [...UNOWNED, 'metadata']),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

function managedOf(object: Fields): Fields[] {
  const { metadata } = object;
  return isFields(metadata) ? listOf(metadata['managedFields']).filter(isFields) : [];
}

function entriesOf(object: Fields): Entry[] {
  return managedOf(object)
    .filter((raw) => raw['operation'] === 'Apply' && textAt(raw, 'subresource') === '')
    .map((raw) => ({
      manager: textAt(raw, 'manager'),
      fields: isFields(raw['fieldsV1']) ? raw['fieldsV1'] : {},
      raw,
    }));
}

function unapplied(object: Fields): Fields[] {
  return managedOf(object).filter(
    (raw) => raw['operation'] !== 'Apply' || textAt(raw, 'subresource') !== '',
  );
}

function entryBody(entry: Entry, fields: FieldSet): Fields | undefined {
  return Object.keys(fields).length === 0 ? undefined : { ...entry.raw, fieldsV1: fields };
}

function newEntry(fields: FieldSet, { manager, apiVersion, now }: ApplyOptions): Fields {
  return {
    manager,
    operation: 'Apply',
    apiVersion,
    time: now,
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
  };
}

interface Dispute {
  readonly own: FieldSet;
  readonly theirs: FieldSet;
  readonly current: unknown;
  readonly applied: unknown;
}

/** Paths that both sets have as leaves although the values differ. */
function disputed({ own, theirs, current, applied }: Dispute, path = ''): string[] {
  return Object.keys(own).flatMap((element) => {
    const mine = subset(own, element);
    const other = subset(theirs, element);
    if (mine === undefined || other === undefined || element === '.') return [];
    const now = elementOf(current, element);
    const wanted = elementOf(applied, element);
    const name = element.startsWith('f:') ? `.${element.slice(2)}` : `[${element.slice(2)}]`;
    if (isLeaf(mine) || isLeaf(other)) {
      return sameJson(now, wanted) || isEmpty(wanted) ? [] : [path + name];
    }
    return disputed({ own: mine, theirs: other, current: now, applied: wanted }, path + name);
  });
}

/** An empty object says only that there is one. */
function isEmpty(value: unknown): boolean {
  return isFields(value) && Object.keys(value).length === 0;
}

/** Their set without the leaves that the new manager takes over. */
function surrender(theirs: FieldSet, own: FieldSet, current: unknown, applied: unknown): FieldSet {
  const kept: FieldSet = {};
  for (const [element, below] of Object.entries(theirs)) {
    const mine = subset(own, element);
    const now = elementOf(current, element);
    const wanted = elementOf(applied, element);
    if (element === '.' || mine === undefined || !isFields(below) || sameJson(now, wanted)) {
      kept[element] = below;
    } else if (!isLeaf(mine) && !isLeaf(below)) {
      const rest = surrender(below, mine, now, wanted);
      // An empty set would read as a leaf, which is more than what was there.
      if (Object.keys(rest).length > 0) kept[element] = rest;
    }
  }
  return kept;
}

function removeDropped(
  value: unknown,
  before: FieldSet,
  own: FieldSet,
  others: readonly FieldSet[],
): unknown {
  let result = value;
  for (const element of Object.keys(before)) {
    if (element === '.') continue;
    const item = elementOf(result, element);
    if (item === undefined) continue;
    const mine = subset(own, element);
    const theirs = others.map((set) => subset(set, element)).filter((set) => set !== undefined);
    const below = subset(before, element) ?? {};
    if (mine === undefined && theirs.length === 0) {
      result = withoutElement(result, element);
    } else if (!isLeaf(below)) {
      const next = removeDropped(item, below, mine ?? {}, theirs);
      result = withElement(result, element, next);
    }
  }
  return result;
}

function mergeValue(current: unknown, applied: unknown, schema: JsonSchema): unknown {
  if (isFields(applied) && schema['x-kubernetes-map-type'] !== 'atomic') {
    const result: Fields = isFields(current) ? { ...current } : {};
    for (const [key, item] of Object.entries(applied)) {
      if (item === null) delete result[key];
      else setField(result, key, mergeValue(ownField(result, key), item, fieldSchema(schema, key)));
    }
    return result;
  }
  return Array.isArray(applied) ? mergeList(listOf(current), applied, schema) : applied;
}

function mergeList(
  current: readonly unknown[],
  applied: readonly unknown[],
  schema: JsonSchema,
): unknown {
  const identity = listIdentity(schema);
  if (identity === 'atomic') return applied;
  const items = schemaBehind(schema.items);
  const same = (left: unknown, right: unknown): boolean => {
    if (identity === 'value') return sameJson(left, right);
    return sameJson(keysOf(left, identity.keys), keysOf(right, identity.keys));
  };
  const merged = current.map((item) => {
    const found = applied.find((each) => same(each, item));
    return found === undefined ? item : mergeValue(item, found, items);
  });
  return [...merged, ...applied.filter((item) => !current.some((each) => same(each, item)))];
}
