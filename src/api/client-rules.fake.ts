import { matchesSelector, parseLabelSelector } from '../policy/selector.ts';
import type { Random } from '../base/random.ts';
import type { DeleteOptions, ListOptions, Patch, WatchEvent, WriteOptions } from './client.ts';
import { KubeError, type KubeReason } from './kube-error.ts';
import type { KubeObject, ObjectKey } from './meta.ts';
import { applyJsonPatch, applyMergePatch, JsonPatchError } from './patch.ts';
import type { Resource } from './resource.ts';
import { sameJson } from '../base/json.ts';

/** One change, as the fake remembers it for its watches. */
export interface HistoryEntry {
  readonly version: number;
  readonly resource: string;
  readonly before?: KubeObject;
  readonly after?: KubeObject;
  readonly bookmark?: true;
}

/** Plurals that have a status subresource unless a test says otherwise. */
export const WITH_STATUS: readonly string[] = [
  'pods',
  'nodes',
  'services',
  'namespaces',
  'deployments',
  'replicasets',
  'daemonsets',
  'customresourcedefinitions',
  'instances',
];

/** Answers whether an object is selected. */
export type Selected = (object: KubeObject) => boolean;

const STATUS_OF_REASON: Readonly<Partial<Record<KubeReason, number>>> = {
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Invalid: 422,
  BadRequest: 400,
  Expired: 410,
};

/** An error as the API server would raise it. */
export function failure(reason: KubeReason, message: string): KubeError {
  return new KubeError(reason, message, { status: STATUS_OF_REASON[reason] ?? 500 });
}

/** Names a collection. */
export function collectionId(resource: Resource<KubeObject>): string {
  return `${resource.group}/${resource.plural}`;
}

/** The key with the default namespace, or without one for cluster-scoped resources. */
export function scopedKey(resource: Resource<KubeObject>, key: ObjectKey): ObjectKey {
  return resource.namespaced
    ? { name: key.name, namespace: key.namespace ?? 'default' }
    : { name: key.name };
}

/** Selection by namespace, labels and fields. */
export function selector(options: ListOptions): Selected {
  const labels = parseLabelSelector(options.labelSelector ?? '');
  if (!labels.ok) throw failure('BadRequest', labels.error);
  const fields = (options.fieldSelector ?? '').split(',').filter((part) => part !== '');
  return (object) =>
    (options.namespace === undefined || object.metadata.namespace === options.namespace) &&
    matchesSelector(labels.value, object.metadata.labels) &&
    fields.every((field) => fieldHolds(object, field));
}

function fieldHolds(object: KubeObject, field: string): boolean {
  const match = /^([^!=]+)(!=|==|=)(.*)$/.exec(field);
  if (!match) throw failure('BadRequest', `Cannot read field selector "${field}"`);
  const [, path = '', operator, expected] = match;
  let value: unknown = object;
  for (const part of path.split('.'))
    value = (value as Record<string, unknown> | undefined)?.[part];
  const text = typeof value === 'string' ? value : '';
  return (text === expected) === (operator !== '!=');
}

/** The watch event that a change is for a watcher, if it is one. */
export function eventOf(
  entry: HistoryEntry,
  collection: string,
  selected: Selected,
): WatchEvent<KubeObject> | undefined {
  const resourceVersion = String(entry.version);
  if (entry.bookmark) {
    return { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion } } };
  }
  if (entry.resource !== collection) return undefined;
  const { before, after } = entry;
  const wasIn = before !== undefined && selected(before);
  if (after && selected(after)) return { type: wasIn ? 'MODIFIED' : 'ADDED', object: after };
  if (!wasIn) return undefined;
  return { type: 'DELETED', object: withMetadata(before, { resourceVersion }) };
}

