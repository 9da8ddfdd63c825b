/** What a call holds while it runs: others may share `shared`, nobody shares `exclusive`. */
export interface LockSet {
  readonly shared?: readonly string[];
  readonly exclusive?: readonly string[];
}

/**
 * Named shared/exclusive locks of one process. A creation shares the group and the subnet that it
 * refers to; a deletion holds its object alone. So a reference cannot appear while the check "is
 * it still in use?" runs, and creations do not wait for one another.
 *
 * Names are taken in sorted order, one after the other, so that two calls never wait in a circle.
 * Waiters are served first come, first served.
 */
export class Locks {
  readonly #held = new Map<string, Held>();

  /** Runs `task` while holding the locks. A name in both lists is exclusive. */
  async hold<T>(set: LockSet, task: () => Promise<T> | T): Promise<T> {
    const exclusive = new Set(set.exclusive);
    const names = [...new Set([...exclusive, ...(set.shared ?? [])])].sort();
    const taken: string[] = [];
    try {
      for (const name of names) {
        await this.#take(name, exclusive.has(name));
        taken.push(name);
      }
      return await task();
    } finally {
      for (const name of taken) this.#release(name);
    }
  }

  /** Names that are held or waited for; 0 when nothing runs. */
  get size(): number {
    return this.#held.size;
  }

  #take(name: string, exclusive: boolean): Promise<void> | undefined {
    const held = this.#held.get(name);
    if (held === undefined) {
      this.#held.set(name, { holders: 1, exclusive, waiting: [] });
      return undefined;
    }
    if (!exclusive && !held.exclusive && held.waiting.length === 0) {
      held.holders++;
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    held.waiting.push({ exclusive, resolve });
    return promise;
  }

  #release(name: string): void {
    const held = this.#held.get(name);
    if (held === undefined || --held.holders > 0) return;
    const next = held.waiting.shift();
    if (next === undefined) {
      this.#held.delete(name);
      return;
    }
    held.exclusive = next.exclusive;
    held.holders = 1;
    next.resolve();
    while (!held.exclusive && held.waiting[0]?.exclusive === false) {
      held.holders++;
      held.waiting.shift()?.resolve();
    }
  }
}

interface Held {
  holders: number;
  exclusive: boolean;
  readonly waiting: { readonly exclusive: boolean; readonly resolve: () => void }[];
}
