/**
 * The record of one trunk's branches: who owns which VLAN id and which interface, and in what
 * state. Every change of state goes through this file, each interface has exactly one entry from
 * before it is created until EC2 says that it is gone, and an entry can only move forward:
 *
 *     reserved -> created -> assigned -> released -> gone (entry removed, VLAN id free)
 *         \__________\__________________^
 *
 * (one exception: `reclaim`)
 *
 * That is why nothing is freed twice, and why a VLAN id is free only once nothing can use it
 * (spec: eks-behaviour 3.14, numbers 1, 2, 4 and 7). In-flight creations count against the limit
 * because the reservation is made first.
 */

import type { EniId, GroupId } from '../../base/ids.ts';
import { assert } from '../../base/assert.ts';

/** Lowest and highest VLAN id of a branch, as on EKS. */
export const VLAN_FIRST = 1;
/** Highest VLAN id of a branch. */
export const VLAN_LAST = 120;

/** A pod as the owner of branches. */
export interface PodOwner {
  readonly uid: string;
  /** `namespace/name`. */
  readonly key: string;
}

/** What EC2 told us about a branch. */
export interface BranchInterface {
  readonly eniId: EniId;
  readonly macAddress: string;
  readonly privateIp: string;
  readonly ipv6: string;
  /** Absent: not associated yet, or not known after a restart. */
  readonly associationId?: string;
}

/** One branch, or the place that is kept for one. */
export interface Entry {
  /** Names the entry within its ledger; never used again. */
  readonly slot: number;
  /** Undefined for an orphan whose tag holds no valid id; it can only be deleted. */
  readonly vlanId: number | undefined;
  readonly state: 'reserved' | 'created' | 'assigned' | 'released';
  readonly pod: PodOwner | undefined;
  readonly branch: BranchInterface | undefined;
  readonly groupIds: readonly GroupId[];
  /** Since when the branch is released; the cool-down counts from here. */
  readonly releasedAtMs?: number;
  /** Released without cool-down: no packet ever used the address. */
  readonly immediate?: boolean;
  /** Its deletion has begun: there is no way back. */
  readonly deleting?: boolean;
}

/** Why nothing could be reserved. */
export type ReserveProblem = 'no-room' | 'no-vlan';

/** The branches of one trunk. */
export class Ledger {
  readonly #limit: number;
  readonly #entries = new Map<number, Entry>();
  #nextSlot = 1;
  /** Where the search for a free VLAN id starts: after the last one given (round robin). */
  #nextVlan = VLAN_FIRST;

  /** `limit` = branches that the instance type allows. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  entry(slot: number): Entry | undefined {
    return this.#entries.get(slot);
  }

  /** The branches that a pod owns and has not released. */
  ofPod(uid: string): readonly Entry[] {
    return this.entries.filter(({ pod, state }) => pod?.uid === uid && state !== 'released');
  }

  /** The entry that holds an interface, whoever owns it. */
  ofInterface(eniId: EniId): Entry | undefined {
    return this.entries.find(({ branch }) => branch?.eniId === eniId);
  }

