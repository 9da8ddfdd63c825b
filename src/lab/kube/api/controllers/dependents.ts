import type { ApiObject } from '../object.ts';
import type { Change } from '../store/history.ts';
import type { Store, StoreKey } from '../store/store.ts';

/** Where an object is. */
export interface ObjectPlace extends StoreKey {
  readonly storage: string;
}

/** Who owns whom, by uid; kept up to date from the store. */
export class Dependents {
  readonly #places = new Map<string, ObjectPlace>();
  readonly #dependents = new Map<string, Map<string, ObjectPlace>>();

  constructor(store: Store) {
    for (const storage of store.storages()) {
      for (const object of store.list(storage)) this.#add(storage, object);
    }
  }

  /** Takes in a change; call it for each one. */
  apply(storage: string, change: Change): void {
    if (change.before !== undefined) this.#remove(change.before);
    if (change.type !== 'DELETED') this.#add(storage, change.object);
  }

  /** Where the object with a uid is. */
  placeOf(uid: string): ObjectPlace | undefined {
    return this.#places.get(uid);
  }

  /** The objects that name the uid as an owner. */
  of(uid: string): readonly ObjectPlace[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])];
  }

  /** Every object that has an owner. */
  all(): readonly ObjectPlace[] {
    return [...this.#dependents.values()].flatMap((places) => [...places.values()]);
  }

  #add(storage: string, { metadata }: ApiObject): void {
    const { uid = '', namespace = '', name } = metadata;
    const place = { storage, namespace, name };
    this.#places.set(uid, place);
    for (const owner of metadata.ownerReferences ?? []) {
      const places = this.#dependents.get(owner.uid) ?? new Map<string, ObjectPlace>();
      this.#dependents.set(owner.uid, places.set(uid, place));
    }
  }

  #remove({ metadata }: ApiObject): void {
    const { uid = '' } = metadata;
    this.#places.delete(uid);
    for (const owner of metadata.ownerReferences ?? []) {
      const places = this.#dependents.get(owner.uid);
      places?.delete(uid);
      if (places?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}
