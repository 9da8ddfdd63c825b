/**
 * The chain and the sets of one class at one gate. Rules for blocks of addresses are elements
 * (block, protocol, port); rules for groups are elements (class of the peer, protocol, port), one for
 * each class that wears the group. The class of the peer comes from its address, through a map that all
 * chains share, so a new interface changes no chain and no set of rules.
 */
import type { Cidr } from '../base/cidr.ts';
import type { GroupId } from '../base/ids.ts';
import { mergePortRanges, type PortRange } from '../base/port-range.ts';
import type { Direction, Rule, RuleProtocol } from '../policy/rule.ts';
import { disjointBlocks, packIcmp, unpackIcmp, type Block } from './blocks.ts';
import { classDigits, type InterfaceClass } from './class.ts';
import {
  point,
  span,
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
}

/** A class's part of the program at one gate. */
export interface ClassGate {
  readonly chain: Chain;
  /** Sets of rules for groups have no elements: those are in `peerElements`. */
  readonly sets: readonly SetObject[];
  /** Groups that rules name, whether they exist or not. */
  readonly references: ReadonlySet<GroupId>;
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

/** Whether a set is one of a class at a gate: those hold intervals, and no others do. */
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
  const entries = item.groupIds
    .flatMap((groupId) => context.rulesOf(groupId))
    .filter((rule) => rule.direction === direction)
    .map(entryOf);
  const parts = SERVICES.map((service) => {
    const own = entries.filter((entry) => entry.service === service);
    return { name, direction, service, entries: own };
  });
  const byBlock = parts.flatMap((part) => blockSets(context, part));
  const byClass = parts.filter(namesGroups).map(peerSet);
  const lookups = byClass.length > 0 ? peerLookup(direction) : [];
  const indexed = parts.filter(namesGroups).map((part) => ({
    part,
    byGroup: Map.groupBy(part.entries, ({ rule }) => referenceOf(rule)),
  }));
  const rules = (some: readonly SetAndRule[]) => some.map(({ rule }) => rule);
  return {
    chain: { name, rules: [...rules(byBlock), ...lookups, ...rules(byClass)] },
    sets: [...byBlock, ...byClass].map(({ set }) => set),
    references: new Set(entries.flatMap(({ rule }) => referenceOf(rule) ?? [])),
    peerElements: (peer) => indexed.flatMap((part) => peerElements(context, part, peer)),
  };
}

function referenceOf({ peer }: Rule): GroupId | undefined {
  return peer.kind === 'group' ? peer.groupId : undefined;
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
  const found = peer.groupIds.filter(context.groupExists).flatMap((id) => byGroup.get(id) ?? []);
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

/** Puts the class of the peer into the mark; 0 when its address is of no interface of the VPC. */
function peerLookup(direction: Direction): readonly ChainRule[] {
  return [
    [{ op: 'set-mark', value: 0 }],
    [{ op: 'map-mark', field: peerField(direction, 4), map: 'class4' }],
    [{ op: 'map-mark', field: peerField(direction, 6), map: 'class6' }],
  ];
}
