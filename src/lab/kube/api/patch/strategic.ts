import {
  at,
  isFields,
  listOf,
  ownField,
  sameJson,
  setField,
  type Fields,
} from '../../../../base/json.ts';
import { propertyOf, type JsonSchema } from '../schema/json-schema.ts';
import { badRequest } from '../status.ts';
import { identityOf, inOrder } from './element-order.ts';
import { schemaBehind } from './field-set.ts';

/**
 * Strategic merge patch: like a merge patch, but lists with a merge key are merged item by item.
 * Directives: `$patch: replace|delete|merge`, `$retainKeys`, `$deleteFromPrimitiveList/x`,
 * `$setElementOrder/x`. Rules: k8s.io/apimachinery/pkg/util/strategicpatch.
 */
export function strategicPatch(target: unknown, patch: unknown, schema: JsonSchema): unknown {
  return patchValue(target, patch, schemaBehind(schema));
}

const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';
const RETAIN = '$retainKeys';

function patchValue(target: unknown, patch: unknown, schema: JsonSchema): unknown {
  if (isFields(patch)) return patchFields(target, patch, schema);
  if (Array.isArray(patch)) return patchList(listOf(target), patch, schema);
  return patch;
}

function patchFields(target: unknown, patch: Fields, schema: JsonSchema): unknown {
  const { $patch: directive, ...rest } = patch;
  if (directive === 'delete') return undefined;
  if (directive === 'replace') return withoutDirectives(rest);
  const result: Fields = isFields(target) ? { ...target } : {};
  retainKeys(result, rest);
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith('$')) continue;
    const inner = schemaBehind(propertyOf(schema, key) ?? mapValue(schema));
    const patched = value === null ? undefined : patchValue(ownField(result, key), value, inner);
    if (patched === undefined) delete result[key];
    else setField(result, key, patched);
  }
  applyListDirectives(result, rest, { schema, live: target });
  return result;
}

function mapValue(schema: JsonSchema): JsonSchema {
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
}

function retainKeys(result: Fields, patch: Fields): void {
  if (patch[RETAIN] === undefined) return;
  const kept = new Set(listOf(patch[RETAIN]).map(String));
  for (const key of Object.keys(result)) if (!kept.has(key)) delete result[key];
}

interface Surroundings {
  readonly schema: JsonSchema;
  /** The object as it was. */
  readonly live: unknown;
}

function applyListDirectives(result: Fields, patch: Fields, around: Surroundings): void {
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) {
      const field = key.slice(DELETE_FROM.length);
      const dropped = listOf(value);
      if (result[field] === undefined) continue;
      result[field] = listOf(result[field]).filter(
        (item) => !dropped.some((each) => sameJson(each, item)),
      );
    }
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(ORDER))
      reorder(result, patch, { field: key.slice(ORDER.length), value }, around);
  }
}

function reorder(
  result: Fields,
  patch: Fields,
  { field, value }: { readonly field: string; readonly value: unknown },
  { schema, live }: Surroundings,
): void {
  if (!Array.isArray(value)) throw badRequest(`$setElementOrder/${field} must be a list`);
  const mergeKey = propertyOf(schema, field)?.['x-kubernetes-patch-merge-key'];
  checkOrder(field, listOf(patch[field]), { order: value, mergeKey });
  if (!Array.isArray(result[field])) return;
  const merged = listOf(result[field]);
  result[field] = inOrder({ merged, wanted: value, live: listOf(at(live, field)), mergeKey });
}

/**
 * The list that a patch carries must be in the order that it asks for, and name nothing else;
 * items to delete are not ordered.
 */
function checkOrder(
  field: string,
  patch: readonly unknown[],
  {
    order,
    mergeKey,
  }: { readonly order: readonly unknown[]; readonly mergeKey: string | undefined },
): void {
  let position = 0;
  for (const item of patch) {
    if (isFields(item) && item['$patch'] !== undefined) continue;
    const found = order.findIndex(
      (each, index) =>
        index >= position && sameJson(identityOf(each, mergeKey), identityOf(item, mergeKey)),
    );
    if (found < 0) {
      throw badRequest(
        `The order in patch list: ${JSON.stringify(patch)} doesn't match ` +
          `$setElementOrder/${field} list: ${JSON.stringify(order)}`,
      );
    }
    position = found + 1;
  }
}

function patchList(
  target: readonly unknown[],
  patch: readonly unknown[],
  schema: JsonSchema,
): unknown {
  if (patch.some((item) => isFields(item) && item['$patch'] === 'replace')) {
    return patch
      .filter((item) => !(isFields(item) && item['$patch'] === 'replace'))
      .map(withoutDirectives);
  }
  if (schema['x-kubernetes-patch-strategy'] !== 'merge') return patch.map(withoutDirectives);
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  if (mergeKey === undefined) {
    const both = [...target, ...patch];
    const merged = both.filter(
      (item, index) => both.findIndex((each) => sameJson(each, item)) === index,
    );
    return inOrder({ merged, wanted: patch, live: target, mergeKey });
  }
  return mergeItems(target, patch, { mergeKey, items: schemaBehind(schema.items ?? {}) });
}

function mergeItems(
  target: readonly unknown[],
  patch: readonly unknown[],
  { mergeKey, items }: { mergeKey: string; items: JsonSchema },
): unknown[] {
  const result = [...target];
  for (const item of patch) {
    if (!isFields(item)) throw badRequest(`expected an object in a list merged by ${mergeKey}`);
    const wanted = item[mergeKey];
    if (wanted === undefined) {
      throw badRequest(
        `map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`,
      );
    }
    const found = result.findIndex((each) => isFields(each) && sameJson(each[mergeKey], wanted));
    const patched = patchFields(found < 0 ? {} : result[found], item, items);
    if (patched === undefined) {
      if (found >= 0) result.splice(found, 1);
    } else if (found < 0) {
      result.push(patched);
    } else {
      result[found] = patched;
    }
  }
  return inOrder({ merged: result, wanted: patch, live: target, mergeKey });
}

/** A patch used as a value: nothing of it may be left that only patches understand. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => !key.startsWith('$') && item !== null)
      .map(([key, item]) => [key, withoutDirectives(item)]),
  );
}
