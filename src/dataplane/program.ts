/**
 * The filter of one fabric as a plain value: what `render.ts` writes as text, `diff.ts` compares and
 * the in-memory run of the tests executes. Equal states give deeply equal programs, because names come
 * from contents and everything is sorted.
 */

/** nftables data types that we use as keys. */
export type KeyType =
  | 'ifname'
  | 'ether_addr'
  | 'ipv4_addr'
  | 'ipv6_addr'
  | 'inet_proto'
  | 'inet_service'
  | 'icmp_type'
  | 'icmp_code'
  | 'icmpv6_type'
  | 'icmpv6_code'
  | 'mark'
  | 'ct_state'
  | 'ct_dir'
  /** Only compared with numbers, never part of a set. */
  | 'number';

/** A closed range of values of a numeric type. */
export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** One part of a concatenated key: a name for `ifname`, `ct_state` and `ct_dir`, a span for the rest. */
export type KeyPart = string | Span;

/** What a packet does next. */
export type Verdict =
  | { readonly verdict: 'accept' | 'drop' | 'return' }
  | { readonly verdict: 'jump' | 'goto'; readonly chain: string };

/** One element of a set (no value) or of a map. */
export interface SetElement {
  readonly key: readonly KeyPart[];
  /** A mark for data maps, a verdict for verdict maps. */
  readonly value?: number | Verdict;
}

/** A token bucket. */
export interface PacketLimit {
  readonly perSecond: number;
  /** Packets that may come at once after a rest. */
  readonly burst: number;
}

/** A named set or map. */
export interface SetObject {
  readonly name: string;
  readonly keys: readonly KeyType[];
  /** Whether keys may be spans. INVARIANT: elements of an interval set never overlap. */
  readonly interval?: boolean;
  /** Whether each element counts the packets that match it. */
  readonly counter?: boolean;
  /** How many packets of each element match at most; further ones do not. */
  readonly limit?: PacketLimit;
  /** Absent for sets. */
  readonly value?: 'mark' | 'verdict';
  /** In the order of their text. */
  readonly elements: readonly SetElement[];
}

/** A field of a packet, by its nftables expression. */
export type Field =
  | 'iifname'
  | 'oifname'
  | 'ether saddr'
  | 'ip saddr'
  | 'ip daddr'
  | 'ip6 saddr'
  | 'ip6 daddr'
  | 'meta l4proto'
  | 'meta mark'
  | 'th dport'
  | 'udp dport'
  | 'icmp type'
  | 'icmp code'
  | 'icmpv6 type'
  | 'icmpv6 code'
  | 'ct state'
  /** `original` or `reply`: the direction of the packet in its flow. */
  | 'ct direction'
  /** How a flow is tracked: see UNTRACKED. */
  | 'ct mark'
  | 'ip hdrlength'
  | 'ip length'
  | 'ip6 nexthdr'
  /** First byte of the header: version, and for IPv4 the length of the header in words. */
  | '@nh,0,8'
  /** More fragments follow: a bit of the IPv4 header, looked at only after what tells the version. */
  | '@nh,50,1'
  /** First ten bits of the target of a neighbour advertisement, looked at only after its type. */
  | '@th,64,10'
  | 'arp operation'
  | 'arp saddr ether'
  | 'arp saddr ip'
  | 'arp daddr ip';

/** One step of a rule; a step that does not match ends the rule. */
export type Step =
  | { readonly op: 'lookup'; readonly fields: readonly Field[]; readonly set: string }
  | { readonly op: 'is'; readonly field: Field; readonly values: readonly KeyPart[] }
  | { readonly op: 'set-mark'; readonly value: number }
  | { readonly op: 'map-mark'; readonly fields: readonly Field[]; readonly map: string }
  /** Sets bits in the mark of the flow. */
  | { readonly op: 'or-flow-mark'; readonly value: number }
  /** Gives a new flow its idle times. */
  | { readonly op: 'flow-timeout'; readonly timeout: string }
  | { readonly op: 'vmap'; readonly field: Field; readonly map: string }
  | {
      readonly op: 'cases';
      readonly field: Field;
      readonly cases: Readonly<Record<string, Verdict>>;
    }
  /** Sends the head of the packet to whoever listens to `LOG_GROUP`; the rule goes on. */
  | { readonly op: 'log'; readonly prefix: string }
  /** Nobody hears of flows that begin faster than the limit. */
  | { readonly op: 'silence-over'; readonly limit: PacketLimit }
  | { readonly op: 'verdict'; readonly verdict: Verdict };

