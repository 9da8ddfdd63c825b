import { isFields, listOf, sameJson, type Fields } from '../object.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { badRequest } from '../status.ts';
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
    const inner = schemaBehind(schema.properties?.[key] ?? mapValue(schema));
    const patched = value === null ? undefined : patchValue(result[key], value, inner);
    if (patched === undefined) delete result[key];
    else result[key] = patched;
  }
  applyListDirectives(result, rest, schema);
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

function applyListDirectives(result: Fields, patch: Fields, schema: JsonSchema): void {
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) {
      const field = key.slice(DELETE_FROM.length);
      const dropped = listOf(value);
      result[field] = listOf(result[field]).filter(
        (item) => !dropped.some((each) => sameJson(each, item)),
      );
    }
    if (key.startsWith(ORDER)) {
      const field = key.slice(ORDER.length);
      const mergeKey = schema.properties?.[field]?.['x-kubernetes-patch-merge-key'];
      if (result[field] !== undefined) {
        result[field] = ordered(listOf(result[field]), listOf(value), mergeKey);
      }
    }
  }
}

function identity(item: unknown, mergeKey: string | undefined): unknown {
  return mergeKey === undefined || !isFields(item) ? item : item[mergeKey];
}

/** Items in the given order; those it does not name keep their place relative to those before. */
function ordered(
  list: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const rank = (item: unknown): number =>
    order.findIndex((each) => sameJson(identity(each, mergeKey), identity(item, mergeKey)));
  const named = list.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b));
  const next = named[Symbol.iterator]();
  // The named items take the places of named items; the others stay where they are.
  return list.map((item) => (rank(item) >= 0 ? next.next().value : item));
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
    const added = patch.filter((item) => !target.some((each) => sameJson(each, item)));
    return [...target, ...added];
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
  return result;
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