  /** Keeps a place and a VLAN id for a branch of the pod, before anything is asked of EC2. */
  reserve(pod: PodOwner, groupIds: readonly GroupId[]): Entry | ReserveProblem {
    if (this.#entries.size >= this.#limit) return 'no-room';
    const vlanId = this.#freeVlan();
    if (vlanId === undefined) return 'no-vlan';
    this.#nextVlan = vlanId === VLAN_LAST ? VLAN_FIRST : vlanId + 1;
    return this.#put({ vlanId, state: 'reserved', pod, branch: undefined, groupIds });
  }

  /** The interface exists in EC2. */
  created(slot: number, branch: BranchInterface): void {
    const entry = this.#in(slot, 'reserved');
    const holder = this.ofInterface(branch.eniId);
    assert(!holder, () => `${branch.eniId} is held by slot ${holder?.slot} already`);
    this.#entries.set(slot, { ...entry, state: 'created', branch });
  }

  /** The interface is associated with the trunk. */
  associated(slot: number, associationId: string): void {
    const entry = this.#in(slot, 'created');
    assert(entry.branch, () => `Slot ${slot} has no interface`);
    this.#entries.set(slot, { ...entry, branch: { ...entry.branch, associationId } });
  }

  /** The pod has been told: its annotation names the interface. */
  assigned(slot: number): void {
    this.#entries.set(slot, { ...this.#in(slot, 'created'), state: 'assigned' });
  }

  /** The interface wears these groups now. */
  wears(slot: number, groupIds: readonly GroupId[]): void {
    this.#entries.set(slot, { ...this.#in(slot, 'assigned'), groupIds });
  }

  /** The owner gives the branch up. From here on only its deletion may touch it. */
  release(slot: number, release: { readonly atMs: number; readonly immediate: boolean }): void {
    const entry = this.#entries.get(slot);
    assert(entry && entry.state !== 'released', () => `Slot ${slot} is released already`);
    this.#entries.set(slot, {
      ...entry,
      state: 'released',
      releasedAtMs: release.atMs,
      immediate: release.immediate,
    });
  }

  /** A released place without a known interface turned out to have one after all. */
  found(slot: number, branch: BranchInterface): void {
    const entry = this.#in(slot, 'released');
    assert(!entry.branch, () => `Slot ${slot} has an interface already`);
    this.#entries.set(slot, { ...entry, branch });
  }

  /** The deletion of a released branch begins. */
  deleting(slot: number): void {
    this.#entries.set(slot, { ...this.#in(slot, 'released'), deleting: true });
  }

  /**
   * An orphan found after a restart has an owner after all: the annotation was on its way when the
   * restart looked. Answers whether it could be given back.
   */
  reclaim(eniId: EniId, pod: PodOwner, associationId: string): boolean {
    const entry = this.ofInterface(eniId);
    const orphan = entry?.state === 'released' && entry.pod === undefined;
    if (!orphan || !entry.branch || entry.deleting === true) return false;
    const { slot, vlanId, groupIds } = entry;
    const branch = { ...entry.branch, ...(associationId !== '' && { associationId }) };
    this.#entries.set(slot, { slot, vlanId, groupIds, branch, pod, state: 'assigned' });
    return true;
  }

  /** EC2 says that the interface does not exist any more: the VLAN id is free. */
  gone(slot: number): void {
    this.#in(slot, 'released');
    this.#entries.delete(slot);
  }

  /**
   * Takes over a branch found after a restart. Answers undefined, and changes nothing, when the
   * interface or its VLAN id is held already: the first claim counts.
   */
  adopt(found: Omit<Entry, 'slot'>): Entry | undefined {
    const eniId = found.branch?.eniId;
    if (eniId !== undefined && this.ofInterface(eniId)) return undefined;
    const valid = isVlanId(found.vlanId) && !this.#vlansInUse().has(found.vlanId);
    if (valid) return this.#put(found);
    // Two claims on one VLAN id cannot both be right; the later one may only be deleted.
    return found.state === 'released' ? this.#put({ ...found, vlanId: undefined }) : undefined;
  }

  #put(fields: Omit<Entry, 'slot'>): Entry {
    const entry = { ...fields, slot: this.#nextSlot };
    this.#nextSlot += 1;
    this.#entries.set(entry.slot, entry);
    return entry;
  }

  #in(slot: number, state: Entry['state']): Entry {
    const entry = this.#entries.get(slot);
    assert(entry?.state === state, () => `Slot ${slot} is ${entry?.state ?? 'gone'}, not ${state}`);
    return entry;
  }

  #vlansInUse(): ReadonlySet<number | undefined> {
    return new Set(this.entries.map(({ vlanId }) => vlanId));
  }

  #freeVlan(): number | undefined {
    const used = this.#vlansInUse();
    const span = VLAN_LAST - VLAN_FIRST + 1;
    for (let step = 0; step < span; step += 1) {
      const vlanId = VLAN_FIRST + ((this.#nextVlan - VLAN_FIRST + step) % span);
      if (!used.has(vlanId)) return vlanId;
    }
    return undefined;
  }
}

/** Whether a number from outside can be the VLAN id of a branch. */
export function isVlanId(vlanId: number | undefined): vlanId is number {
  return (
    vlanId !== undefined && Number.isInteger(vlanId) && vlanId >= VLAN_FIRST && vlanId <= VLAN_LAST
  );
}
