import type { KubeObject } from '../../api/meta.ts';
import { assert } from '../../base/assert.ts';

/** Objects whose views are kept: two generations of so many. */
const GENERATION = 8_192;

interface Kept {
  readonly object: KubeObject;
  readonly seen: readonly unknown[];
  readonly view: unknown;
}

/**
 * How objects look in answers, made once per version of an object. A view holds for the very
 * object that it was made from (a write makes a new one) and for what else it shows, `seen`: the
 * region of the caller, names of other objects. The least used ones are forgotten.
 */
export class KeptViews<T extends KubeObject> {
  #young = new Map<string, Kept>();
  #old = new Map<string, Kept>();
  #isChecked = false;

  /**
   * For tests: makes every view anew, too, and fails when it is not the one that was kept. So a view
   * that comes to show something more cannot be forgotten in `seen`.
   */
  checkEach(): void {
    this.#isChecked = true;
  }

  /** The view of the object; always of the same type for one collection. */
  get<View>(object: T, seen: readonly unknown[], make: () => View): View {
    const { name } = object.metadata;
    const young = this.#young.get(name);
    const kept = young ?? this.#old.get(name);
    if (kept !== undefined && kept.object === object && sameItems(kept.seen, seen)) {
      if (young === undefined) this.#keep(name, kept);
      if (this.#isChecked)
        assert(sameJson(kept.view, make()), () => `The view of ${name} is stale`);
      return kept.view as View;
    }
    const view = make();
    this.#keep(name, { object, seen, view });
    return view;
  }

  #keep(name: string, kept: Kept): void {
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, kept);
  }
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}