/** Steps from left to right. */
export type ChainRule = readonly Step[];

/** Where a base chain is called; `priority` is the text that nftables takes. */
interface Hook {
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output';
  readonly priority: string;
  readonly policy: 'accept' | 'drop';
}

/** A chain; one without a hook is only jumped to. */
export interface Chain {
  readonly name: string;
  readonly hook?: Hook;
  readonly rules: readonly ChainRule[];
}

/** Idle times of flows of one protocol, in seconds by the kernel's names of states. */
export interface TimeoutObject {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  readonly seconds: Readonly<Record<string, number>>;
}

/** The whole of both tables. */
export interface FabricProgram {
  /** In the order of their names; absent when there are none. */
  readonly timeouts?: readonly TimeoutObject[];
  /** In the order of their names. */
  readonly sets: readonly SetObject[];
  /** In the order of their names. */
  readonly chains: readonly Chain[];
}

/** Group of nfnetlink_log that dropped packets are sent to; of this network namespace only. */
export const LOG_GROUP = 7;
/**
 * New flows of which one hears; of further ones the kernel says nothing, neither now nor at their end. An
 * event costs a connection a tenth of what it costs anyway, so a storm of them is recorded by samples.
 */
export const FLOW_LIMIT: PacketLimit = { perSecond: 500, burst: 1000 };
/** Bytes of a dropped packet that are sent: the headers of both families, with room to spare. */
export const LOG_BYTES = 128;

/**
 * Bits in the mark of a flow: the interface at its origin, or the one that answers, does not track it. Each
 * packet of the flow is judged by the rules of that interface, in both directions.
 */
export const UNTRACKED = { origin: 1, answerer: 2 } as const;

/** Family and name of the table that judges packets. */
export const TABLE = 'inet trunkline';
/** Family and name of the table that judges ARP, which packets' tables never see. */
export const ARP_TABLE = 'arp trunkline';

/**
 * The other name of the table that judges packets: a large program is loaded beside the one in force, and
 * takes its place when it is complete.
 */
export const SPARE_TABLE = 'inet trunkline_b';

/** Names that the table that judges packets may have. */
export type PacketTable = typeof TABLE | typeof SPARE_TABLE;

/** The name that is free while a table has this one. */
export function otherTable(table: PacketTable): PacketTable {
  return table === TABLE ? SPARE_TABLE : TABLE;
}

/** The table of a chain or set. INVARIANT: names in the ARP table, and no others, begin with `arp_`. */
export function tableOf(name: string, packets: PacketTable = TABLE): string {
  return name.startsWith('arp_') ? ARP_TABLE : packets;
}

/** nftables type of each field. */
export const FIELD_TYPES: Readonly<Record<Field, KeyType>> = {
  iifname: 'ifname',
  oifname: 'ifname',
  'ether saddr': 'ether_addr',
  'ip saddr': 'ipv4_addr',
  'ip daddr': 'ipv4_addr',
  'ip6 saddr': 'ipv6_addr',
  'ip6 daddr': 'ipv6_addr',
  'meta l4proto': 'inet_proto',
  'meta mark': 'mark',
  'th dport': 'inet_service',
  'udp dport': 'inet_service',
  'icmp type': 'icmp_type',
  'icmp code': 'icmp_code',
  'icmpv6 type': 'icmpv6_type',
  'icmpv6 code': 'icmpv6_code',
  'ct state': 'ct_state',
  'ct direction': 'ct_dir',
  'ct mark': 'mark',
  'ip hdrlength': 'number',
  'ip length': 'number',
  'ip6 nexthdr': 'number',
  '@nh,0,8': 'number',
  '@nh,50,1': 'number',
  '@th,64,10': 'number',
  'arp operation': 'number',
  'arp saddr ether': 'ether_addr',
  'arp saddr ip': 'ipv4_addr',
  'arp daddr ip': 'ipv4_addr',
};

/** The span of one value. */
export function point(value: bigint | number): Span {
  return { first: BigInt(value), last: BigInt(value) };
}

/** The span of a range of small numbers. */
export function span(first: number, last: number): Span {
  return { first: BigInt(first), last: BigInt(last) };
}
