import type { Field, KeyType } from '../program.ts';

/** Numbers of the kernel's nftables interface (linux/netfilter/nf_tables.h, nfnetlink.h). */

const SUBSYSTEM = 10 << 8;

/** Message types: NFT_MSG_*. */
export const TYPE = {
  newTable: SUBSYSTEM,
  newChain: SUBSYSTEM | 3,
  delChain: SUBSYSTEM | 5,
  newRule: SUBSYSTEM | 6,
  delRule: SUBSYSTEM | 8,
  newSet: SUBSYSTEM | 9,
  delSet: SUBSYSTEM | 11,
  newElement: SUBSYSTEM | 12,
  delElement: SUBSYSTEM | 14,
} as const;

/** NLM_F_REQUEST, with NLM_F_CREATE and NLM_F_APPEND. */
export const FLAGS = { request: 0x001, create: 0x401, append: 0xc01 } as const;

/** NFPROTO_INET and NFPROTO_ARP. */
export const FAMILY = { inet: 1, arp: 3 } as const;

/** NFTA_SET_*, NFTA_SET_DESC_*, NFTA_SET_FIELD_LEN and flags. */
export const SET = {
  table: 1,
  name: 2,
  flags: 3,
  keyType: 4,
  keyBytes: 5,
  dataType: 6,
  dataBytes: 7,
  description: 9,
  id: 10,
  userData: 13,
  expression: 17,
  concat: 2,
  fieldBytes: 1,
  interval: 0x4,
  map: 0x8,
  concatenation: 0x80,
  /** NFT_DATA_VERDICT as a type. */
  verdictType: 0xffff_ff00,
} as const;

/** NFTA_SET_ELEM_LIST_*, NFTA_SET_ELEM_*, NFTA_DATA_*, NFTA_VERDICT_*, NFTA_LIST_ELEM. */
export const ELEMENT = {
  table: 1,
  set: 2,
  list: 3,
  one: 1,
  key: 1,
  data: 2,
  keyEnd: 10,
  value: 1,
  verdict: 2,
  code: 1,
  chain: 2,
} as const;

/** NFTA_CHAIN_* and NFTA_RULE_*. */
export const CHAIN = { table: 1, name: 3 } as const;
export const RULE = { table: 1, chain: 2, expressions: 4 } as const;

/** NFTA_EXPR_* and the attributes of single expressions. */
export const EXPRESSION = { name: 1, data: 2 } as const;
export const LIMIT = { rate: 1, seconds: 2, burst: 3, type: 4 } as const;
export const BITWISE = { source: 1, target: 2, bytes: 3, mask: 4, xor: 5 } as const;
export const CT = { target: 1, key: 2, source: 4 } as const;
export const META = { target: 1, key: 2, source: 3 } as const;
export const PAYLOAD = { target: 1, base: 2, offset: 3, bytes: 4 } as const;
export const COMPARE = { source: 1, operation: 2, data: 3 } as const;
export const LOOKUP = { set: 1, source: 2, target: 3 } as const;
export const IMMEDIATE = { target: 1, data: 2 } as const;
export const SWAP = { source: 1, target: 2, operation: 3, bytes: 4, size: 5 } as const;

/** NF_DROP, NF_ACCEPT and NFT_RETURN, NFT_JUMP, NFT_GOTO. */
export const VERDICTS = { drop: 0, accept: 1, return: -5, jump: -3, goto: -4 } as const;

/** NFT_REG_VERDICT and NFT_REG32_00. */
export const REGISTER = { verdict: 0, first: 8 } as const;

/** NFT_CMP_*. */
export const COMPARISON = { equal: 0, unequal: 1, atMost: 3, atLeast: 5 } as const;

/** NFT_CT_STATE and NFT_CT_MARK; the bit of new flows in a state. */
export const CT_KEY = { state: 0, mark: 3, stateNew: 8 } as const;

/** NFT_META_*. */
export const META_KEY = { mark: 3, nfproto: 15, l4proto: 16 } as const;

/** How a type of key is written: its number in nft, and its size in bytes. */
export const KEY_TYPES: Readonly<Record<KeyType, { readonly id: number; readonly bytes: number }>> =
  {
    ipv4_addr: { id: 7, bytes: 4 },
    ipv6_addr: { id: 8, bytes: 16 },
    ether_addr: { id: 9, bytes: 6 },
    inet_proto: { id: 12, bytes: 1 },
    inet_service: { id: 13, bytes: 2 },
    icmp_type: { id: 14, bytes: 1 },
    mark: { id: 19, bytes: 4 },
    ct_state: { id: 26, bytes: 4 },
    ct_dir: { id: 27, bytes: 1 },
    icmpv6_type: { id: 29, bytes: 1 },
    icmp_code: { id: 32, bytes: 1 },
    icmpv6_code: { id: 33, bytes: 1 },
    ifname: { id: 41, bytes: 16 },
    number: { id: 1, bytes: 4 },
  };

/** How a field is read, and what must be known of the packet first. */
export interface FieldSource {
  readonly meta?: number;
  /** NFT_PAYLOAD_NETWORK_HEADER is 1, NFT_PAYLOAD_TRANSPORT_HEADER 2. */
  readonly payload?: { readonly base: 1 | 2; readonly offset: number };
  readonly family?: 4 | 6;
  readonly protocol?: number;
}

/** Fields that rules of classes look up. */
export const FIELD_SOURCES: Partial<Readonly<Record<Field, FieldSource>>> = {
  'meta l4proto': { meta: META_KEY.l4proto },
  'meta mark': { meta: META_KEY.mark },
  'ip saddr': { payload: { base: 1, offset: 12 }, family: 4 },
  'ip daddr': { payload: { base: 1, offset: 16 }, family: 4 },
  'ip6 saddr': { payload: { base: 1, offset: 8 }, family: 6 },
  'ip6 daddr': { payload: { base: 1, offset: 24 }, family: 6 },
  'th dport': { payload: { base: 2, offset: 2 } },
  'icmp type': { payload: { base: 2, offset: 0 }, family: 4, protocol: 1 },
  'icmp code': { payload: { base: 2, offset: 1 }, family: 4, protocol: 1 },
  'icmpv6 type': { payload: { base: 2, offset: 0 }, family: 6, protocol: 58 },
  'icmpv6 code': { payload: { base: 2, offset: 1 }, family: 6, protocol: 58 },
};
