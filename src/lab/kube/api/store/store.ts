import { must } from '../../../../base/assert.ts';
import type { ApiObject } from '../object.ts';
import { History, type Change } from './history.ts';
import type { Journal } from './journal.ts';

/** Changes kept per resource for resuming watches. */
const HISTORY_LIMIT = 1000;

/** Names an object within its storage; cluster-scoped objects have the namespace ''. */
export interface StoreKey {
  readonly namespace: string;
  readonly name: string;
}

/** Hears of every change, after it is on disk. Must not throw. */
export type StoreListener = (storage: string, change: Change) => void;

/**
 * All objects, in memory and on disk, under one counter of versions. A `storage` is a resource
 * whatever its version: `pods`, `deployments.apps`. Calls are synchronous, so a read and the write
 * that depends on it cannot be interleaved.
 */
export class Store {
  readonly #journal: Journal;
  readonly #objects = new Map<string, Map<string, Map<string, ApiObject>>>();
  readonly #histories = new Map<string, History>();
  readonly #listeners = new Set<StoreListener>();
  readonly #startVersion: number;
  readonly #defer: ((commit: () => void) => void) | undefined;
  #version: number;
  /** Changes in memory that are not on disk yet. */
  #pending: { readonly storage: string; readonly change: Change }[] = [];
  #durable: PromiseWithResolvers<void> | undefined;

  /**
   * Reads everything back from the journal. Each write is on disk when its call returns; with
   * `defer` only once `durable` resolves, and all writes until `defer` calls back share one
   * transaction.
   */
  constructor(journal: Journal, options: { readonly defer?: (commit: () => void) => void } = {}) {
    this.#journal = journal;
    this.#defer = options.defer;
    // 1 is the version of an empty store: 0 means "any" to clients.
    this.#version = Math.max(1, journal.version());
    this.#startVersion = this.#version;
    for (const row of journal.rows()) {
      const [namespace = '', name = ''] = row.key.split('/');
      const object = JSON.parse(row.json) as ApiObject;
      this.#bucket(row.storage, namespace).set(name, object);
    }
  }

  /** The version of the last write. */
  get version(): number {
    return this.#version;
  }

  /** The object, or undefined. Do not change it. */
  get(storage: string, key: StoreKey): ApiObject | undefined {
    return this.#objects.get(storage)?.get(key.namespace)?.get(key.name);
  }

  /** Objects in the order of namespace and name; of all namespaces when none is given. */
  list(storage: string, namespace?: string): readonly ApiObject[] {
    const buckets = this.#objects.get(storage);
    if (buckets === undefined) return [];
    const namespaces = namespace === undefined ? [...buckets.keys()].sort() : [namespace];
    return namespaces.flatMap((each) =>
      [...(buckets.get(each)?.values() ?? [])].sort((left, right) =>
        left.metadata.name < right.metadata.name ? -1 : 1,
      ),
    );
  }

  /** How many objects there are. */
  count(storage: string, namespace?: string): number {
    const buckets = this.#objects.get(storage);
    if (namespace !== undefined) return buckets?.get(namespace)?.size ?? 0;
    return [...(buckets?.values() ?? [])].reduce((sum, bucket) => sum + bucket.size, 0);
  }

  /** The resources that have objects in a namespace. */
  storagesIn(namespace: string): string[] {
    return [...this.#objects.entries()]
      .filter(([, buckets]) => (buckets.get(namespace)?.size ?? 0) > 0)
      .map(([storage]) => storage);
  }

  /** Every storage with objects. */
  storages(): string[] {
    return [...this.#objects.keys()];
  }

  /** Writes a new or changed object at the next version; returns it as stored. */
  put(storage: string, object: ApiObject): ApiObject {
    const key = keyOf(object);
    const before = this.get(storage, key);
    const version = this.#version + 1;
    const stored = withVersion(object, version);
    const row = { storage, key: `${key.namespace}/${key.name}`, json: JSON.stringify(stored) };
    this.#write(() => this.#journal.put(row));
    this.#version = version;
    this.#file(storage, key, stored);
    this.#settle(storage, {
      type: before === undefined ? 'ADDED' : 'MODIFIED',
      object: stored,
      ...(before !== undefined && { before }),
      version,
    });
    return stored;
  }

