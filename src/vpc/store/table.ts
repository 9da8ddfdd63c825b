import type { KubeObject } from '../../api/meta.ts';
import { SortedNames } from './sorted-names.ts';

/** Keys under which an object is found in one index. */
export type IndexKeys<T> = (object: T) => readonly string[];

/** The index that every table has: names of objects, which are EC2's ids. */
export const ID_INDEX = 'id';

/** How many deleted names are remembered while their last watch events are still on the way. */
const MAX_TOMBSTONES = 50_000;

/**
 * The objects of one kind in memory, with indexes. Fed from two sides: the answers of our own
 * writes, at once (read-your-writes), and the informer, later. The newer resourceVersion wins, and
 * a deleted object does not come back through a late event.
 */
export class Table<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes: ReadonlyMap<string, { keys: IndexKeys<T>; buckets: Buckets<T> }>;
  /** Name -> uid of objects that we deleted and the informer has not yet reported as deleted. */
  readonly #tombstones = new Map<string, string | undefined>();

  constructor(indexes: Readonly<Record<string, IndexKeys<T>>>) {
    this.#indexes = new Map(
      Object.entries(indexes).map(([name, keys]) => [name, { keys, buckets: new Map() }]),
    );
  }

  readonly #sorted = new SortedNames(
    () => this.#objects.keys(),
    (name) => this.#objects.has(name),
  );

  get size(): number {
    return this.#objects.size;
  }

  get(name: string): T | undefined {
    return this.#objects.get(name);
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  /** Visits the objects whose names come after this one, in order, until a visit answers true. */
  walk(after: string, visit: (object: T) => boolean): void {
    this.#sorted.walk(after, (name) => {
      const object = this.#objects.get(name);
      return object !== undefined && visit(object);
    });
  }

  hasIndex(index: string): boolean {
    return this.#indexes.has(index);
  }

  /** The objects under a key; none when the index does not know it. */
  by(index: string, key: string): readonly T[] {
    if (index === ID_INDEX) {
      const object = this.#objects.get(key);
      return object === undefined ? [] : [object];
    }
    return [...(this.#indexes.get(index)?.buckets.get(key)?.values() ?? [])];
  }

  /** How many objects are under a key. */
  count(index: string, key: string): number {
    if (index === ID_INDEX) return this.#objects.has(key) ? 1 : 0;
    return this.#indexes.get(index)?.buckets.get(key)?.size ?? 0;
  }

  /** Takes in a version of an object unless a newer one, or its deletion, is known. */
  apply(object: T): void {
    const { name, uid } = object.metadata;
    if (this.#tombstones.has(name) && this.#tombstones.get(name) === uid) return;
    const current = this.#objects.get(name);
    if (current !== undefined && !isNewer(object, current)) return;
    if (current === undefined) this.#sorted.add(name);
    else this.#unindex(current);
    this.#tombstones.delete(name);
    this.#objects.set(name, object);
    for (const { keys, buckets } of this.#indexes.values())
      for (const key of keys(object)) bucketOf(buckets, key).set(name, object);
  }

  /** Forgets an object that we deleted. */
  remove(name: string): void {
    const current = this.#objects.get(name);
    if (current === undefined) return;
    this.#forget(current);
    this.#tombstones.set(name, current.metadata.uid);
    const oldest = this.#tombstones.keys().next();
    if (this.#tombstones.size > MAX_TOMBSTONES && !oldest.done)
      this.#tombstones.delete(oldest.value);
  }

  /** Forgets an object that the informer saw deleted, unless it lives again under a new uid. */
  observeDeleted(object: T): void {
    const { name, uid } = object.metadata;
    if (this.#tombstones.get(name) === uid) this.#tombstones.delete(name);
    const current = this.#objects.get(name);
    if (current !== undefined && current.metadata.uid === uid) this.#forget(current);
  }

  #forget(object: T): void {
    this.#unindex(object);
    this.#objects.delete(object.metadata.name);
  }

  #unindex(object: T): void {
    for (const { keys, buckets } of this.#indexes.values()) {
      for (const key of keys(object)) {
        const bucket = buckets.get(key);
        bucket?.delete(object.metadata.name);
        if (bucket?.size === 0) buckets.delete(key);
      }
    }
  }
}

/** By name: the order in an index depends on when each object got there, and does not survive a restart. */
export function byName<T extends KubeObject>(objects: readonly T[]): T[] {
  return objects.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

type Buckets<T> = Map<string, Map<string, T>>;

function bucketOf<T>(buckets: Buckets<T>, key: string): Map<string, T> {
  let bucket = buckets.get(key);
  if (bucket === undefined) {
    bucket = new Map();
    buckets.set(key, bucket);
  }
  return bucket;
}

/** Versions are decimal numbers that grow (Kubernetes: comparable within one resource). */
function isNewer(a: KubeObject, b: KubeObject): boolean {
  return Number(a.metadata.resourceVersion ?? 0) > Number(b.metadata.resourceVersion ?? 0);
}
