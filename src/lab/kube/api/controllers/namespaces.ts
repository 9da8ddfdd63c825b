import type { Api } from '../api.ts';
import { ownCall } from '../api.ts';
import { SYSTEM } from '../authn/user.ts';
import { toApiError } from '../status.ts';
import type { Change } from '../store/history.ts';
import { deleteIfPresent } from '../verbs/delete-many.ts';
import { createDefaultAccount } from './bootstrap.ts';
import { createTaskQueue, type TaskQueue } from './task-queue.ts';

const NAMESPACES = 'namespaces';
/** Pods go last but one: what makes new pods must be gone before them. */
const FIRST = ['deployments.apps', 'replicasets.apps', 'daemonsets.apps'];

/** Gives each namespace its service account, and empties and removes those that are deleted. */
export function runNamespaceController(api: Api): TaskQueue {
  const queue = createTaskQueue(api, 'namespaces', (name) => settle(api, name));
  const look = (storage: string, change: Change): void => {
    const { name, namespace = '' } = change.object.metadata;
    if (storage === NAMESPACES) queue.add(name);
    else if (change.type === 'DELETED' && isTerminating(api, namespace)) queue.add(namespace);
  };
  const stop = api.store.subscribe(look);
  for (const { metadata } of api.store.list(NAMESPACES)) queue.add(metadata.name);
  return {
    ...queue,
    close: () => {
      stop();
      return queue.close();
    },
  };
}

function isTerminating(api: Api, name: string): boolean {
  if (name === '') return false;
  const found = api.store.get(NAMESPACES, { namespace: '', name });
  return found?.metadata.deletionTimestamp !== undefined;
}

async function settle(api: Api, name: string): Promise<void> {
  if (api.store.get(NAMESPACES, { namespace: '', name }) === undefined) return;
  if (isTerminating(api, name)) await empty(api, name);
  else await createDefaultAccount(api, name);
}

async function empty(api: Api, name: string): Promise<void> {
  const storages = api.store.storagesIn(name);
  for (const storage of [...FIRST, ...storages]) {
    for (const { metadata } of api.store.list(storage, name)) {
      if (metadata.deletionTimestamp === undefined) {
        await deleteOne(api, storage, { namespace: name, name: metadata.name });
      }
    }
  }
  const current = api.store.get(NAMESPACES, { namespace: '', name });
  const held = (current?.metadata.finalizers ?? []).length > 0;
  if (current === undefined || held || api.store.storagesIn(name).length > 0) return;
  // The last event of the content must not be an event that was recorded in the meantime.
  api.store.remove(NAMESPACES, { namespace: '', name });
}

async function deleteOne(
  api: Api,
  storage: string,
  key: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const kind = api.registry.findStorage(storage);
  if (kind === undefined) {
    // The CRD is gone, so nobody can see the object or hold it back.
    api.store.remove(storage, key);
    return;
  }
  try {
    await deleteIfPresent(api, ownCall(SYSTEM, kind, key), { propagation: 'Background' });
  } catch (error) {
    api.log.warn('Cannot delete the content of a namespace', {
      storage,
      ...key,
      error: toApiError(error).message,
    });
    throw error;
  }
}
