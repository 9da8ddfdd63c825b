import type { Registry } from '../registry/registry.ts';
import { kindsOfCrd } from '../registry/crd.ts';
import type { Store } from '../store/store.ts';

/** Storage of CustomResourceDefinitions. */
export const CRD_STORAGE = 'customresourcedefinitions.apiextensions.k8s.io';

/** Serves the objects of CRDs: of those that are there, and of each from the moment it is stored. */
export function followCustomResources(registry: Registry, store: Store): void {
  for (const crd of store.list(CRD_STORAGE)) {
    registry.setCustom(crd.metadata.name, kindsOfCrd(crd));
  }
  store.subscribe((storage, change) => {
    if (storage !== CRD_STORAGE) return;
    const { name } = change.object.metadata;
    registry.setCustom(name, change.type === 'DELETED' ? [] : kindsOfCrd(change.object));
  });
}
