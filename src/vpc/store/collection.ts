import type { KubeClient } from '../../api/client.ts';
import type { Informers } from '../../api/informer.ts';
import { isKubeError, KubeError } from '../../api/kube-error.ts';
import { versionOf, type KubeObject } from '../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../api/resource.ts';
import type { Ec2Error } from '../../ec2/error.ts';
import { notFound, type IdKind } from '../../ec2/id-kinds.ts';
import { KeptViews } from './kept-views.ts';
import { Table, type IndexKeys } from './table.ts';

/** How often a write is tried again after somebody else changed the object (agents write status). */
const MAX_CONFLICTS = 8;

/**
 * What to make of an object that somebody else wrote, given the one in memory: `stale` was written
 * by a writer whose time was over, `deleted` is as good as gone.
 */
export type Judge = (
  object: KubeObject,
  known: KubeObject | undefined,
  collection: Collection<KubeObject>,
) => 'good' | 'stale' | 'deleted';

/** What a collection is made of. */
export interface CollectionOptions<T extends KubeObject> {
  readonly kube: KubeClient;
  readonly resource: Resource<T>;
  readonly idKind: IdKind;
  readonly indexes: Readonly<Record<string, IndexKeys<T>>>;
  /** Labels that follow from the object, for those who watch a part of the collection. */
  readonly labels?: (object: T) => Readonly<Record<string, string>>;
}

/**
 * One kind of VPC object: read from memory, written through Kubernetes. A write returns only after
 * Kubernetes has acknowledged it, and is then visible to every later read.
 */
export class Collection<T extends KubeObject> {
  readonly table: Table<T>;
  /** How describes show the objects. */
  readonly views = new KeptViews<T>();
  readonly idKind: IdKind;
  readonly #kube: KubeClient;
  readonly #resource: Resource<T>;
  readonly #labels: CollectionOptions<T>['labels'];
  /** Reports of versions up to this one are late. */
  #floor = -1;
  #seenVersion = 0;
  #judge: Judge | undefined;
  #unsettled: ((name: string) => boolean) | undefined;
  #created: ((name: string) => void) | undefined;

  constructor(options: CollectionOptions<T>) {
    this.table = new Table(options.indexes);
    this.idKind = options.idKind;
    this.#kube = options.kube;
    this.#resource = options.resource;
    this.#labels = options.labels;
  }

  /** Follows the informer from now on; resolves once everything that exists is in memory. */
  async follow(informers: Informers): Promise<() => void> {
    const informer = informers.informer(this.#resource);
    const stop = informer.subscribe((change) => {
      this.#seenVersion = Math.max(this.#seenVersion, versionOf(change.object));
      if (change.type === 'deleted') this.#observeDeleted(change.object);
      else this.#observe(change.object);
    });
    await informer.synced;
    return stop;
  }

  /** The newest version that the informer reported, or that a write of ours got. */
  get seenVersion(): number {
    return this.#seenVersion;
  }

  get plural(): string {
    return this.#resource.plural;
  }

  /** From now on asks the judge about what others wrote. */
  judgeBy(judge: Judge): void {
    this.#judge = judge;
  }

  /**
   * Lists anew and makes the memory equal to it; what happened before the list and is reported
   * later changes nothing. Answers what is in the list.
   */
  async reload(): Promise<readonly T[]> {
    const { items, resourceVersion } = await this.#kube.list(this.#resource);
    const listed = new Set(items.map(({ metadata }) => metadata.name));
    for (const object of this.table.values())
      if (!listed.has(object.metadata.name)) this.table.observeDeleted(object);
    for (const object of items) this.table.apply(object);
    this.#floor = Number(resourceVersion);
    return items;
  }

  /** Writes the state in memory over what somebody wrote who had no right to; or deletes it. */
  async undo(stale: T): Promise<void> {
    const known = this.table.get(stale.metadata.name);
    const { name, uid, resourceVersion } = stale.metadata;
    if (known === undefined)
      return this.#kube.delete(this.#resource, { name }, uid === undefined ? {} : { uid });
    const version = resourceVersion === undefined ? {} : { resourceVersion };
    const metadata = { ...known.metadata, ...version };
    this.#take(await this.#kube.replace(this.#resource, { ...known, metadata }));
  }

  #observe(object: T): void {
    if (versionOf(object) <= this.#floor) return;
    const verdict = this.#judge?.(object, this.table.get(object.metadata.name), this as never);
    if (verdict === 'deleted') this.table.observeDeleted(object);
    else if (verdict !== 'stale') this.table.apply(object);
  }

  #observeDeleted(object: T): void {
    if (versionOf(object) > this.#floor) this.table.observeDeleted(object);
  }

  /** Files the answer of a write. */
  #take(stored: T): void {
    this.#seenVersion = Math.max(this.#seenVersion, versionOf(stored));
    this.table.apply(stored);
  }

