import type { KubeObject, ObjectKey } from './meta.ts';
import type { Resource } from './resource.ts';

/** Narrows a list or a watch. Selectors use the text forms of the Kubernetes API. */
export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Objects and the version of the collection at which they were read. */
export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

/** A change to one object, or a bookmark that only carries a newer resourceVersion. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** The body of a patch. */
export type Patch =
  | { readonly type: 'merge'; readonly body: unknown }
  | { readonly type: 'strategic'; readonly body: unknown }
  | { readonly type: 'json'; readonly body: readonly JsonPatchStep[] };

/** One step of an RFC 6902 patch. */
export interface JsonPatchStep {
  readonly op: 'add' | 'remove' | 'replace' | 'test' | 'copy' | 'move';
  readonly path: string;
  readonly value?: unknown;
  readonly from?: string;
}

/** Options of writes. */
export interface WriteOptions {
  readonly subresource?: 'status';
  readonly dryRun?: boolean;
}

/** Options of a delete. */
export interface DeleteOptions {
  /** Refuse (Conflict) unless the live object has this uid. */
  readonly uid?: string;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/**
 * The Kubernetes API as we use it. Implemented over HTTP in `io/kube-client.ts` and in memory in
 * `client.fake.ts`; `client.contract.ts` is the suite that both pass.
 *
 * Failures throw `KubeError`. `get` of an absent object is not a failure: it answers undefined.
 */
export interface KubeClient {
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): Promise<T | undefined>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** Fails with AlreadyExists, Invalid, Forbidden (admission) or NotFound (namespace). */
  create<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  /** Writes the whole object; fails with Conflict when its resourceVersion is stale. */
  replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    change: Patch & WriteOptions,
  ): Promise<T>;
  /** Succeeds when the object is already gone. */
  delete<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options?: DeleteOptions,
  ): Promise<void>;
  /**
   * Streams changes after `resourceVersion` until the signal aborts or the server ends the watch.
   * Throws KubeError `Expired` when the version is too old: list again.
   */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
}
