import type { Clock } from '../base/clock.ts';
import { randomHex, type Random } from '../base/random.ts';
import {
  bumped,
  checkPreconditions,
  collectionId,
  countingRandom,
  deepFreeze,
  eventOf,
  failure,
  graceOf,
  isFinished,
  patched,
  plain,
  scopedKey,
  selector,
  withMetadata,
  WITH_STATUS,
  type HistoryEntry,
} from './client-rules.fake.ts';
import type {
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectList,
  Patch,
  WatchEvent,
  WriteOptions,
} from './client.ts';
import { keyOf, keyText, type KubeObject, type ObjectKey } from './meta.ts';
import { apiVersionOf, type Resource } from './resource.ts';
import { sameJson } from '../base/json.ts';

/** A call as the hooks and the record see it. */
export interface FakeKubeCall {
  readonly verb: 'get' | 'list' | 'create' | 'replace' | 'patch' | 'delete' | 'watch';
  /** Lower-case plural. */
  readonly resource: string;
  readonly key?: ObjectKey;
  /** The object or the patch. */
  readonly body?: unknown;
}

/** Options of the fake. */
export interface FakeKubeOptions {
  /** Default: stands still at 2026-01-01. */
  readonly clock?: Pick<Clock, 'nowMs'>;
  /** Default: a counter, so that names and uids are the same in each run. */
  readonly random?: Random;
  /** Plurals whose status is written through the subresource only. */
  readonly statusSubresources?: readonly string[];
  readonly beforeCall?: (call: FakeKubeCall) => void | Promise<void>;
}

/** The fake and what tests do to it besides calling it. */
export interface FakeKube extends KubeClient {
  /** Runs before each call; what it throws, the caller gets, and nothing has happened. */
  beforeCall: ((call: FakeKubeCall) => void | Promise<void>) | undefined;
  /** Runs after each write; what it throws, the caller gets, although the write happened. */
  afterCall: ((call: FakeKubeCall) => void | Promise<void>) | undefined;
  readonly calls: readonly FakeKubeCall[];
  /** Stores an object as it is (status too), without hooks. */
  seed<T extends KubeObject>(resource: Resource<T>, object: T): T;
  /** Reads without hooks. */
  peek<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): T | undefined;
  peekAll<T extends KubeObject>(resource: Resource<T>): readonly T[];
  /** Removes at once, whatever its finalizers, without hooks. */
  drop<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): void;
  /** Ends all watches, as a server that restarts does. */
  endWatches(): void;
  /** Forgets history: watches from older versions fail with Expired. */
  expireHistory(): void;
  /** Sends a bookmark to all watches. */
  bookmark(): void;
}

/** A stateful Kubernetes API in memory. Passes `client.contract.ts`; does no admission and no GC. */
export function createFakeKube(options: FakeKubeOptions = {}): FakeKube {
  return new MemoryKube(options);
}

class MemoryKube implements FakeKube {
  beforeCall: FakeKube['beforeCall'];
  afterCall: FakeKube['afterCall'];
  readonly calls: FakeKubeCall[] = [];
  readonly #collections = new Map<string, Map<string, KubeObject>>();
  readonly #history: HistoryEntry[] = [];
  readonly #waiters = new Set<() => void>();
  readonly #statusSubresources: ReadonlySet<string>;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #random: Random;
  #version = 1;
  /** Watches from an older version fail. */
  #oldest = 1;
  /** Raised to end all watches. */
  #epoch = 0;

  constructor(options: FakeKubeOptions) {
    this.beforeCall = options.beforeCall;
    this.#clock = options.clock ?? { nowMs: () => Date.UTC(2026, 0, 1) };
    this.#random = options.random ?? countingRandom();
    this.#statusSubresources = new Set(options.statusSubresources ?? WITH_STATUS);
  }

