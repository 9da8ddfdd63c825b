import type { Clock } from '../../base/clock.ts';
import type { KubeObject } from '../../api/meta.ts';
import { Collection } from './collection.ts';
import type { Store } from './store.ts';

const MAX_REMEMBERED = 100_000;

/** The collections of a store, whatever their kinds. */
export function collectionsOf(store: Store): Collection<KubeObject>[] {
  return Object.values(store).filter(
    (part): part is Collection<KubeObject> => part instanceof Collection,
  );
}

/**
 * Hides what was created less than `delayMs` ago from describes, by id too, as AWS does now and
 * then: a knob for tests of clients. Actions that write see everything at once. 0 is off.
 */
export function delayReads(
  store: Store,
  { clock, delayMs }: { readonly clock: Clock; readonly delayMs: number },
): void {
  if (delayMs <= 0) return;
  for (const collection of collectionsOf(store)) {
    const createdMs = new Map<string, number>();
    collection.hideWhile(
      (name) => clock.monotonicMs() - (createdMs.get(name) ?? -Infinity) < delayMs,
      (name) => {
        if (createdMs.size >= MAX_REMEMBERED) createdMs.clear();
        createdMs.set(name, clock.monotonicMs());
      },
    );
  }
}
