import type { Informer } from '../../../api/informer.ts';
import { keyOf, keyText, type KubeObject, type ObjectKey } from '../../../api/meta.ts';
import type { Clock } from '../../../base/clock.ts';

/** How long a write of ours is believed over the informer, should its event never come. */
const BELIEVED_MS = 10_000;

/** An informer's view with this process's own writes on top of it. */
export interface OwnWrites<T extends KubeObject> {
  get(key: ObjectKey): T | undefined;
  list(): readonly T[];
  /** Remember the answer of a create, replace or patch. */
  wrote(object: T): void;
  /** Remember that a delete of this object was accepted. */
  deleted(object: T): void;
}

interface Entry<T> {
  readonly object: T;
  readonly gone: boolean;
  readonly untilMs: number;
}

/**
 * Closes the gap between a write and its watch event. Without it a controller that has just made
 * three pods counts none, and makes three more.
 */
export function createOwnWrites<T extends KubeObject>(
  informer: Informer<T>,
  clock: Clock,
): OwnWrites<T> {
  const entries = new Map<string, Entry<T>>();
  informer.subscribe((change) => {
    const key = keyText(keyOf(change.object));
    const entry = entries.get(key);
    if (entry && isSettledBy(entry, change.object, change.type === 'deleted')) entries.delete(key);
  });
  const remember = (object: T, gone: boolean): void => {
    const key = keyOf(object);
    const known = informer.get(key);
    if (known ? !gone && isAtLeast(known, object) : gone) return;
    entries.set(keyText(key), { object, gone, untilMs: clock.monotonicMs() + BELIEVED_MS });
  };
  const current = (): Map<string, Entry<T>> => {
    for (const [key, entry] of entries)
      if (entry.untilMs < clock.monotonicMs()) entries.delete(key);
    return entries;
  };
  return {
    get: (key) => overlaid(current().get(keyText(key)), informer.get(key)),
    list: () => overlay(informer.list(), current()),
    wrote: (object) => remember(object, false),
    deleted: (object) => remember(object, true),
  };
}

function overlay<T extends KubeObject>(
  known: readonly T[],
  entries: ReadonlyMap<string, Entry<T>>,
): readonly T[] {
  if (entries.size === 0) return known;
  const byKey = new Map(known.map((object) => [keyText(keyOf(object)), object]));
  for (const [key, entry] of entries) {
    const object = overlaid(entry, byKey.get(key));
    if (object) byKey.set(key, object);
    else byKey.delete(key);
  }
  return [...byKey.values()];
}

function overlaid<T extends KubeObject>(
  entry: Entry<T> | undefined,
  known: T | undefined,
): T | undefined {
  if (!entry) return known;
  if (known && isSettledBy(entry, known, false)) return known;
  return entry.gone ? undefined : entry.object;
}

/** Whether the event tells everything that our own write told. */
function isSettledBy<T extends KubeObject>(
  entry: Entry<T>,
  seen: T,
  seenDeleted: boolean,
): boolean {
  if (entry.object.metadata.uid !== seen.metadata.uid) return !seenDeleted;
  if (seenDeleted) return true;
  return entry.gone ? seen.metadata.deletionTimestamp !== undefined : isAtLeast(seen, entry.object);
}

/** Resource versions of one collection are increasing integers (meta/v1, since Kubernetes 1.35). */
function isAtLeast(a: KubeObject, b: KubeObject): boolean {
  if (a.metadata.uid !== b.metadata.uid) return false;
  return BigInt(a.metadata.resourceVersion ?? '0') >= BigInt(b.metadata.resourceVersion ?? '0');
}