  /** Removes an object; returns its last state, at the version of the removal. */
  remove(storage: string, key: StoreKey): ApiObject {
    const before = must(this.get(storage, key), () => `No ${storage} ${key.name} to remove`);
    const version = this.#version + 1;
    this.#write(() => this.#journal.remove(storage, `${key.namespace}/${key.name}`));
    this.#version = version;
    this.#file(storage, key, undefined);
    const object = withVersion(before, version);
    this.#settle(storage, { type: 'DELETED', object, before, version });
    return object;
  }

  /**
   * Resolves once every write so far is on disk; rejects when that failed, and they are undone.
   * Listeners hear of a change when it is on disk, before the promise resolves.
   */
  durable(): Promise<void> {
    return this.#durable?.promise ?? Promise.resolve();
  }

  /** Ends the open transaction now. */
  commit(): void {
    const [pending, durable] = [this.#pending, this.#durable];
    if (pending.length === 0) return;
    try {
      this.#journal.commit(this.#version);
    } catch (error) {
      this.#undo(error);
      throw error;
    }
    this.#pending = [];
    this.#durable = undefined;
    for (const { storage, change } of pending) this.#publish(storage, change);
    durable?.resolve();
  }

  /** The changes of a resource after a version, or undefined when they are no longer known. */
  changesAfter(storage: string, version: number): readonly Change[] | undefined {
    return this.#history(storage).after(version);
  }

  /** Calls the listener for each change from now on; returns the way to stop. */
  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #write(write: () => void): void {
    try {
      this.#journal.begin();
      write();
    } catch (error) {
      this.#undo(error);
      throw error;
    }
  }

  /** A change is in memory and in the open transaction; the first one arranges for the commit. */
  #settle(storage: string, change: Change): void {
    this.#pending.push({ storage, change });
    if (this.#defer === undefined) return this.commit();
    if (this.#durable !== undefined) return;
    this.#durable = Promise.withResolvers();
    // Whoever waits is told; a failure that nobody waits for is no crash.
    this.#durable.promise.catch(() => {});
    this.#defer(() => {
      try {
        this.commit();
      } catch {
        // Everybody who waits has the error.
      }
    });
  }

  /** Takes back everything since the last commit: nobody was told of it. */
  #undo(error: unknown): void {
    const [pending, durable] = [this.#pending, this.#durable];
    this.#pending = [];
    this.#durable = undefined;
    for (const { storage, change } of pending.toReversed())
      this.#file(storage, keyOf(change.object), change.before);
    this.#version = (pending[0]?.change.version ?? this.#version + 1) - 1;
    this.#journal.rollback();
    durable?.reject(error);
  }

  #file(storage: string, key: StoreKey, object: ApiObject | undefined): void {
    const bucket = this.#bucket(storage, key.namespace);
    if (object !== undefined) bucket.set(key.name, object);
    else bucket.delete(key.name);
    if (bucket.size === 0) this.#objects.get(storage)?.delete(key.namespace);
  }

  #bucket(storage: string, namespace: string): Map<string, ApiObject> {
    let buckets = this.#objects.get(storage);
    if (buckets === undefined) this.#objects.set(storage, (buckets = new Map()));
    let bucket = buckets.get(namespace);
    if (bucket === undefined) buckets.set(namespace, (bucket = new Map()));
    return bucket;
  }

  #history(storage: string): History {
    let history = this.#histories.get(storage);
    if (history === undefined) {
      history = new History(HISTORY_LIMIT, this.#startVersion);
      this.#histories.set(storage, history);
    }
    return history;
  }

  #publish(storage: string, change: Change): void {
    this.#history(storage).push(change);
    for (const listener of this.#listeners) listener(storage, change);
  }
}

/** The key of an object. */
export function keyOf(object: ApiObject): StoreKey {
  return { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}

function withVersion(object: ApiObject, version: number): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}
