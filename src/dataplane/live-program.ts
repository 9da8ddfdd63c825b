/**
 * A program that is kept by parts: an address, a port, a class at a gate. Replacing one part costs what the
 * part costs, not what the program costs, and `changes` are the commands that lead a kernel from the last
 * call to this one. The sum of the parts does not depend on the order in which they came.
 */
import { assert, must } from '../base/assert.ts';
import { elementText } from './element-text.ts';
import { ruleChanges, rulesText, type Change } from './diff.ts';
import type { Chain, FabricProgram, SetElement, SetObject, TimeoutObject } from './program.ts';

/** What one part puts into the program. */
export interface Part {
  /** Sets of its own, with their first elements. */
  readonly sets?: readonly SetObject[];
  readonly chains?: readonly Chain[];
  readonly timeouts?: readonly TimeoutObject[];
  /** Elements of sets that exist while the part does. */
  readonly elements?: readonly { readonly set: string; readonly element: SetElement }[];
}

interface LiveSet {
  readonly shape: SetObject;
  /** By their text. */
  readonly elements: Map<string, SetElement>;
}

/** Elements that came and went since the last `changes`. */
interface Edit {
  readonly gone: Map<string, SetElement>;
  readonly fresh: Map<string, SetElement>;
}

/** The parts, their sum, and what became of it lately. */
export class LiveProgram {
  readonly #parts = new Map<string, Part>();
  readonly #sets = new Map<string, LiveSet>();
  readonly #chains = new Map<string, Chain>();
  readonly #timeouts = new Map<string, TimeoutObject>();
  readonly #timeoutsBefore = new Map<string, TimeoutObject | undefined>();
  /** Sets that were made or deleted: their state before. */
  readonly #setsBefore = new Map<string, SetObject | undefined>();
  readonly #chainsBefore = new Map<string, Chain | undefined>();
  readonly #edits = new Map<string, Edit>();

