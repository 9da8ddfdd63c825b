/**
 * The chain and the sets of one class at one gate. Rules for blocks of addresses are elements
 * (block, protocol, port); rules for groups are elements (class of the peer, protocol, port), one for
 * each class that wears the group. The class of the peer comes from its address, through a map that all
 * chains share, so a new interface changes no chain and no set of rules.
 */
import type { Cidr } from '../base/cidr.ts';
import type { GroupId } from '../base/ids.ts';
import { ipBits } from '../base/ip.ts';
import { ALL_PORTS, mergePortRanges, type PortRange } from '../base/port-range.ts';
import type { Direction, Rule, RulePeer, RuleProtocol } from '../policy/rule.ts';
import { namesAllAddresses, opensAll } from '../policy/tracking.ts';
import { disjointBlocks, packIcmp, unpackIcmp, type Block } from './blocks.ts';
import { classDigits, foreignVpc, type InterfaceClass } from './class.ts';
import {
  point,
  span,
  UNTRACKED,
  type Chain,
  type ChainRule,
  type Field,
  type KeyPart,
  type SetElement,
  type SetObject,
} from './program.ts';
import { makeSet } from './make-set.ts';

/** What a set of rules is keyed by, besides the peer. */
type Service = 'ports' | 'protocols' | 'icmp' | 'icmpv6';

/** One rule, taken apart: which set it goes to, under which protocol, with which numbers. */
interface Entry {
  readonly service: Service;
  /** Only for ports: 6 or 17. */
  readonly protocol: number;
  readonly range: PortRange;
  readonly rule: Rule;
}

/** What the chains of all classes are made from. */
export interface GateContext {
  /** Rules of a group, both directions; none for one that does not exist. */
  readonly rulesOf: (groupId: GroupId) => readonly Rule[];
  /** Blocks of a prefix list; none for one that does not exist. */
  readonly prefixList: (id: string) => readonly Cidr[];
  readonly groupExists: (groupId: GroupId) => boolean;
  /** Whether a peering is active and joins the VPC of the gate with the one that a rule names. */
  readonly joins: (across: Across) => boolean;
}

/** How a rule names a group of another VPC. */
export type Across = NonNullable<(RulePeer & { kind: 'group' })['across']>;

/** A class's part of the program at one gate. */
export interface ClassGate {
  readonly chain: Chain;
  /** Sets of rules for groups have no elements: those are in `peerElements`. */
  readonly sets: readonly SetObject[];
  /** Groups that rules name, whether they exist or not. */
  readonly references: ReadonlySet<GroupId>;
  /** Peerings that rules name. */
  readonly peerings: ReadonlySet<string>;
  /** What rules for groups admit of a class of peers. */
  readonly peerElements: (peer: InterfaceClass) => readonly PeerElement[];
}

/** An element of one of the sets of rules for groups. */
export interface PeerElement {
  readonly set: string;
  readonly element: SetElement;
}

/** The end of every rule that admits: the mark is scratch and must not leave the filter. */
export const ADMIT: ChainRule = [
  { op: 'set-mark', value: 0 },
  { op: 'verdict', verdict: { verdict: 'accept' } },
];

/** Name of a class's chain at a gate. */
export function gateChainName(direction: Direction, item: InterfaceClass): string {
  return `${direction}_${classDigits(item)}`;
}

/** Whether a set is one of a class at a gate: those hold intervals of marks, and no others do. */
export function isGateSet(name: string): boolean {
  return /^(?:egress|ingress)_[0-9a-f]{8}_/.test(name);
}

/** Compiles the rules of a class at one gate. */
export function classGate(
  context: GateContext,
  item: InterfaceClass,
  direction: Direction,
): ClassGate {
  const name = gateChainName(direction, item);
  const all = item.groupIds.flatMap((groupId) => context.rulesOf(groupId));
  const own = all.filter((rule) => rule.direction === direction);
  const others = all.filter((rule) => rule.direction !== direction);
  const entries = own.map(entryOf);
  const parts = SERVICES.map((service) => {
    const some = entries.filter((entry) => entry.service === service);
    return { name, direction, service, entries: some };
  });
  const untracked = untrackedSets({ name, direction, own, others });
  const byBlock = parts.flatMap((part) => blockSets(context, part));
  const byClass = parts.filter(namesGroups).map(peerSet);
  const lookups = byClass.length > 0 ? peerLookup(direction) : [];
  const indexed = parts.filter(namesGroups).map((part) => ({
    part,
    byGroup: Map.groupBy(part.entries, ({ rule }) => referenceOf(rule)),
  }));
  const rules = (some: readonly SetAndRule[]) => some.map(({ rule }) => rule);
  return {
    chain: { name, rules: [...rules([...untracked, ...byBlock]), ...lookups, ...rules(byClass)] },
    sets: [...untracked, ...byBlock, ...byClass].map(({ set }) => set),
    references: new Set(own.flatMap((rule) => referenceOf(rule) ?? [])),
    peerings: new Set(own.flatMap((rule) => acrossOf(rule)?.peeringId ?? [])),
    peerElements: (peer) => indexed.flatMap((part) => peerElements(context, part, peer)),
  };
}

