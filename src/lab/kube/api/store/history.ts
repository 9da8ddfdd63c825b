import type { ApiObject } from '../object.ts';

/** One change of one object. `object` is its last state when deleted, at the version of the delete. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ApiObject;
  readonly before?: ApiObject;
  readonly version: number;
}

/** The newest changes of one resource, for watches that resume. */
export class History {
  readonly #limit: number;
  readonly #changes: Change[] = [];
  /** Changes up to this version are gone: a watch from before it must list again. */
  #floor: number;

  constructor(limit: number, floor: number) {
    this.#limit = limit;
    this.#floor = floor;
  }

  /** Adds a change, forgetting the oldest when there are too many. */
  push(change: Change): void {
    this.#changes.push(change);
    // Drop in blocks: shifting a long array for each write would cost more than the write.
    if (this.#changes.length < this.#limit * 1.25) return;
    const dropped = this.#changes.splice(0, this.#changes.length - this.#limit);
    this.#floor = dropped.at(-1)?.version ?? this.#floor;
  }

  /** The changes after a version, or undefined when some of them are gone. */
  after(version: number): readonly Change[] | undefined {
    if (version < this.#floor) return undefined;
    let first = this.#changes.length;
    while (first > 0 && (this.#changes[first - 1]?.version ?? 0) > version) first -= 1;
    return this.#changes.slice(first);
  }
}
