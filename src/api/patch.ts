import {
  at,
  clone,
  isFields,
  ownField,
  sameJson,
  setField,
  textAt,
  type Fields,
} from '../base/json.ts';

/** RFC 7386 merge patch: null removes a key, objects merge, everything else replaces. Makes a new value. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const result: Fields = isFields(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setField(result, key, applyMergePatch(ownField(result, key), value));
  }
  return result;
}

/** A JSON patch that cannot be applied. */
export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
  /** `malformed`: no JSON patch at all; `unfit`: a failed test, or a path that is not there. */
  readonly reason: 'malformed' | 'unfit';

  constructor(reason: 'malformed' | 'unfit', message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * RFC 6902 JSON patch, all steps or none; makes a new value. Throws JsonPatchError. As in the real
 * API server, testing for null also holds when there is nothing at the path.
 */
export function applyJsonPatch(target: unknown, steps: unknown): unknown {
  if (!Array.isArray(steps)) throw malformed('a JSON patch is a list of operations');
  const root = { value: clone(target) };
  for (const step of steps) applyStep(root, step);
  return root.value;
}

/** A key as a segment of a JSON pointer (RFC 6901). */
export function pointerSegment(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

interface Root {
  value: unknown;
}

function applyStep(root: Root, step: unknown): void {
  const path = pointer(pathOf(step, 'path'));
  const given = at(step, 'value');
  switch (textAt(step, 'op')) {
    case 'add':
      return put(root, path, present(given), true);
    case 'replace':
      read(root, path);
      return put(root, path, present(given), false);
    case 'remove':
      return remove(root, path);
    case 'test':
      return test(root, path, given);
    case 'copy':
      return put(root, path, clone(read(root, pointer(pathOf(step, 'from')))), true);
    case 'move': {
      const from = pointer(pathOf(step, 'from'));
      const value = read(root, from);
      remove(root, from);
      return put(root, path, value, true);
    }
    default:
      throw malformed(`Unexpected kind: ${textAt(step, 'op') || 'unknown'}`);
  }
}

function pathOf(step: unknown, field: 'path' | 'from'): string {
  const text = at(step, field);
  if (typeof text !== 'string') throw malformed(`a JSON patch operation needs "${field}"`);
  return text;
}

/** The value of an operation that must have one; null is a value. */
function present(value: unknown): unknown {
  if (value === undefined) throw malformed('a JSON patch operation needs "value"');
  return clone(value);
}

function pointer(text: string): string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) throw unfit(`path "${text}" does not start with /`);
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(root: Root, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, part) => {
    const found = Array.isArray(value)
      ? (value[index(value, part)] as unknown)
      : isFields(value)
        ? ownField(value, part)
        : undefined;
    if (found === undefined)
      throw unfit(`doc is missing path: "/${path.join('/')}": missing value`);
    return found;
  }, root.value);
}

function put(root: Root, path: readonly string[], value: unknown, insert: boolean): void {
  const last = path.at(-1);
  if (last === undefined) {
    root.value = value;
    return;
  }
  const parent = read(root, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const position = last === '-' ? parent.length : index(parent, last);
    parent.splice(position, insert ? 0 : 1, value);
  } else if (isFields(parent)) {
    setField(parent, last, value);
  } else {
    throw unfit(`cannot add to a value that is neither object nor list: "/${path.join('/')}"`);
  }
}

function remove(root: Root, path: readonly string[]): void {
  read(root, path);
  const last = path.at(-1);
  if (last === undefined) throw unfit('the whole document cannot be removed');
  const parent = read(root, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(index(parent, last), 1);
  else if (isFields(parent)) delete parent[last];
}

function test(root: Root, path: readonly string[], wanted: unknown): void {
  let found: unknown;
  try {
    found = read(root, path);
  } catch (error) {
    if (wanted !== null) throw error;
    return;
  }
  if (!sameJson(found, wanted)) {
    throw unfit(`testing value /${path.join('/')} failed: test failed`);
  }
}

function index(list: readonly unknown[], part: string): number {
  const number = Number(part);
  if (!/^(0|[1-9]\d*)$/.test(part) || number > list.length) {
    throw unfit(`Unable to access invalid index: ${part}`);
  }
  return number;
}

function malformed(message: string): JsonPatchError {
  return new JsonPatchError('malformed', message);
}

function unfit(message: string): JsonPatchError {
  return new JsonPatchError('unfit', message);
}
