import type {
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectList,
  Patch,
  WatchEvent,
  WriteOptions,
} from '../../api/client.ts';
import { KubeError, type KubeReason } from '../../api/kube-error.ts';
import type { KubeObject, ObjectKey } from '../../api/meta.ts';
import { applyJsonPatch, applyMergePatch, JsonPatchError } from '../../api/patch.ts';
import { apiVersionOf, type Resource } from '../../api/resource.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { sameJson } from '../../base/json.ts';
import type { ApiObject } from '../kube/api/object.ts';
import { randomSuffix, randomUid } from '../kube/api/random-names.ts';
import { timestampOf } from '../kube/api/time.ts';
import type { Store, StoreKey } from '../kube/api/store/store.ts';
import { selectionOf, watchStore } from './watch.ts';

/** What the embedded client is made of. */
export interface EmbeddedKubeOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly random: Random;
  /** Plurals whose status is written through the subresource only. */
  readonly statusSubresources: readonly string[];
}

const STATUSES: Readonly<Partial<Record<KubeReason, number>>> = {
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Invalid: 422,
  BadRequest: 400,
};

/**
 * The Kubernetes API as far as the VPC API needs it, in process, over the lab's store: no HTTP, no
 * admission, no schemas, no garbage collection, no namespaces to be made first. A write is on disk
 * when its promise resolves. Passes `client.contract.ts`.
 */
export class EmbeddedKube implements KubeClient {
  readonly #store: Store;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #random: Random;
  readonly #withStatus: ReadonlySet<string>;

  constructor(options: EmbeddedKubeOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#withStatus = new Set(options.statusSubresources);
  }

  async get<T extends KubeObject>(target: Resource<T>, key: ObjectKey): Promise<T | undefined> {
    await this.#settled();
    return this.#store.get(storageOf(target), storeKey(target, key)) as T | undefined;
  }