function referenceOf({ peer }: Rule): GroupId | undefined {
  return peer.kind === 'group' ? peer.groupId : undefined;
}

function acrossOf({ peer }: Rule): Across | undefined {
  return peer.kind === 'group' ? peer.across : undefined;
}

function namesGroups({ entries }: Part): boolean {
  return entries.some(({ rule }) => rule.peer.kind === 'group');
}

const SERVICES: readonly Service[] = ['ports', 'protocols', 'icmp', 'icmpv6'];

const SERVICE_FIELDS: Readonly<Record<Service, readonly Field[]>> = {
  ports: ['meta l4proto', 'th dport'],
  protocols: ['meta l4proto'],
  icmp: ['icmp type', 'icmp code'],
  icmpv6: ['icmpv6 type', 'icmpv6 code'],
};

/** Families that a service exists in: icmp is of IPv4, icmpv6 of IPv6 (ec2-surface.md 3.3). */
const SERVICE_FAMILIES: Readonly<Record<Service, readonly (4 | 6)[]>> = {
  ports: [4, 6],
  protocols: [4, 6],
  icmp: [4],
  icmpv6: [6],
};

interface Part {
  readonly name: string;
  readonly direction: Direction;
  readonly service: Service;
  readonly entries: readonly Entry[];
}

interface SetAndRule {
  readonly set: SetObject;
  readonly rule: ChainRule;
}

function entryOf(rule: Rule): Entry {
  const [service, protocol, range] = serviceOf(rule.protocol);
  return { service, protocol, range, rule };
}

function serviceOf(protocol: RuleProtocol): readonly [Service, number, PortRange] {
  switch (protocol.kind) {
    case 'all':
      return ['protocols', 0, { first: 0, last: 255 }];
    case 'other':
      return ['protocols', 0, { first: protocol.number, last: protocol.number }];
    case 'ports':
      return ['ports', protocol.number, protocol.ports];
    case 'icmp':
      return [protocol.number === 1 ? 'icmp' : 'icmpv6', 0, packIcmp(protocol.type, protocol.code)];
  }
}

/** Sets of rules for blocks: one per family that has any. */
function blockSets(context: GateContext, part: Part): readonly SetAndRule[] {
  return SERVICE_FAMILIES[part.service].flatMap((family) => {
    const elements = byProtocol(part.entries).flatMap(([protocol, entries]) => {
      const blocks = entries.flatMap((entry) => blocksOf(context, entry, family));
      return disjointBlocks(blocks).flatMap((block) =>
        serviceKeys(part.service, protocol, block.range).map((key) => ({
          key: [{ first: block.cidr.first, last: block.cidr.last }, ...key],
        })),
      );
    });
    const name = `${part.name}_${part.service}${family}`;
    const peer = peerField(part.direction, family);
    return elements.length > 0 ? [setAndRule({ name, part, elements, peer })] : [];
  });
}

/**
 * Sets of what is admitted without being tracked (ec2-surface.md 3.6). They come first, so that a flow which
 * a rule for all addresses admits is not taken for one that a narrower rule admits.
 */
function untrackedSets(gate: {
  readonly name: string;
  readonly direction: Direction;
  readonly own: readonly Rule[];
  readonly others: readonly Rule[];
}): readonly SetAndRule[] {
  const { name, direction, own, others } = gate;
  return ([4, 6] as const).flatMap((family) => {
    const all = { first: 0n, last: (1n << BigInt(ipBits(family))) - 1n };
    const elements = ([6, 17] as const)
      .filter((protocol) => opensAll(others, protocol, family))
      .flatMap((protocol) => {
        const forAll = own.filter((rule) => namesAllAddresses(rule, family));
        const ranges = forAll.flatMap((rule) => portsFor(rule.protocol, protocol));
        return mergePortRanges(ranges).map((range) => ({
          key: [all, ...(serviceKeys('ports', protocol, range)[0] ?? [])],
        }));
      });
    if (elements.length === 0) return [];
    const fields = [peerField(direction, family), ...SERVICE_FIELDS.ports];
    const set = makeSet({ name: `${name}_untracked${family}`, fields, interval: true, elements });
    const bit = direction === 'egress' ? UNTRACKED.origin : UNTRACKED.answerer;
    const rule: ChainRule = [
      { op: 'is', field: 'ct state', values: ['new'] },
      { op: 'lookup', fields, set: set.name },
      { op: 'or-flow-mark', value: bit },
      ...ADMIT,
    ];
    return [{ set, rule }];
  });
}

