/**
 * The compiler that remembers: told what changed, it works out anew only the parts that depend on it. An
 * address is one element, a rule is the gates of the local classes that wear its group, a new class is the
 * gates whose rules name one of its groups. What it ends with depends on the state only (tested over
 * random paths), so that a fabric that was updated a thousand times is one that was loaded once.
 */
import type { Cidr } from '../base/cidr.ts';
import type { EniId, GroupId, VpcId } from '../base/ids.ts';
import type { Ip } from '../base/ip.ts';
import type { Direction } from '../policy/rule.ts';
import type { InterfaceView, World } from '../policy/world.ts';
import { aclBaseChains, baseChains } from './base-chains.ts';
import { boundaryPart, type Boundary } from './boundary.ts';
import { claimPart, claimText, claimsOf, type Claim, type Claimant } from './claims.ts';
import { ClassTable } from './class-table.ts';
import { classGate, gateChainName, type ClassGate } from './class-gate.ts';
import { classKey, foreignGroups, type InterfaceClass } from './class.ts';
import type { Change } from './diff.ts';
import { LiveProgram } from './live-program.ts';
import { point, type FabricProgram } from './program.ts';
import { portElements, sharedSets, type Surroundings } from './shared-sets.ts';
import type { FabricPort } from './state.ts';
import { timeoutsPart } from './timeouts.ts';

/** A group as the world has it. */
export type GroupView = NonNullable<ReturnType<World['groups']['get']>>;

/** One thing that is other than before; without a value it is gone. */
export type Delta =
  /** The same interface may be told of under several keys, while it moves from host to host. */
  | { readonly kind: 'interface'; readonly key: string; readonly view?: InterfaceView }
  | { readonly kind: 'group'; readonly groupId: GroupId; readonly view?: GroupView }
  | { readonly kind: 'prefix-list'; readonly id: string; readonly cidrs?: readonly Cidr[] }
  | { readonly kind: 'port'; readonly link: string; readonly port?: FabricPort }
  | { readonly kind: 'surroundings'; readonly value: Surroundings }
  | { readonly kind: 'vpc'; readonly vpcId: VpcId | undefined }
  | { readonly kind: 'peerings'; readonly active: Peerings }
  | { readonly kind: 'boundary'; readonly subnetId: string; readonly boundary?: Boundary };

/** Active peerings and the two VPCs that each joins. */
export type Peerings = NonNullable<World['activePeerings']>;

/** A gate that is in the program. */
interface OwnGate {
  readonly item: InterfaceClass;
  readonly gate: ClassGate;
  /** Prefix lists that it was made from. */
  readonly lists: ReadonlySet<string>;
  /** Classes of peers that have elements in it. */
  readonly peers: Set<string>;
}

/** UDP port of VXLAN (RFC 7348). */
const VXLAN_PORT = 4789;
const DIRECTIONS: readonly Direction[] = ['egress', 'ingress'];

/** Keeps the program of one fabric. All ports must be of one VPC. */
export class FilterCompiler {
  readonly #live = new LiveProgram();
  readonly #classes = new ClassTable();
  readonly #interfaces = new Map<string, InterfaceView>();
  /** The keys of `#interfaces` by interface. */
  readonly #keys = new Map<EniId, Set<string>>();
  readonly #groups = new Map<GroupId, GroupView>();
  readonly #prefixLists = new Map<string, readonly Cidr[]>();
  readonly #ports = new Map<string, FabricPort>();
  readonly #portsOfEni = new Map<EniId, number>();
  /** By address and claimant. */
  readonly #claims = new Map<string, Map<string, Claim>>();
  /** Address to the groups under which it is in the program. */
  readonly #known = new Map<string, Claim>();
  /** Classes of ports, with the number of ports. */
  readonly #own = new Map<string, number>();
  /** The gates of own classes, by direction and class. */
  readonly #gates = new Map<string, OwnGate>();
  readonly #dirtyGates = new Set<string>();
  readonly #boundaries = new Map<string, Boundary>();
  /** Subnets whose boundary restricts local ports. */
  readonly #guarded = new Set<string>();
  #peerings: Peerings = new Map();
  #vpcId: VpcId | undefined;
  #recording = false;

  constructor() {
    this.apply({ kind: 'surroundings', value: { uplinks: [], unfiltered: [] } });
  }

