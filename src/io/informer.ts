import type { KubeClient, ListOptions } from '../api/client.ts';
import type { Informer, InformerChange, Informers } from '../api/informer.ts';
import { isKubeError } from '../api/kube-error.ts';
import { keyOf, keyText, type KubeObject, type ObjectKey } from '../api/meta.ts';
import type { Resource } from '../api/resource.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';

/** What informers need; they stop when the signal aborts. */
export interface InformerDeps {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;
/** A watch that ends sooner than this counts as a failure, so that a broken server is not hammered. */
const SHORT_WATCH_MS = 1_000;

/** Informers over one client; the same (resource, options) gives the same informer. */
export function createInformers(deps: InformerDeps): Informers {
  const shared = new Map<string, Informer<KubeObject>>();
  return {
    informer<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Informer<T> {
      const id = JSON.stringify([
        resource.group,
        resource.version,
        resource.plural,
        options.namespace,
        options.labelSelector,
        options.fieldSelector,
      ]);
      const known = shared.get(id);
      if (known) return known as unknown as Informer<T>;
      const made = new LiveInformer<T>(deps, resource, options);
      shared.set(id, made);
      void made.run();
      return made;
    },
    until: (signal) => createInformers({ ...deps, signal: AbortSignal.any([deps.signal, signal]) }),
  };
}

class LiveInformer<T extends KubeObject> implements Informer<T> {
  readonly synced: Promise<void>;
  readonly #deps: InformerDeps;
  readonly #resource: Resource<T>;
  readonly #options: ListOptions;
  readonly #objects = new Map<string, T>();
  readonly #handlers = new Set<(change: InformerChange<T>) => void>();
  readonly #ready = Promise.withResolvers<void>();
  #backoffMs = FIRST_BACKOFF_MS;
  /** Undefined: list before watching. */
  #resourceVersion: string | undefined;

  constructor(deps: InformerDeps, resource: Resource<T>, options: ListOptions) {
    this.#deps = deps;
    this.#resource = resource;
    this.#options = options;
    this.synced = this.#ready.promise;
    this.synced.catch(() => {});
    const { signal } = deps;
    signal.addEventListener('abort', () => this.#ready.reject(signal.reason), { once: true });
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(keyText(key));
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  subscribe(handler: (change: InformerChange<T>) => void): () => void {
    // A wrapper, so that one function subscribed twice is two subscriptions.
    const entry = (change: InformerChange<T>): void => handler(change);
    this.#handlers.add(entry);
    for (const object of this.list()) this.#tell(entry, { type: 'added', object });
    return () => void this.#handlers.delete(entry);
  }

  /** Lists and watches until the signal aborts; never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#deps;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#relist();
        await this.#watchOnce();
      } catch (error) {
        await this.#recover(error);
      }
    }
    this.#ready.reject(signal.reason);
  }

  async #relist(): Promise<void> {
    const { items, resourceVersion } = await this.#deps.kube.list(this.#resource, this.#options);
    if (this.#deps.signal.aborted) return;
    const gone = new Map(this.#objects);
    for (const object of items) {
      gone.delete(keyText(keyOf(object)));
      this.#upsert(object);
    }
    for (const object of gone.values()) this.#remove(object);
    this.#resourceVersion = resourceVersion;
    this.#ready.resolve();
  }

  async #watchOnce(): Promise<void> {
    const { kube, clock, signal } = this.#deps;
    const startedMs = clock.monotonicMs();
    const options = { ...this.#options, resourceVersion: this.#resourceVersion ?? '' };
    let events = 0;
    for await (const event of kube.watch(this.#resource, options, signal)) {
      if (signal.aborted) return;
      events += 1;
      this.#backoffMs = FIRST_BACKOFF_MS;
      if (event.type === 'DELETED') this.#remove(event.object);
      else if (event.type !== 'BOOKMARK') this.#upsert(event.object);
      this.#resourceVersion = event.object.metadata.resourceVersion ?? this.#resourceVersion;
    }
    const short = events === 0 && clock.monotonicMs() - startedMs < SHORT_WATCH_MS;
    if (short && !signal.aborted) throw new Error('The watch ended at once');
  }

  async #recover(failure: unknown): Promise<void> {
    const { clock, log, signal } = this.#deps;
    if (signal.aborted) return;
    if (isKubeError(failure, 'Expired')) {
      this.#resourceVersion = undefined;
      log.debug('Watch expired, listing again', { resource: this.#resource.plural });
    } else {
      log.warn('Watch failed', { resource: this.#resource.plural, error: failure });
    }
    const waitMs = this.#backoffMs;
    this.#backoffMs = Math.min(waitMs * 2, LONGEST_BACKOFF_MS);
    await clock.sleep(waitMs, signal).catch(() => {});
  }

  #upsert(object: T): void {
    const key = keyText(keyOf(object));
    const before = this.#objects.get(key);
    if (before && sameVersion(before, object)) return;
    if (before && before.metadata.uid !== object.metadata.uid) {
      // Deleted and made again under the same name during a gap: two changes, not one.
      this.#remove(before);
      this.#upsert(object);
      return;
    }
    this.#objects.set(key, object);
    this.#tellAll(before ? { type: 'modified', object, before } : { type: 'added', object });
  }

  #remove(object: T): void {
    if (!this.#objects.delete(keyText(keyOf(object)))) return;
    this.#tellAll({ type: 'deleted', object });
  }

  #tellAll(change: InformerChange<T>): void {
    // A copy: a handler that subscribes another one has told it of this change already.
    const handlers = Array.from(this.#handlers);
    for (const handler of handlers) this.#tell(handler, change);
  }

  #tell(handler: (change: InformerChange<T>) => void, change: InformerChange<T>): void {
    try {
      handler(change);
    } catch (error) {
      // One faulty subscriber must not starve the others or stop the watch.
      this.#deps.log.error('Informer handler failed', { resource: this.#resource.plural, error });
    }
  }
}

function sameVersion(left: KubeObject, right: KubeObject): boolean {
  const version = left.metadata.resourceVersion;
  return version !== undefined && version === right.metadata.resourceVersion;
}
