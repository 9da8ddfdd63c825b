import { must } from '../base/assert.ts';
import type { GroupId } from '../base/ids.ts';
import { classKey, classNumber, classesOf, type InterfaceClass } from './class.ts';

/** A class and how many addresses and ports wear it. */
interface Entry {
  item: InterfaceClass;
  users: number;
}

/**
 * The classes in use, counted. Numbers are the same as those of `classesOf` over the same sets, whatever
 * came and went before.
 */
export class ClassTable {
  readonly #entries = new Map<string, Entry>();
  readonly #numbers = new Map<number, string>();
  readonly #wearers = new Map<GroupId, Set<string>>();
  /** Classes whose number is not their hash, because another had it first. */
  #displaced = 0;

  /** Classes that wear the group, in any order. */
  wearers(groupId: GroupId): readonly InterfaceClass[] {
    return [...(this.#wearers.get(groupId) ?? [])].flatMap((key) => this.get(key) ?? []);
  }

  get(key: string): InterfaceClass | undefined {
    return this.#entries.get(key)?.item;
  }

  /** Counts one more user. Answers whether numbers of other classes may have changed. */
  use(groupIds: readonly GroupId[]): { readonly made: boolean; readonly renumbered: boolean } {
    const key = classKey(groupIds);
    const known = this.#entries.get(key);
    if (known) {
      known.users += 1;
      return { made: false, renumbered: false };
    }
    const id = classNumber(key);
    const free = id !== 0 && !this.#numbers.has(id);
    const item = { id, groupIds: Object.freeze([...new Set(groupIds)].toSorted()) };
    this.#entries.set(key, { item: Object.freeze(item), users: 1 });
    for (const groupId of item.groupIds) this.#wearersOf(groupId).add(key);
    if (free) this.#numbers.set(id, key);
    return { made: true, renumbered: free && this.#displaced === 0 ? false : this.#renumber() };
  }

  /** Counts one user less. */
  release(groupIds: readonly GroupId[]): { readonly gone: boolean; readonly renumbered: boolean } {
    const key = classKey(groupIds);
    const entry = must(this.#entries.get(key), () => `no class ${key}`);
    entry.users -= 1;
    if (entry.users > 0) return { gone: false, renumbered: false };
    this.#entries.delete(key);
    this.#numbers.delete(entry.item.id);
    for (const groupId of entry.item.groupIds) this.#wearersOf(groupId).delete(key);
    return { gone: true, renumbered: this.#displaced === 0 ? false : this.#renumber() };
  }

  #wearersOf(groupId: GroupId): Set<string> {
    let keys = this.#wearers.get(groupId);
    if (!keys) {
      keys = new Set();
      this.#wearers.set(groupId, keys);
    }
    return keys;
  }

  /** Two sets share a hash: once in some million tables. All numbers are found anew. */
  #renumber(): boolean {
    const classes = classesOf([...this.#entries.values()].map(({ item }) => item.groupIds));
    this.#numbers.clear();
    this.#displaced = 0;
    for (const [key, entry] of this.#entries) {
      entry.item = must(classes.classOf(entry.item.groupIds), () => `no class ${key}`);
      this.#numbers.set(entry.item.id, key);
      if (entry.item.id !== classNumber(key)) this.#displaced += 1;
    }
    return true;
  }
}
