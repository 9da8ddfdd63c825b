import type {
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectList,
  Patch,
  WatchEvent,
  WriteOptions,
} from '../../api/client.ts';
import type { KubeObject, ObjectKey } from '../../api/meta.ts';
import { DELETING_ANNOTATION, WRITER_ANNOTATION } from '../../api/names.ts';
import type { Resource } from '../../api/resource.ts';
import { Ec2Error } from '../../ec2/error.ts';

/** What the fence asks of the election. */
export interface Term {
  holds(): boolean;
  epoch(): number;
  abandon(): void;
}

/**
 * Kubernetes as the one writer sees it. A process may be paused at any moment, also between a check
 * and the request that follows, so a check before a write does not keep an old writer's write from
 * arriving late. Therefore:
 *
 * - The lease is checked again after each write, and after each read by which a lost answer is
 *   settled. When it still holds then, it held when the write was stored, so the next writer, who
 *   lists everything after its own election, knows of it. When not, nothing is acknowledged.
 * - Every write carries the writer's epoch and a count. A write of an older epoch that arrives after
 *   the next writer's list is told by them, and undone (`stale-writes.ts`).
 * - A deletion is an update first, which is checked like any other; only then is the object
 *   deleted. The next writer finishes what is marked, and a late deletion finds nothing.
 */
export class FencedKube implements KubeClient {
  readonly #kube: KubeClient;
  readonly #term: Term;
  #count = 0;

  constructor(kube: KubeClient, term: Term) {
    this.#kube = kube;
    this.#term = term;
  }

  async get<T extends KubeObject>(target: Resource<T>, key: ObjectKey): Promise<T | undefined> {
    return this.#checked(() => this.#kube.get(target, key));
  }

  list<T extends KubeObject>(target: Resource<T>, options?: ListOptions): Promise<ObjectList<T>> {
    return this.#kube.list(target, options);
  }

  create<T extends KubeObject>(target: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    return this.#checked(() => this.#kube.create(target, this.#stamped(object), options));
  }

  replace<T extends KubeObject>(
    target: Resource<T>,
    object: T,
    options?: WriteOptions,
  ): Promise<T> {
    return this.#checked(() => this.#kube.replace(target, this.#stamped(object), options));
  }

  patch<T extends KubeObject>(
    target: Resource<T>,
    key: ObjectKey,
    change: Patch & WriteOptions,
  ): Promise<T> {
    return this.#checked(() => this.#kube.patch(target, key, change));
  }

  async delete<T extends KubeObject>(
    target: Resource<T>,
    key: ObjectKey,
    options?: DeleteOptions,
  ): Promise<void> {
    const current = await this.get(target, key);
    if (current === undefined) return;
    if (!isMarkedDeleted(current)) await this.#mark(target, current);
    const { uid } = current.metadata;
    await this.#checked(() =>
      this.#kube.delete(target, key, { ...options, ...(uid !== undefined && { uid }) }),
    );
  }

  watch<T extends KubeObject>(
    target: Resource<T>,
    options: ListOptions & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    return this.#kube.watch(target, options, signal);
  }

  async #mark<T extends KubeObject>(target: Resource<T>, current: T): Promise<void> {
    const annotations = { ...current.metadata.annotations, [DELETING_ANNOTATION]: 'true' };
    await this.replace(target, { ...current, metadata: { ...current.metadata, annotations } });
  }

  async #checked<R>(run: () => Promise<R>): Promise<R> {
    this.#check();
    const result = await run();
    if (!this.#term.holds()) this.#term.abandon();
    this.#check();
    return result;
  }

  /** No KubeError: those may be settled by reading back, and this one may not. */
  #check(): void {
    if (!this.#term.holds())
      throw new Ec2Error('Unavailable', 'The server is not the writer any more. Try again.');
  }

  #stamped<T extends KubeObject>(object: T): T {
    this.#count += 1;
    const stamp = `${this.#term.epoch()}/${this.#count}`;
    const annotations = { ...object.metadata.annotations, [WRITER_ANNOTATION]: stamp };
    return { ...object, metadata: { ...object.metadata, annotations } };
  }
}

/** Whether the deletion of an object is decided. */
export function isMarkedDeleted({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[DELETING_ANNOTATION] !== undefined;
}

/** Who wrote last; undefined when it was no writer of ours. */
export function writerOf({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[WRITER_ANNOTATION];
}

/** The epoch in a stamp. */
export function epochOf(stamp: string): number {
  return Number.parseInt(stamp, 10);
}
