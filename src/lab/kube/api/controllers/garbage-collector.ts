import { ownCall, type Api, type Call } from '../api.ts';
import type { OwnerReference } from '../../../../api/meta.ts';
import type { User } from '../authn/user.ts';
import type { ApiObject } from '../object.ts';
import { ApiError } from '../status.ts';
import { deleteIfPresent } from '../verbs/delete-many.ts';
import { awaitsDependents, awaitsOrphans, withoutCollection } from '../verbs/delete.ts';
import { served } from '../verbs/forms.ts';
import { updateObject } from '../verbs/update.ts';
import { Dependents, type ObjectPlace } from './dependents.ts';
import { createTaskQueue, type TaskQueue } from './task-queue.ts';

const COLLECTOR: User = {
  name: 'system:serviceaccount:kube-system:generic-garbage-collector',
  groups: ['system:serviceaccounts', 'system:authenticated'],
};

interface Collector {
  readonly api: Api;
  readonly dependents: Dependents;
}

/**
 * Deletes objects whose owners are gone, and carries out deletions that wait for dependents
 * (foreground) or release them first (orphan). Keys of the queue are `storage|namespace|name`.
 * Dependents go `delayMs` after their owner: who watches both hears of the owner's end first.
 */
export function runGarbageCollector(api: Api, delayMs: number): TaskQueue {
  const dependents = new Dependents(api.store);
  const collector = { api, dependents };
  const queue = createTaskQueue(api, 'garbage', (key) => collect(collector, placeOfKey(key)));
  const stop = api.store.subscribe((storage, change) => {
    dependents.apply(storage, change);
    const { metadata } = change.object;
    const owners = metadata.ownerReferences ?? [];
    if (change.type === 'DELETED') {
      for (const place of dependents.of(metadata.uid ?? ''))
        queue.addAfter(keyOfPlace(place), delayMs);
      for (const owner of owners) addOwner(queue, dependents, owner);
    } else if (owners.length > 0 || metadata.deletionTimestamp !== undefined) {
      queue.add(keyOfPlace({ storage, namespace: metadata.namespace ?? '', name: metadata.name }));
    }
  });
  for (const place of dependents.all()) queue.add(keyOfPlace(place));
  return {
    ...queue,
    close: () => {
      stop();
      return queue.close();
    },
  };
}

/** An owner that waits for its dependents may now be able to go. */
function addOwner(queue: TaskQueue, dependents: Dependents, owner: OwnerReference): void {
  const place = dependents.placeOf(owner.uid);
  if (place !== undefined) queue.add(keyOfPlace(place));
}

function keyOfPlace({ storage, namespace, name }: ObjectPlace): string {
  return `${storage}|${namespace}|${name}`;
}

function placeOfKey(key: string): ObjectPlace {
  const [storage = '', namespace = '', name = ''] = key.split('|');
  return { storage, namespace, name };
}

async function collect(collector: Collector, place: ObjectPlace): Promise<void> {
  const { api } = collector;
  const object = api.store.get(place.storage, place);
  const kind = api.registry.findStorage(place.storage);
  if (object === undefined || kind === undefined) return;
  const call = ownCall(COLLECTOR, kind, place);
  if (awaitsOrphans(object)) {
    await releaseDependents(collector, object);
    await dropFinalizers(api, call);
  } else if (awaitsDependents(object)) {
    if (await deleteDependents(collector, object)) await dropFinalizers(api, call);
  } else if (object.metadata.deletionTimestamp === undefined && isOrphaned(collector, object)) {
    await deleteIfPresent(api, call, { propagation: 'Background', ...uidOf(object) });
  }
}

function uidOf({ metadata }: ApiObject): { uid?: string } {
  return metadata.uid === undefined ? {} : { uid: metadata.uid };
}

/** Whether all owners are known to be gone. An owner of a kind that nobody serves is not known. */
function isOrphaned({ api, dependents }: Collector, object: ApiObject): boolean {
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length === 0) return false;
  return owners.every((owner) => {
    if (api.registry.findKind(owner.apiVersion, owner.kind) === undefined) return false;
    const place = dependents.placeOf(owner.uid);
    return place === undefined || !isUsable(api, place);
  });
}

/** An owner that waits for its dependents to be deleted keeps none of them. */
function isUsable(api: Api, place: ObjectPlace): boolean {
  const owner = api.store.get(place.storage, place);
  return owner !== undefined && !awaitsDependents(owner);
}

/** Deletes the dependents of an object; true when none that blocks is left. */
async function deleteDependents(
  { api, dependents }: Collector,
  owner: ApiObject,
): Promise<boolean> {
  const { uid = '' } = owner.metadata;
  for (const place of dependents.of(uid)) {
    const kind = api.registry.findStorage(place.storage);
    const object = api.store.get(place.storage, place);
    if (kind === undefined || object?.metadata.deletionTimestamp !== undefined) continue;
    const call = ownCall(COLLECTOR, kind, place);
    await deleteIfPresent(api, call, { propagation: 'Foreground' });
  }
  return !dependents
    .of(uid)
    .some((place) =>
      api.store
        .get(place.storage, place)
        ?.metadata.ownerReferences?.some(
          (reference) => reference.uid === uid && reference.blockOwnerDeletion === true,
        ),
    );
}

async function releaseDependents({ api, dependents }: Collector, owner: ApiObject): Promise<void> {
  const { uid = '' } = owner.metadata;
  for (const place of dependents.of(uid)) {
    const kind = api.registry.findStorage(place.storage);
    if (kind === undefined) continue;
    await change(api, ownCall(COLLECTOR, kind, place), (current) => {
      const ownerReferences = (current.metadata.ownerReferences ?? []).filter(
        (reference) => reference.uid !== uid,
      );
      return { ...current, metadata: { ...current.metadata, ownerReferences } };
    });
  }
}

function dropFinalizers(api: Api, call: Call): Promise<void> {
  return change(api, call, (current) => ({
    ...current,
    metadata: { ...current.metadata, finalizers: withoutCollection(served(call.kind, current)) },
  }));
}

async function change(
  api: Api,
  call: Call,
  edit: (current: ApiObject) => ApiObject,
): Promise<void> {
  try {
    await updateObject(api, call, edit);
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'NotFound')) throw error;
  }
}
