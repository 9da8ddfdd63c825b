import type { JsonPatchStep } from './client.ts';

type Json = unknown;
type JsonObject = Record<string, Json>;

/** RFC 7386: null removes a key, objects merge, everything else replaces. */
export function applyMergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}

/** A JSON patch that does not fit the document: a failed test, or a path that is not there. */
export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
}

/** RFC 6902. Throws JsonPatchError; the document itself is never changed. */
export function applyJsonPatch(document: Json, steps: readonly JsonPatchStep[]): Json {
  let result = structuredClone(document);
  for (const step of steps) result = applyStep(result, step);
  return result;
}

function applyStep(document: Json, step: JsonPatchStep): Json {
  const { op, path, from = '' } = step;
  switch (op) {
    case 'add':
      return add(document, path, structuredClone(step.value));
    case 'remove':
      return remove(document, path);
    case 'replace':
      return add(remove(document, path), path, structuredClone(step.value));
    case 'copy':
      return add(document, path, structuredClone(read(document, from)));
    case 'move': {
      const moved = read(document, from);
      return add(remove(document, from), path, moved);
    }
    case 'test':
      if (sameJson(read(document, path), step.value)) return document;
      throw new JsonPatchError(`Test of ${path} failed`);
  }
}

/** Whether two JSON values are equal, whatever the order of their keys. */
export function sameJson(left: Json, right: Json): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, i) => sameJson(item, right[i]));
  }
  if (!isObject(left) || !isObject(right)) return left === right;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]))
  );
}

/** A key as a segment of a JSON pointer (RFC 6901). */
export function pointerSegment(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function segmentsOf(path: string): readonly string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw new JsonPatchError(`Path "${path}" does not start with /`);
  return path
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: Json, path: string): Json {
  let value = document;
  for (const segment of segmentsOf(path)) value = child(value, segment, path);
  return value;
}

function child(parent: Json, segment: string, path: string): Json {
  if (Array.isArray(parent) && /^\d+$/.test(segment) && Number(segment) < parent.length) {
    return (parent as Json[])[Number(segment)];
  }
  if (isObject(parent) && Object.hasOwn(parent, segment)) return parent[segment];
  throw new JsonPatchError(`There is nothing at ${path}`);
}

function parentOf(document: Json, path: string): { parent: Json; last: string } {
  const segments = segmentsOf(path);
  const last = segments.at(-1) ?? '';
  let parent = document;
  for (const segment of segments.slice(0, -1)) parent = child(parent, segment, path);
  return { parent, last };
}

function add(document: Json, path: string, value: Json): Json {
  if (path === '') return value;
  const { parent, last } = parentOf(document, path);
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : Number(last);
    if (!Number.isInteger(index) || index < 0 || index > parent.length) {
      throw new JsonPatchError(`${path} is outside the list`);
    }
    parent.splice(index, 0, value);
  } else if (isObject(parent)) {
    parent[last] = value;
  } else {
    throw new JsonPatchError(`The parent of ${path} is neither an object nor a list`);
  }
  return document;
}

function remove(document: Json, path: string): Json {
  if (path === '') return undefined;
  const { parent, last } = parentOf(document, path);
  child(parent, last, path);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isObject(parent)) delete parent[last];
  return document;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