  /** Takes a change in. */
  apply(delta: Delta): void {
    switch (delta.kind) {
      case 'interface':
        return this.#setInterface(delta.key, delta.view);
      case 'group':
        return this.#setGroup(delta.groupId, delta.view);
      case 'prefix-list':
        setOrDelete(this.#prefixLists, delta.id, delta.cidrs);
        return this.#soil((own) => own.lists.has(delta.id));
      case 'port':
        return this.#setPort(delta.link, delta.port);
      case 'surroundings':
        return this.#setSurroundings(delta.value);
      case 'vpc':
        return this.#setVpcs(delta.vpcId, this.#peerings);
      case 'peerings':
        return this.#setVpcs(this.#vpcId, delta.active);
      case 'boundary':
        setOrDelete(this.#boundaries, delta.subnetId, delta.boundary);
        return this.#putBoundary(delta.subnetId);
    }
  }

  /** The commands since the last call. */
  changes(): readonly Change[] {
    this.#compileGates();
    return this.#live.changes();
  }

  /** The whole program. */
  program(): FabricProgram {
    this.#compileGates();
    return this.#live.program();
  }

  /** As `program`, for a caller that loads it: `changes` goes on from here. */
  takeProgram(): FabricProgram {
    const program = this.program();
    this.#live.settle();
    return program;
  }

  /** Sets of the log are empty before they go, and are there before ports are put into them. */
  #setSurroundings(value: Surroundings): void {
    const recording = value.recording === true;
    const switched = recording !== this.#recording;
    this.#recording = recording;
    const ports = switched ? [...this.#ports.values()] : [];
    if (!recording) for (const port of ports) this.#putPort(port);
    this.#live.put('around', {
      sets: sharedSets(value),
      chains: baseChains(value.vxlanPort ?? VXLAN_PORT, recording),
    });
    if (recording) for (const port of ports) this.#putPort(port);
  }

  #setInterface(key: string, view: InterfaceView | undefined): void {
    const before = this.#interfaces.get(key);
    if (before) this.#forgetKey(before.eniId, key);
    if (view) this.#keys.set(view.eniId, (this.#keys.get(view.eniId) ?? new Set()).add(key));
    const after = this.#isPeer(view) ? view : undefined;
    const claimed = [...(this.#isPeer(before) ? claimsOf(before) : []), ...claimsOf(after)];
    setOrDelete(this.#interfaces, key, view);
    this.#claim(`eni ${key}`, claimed, after && { ...after, groupIds: this.#groupsOf(after) });
  }

  #forgetKey(eniId: EniId, key: string): void {
    const keys = this.#keys.get(eniId);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(eniId);
  }

  /** What a port says of its interface is newer than what the world says. */
  #isPeer(view: InterfaceView | undefined): view is InterfaceView {
    if (view === undefined || this.#portsOfEni.has(view.eniId)) return false;
    return view.vpcId === this.#vpcId || this.#isPeered(view.vpcId);
  }

  #isPeered(vpcId: VpcId): boolean {
    const own = this.#vpcId;
    if (own === undefined || own === vpcId) return false;
    return [...this.#peerings.values()].some((ends) => ends.includes(own) && ends.includes(vpcId));
  }

  #groupsOf({ vpcId, groupIds }: InterfaceView): readonly GroupId[] {
    return vpcId === this.#vpcId ? groupIds : foreignGroups(vpcId, groupIds);
  }

  /** Peers of all VPCs that change sides are told anew. */
  #setVpcs(vpcId: VpcId | undefined, peerings: Peerings): void {
    if (vpcId === this.#vpcId && peerings === this.#peerings) return;
    const views = [...this.#interfaces].filter(
      ([, view]) => vpcId !== this.#vpcId || view.vpcId !== vpcId,
    );
    for (const [key] of views) this.#setInterface(key, undefined);
    this.#vpcId = vpcId;
    this.#peerings = peerings;
    for (const [key, view] of views) this.#setInterface(key, view);
    this.#soil(({ gate }) => gate.peerings.size > 0);
  }