/** Refuses a write that names another version or another object of the same name. */
export function checkPreconditions(current: KubeObject, next: KubeObject): void {
  const { resourceVersion, uid } = next.metadata;
  const stale =
    resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion;
  if (stale) {
    throw failure('Conflict', `Cannot write "${current.metadata.name}": the object was modified`);
  }
  if (uid !== undefined && uid !== current.metadata.uid) {
    throw failure('Conflict', `Cannot write "${current.metadata.name}": its uid is another`);
  }
}

/** The object after a patch. */
export function patched(current: KubeObject, change: Patch & WriteOptions): KubeObject {
  try {
    if (change.type === 'json') {
      return applyJsonPatch(current, change.body) as KubeObject;
    }
    const merge = change.type === 'merge' ? applyMergePatch : strategicMerge;
    return merge(current, change.body) as KubeObject;
  } catch (error) {
    if (error instanceof JsonPatchError) throw failure('Invalid', error.message);
    throw error;
  }
}

/** Lists that a strategic merge patch merges by key; all others it replaces. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  conditions: 'type',
  addresses: 'type',
  taints: 'key',
  ownerReferences: 'uid',
};

function strategicMerge(target: unknown, patch: unknown, field = ''): unknown {
  if (Array.isArray(patch)) return mergeLists(target, patch as readonly unknown[], field);
  if (typeof patch !== 'object' || patch === null) return patch;
  const result: Record<string, unknown> = { ...(target as Record<string, unknown> | undefined) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = strategicMerge(result[key], value, key);
  }
  return result;
}

function mergeLists(target: unknown, patch: readonly unknown[], field: string): unknown {
  const mergeKey = MERGE_KEYS[field];
  if (field === 'finalizers') return [...new Set([...((target as string[]) ?? []), ...patch])];
  if (mergeKey === undefined || !Array.isArray(target)) return patch;
  const result = [...(target as Record<string, unknown>[])];
  for (const item of patch as Record<string, unknown>[]) {
    const index = result.findIndex((known) => known[mergeKey] === item[mergeKey]);
    if (index === -1) result.push(item);
    else result[index] = strategicMerge(result[index], item) as Record<string, unknown>;
  }
  return result;
}

/** The object with some metadata set; undefined removes a field. */
export function withMetadata<T extends KubeObject>(
  object: T,
  metadata: Readonly<Record<string, unknown>>,
): T {
  return { ...object, metadata: { ...object.metadata, ...metadata } };
}

/** A copy as JSON would carry it: fields that are undefined are gone. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** The next object with its generation raised when more than metadata and status changed. */
export function bumped<T extends KubeObject>(current: T, next: T): T {
  const content = (object: T): unknown => ({
    ...object,
    metadata: undefined,
    status: undefined,
  });
  if (sameJson(plain(content(current)), plain(content(next)))) return next;
  return withMetadata(next, { generation: (current.metadata.generation ?? 0) + 1 });
}

/** Whether a deleted object has nothing left that holds it. */
export function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = object.metadata;
  return (
    deletionTimestamp !== undefined &&
    (finalizers ?? []).length === 0 &&
    (deletionGracePeriodSeconds ?? 0) === 0
  );
}

/** Seconds that a deleted object stays; only pods on a node wait, for their kubelet. */
export function graceOf(
  resource: Resource<KubeObject>,
  object: KubeObject,
  options: DeleteOptions,
): number {
  const spec = (object as { spec?: { nodeName?: string; terminationGracePeriodSeconds?: number } })
    .spec;
  if (resource.plural !== 'pods' || spec?.nodeName === undefined) return 0;
  return options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
}

/** Freezes a JSON value all the way down, so that a caller that mutates it is found out. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}

/** "Random" bytes that count up: different each time, the same in each run. */
export function countingRandom(): Random {
  let count = 0;
  return {
    bytes: (lengthBytes) => {
      count += 1;
      const bytes = new Uint8Array(lengthBytes);
      for (let index = lengthBytes - 1, rest = count; index >= 0; index -= 1) {
        bytes[index] = rest % 256;
        rest = Math.floor(rest / 256);
      }
      return bytes;
    },
  };
}