  /** Replaces a part; undefined removes it. */
  put(id: string, part: Part | undefined): void {
    const before = whole(this.#parts.get(id));
    const after = whole(part);
    if (part) this.#parts.set(id, part);
    else this.#parts.delete(id);
    const kept = new Set(after.sets.map(({ name }) => name));
    for (const { set, element } of before.elements) this.#remove(set, element);
    for (const set of before.sets) this.#dropSet(set, kept.has(set.name));
    for (const set of after.sets) this.#makeSet(set);
    for (const { set, element } of after.elements) this.#add(set, element);
    this.#replaceChains(before.chains, after.chains);
    this.#replaceTimeouts(before.timeouts, after.timeouts);
  }

  /** All of it, in the order of names and of elements' texts. */
  program(): FabricProgram {
    const sets = [...this.#sets.values()].map((set) => this.#frozen(set));
    const timeouts = byName([...this.#timeouts.values()]);
    const chains = byName([...this.#chains.values()]);
    return Object.freeze({
      sets: byName(sets),
      chains,
      ...(timeouts.length > 0 && { timeouts }),
    });
  }

  /** The commands since the last call, in an order in which each finds what it refers to. */
  changes(): readonly Change[] {
    const changes = [
      ...this.#timeoutChanges('add'),
      ...this.#setChanges('add-set'),
      ...this.#chainChanges(),
      ...this.#elementChanges(),
      ...this.#removedChains(),
      ...this.#setChanges('delete-set'),
      ...this.#timeoutChanges('delete'),
    ];
    this.settle();
    return changes;
  }

  /** Forgets the changes so far, for a caller that loads the whole program. */
  settle(): void {
    this.#setsBefore.clear();
    this.#chainsBefore.clear();
    this.#edits.clear();
    this.#timeoutsBefore.clear();
  }

  #frozen({ shape, elements }: LiveSet): SetObject {
    const sorted = [...elements]
      .map(([text, element]) => [keyOf(shape, text), element] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, element]) => element);
    return Object.freeze({ ...shape, elements: Object.freeze(sorted) });
  }

  #makeSet(set: SetObject): void {
    const { elements, ...rest } = set;
    if (!this.#sets.has(set.name)) {
      if (!this.#setsBefore.has(set.name)) this.#setsBefore.set(set.name, undefined);
      this.#sets.set(set.name, { shape: { ...rest, elements: [] }, elements: new Map() });
    }
    for (const element of elements) this.#add(set.name, element);
  }

  /** `stays`: the next part has the set again; only its elements go. */
  #dropSet(set: SetObject, stays: boolean): void {
    const live = must(this.#sets.get(set.name), () => `no set ${set.name}`);
    for (const element of set.elements) this.#remove(set.name, element);
    if (stays) return;
    assert(live.elements.size === 0, () => `set ${set.name} is in use by other parts`);
    if (!this.#setsBefore.has(set.name)) this.#setsBefore.set(set.name, live.shape);
    this.#sets.delete(set.name);
  }

  #add(name: string, element: SetElement): void {
    const set = must(this.#sets.get(name), () => `no set ${name}`);
    const text = elementText(set.shape, element);
    assert(!set.elements.has(text), () => `${name} has ${text} twice`);
    set.elements.set(text, element);
    const edit = this.#edit(name);
    if (!edit.gone.delete(text)) edit.fresh.set(text, element);
  }

  #remove(name: string, element: SetElement): void {
    const set = must(this.#sets.get(name), () => `no set ${name}`);
    const text = elementText(set.shape, element);
    assert(set.elements.delete(text), () => `${name} has no ${text}`);
    const edit = this.#edit(name);
    if (!edit.fresh.delete(text)) edit.gone.set(text, element);
  }

  #edit(name: string): Edit {
    let edit = this.#edits.get(name);
    if (!edit) {
      edit = { gone: new Map(), fresh: new Map() };
      this.#edits.set(name, edit);
    }
    return edit;
  }

  #replaceChains(before: readonly Chain[], after: readonly Chain[]): void {
    for (const chain of [...before, ...after])
      if (!this.#chainsBefore.has(chain.name))
        this.#chainsBefore.set(chain.name, this.#chains.get(chain.name));
    for (const { name } of before) this.#chains.delete(name);
    for (const chain of after) {
      assert(!this.#chains.has(chain.name), () => `two parts make chain ${chain.name}`);
      this.#chains.set(chain.name, chain);
    }
  }

  #replaceTimeouts(before: readonly TimeoutObject[], after: readonly TimeoutObject[]): void {
    for (const { name } of [...before, ...after])
      if (!this.#timeoutsBefore.has(name)) this.#timeoutsBefore.set(name, this.#timeouts.get(name));
    for (const { name } of before) this.#timeouts.delete(name);
    for (const timeout of after) this.#timeouts.set(timeout.name, timeout);
  }

  #timeoutChanges(does: 'add' | 'delete'): readonly Change[] {
    return sortedEntries(this.#timeoutsBefore).flatMap(([name, before]): Change[] => {
      const now = this.#timeouts.get(name);
      const [one, other] = does === 'add' ? [now, before] : [before, now];
      return one && !other ? [{ op: 'timeout', does, timeout: one }] : [];
    });
  }

  #setChanges(op: 'add-set' | 'delete-set'): readonly Change[] {
    return sortedEntries(this.#setsBefore).flatMap(([name, before]): Change[] => {
      const now = this.#sets.get(name);
      if (op === 'add-set') return now && !before ? [{ op, set: this.#frozen(now) }] : [];
      return before && !now ? [{ op, set: before }] : [];
    });
  }

  #chainChanges(): readonly Change[] {
    const pairs = sortedEntries(this.#chainsBefore).flatMap(([name, before]) => {
      const now = this.#chains.get(name);
      return now ? [{ before, now }] : [];
    });
    const added = pairs.filter(({ before }) => !before);
    return [
      ...added.map(({ now }): Change => ({ op: 'add-chain', chain: now })),
      ...added.flatMap(({ now }) => ruleChanges(now)),
      ...pairs.flatMap(({ before, now }): readonly Change[] =>
        !before || rulesText(before) === rulesText(now)
          ? []
          : [{ op: 'flush-chain', name: now.name }, ...ruleChanges(now)],
      ),
    ];
  }

  /** Deletions first: a new element may overlap an old one, or be the same key with another value. */
  #elementChanges(): readonly Change[] {
    return sortedEntries(this.#edits).flatMap(([name, { gone, fresh }]): readonly Change[] => {
      const live = this.#sets.get(name);
      const isNew = this.#setsBefore.has(name) && this.#setsBefore.get(name) === undefined;
      if (!live || isNew) return [];
      const change = (op: 'delete-elements' | 'add-elements', elements: Edit['gone']): Change[] =>
        elements.size > 0 ? [{ op, set: live.shape, elements: sortedValues(elements) }] : [];
      return [...change('delete-elements', gone), ...change('add-elements', fresh)];
    });
  }

  #removedChains(): readonly Change[] {
    const names = sortedEntries(this.#chainsBefore)
      .filter(([name, before]) => before && !this.#chains.has(name))
      .map(([name]) => name);
    return [
      ...names.map((name): Change => ({ op: 'flush-chain', name })),
      ...names.map((name): Change => ({ op: 'delete-chain', name })),
    ];
  }
}

/** The key in the text of an element. */
function keyOf(shape: SetObject, text: string): string {
  return shape.value === undefined ? text : text.slice(0, text.lastIndexOf(' : '));
}

function whole(part: Part | undefined): Required<Part> {
  return {
    sets: part?.sets ?? [],
    chains: part?.chains ?? [],
    elements: part?.elements ?? [],
    timeouts: part?.timeouts ?? [],
  };
}

function sortedEntries<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function sortedValues<T>(map: ReadonlyMap<string, T>): readonly T[] {
  return sortedEntries(map).map(([, value]) => value);
}

function byName<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  return Object.freeze(items.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
}