  #putBoundary(subnetId: string): void {
    const boundary = this.#boundaries.get(subnetId);
    const links = [...this.#ports.values()]
      .filter((port) => port.subnetId === subnetId)
      .map(({ link }) => link);
    const part = boundary && boundaryPart(boundary, links.toSorted());
    if (part) this.#guarded.add(subnetId);
    else this.#guarded.delete(subnetId);
    this.#live.put('acl', this.#guarded.size > 0 ? { chains: aclBaseChains() } : undefined);
    this.#live.put(`boundary ${subnetId}`, part);
  }

  #setPort(link: string, port: FabricPort | undefined): void {
    const before = this.#ports.get(link);
    this.#replacePort(link, before, port);
    if (before?.timeouts !== undefined || port?.timeouts !== undefined)
      this.#live.put('timeouts', timeoutsPart([...this.#ports.values()]));
  }

  #replacePort(link: string, before: FabricPort | undefined, port: FabricPort | undefined): void {
    if (before) {
      this.#live.put(`port ${link}`, undefined);
      this.#countPort(before.eniId, -1);
      this.#claim(`port ${link}`, claimsOf(before), undefined);
      this.#release(before.groupIds);
      this.#countOwn(before.groupIds, -1);
      this.#ports.delete(link);
      if (before.subnetId !== port?.subnetId) this.#putBoundary(before.subnetId ?? '');
    }
    if (!port) return;
    this.#ports.set(link, port);
    this.#countPort(port.eniId, 1);
    this.#use(port.groupIds);
    this.#countOwn(port.groupIds, 1);
    this.#claim(`port ${link}`, claimsOf(port), port);
    this.#putPort(port);
    if (before?.subnetId !== port.subnetId) this.#putBoundary(port.subnetId ?? '');
  }

  #putPort(port: FabricPort): void {
    const item = this.#classes.get(classKey(port.groupIds));
    const elements = portElements(port, { classId: item?.id ?? 0, recording: this.#recording });
    this.#live.put(`port ${port.link}`, { elements });
  }

  /** While an interface has a port here, the world's own view of it is not asked. */
  #countPort(eniId: EniId, by: 1 | -1): void {
    const count = (this.#portsOfEni.get(eniId) ?? 0) + by;
    const views = [...(this.#keys.get(eniId) ?? [])].flatMap((key) => {
      const view = this.#interfaces.get(key);
      return view ? [{ key, view }] : [];
    });
    for (const { key } of views) this.#setInterface(key, undefined);
    if (count === 0) this.#portsOfEni.delete(eniId);
    else this.#portsOfEni.set(eniId, count);
    for (const { key, view } of views) this.#setInterface(key, view);
  }

  /** Makes the claimant claim what the view has, and nothing else of what is given. */
  #claim(
    claimant: string,
    given: readonly (Ip | Cidr)[],
    view: (Claimant & Pick<InterfaceView, 'groupIds'>) | undefined,
  ): void {
    const claimed = new Set(claimsOf(view).map(claimText));
    const texts = new Map(given.map((what) => [claimText(what), what]));
    for (const [text, what] of texts) {
      const claims = this.#claims.get(text) ?? new Map<string, Claim>();
      if (view && claimed.has(text)) claims.set(claimant, { what, groupIds: view.groupIds });
      else claims.delete(claimant);
      if (claims.size > 0) this.#claims.set(text, claims);
      else this.#claims.delete(text);
      this.#setAddress(text, claims);
    }
  }

  /** An address that two interfaces claim is left out: no reference to a group covers it. */
  #setAddress(text: string, claims: ReadonlyMap<string, Claim>): void {
    const [only] = claims.size === 1 ? claims.values() : [];
    const before = this.#known.get(text);
    if (only) this.#use(only.groupIds);
    if (before) this.#release(before.groupIds);
    setOrDelete(this.#known, text, only);
    this.#putAddress(text, only);
  }

  #putAddress(text: string, claim: Claim | undefined): void {
    if (!claim) return this.#live.put(`address ${text}`, undefined);
    const value = this.#classes.get(classKey(claim.groupIds))?.id ?? 0;
    this.#live.put(`address ${text}`, claimPart(claim.what, value));
  }

  #use(groupIds: readonly GroupId[]): void {
    const { made, renumbered } = this.#classes.use(groupIds);
    if (made) this.#putPeer(classKey(groupIds));
    if (renumbered) this.#renumber();
  }

  #release(groupIds: readonly GroupId[]): void {
    const { gone, renumbered } = this.#classes.release(groupIds);
    if (gone) this.#removePeer(classKey(groupIds));
    if (renumbered) this.#renumber();
  }

  /** Numbers of classes changed: everything that names one is made anew. */
  #renumber(): void {
    for (const [text, claim] of this.#known) this.#putAddress(text, claim);
    for (const port of this.#ports.values()) this.#putPort(port);
    for (const key of this.#own.keys()) this.#dirtyGates.add(key);
  }

  #countOwn(groupIds: readonly GroupId[], by: 1 | -1): void {
    const key = classKey(groupIds);
    const count = (this.#own.get(key) ?? 0) + by;
    if (count === 0) this.#own.delete(key);
    else this.#own.set(key, count);
    if (count === 0 || (count === 1 && by === 1)) this.#dirtyGates.add(key);
  }

  /** Rules concern who wears the group; whether it exists concerns who names it, too. */
  #setGroup(groupId: GroupId, view: GroupView | undefined): void {
    const stays = view !== undefined && this.#groups.has(groupId);
    setOrDelete(this.#groups, groupId, view);
    this.#soil(
      ({ item, gate }) =>
        item.groupIds.includes(groupId) || (!stays && gate.references.has(groupId)),
    );
  }

  #soil(concerned: (own: OwnGate) => boolean): void {
    for (const own of this.#gates.values())
      if (concerned(own)) this.#dirtyGates.add(classKey(own.item.groupIds));
  }

  #compileGates(): void {
    for (const key of this.#dirtyGates)
      for (const direction of DIRECTIONS) this.#compileGate(key, direction);
    this.#dirtyGates.clear();
  }

  #compileGate(key: string, direction: Direction): void {
    const id = `${direction} ${key}`;
    const before = this.#gates.get(id);
    for (const peer of before?.peers ?? []) this.#live.put(`peer ${id} ${peer}`, undefined);
    const item = this.#own.has(key) ? this.#classes.get(key) : undefined;
    if (!item) {
      this.#gates.delete(id);
      return this.#live.put(`gate ${id}`, undefined);
    }
    const lists = new Set<string>();
    const gate = classGate(this.#context(lists), item, direction);
    const chain = gateChainName(direction, item);
    const element = { key: [point(item.id)], value: { verdict: 'jump', chain } } as const;
    this.#live.put(`gate ${id}`, {
      sets: gate.sets,
      chains: [gate.chain],
      elements: [{ set: `${direction}_chains`, element }],
    });
    const own = { item, gate, lists, peers: new Set<string>() };
    this.#gates.set(id, own);
    for (const groupId of gate.references)
      for (const peer of this.#classes.wearers(groupId)) this.#putPeerIn(id, own, peer);
  }

  /** A class that was not there before: gates whose rules name one of its groups get to know it. */
  #putPeer(peerKey: string): void {
    const peer = this.#classes.get(peerKey);
    if (!peer) return;
    for (const [id, own] of this.#gates)
      if (peer.groupIds.some((groupId) => own.gate.references.has(groupId)))
        this.#putPeerIn(id, own, peer);
  }

  #putPeerIn(id: string, own: OwnGate, peer: InterfaceClass): void {
    const key = classKey(peer.groupIds);
    if (own.peers.has(key)) return;
    const elements = own.gate.peerElements(peer);
    if (elements.length === 0) return;
    own.peers.add(key);
    this.#live.put(`peer ${id} ${key}`, { elements });
  }

  #removePeer(peerKey: string): void {
    for (const [id, own] of this.#gates)
      if (own.peers.delete(peerKey)) this.#live.put(`peer ${id} ${peerKey}`, undefined);
  }

  /** The world as a gate asks it; the prefix lists that it asks for are noted down. */
  #context(lists: Set<string>): Parameters<typeof classGate>[0] {
    return {
      rulesOf: (groupId) => this.#groups.get(groupId)?.rules ?? [],
      prefixList: (id) => {
        lists.add(id);
        return this.#prefixLists.get(id) ?? [];
      },
      groupExists: (groupId) => this.#groups.has(groupId),
      joins: ({ vpcId, peeringId }) => {
        const ends = this.#peerings.get(peeringId);
        const own = this.#vpcId;
        if (ends === undefined || own === undefined || own === vpcId) return false;
        return ends.includes(own) && ends.includes(vpcId);
      },
    };
  }
}

function setOrDelete<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
