/** Any JSON object. */
export type Fields = Record<string, unknown>;

/** Whether the value is a JSON object (not null, not a list). */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object; an empty one when it is anything else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The value as a list; an empty one when it is anything else. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A field that the object has itself; nothing of what every JavaScript object inherits. */
export function ownField(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

/** Sets a field of any name: a plain assignment to `__proto__` would set no field. */
export function setField(fields: Fields, key: string, value: unknown): void {
  if (key !== '__proto__') fields[key] = value;
  else Object.defineProperty(fields, key, { value, ...ORDINARY });
}

const ORDINARY = { enumerable: true, writable: true, configurable: true };

/** The value below a path of object keys, or undefined. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isFields(current)) return undefined;
    current = ownField(current, key);
  }
  return current;
}

/** The text below a path; '' when there is none. Numbers and booleans become text. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path);
  if (typeof found === 'string') return found;
  return typeof found === 'number' || typeof found === 'boolean' ? String(found) : '';
}

/** The number below a path, or undefined. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** The object below `key`, made when absent; for filling in defaults. */
export function childOf(parent: Fields, key: string): Fields {
  const found = parent[key];
  if (isFields(found)) return found;
  const made: Fields = {};
  parent[key] = made;
  return made;
}

/** Sets a default: only when the field is absent or null. */
export function setDefault(target: Fields, key: string, value: unknown): void {
  if (target[key] === undefined || target[key] === null) target[key] = value;
}

/** Whether two JSON values are the same; absent and undefined fields are equal. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, i) => sameJson(item, right[i]));
  }
  if (!isFields(left) || !isFields(right)) return false;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => sameJson(ownField(left, key), ownField(right, key)));
}

/** A deep copy of JSON data. */
export function clone<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => clone<unknown>(item)) as T;
  if (!isFields(value)) return value;
  const copy: Fields = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) setField(copy, key, clone(item));
  }
  return copy as T;
}
