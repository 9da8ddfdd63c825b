import type { ListOptions } from './client.ts';
import type { KubeObject, ObjectKey } from './meta.ts';
import type { Resource } from './resource.ts';

/** A change seen by an informer. `before` is the last object known under the key. */
export type InformerChange<T> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'modified'; readonly object: T; readonly before: T }
  | { readonly type: 'deleted'; readonly object: T };

/**
 * A local copy of a collection, kept fresh by list and watch (`io/informer.ts`). It survives lost
 * watches; after a gap it lists again and reports the differences.
 */
export interface Informer<T extends KubeObject> {
  get(key: ObjectKey): T | undefined;
  list(): readonly T[];
  /** Resolves once the first list is in. */
  readonly synced: Promise<void>;
  /** Calls the handler for each later change; objects already known are reported as added first. */
  subscribe(handler: (change: InformerChange<T>) => void): () => void;
}

/** Makes informers; each (resource, options) pair is listed and watched once and shared. */
export interface Informers {
  informer<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Informer<T>;
  /** Others of the same client, which stop when the signal aborts; not shared with these. */
  until(signal: AbortSignal): Informers;
}
