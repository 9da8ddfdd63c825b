import type { Registry } from '../registry/registry.ts';
import { kindsOfCrd } from '../registry/crd.ts';
import type { Store } from '../store/store.ts';

const CRD_STORAGE = 'customresourcedefinitions.apiextensions.k8s.io';

/**
 * Serves the objects of CRDs: of those that are there, and of each from the moment it is stored.
 * With a CRD its objects go, whatever finalizers they have: nobody could see them any more.
 */
export function followCustomResources(registry: Registry, store: Store): void {
  for (const crd of store.list(CRD_STORAGE)) {
    registry.setCustom(crd.metadata.name, kindsOfCrd(crd));
  }
  // The process may have ended between the two steps below.
  for (const storage of store.storages()) dropUnserved(registry, store, storage);
  store.subscribe((storage, change) => {
    if (storage !== CRD_STORAGE) return;
    const { name } = change.object.metadata;
    registry.setCustom(name, change.type === 'DELETED' ? [] : kindsOfCrd(change.object));
    // A CRD is named as the storage of its objects: <plural>.<group>.
    if (change.type === 'DELETED') queueMicrotask(() => dropUnserved(registry, store, name));
  });
}

function dropUnserved(registry: Registry, store: Store, storage: string): void {
  if (registry.findStorage(storage) !== undefined) return;
  for (const { metadata } of store.list(storage)) {
    store.remove(storage, { namespace: metadata.namespace ?? '', name: metadata.name });
  }
}