  async get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): Promise<T | undefined> {
    await this.#enter({ verb: 'get', resource: resource.plural, key });
    return this.peek(resource, key);
  }

  async list<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    await this.#enter({ verb: 'list', resource: resource.plural });
    const selected = selector(options);
    const items = this.peekAll(resource).filter((object) => selected(object));
    return { items, resourceVersion: String(this.#version) };
  }

  async create<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const call = { verb: 'create', resource: resource.plural, body: object } as const;
    await this.#enter(call);
    if (object.metadata.resourceVersion !== undefined) {
      throw failure('BadRequest', 'resourceVersion should not be set on objects to be created');
    }
    const named = this.#named(resource, object);
    if (this.#collection(resource).has(keyText(keyOf(named)))) {
      throw failure('AlreadyExists', `${resource.plural} "${named.metadata.name}" already exists`);
    }
    const born = this.#born(resource, this.#withoutStatus(resource, named));
    if (options.dryRun === true) return born;
    const stored = this.#store(resource, born);
    await this.afterCall?.(call);
    return stored;
  }

  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const call = {
      verb: 'replace',
      resource: resource.plural,
      key: keyOf(object),
      body: object,
    } as const;
    await this.#enter(call);
    const updated = this.#update(resource, this.#existing(resource, keyOf(object)), {
      object,
      options,
    });
    await this.afterCall?.(call);
    return updated;
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    change: Patch & WriteOptions,
  ): Promise<T> {
    const call = { verb: 'patch', resource: resource.plural, key, body: change.body } as const;
    await this.#enter(call);
    const current = this.#existing(resource, key);
    const object = patched(current, change) as T;
    const updated = this.#update(resource, current, { object, options: change });
    await this.afterCall?.(call);
    return updated;
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<void> {
    const call = { verb: 'delete', resource: resource.plural, key } as const;
    await this.#enter(call);
    const current = this.peek(resource, key);
    if (!current) return;
    if (options.uid !== undefined && options.uid !== current.metadata.uid) {
      throw failure('Conflict', `The uid of ${keyText(key)} is ${current.metadata.uid}`);
    }
    const graceSeconds = graceOf(resource, current, options);
    const held = (current.metadata.finalizers ?? []).length > 0;
    if (!held && graceSeconds === 0) this.drop(resource, key);
    else this.#markDeleted(resource, current, graceSeconds);
    await this.afterCall?.(call);
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    await this.#enter({ verb: 'watch', resource: resource.plural });
    const from = Number(options.resourceVersion);
    if (from < this.#oldest) throw failure('Expired', `resourceVersion ${from} is too old`);
    const selected = selector(options);
    const epoch = this.#epoch;
    let index = this.#history.findIndex((entry) => entry.version > from);
    if (index === -1) index = this.#history.length;
    while (!signal.aborted && epoch === this.#epoch) {
      const entry = this.#history[index];
      if (!entry) {
        await this.#changed(signal);
        continue;
      }
      index += 1;
      const event = eventOf(entry, collectionId(resource), selected);
      if (event) yield event as WatchEvent<T>;
    }
  }

  seed<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const current = this.peek(resource, keyOf(object));
    const next = current
      ? withMetadata(object, { uid: current.metadata.uid })
      : this.#born(resource, this.#named(resource, object));
    return this.#store(resource, next);
  }

  peek<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): T | undefined {
    return this.#collection(resource).get(keyText(scopedKey(resource, key))) as T | undefined;
  }

  peekAll<T extends KubeObject>(resource: Resource<T>): readonly T[] {
    return [...this.#collection(resource).values()] as T[];
  }

  drop<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): void {
    const before = this.peek(resource, key);
    if (!before) return;
    this.#version += 1;
    this.#collection(resource).delete(keyText(keyOf(before)));
    this.#record({ version: this.#version, resource: collectionId(resource), before });
  }

  endWatches(): void {
    this.#epoch += 1;
    this.#wake();
  }

  expireHistory(): void {
    this.#version += 1;
    this.#oldest = this.#version;
  }

  bookmark(): void {
    this.#record({ version: this.#version, resource: '', bookmark: true });
  }

  async #enter(call: FakeKubeCall): Promise<void> {
    this.calls.push(call);
    await this.beforeCall?.(call);
  }

  #collection(resource: Resource<KubeObject>): Map<string, KubeObject> {
    const id = collectionId(resource);
    const known = this.#collections.get(id);
    if (known) return known;
    const made = new Map<string, KubeObject>();
    this.#collections.set(id, made);
    return made;
  }

  #existing<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): T {
    const found = this.peek(resource, key);
    if (!found) throw failure('NotFound', `${resource.plural} "${key.name}" not found`);
    return found;
  }

  #named<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const { name, generateName } = object.metadata;
    const namespace = resource.namespaced ? (object.metadata.namespace ?? 'default') : undefined;
    if (name === '' && generateName === undefined) {
      throw failure('Invalid', `${resource.kind}: metadata.name: name or generateName is required`);
    }
    const given = name === '' ? `${generateName}${randomHex(this.#random, 6)}` : name;
    return withMetadata(object, { name: given, ...(namespace !== undefined && { namespace }) });
  }

  #born<T extends KubeObject>(resource: Resource<T>, object: T): T {
    return {
      ...withMetadata(object, {
        uid: `uid-${randomHex(this.#random, 12)}`,
        creationTimestamp: this.#timestamp(),
        generation: 1,
      }),
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
    };
  }

  #withoutStatus<T extends KubeObject>(resource: Resource<T>, object: T): T {
    // The kubelet registers its node with a status; the API server keeps that one.
    if (resource.plural === 'nodes' || !this.#statusSubresources.has(resource.plural))
      return object;
    return { ...object, status: undefined };
  }

  #update<T extends KubeObject>(
    resource: Resource<T>,
    current: T,
    { object, options }: { readonly object: T; readonly options: WriteOptions },
  ): T {
    checkPreconditions(current, object);
    const next = withMetadata(this.#admitted(resource, current, { object, options }), {
      uid: current.metadata.uid,
      creationTimestamp: current.metadata.creationTimestamp,
      deletionTimestamp: current.metadata.deletionTimestamp,
      deletionGracePeriodSeconds: current.metadata.deletionGracePeriodSeconds,
      generation: current.metadata.generation,
      resourceVersion: current.metadata.resourceVersion,
    });
    if (sameJson(plain(next), plain(current))) return current;
    if (options.dryRun === true) return next;
    const stored = this.#store(resource, bumped(current, next));
    if (isFinished(stored)) this.drop(resource, keyOf(stored));
    return stored;
  }

  #admitted<T extends KubeObject>(
    resource: Resource<T>,
    current: T,
    { object, options }: { readonly object: T; readonly options: WriteOptions },
  ): T {
    const separate = this.#statusSubresources.has(resource.plural);
    const status = (from: T): unknown => (from as { status?: unknown }).status;
    if (options.subresource === 'status') {
      if (!separate) throw failure('NotFound', `${resource.plural} has no status subresource`);
      return { ...current, metadata: object.metadata, status: status(object) };
    }
    const typed = { ...object, apiVersion: current.apiVersion, kind: current.kind };
    return separate ? { ...typed, status: status(current) } : typed;
  }

  #markDeleted<T extends KubeObject>(resource: Resource<T>, current: T, seconds: number): void {
    if (current.metadata.deletionTimestamp !== undefined) return;
    this.#store(
      resource,
      withMetadata(current, {
        deletionTimestamp: this.#timestamp(),
        deletionGracePeriodSeconds: seconds,
      }),
    );
  }

  #store<T extends KubeObject>(resource: Resource<T>, object: T): T {
    this.#version += 1;
    const stored = deepFreeze(
      plain(withMetadata(object, { resourceVersion: String(this.#version) })),
    );
    const key = keyText(keyOf(stored));
    const before = this.#collection(resource).get(key);
    this.#collection(resource).set(key, stored);
    this.#record({
      version: this.#version,
      resource: collectionId(resource),
      after: stored,
      ...(before && { before }),
    });
    return stored;
  }

  #record(entry: HistoryEntry): void {
    this.#history.push(entry);
    this.#wake();
  }

  #wake(): void {
    const waiters = Array.from(this.#waiters);
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #timestamp(): string {
    return new Date(this.#clock.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}
