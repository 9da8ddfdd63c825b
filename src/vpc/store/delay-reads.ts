import type { Clock } from '../../base/clock.ts';
import { collectionsOf, type Store } from './store.ts';

const MAX_REMEMBERED = 100_000;

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