  async list<T extends KubeObject>(
    target: Resource<T>,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    const selected = selectionOf(target, options);
    await this.#settled();
    const items = this.#store.list(storageOf(target)).filter(selected);
    return { items: items as unknown as T[], resourceVersion: String(this.#store.version) };
  }

  async create<T extends KubeObject>(
    target: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { name, generateName } = object.metadata;
    if (name === '' && generateName === undefined)
      throw failure('Invalid', `${target.kind}: metadata.name or generateName is required`);
    const given = name === '' ? `${generateName}${randomSuffix(this.#random)}` : name;
    const key = storeKey(target, { ...object.metadata, name: given });
    if (this.#store.get(storageOf(target), key) !== undefined)
      throw failure('AlreadyExists', `${target.plural} "${given}" already exists`);
    const born = this.#born(target, object, key);
    if (options.dryRun === true) return born as unknown as T;
    return this.#durable(this.#store.put(storageOf(target), born)) as Promise<T>;
  }

  async replace<T extends KubeObject>(
    target: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const current = this.#existing(target, object.metadata);
    const stored = this.#update(target, current, { object: apiObject(object), options });
    return this.#durable(stored) as Promise<T>;
  }

  async patch<T extends KubeObject>(
    target: Resource<T>,
    key: ObjectKey,
    change: Patch & WriteOptions,
  ): Promise<T> {
    const current = this.#existing(target, key);
    const object = patched(current, change);
    const stored = this.#update(target, current, { object, options: change });
    return this.#durable(stored) as Promise<T>;
  }

  async delete<T extends KubeObject>(
    target: Resource<T>,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<void> {
    const current = this.#store.get(storageOf(target), storeKey(target, key));
    if (current === undefined) return;
    if (options.uid !== undefined && options.uid !== current.metadata.uid)
      throw failure('Conflict', `The uid of ${key.name} is ${current.metadata.uid}`);
    if ((current.metadata.finalizers ?? []).length === 0) {
      this.#store.remove(storageOf(target), storeKey(target, key));
      return this.#store.durable();
    }
    if (current.metadata.deletionTimestamp !== undefined) return this.#store.durable();
    const deletionTimestamp = timestampOf(this.#clock.nowMs());
    const metadata = { ...current.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 };
    this.#store.put(storageOf(target), { ...current, metadata });
    return this.#store.durable();
  }

  watch<T extends KubeObject>(
    target: Resource<T>,
    options: ListOptions & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    const selected = selectionOf(target, options);
    const from = Number(options.resourceVersion);
    const storage = storageOf(target);
    return watchStore(this.#store, { storage, from, selected }, signal) as AsyncIterable<
      WatchEvent<T>
    >;
  }

  /** An object is answered when everything that made it so is on disk. */
  async #durable(object: ApiObject): Promise<unknown> {
    await this.#store.durable();
    return object;
  }

  /** No write is under way that could still be undone. */
  #settled(): Promise<void> {
    return this.#store.durable().catch(() => {});
  }

  #existing(target: Resource<KubeObject>, key: ObjectKey): ApiObject {
    const found = this.#store.get(storageOf(target), storeKey(target, key));
    if (found === undefined) throw failure('NotFound', `${target.plural} "${key.name}" not found`);
    return found;
  }

  #born(target: Resource<KubeObject>, object: KubeObject, key: StoreKey): ApiObject {
    const { status, ...rest } = object as KubeObject & { status?: unknown };
    return {
      ...rest,
      // A node registers with its status; the API server keeps that one.
      ...(status !== undefined && !this.#hidesStatus(target) && { status }),
      apiVersion: apiVersionOf(target),
      kind: target.kind,
      metadata: {
        ...(object.metadata as ApiObject['metadata']),
        name: key.name,
        ...(target.namespaced && { namespace: key.namespace }),
        uid: randomUid(this.#random),
        creationTimestamp: timestampOf(this.#clock.nowMs()),
        generation: 1,
      },
    };
  }

  #hidesStatus(target: Resource<KubeObject>): boolean {
    return target.plural !== 'nodes' && this.#withStatus.has(target.plural);
  }

  #update(
    target: Resource<KubeObject>,
    current: ApiObject,
    { object, options }: { readonly object: ApiObject; readonly options: WriteOptions },
  ): ApiObject {
    checkPreconditions(current, object);
    const wanted = kept(current, this.#writable(target, current, { object, options }));
    if (sameJson(wanted, current)) return current;
    const next = sameContent(wanted, current) ? wanted : withGeneration(wanted);
    if (options.dryRun === true) return next;
    const stored = this.#store.put(storageOf(target), next);
    const { deletionTimestamp, finalizers = [] } = stored.metadata;
    if (deletionTimestamp !== undefined && finalizers.length === 0)
      this.#store.remove(storageOf(target), storeKey(target, stored.metadata));
    return stored;
  }

  /** What a write may change: the status through its subresource only, and nothing else there. */
  #writable(
    target: Resource<KubeObject>,
    current: ApiObject,
    { object, options }: { readonly object: ApiObject; readonly options: WriteOptions },
  ): ApiObject {
    const separate = this.#withStatus.has(target.plural);
    if (options.subresource === 'status') {
      if (!separate) throw failure('NotFound', `${target.plural} has no status subresource`);
      return { ...current, metadata: object.metadata, status: object['status'] };
    }
    return separate ? { ...object, status: current['status'] } : object;
  }
}

/** The name of a resource in the store: `pods`, `deployments.apps`. */
function storageOf({ plural, group }: Resource<KubeObject>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

function storeKey(target: Resource<KubeObject>, key: ObjectKey): StoreKey {
  return { namespace: target.namespaced ? (key.namespace ?? 'default') : '', name: key.name };
}

function apiObject(object: KubeObject): ApiObject {
  return object as unknown as ApiObject;
}

function failure(reason: KubeReason, message: string): KubeError {
  return new KubeError(reason, message, { status: STATUSES[reason] ?? 500 });
}

function checkPreconditions(current: ApiObject, { metadata }: ApiObject): void {
  const { resourceVersion, uid } = metadata;
  if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion)
    throw failure('Conflict', `Cannot write "${metadata.name}": the object was modified`);
  if (uid !== undefined && uid !== current.metadata.uid)
    throw failure('Conflict', `Cannot write "${metadata.name}": its uid is another`);
}

/** The wanted object with the fields that belong to the server as they are. */
function kept(current: ApiObject, wanted: ApiObject): ApiObject {
  const { name, namespace, uid, creationTimestamp, generation, resourceVersion } = current.metadata;
  const { deletionTimestamp, deletionGracePeriodSeconds } = current.metadata;
  const server = { name, namespace, uid, creationTimestamp, generation, resourceVersion };
  const metadata = {
    ...wanted.metadata,
    ...server,
    deletionTimestamp,
    deletionGracePeriodSeconds,
  } as ApiObject['metadata'];
  return { ...wanted, apiVersion: current.apiVersion, kind: current.kind, metadata };
}

function sameContent(left: ApiObject, right: ApiObject): boolean {
  const content = (object: ApiObject): unknown => ({ ...object, metadata: 0, status: 0 });
  return sameJson(content(left), content(right));
}

function withGeneration(object: ApiObject): ApiObject {
  const generation = (object.metadata.generation ?? 0) + 1;
  return { ...object, metadata: { ...object.metadata, generation } };
}

function patched(current: ApiObject, change: Patch): ApiObject {
  if (change.type === 'strategic')
    throw failure('BadRequest', 'The embedded store takes merge and JSON patches only');
  if (change.type === 'merge') return applyMergePatch(current, change.body) as ApiObject;
  try {
    return applyJsonPatch(current, change.body) as ApiObject;
  } catch (error) {
    if (error instanceof JsonPatchError) throw failure('Invalid', error.message);
    throw error;
  }
}