function portsFor(rule: RuleProtocol, protocol: 6 | 17): readonly PortRange[] {
  if (rule.kind === 'all') return [ALL_PORTS];
  return rule.kind === 'ports' && rule.number === protocol ? [rule.ports] : [];
}

/** The set of rules for groups: the class of an address is one for both families. */
function peerSet(part: Part): SetAndRule {
  return setAndRule({ name: peerSetName(part), part, elements: [], peer: 'meta mark' });
}

function peerSetName(part: Part): string {
  return `${part.name}_${part.service}_peers`;
}

/** A part with its entries by the group that they name. */
interface IndexedPart {
  readonly part: Part;
  readonly byGroup: ReadonlyMap<GroupId | undefined, readonly Entry[]>;
}

function peerElements(
  context: GateContext,
  { part, byGroup }: IndexedPart,
  peer: InterfaceClass,
): readonly PeerElement[] {
  const vpcId = foreignVpc(peer);
  const concerns = ({ rule }: Entry): boolean => {
    const across = acrossOf(rule);
    return across?.vpcId === vpcId && (across === undefined || context.joins(across));
  };
  const found = peer.groupIds
    .filter(context.groupExists)
    .flatMap((id) => byGroup.get(id) ?? [])
    .filter(concerns);
  const set = peerSetName(part);
  return byProtocol(found).flatMap(([protocol, entries]) =>
    mergePortRanges(entries.map(({ range }) => range)).flatMap((range) =>
      serviceKeys(part.service, protocol, range).map((key) => ({
        set,
        element: { key: [point(peer.id), ...key] },
      })),
    ),
  );
}

function setAndRule(options: {
  readonly name: string;
  readonly part: Part;
  readonly elements: readonly SetElement[];
  readonly peer: Field;
}): SetAndRule {
  const { name, part, elements, peer } = options;
  const fields = [peer, ...SERVICE_FIELDS[part.service]];
  const set = makeSet({ name, fields, interval: true, elements });
  const rule: ChainRule = [{ op: 'lookup', fields, set: name }, ...ADMIT];
  return { set, rule };
}

function byProtocol(entries: readonly Entry[]): readonly (readonly [number, readonly Entry[]])[] {
  return [...Map.groupBy(entries, ({ protocol }) => protocol)];
}

function blocksOf(context: GateContext, { rule, range }: Entry, family: 4 | 6): readonly Block[] {
  return peerBlocks(context, rule)
    .filter((cidr) => cidr.family === family)
    .map((cidr) => ({ cidr, range }));
}

function peerBlocks(context: GateContext, { peer }: Rule): readonly Cidr[] {
  if (peer.kind === 'cidr') return [peer.cidr];
  if (peer.kind === 'prefix-list') return context.prefixList(peer.prefixListId);
  return [];
}

function serviceKeys(
  service: Service,
  protocol: number,
  range: PortRange,
): readonly (readonly KeyPart[])[] {
  switch (service) {
    case 'ports':
      return [[point(protocol), span(range.first, range.last)]];
    case 'protocols':
      return [[span(range.first, range.last)]];
    case 'icmp':
    case 'icmpv6':
      return unpackIcmp(range).map(({ types, codes }) => [
        span(types.first, types.last),
        span(codes.first, codes.last),
      ]);
  }
}

/** Rules look at the destination on the way out and at the source on the way in. */
function peerField(direction: Direction, family: 4 | 6): Field {
  if (direction === 'egress') return family === 4 ? 'ip daddr' : 'ip6 daddr';
  return family === 4 ? 'ip saddr' : 'ip6 saddr';
}

/** Puts the class of the peer into the mark; 0 when its address is of no interface that is known. */
function peerLookup(direction: Direction): readonly ChainRule[] {
  const block = [peerField(direction, 6), 'meta l4proto'] as const;
  return [
    [{ op: 'set-mark', value: 0 }],
    [{ op: 'map-mark', fields: [peerField(direction, 4)], map: 'class4' }],
    [{ op: 'map-mark', fields: block, map: 'class6_blocks' }],
    [{ op: 'map-mark', fields: [peerField(direction, 6)], map: 'class6' }],
  ];
}
