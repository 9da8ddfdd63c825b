import type { GroupId, VpcId } from '../base/ids.ts';

/**
 * The set of groups that an interface wears. Interfaces of one class are treated alike, so the filter
 * needs one chain per class and not one per interface (DESIGN.md, D6).
 */
export interface InterfaceClass {
  /** 1..2^32-1; 0 means "no class". */
  readonly id: number;
  /** Sorted, without repeats. */
  readonly groupIds: readonly GroupId[];
}

/** Classes of a VPC, by the set of groups. */
export interface Classes {
  readonly all: readonly InterfaceClass[];
  /** The class of an interface that wears these groups; they were given to `classesOf`. */
  classOf(groupIds: readonly GroupId[]): InterfaceClass | undefined;
}

/**
 * Numbers the sets of groups. The number is a hash of the set, not its rank, so that a new class
 * leaves the names of all others alone; it depends on the sets given and not on their order or
 * history. Where two sets share a hash the later one in the order of their texts takes the next free
 * number.
 */
export function classesOf(sets: readonly (readonly GroupId[])[]): Classes {
  const byKey = new Map(sets.map((groupIds) => [classKey(groupIds), groupIds]));
  const taken = new Map<number, InterfaceClass>();
  const found = new Map<string, InterfaceClass>();
  for (const key of [...byKey.keys()].toSorted()) {
    let id = classNumber(key);
    while (id === 0 || taken.has(id)) id = (id + 1) >>> 0;
    const groupIds = [...new Set(byKey.get(key))].toSorted();
    const made = Object.freeze({ id, groupIds: Object.freeze(groupIds) });
    taken.set(id, made);
    found.set(key, made);
  }
  const all = [...taken.values()].toSorted((a, b) => a.id - b.id);
  return { all, classOf: (groupIds) => found.get(classKey(groupIds)) };
}

/**
 * What an interface of a peered VPC wears: its groups, and a mark of its VPC, so that it shares no class with
 * an interface of ours. Rules without a peering are about our VPC only.
 */
export function foreignGroups(vpcId: VpcId, groupIds: readonly GroupId[]): readonly GroupId[] {
  return [...groupIds, `${FOREIGN}${vpcId}`];
}

/** The VPC of a class of another one; undefined for ours. */
export function foreignVpc(item: InterfaceClass): VpcId | undefined {
  return item.groupIds.find((groupId) => groupId.startsWith(FOREIGN))?.slice(FOREIGN.length);
}

/** No id of a group begins with it. */
const FOREIGN = '@';

/** Eight hexadecimal digits: how chains and sets of the class are named. */
export function classDigits(item: InterfaceClass): string {
  return item.id.toString(16).padStart(8, '0');
}

/** Keys of lists that were asked about before: views of thousands of interfaces share few lists. */
const KEYS = new WeakMap<readonly GroupId[], string>();

/** The set of groups as a text: equal for equal sets. The list must not change afterwards. */
export function classKey(groupIds: readonly GroupId[]): string {
  const known = KEYS.get(groupIds);
  if (known !== undefined) return known;
  const key = keyOf(groupIds);
  KEYS.set(groupIds, key);
  return key;
}

function keyOf(groupIds: readonly GroupId[]): string {
  return [...new Set(groupIds)].toSorted().join(',');
}

/** The number that a class has unless another has it: FNV-1a, 32 bits. Group ids are random, so nobody can aim for a collision cheaply. */
export function classNumber(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return sum >>> 0;
}