  get(name: string): T | undefined {
    return this.table.get(name);
  }

  /** Whether describes show the object already; see `delayReads`. */
  isSettled(name: string): boolean {
    return this.#unsettled?.(name) !== true;
  }

  /** Hides objects from describes while the test says that they are too new. */
  hideWhile(isUnsettled: (name: string) => boolean, created: (name: string) => void): void {
    this.#unsettled = isUnsettled;
    this.#created = created;
  }

  /** The object, or the NotFound error of its kind. */
  must(name: string): T {
    const object = this.table.get(name);
    if (object === undefined) throw this.missing(name);
    return object;
  }

  missing(...names: readonly string[]): Ec2Error {
    return notFound(this.idKind, ...names);
  }

  /**
   * Creates an object. When the answer was lost, it is read back: it may have been stored. A name
   * that exists already is the same creation tried again (names come from tokens or are random).
   */
  async create(object: T): Promise<T> {
    const complete = this.#labelled({ ...this.#typeMeta(), ...object });
    let stored: T | undefined;
    try {
      stored = await this.#kube.create(this.#resource, complete);
    } catch (error) {
      if (!isAmbiguous(error) && !isKubeError(error, 'AlreadyExists')) throw error;
      stored = await this.#readBack(object.metadata.name);
      if (stored === undefined) throw error;
    }
    this.#created?.(stored.metadata.name);
    this.#take(stored);
    return stored;
  }

  /**
   * Changes an object. `change` may run several times, each time on newer state, so its checks
   * hold for what is finally stored; returning its argument means that there is nothing to write.
   */
  async update(name: string, change: (current: T) => T): Promise<T> {
    let current = this.must(name);
    for (let attempt = 0; ; attempt++) {
      const wanted = change(current);
      if (wanted === current) return current;
      try {
        const stored = await this.#kube.replace(this.#resource, this.#labelled(wanted));
        this.#take(stored);
        return stored;
      } catch (error) {
        if (isKubeError(error, 'NotFound')) throw this.#gone(name);
        if (attempt >= MAX_CONFLICTS || !isRereadable(error)) throw error;
        current = await this.#reread(name);
        if (isAmbiguous(error) && sameSpec(current, wanted)) return current;
      }
    }
  }

  /** Deletes an object; it is gone from reads when this returns. */
  async remove(name: string): Promise<void> {
    await this.#kube.delete(this.#resource, { name });
    this.table.remove(name);
  }

  async #reread(name: string): Promise<T> {
    const fresh = await this.#readBack(name);
    if (fresh === undefined) throw this.#gone(name);
    this.table.apply(fresh);
    return fresh;
  }

  /** What is stored, unless it has to be undone: then what is stored afterwards. */
  async #readBack(name: string): Promise<T | undefined> {
    const stored = await this.#kube.get(this.#resource, { name });
    if (stored === undefined || versionOf(stored) <= this.#floor) return stored;
    const verdict = this.#judge?.(stored, this.table.get(name), this as never);
    if (verdict === 'deleted') return undefined;
    if (verdict !== 'stale') return stored;
    await this.undo(stored);
    return this.table.get(name);
  }

  #gone(name: string): Ec2Error {
    this.table.remove(name);
    return this.missing(name);
  }

  /** With the labels that follow from it, and no others. */
  #labelled(object: T): T {
    if (this.#labels === undefined) return object;
    const { labels: _old, ...metadata } = object.metadata;
    const labels = this.#labels(object);
    if (Object.keys(labels).length === 0) return { ...object, metadata };
    return { ...object, metadata: { ...metadata, labels } };
  }

  #typeMeta(): { apiVersion: string; kind: string } {
    return { apiVersion: apiVersionOf(this.#resource), kind: this.#resource.kind };
  }
}

/** Whether the write may have been stored although it failed. */
export function isAmbiguous(error: unknown): boolean {
  return error instanceof KubeError && AMBIGUOUS.has(error.reason);
}

const AMBIGUOUS: ReadonlySet<string> = new Set([
  'Timeout',
  'InternalError',
  'ServiceUnavailable',
  'Unreachable',
  'Unknown',
]);

function isRereadable(error: unknown): boolean {
  return isKubeError(error, 'Conflict') || isAmbiguous(error);
}

function sameSpec(a: unknown, b: unknown): boolean {
  const spec = (object: unknown): string => JSON.stringify((object as { spec?: unknown }).spec);
  return spec(a) === spec(b);
}
