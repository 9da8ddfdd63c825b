/**
 * The names of a table in order, for pages: kept from one page to the next, so that a page costs
 * what it shows and not what there is. Names that come are merged in when a page is asked for;
 * names that go stay until the next merge, and the reader skips them.
 */
export class SortedNames {
  readonly #current: () => Iterable<string>;
  readonly #has: (name: string) => boolean;
  /** Undefined until somebody asks for a page. */
  #names: readonly string[] | undefined;
  #added: string[] = [];

  /** `current` gives all names that there are, in any order. */
  constructor(current: () => Iterable<string>, has: (name: string) => boolean) {
    this.#current = current;
    this.#has = has;
  }

  /** Tells of a new name. */
  add(name: string): void {
    if (this.#names === undefined) return;
    this.#added.push(name);
    // Nobody asks for pages any more: to sort anew is cheaper than to remember this.
    if (this.#added.length > this.#names.length + LEAST_FORGOTTEN) this.#names = undefined;
  }

  /** Visits the names after this one, in order, also ones that went, until a visit answers true. */
  walk(after: string, visit: (name: string) => boolean): void {
    const names = this.#settle();
    for (let i = firstAfter(names, after); i < names.length; i += 1)
      if (visit(names[i] ?? '')) return;
  }

  #settle(): readonly string[] {
    if (this.#names === undefined) this.#names = [...this.#current()].sort();
    else if (this.#added.length > 0)
      this.#names = merge(this.#names, this.#added.sort()).filter((each) => this.#has(each));
    this.#added = [];
    return this.#names;
  }
}

const LEAST_FORGOTTEN = 10_000;

/** Both in order; a name that is in both, because it went and came again, appears once. */
function merge(left: readonly string[], right: readonly string[]): string[] {
  const out: string[] = [];
  let at = 0;
  for (const name of right) {
    for (; at < left.length && (left[at] ?? '') < name; at += 1) out.push(left[at] ?? '');
    if (left[at] !== name && out.at(-1) !== name) out.push(name);
  }
  for (; at < left.length; at += 1) out.push(left[at] ?? '');
  return out;
}

/** Where the first name behind `name` is; binary search. */
function firstAfter(names: readonly string[], name: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((names[middle] ?? '') <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}
