import { clone, isFields, ownField, setField, type Fields } from '../../../../base/json.ts';
import type { JsonSchema } from './json-schema.ts';

/**
 * Fills in the defaults of a structural schema, in place. A null is replaced when the field has a
 * default and is not nullable (apiextensions "Defaulting and Nullable").
 */
export function applyDefaults(value: unknown, schema: JsonSchema): void {
  if (Array.isArray(value)) {
    if (schema.items) for (const item of value) applyDefaults(item, schema.items);
    return;
  }
  if (!isFields(value)) return;
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    fillIn(value, key, inner);
    applyDefaults(ownField(value, key), inner);
  }
  if (typeof schema.additionalProperties === 'object') {
    for (const item of Object.values(value)) applyDefaults(item, schema.additionalProperties);
  }
}

function fillIn(parent: Fields, key: string, schema: JsonSchema): void {
  if (schema.default === undefined) return;
  const current = ownField(parent, key);
  const missing = current === undefined || (current === null && schema.nullable !== true);
  if (missing) setField(parent, key, clone(schema.default));
}
