import type { KubeClient } from '../../api/client.ts';
import type { Informers } from '../../api/informer.ts';
import { isKubeError, KubeError } from '../../api/kube-error.ts';
import type { KubeObject } from '../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../api/resource.ts';
import type { Ec2Error } from '../../ec2/error.ts';
import { notFound, type IdKind } from '../../ec2/id-kinds.ts';
import { Table, type IndexKeys } from './table.ts';

/** How often a write is tried again after somebody else changed the object (agents write status). */
const MAX_CONFLICTS = 8;

/** What a collection is made of. */
export interface CollectionOptions<T extends KubeObject> {
  readonly kube: KubeClient;
  readonly resource: Resource<T>;
  readonly idKind: IdKind;
  readonly indexes: Readonly<Record<string, IndexKeys<T>>>;
}

/**
 * One kind of VPC object: read from memory, written through Kubernetes. A write returns only after
 * Kubernetes has acknowledged it, and is then visible to every later read.
 */
export class Collection<T extends KubeObject> {
  readonly table: Table<T>;
  readonly idKind: IdKind;
  readonly #kube: KubeClient;
  readonly #resource: Resource<T>;
  #unsettled: ((name: string) => boolean) | undefined;
  #created: ((name: string) => void) | undefined;

  constructor(options: CollectionOptions<T>) {
    this.table = new Table(options.indexes);
    this.idKind = options.idKind;
    this.#kube = options.kube;
    this.#resource = options.resource;
  }

  /** Follows the informer from now on; resolves once everything that exists is in memory. */
  async follow(informers: Informers): Promise<() => void> {
    const informer = informers.informer(this.#resource);
    const stop = informer.subscribe((change) => {
      if (change.type === 'deleted') this.table.observeDeleted(change.object);
      else this.table.apply(change.object);
    });
    await informer.synced;
    return stop;
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
    const complete = { ...this.#typeMeta(), ...object };
    let stored: T | undefined;
    try {
      stored = await this.#kube.create(this.#resource, complete);
    } catch (error) {
      if (!isAmbiguous(error) && !isKubeError(error, 'AlreadyExists')) throw error;
      stored = await this.#kube.get(this.#resource, { name: object.metadata.name });
      if (stored === undefined) throw error;
    }
    this.#created?.(stored.metadata.name);
    this.table.apply(stored);
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
        const stored = await this.#kube.replace(this.#resource, wanted);
        this.table.apply(stored);
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
    const fresh = await this.#kube.get(this.#resource, { name });
    if (fresh === undefined) throw this.#gone(name);
    this.table.apply(fresh);
    return fresh;
  }

  #gone(name: string): Ec2Error {
    this.table.remove(name);
    return this.missing(name);
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
