import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { must } from '../../base/assert.ts';
import { cidrAround, formatCidr, parseCidr, type Cidr } from '../../base/cidr.ts';
import { formatIp, parseIp, type Ip } from '../../base/ip.ts';
import { addressKey } from './keys.ts';

/** What a subnet hands out: single addresses, and delegated prefixes, of both families. */
export type AddressKind = 'ipv4' | 'ipv6' | 'ipv4Prefix' | 'ipv6Prefix';

/** Every kind. */
export const ADDRESS_KINDS: readonly AddressKind[] = ['ipv4', 'ipv6', 'ipv4Prefix', 'ipv6Prefix'];

/** Length of delegated prefixes (spec: ec2-surface 3.8). */
export const DELEGATED_BITS: Readonly<Record<4 | 6, number>> = { 4: 28, 6: 80 };

/** IPv4 addresses in a delegated prefix. */
export const ADDRESSES_PER_PREFIX = 16;

/** Reserved at the start of a subnet: network, router, DNS, future use; and the last address. */
export const RESERVED_FIRST = 4n;
/** Reserved at the end of a subnet. */
export const RESERVED_LAST = 1n;

/** The family of a kind. */
export function familyOf(kind: AddressKind): 4 | 6 {
  return kind === 'ipv4' || kind === 'ipv4Prefix' ? 4 : 6;
}

/** Whether the kind is a delegated prefix. */
export function isPrefixKind(kind: AddressKind): boolean {
  return kind === 'ipv4Prefix' || kind === 'ipv6Prefix';
}

/** The block of a subnet that addresses of a family come from, when it has one of that family. */
export function familyBlock({ metadata, spec }: Subnet, family: 4 | 6): Cidr | undefined {
  const text = family === 4 ? spec.cidr : spec.ipv6CidrBlocks?.[0]?.cidr;
  if (text === undefined) return undefined;
  const block = parseCidr(text);
  return must(block.ok ? block.value : undefined, () => `Subnet ${metadata.name}: bad ${text}`);
}

/** Whether a block has addresses that nobody gets. */
export function touchesReserved(
  outer: Cidr,
  { first, last }: Pick<Cidr, 'first' | 'last'>,
): boolean {
  return first < outer.first + RESERVED_FIRST || last > outer.last - RESERVED_LAST;
}

/** The delegated prefix that an address would be part of. */
export function delegatedAround(ip: Ip): string {
  return formatCidr(cidrAround(ip, DELEGATED_BITS[ip.family]));
}

/** The single addresses of an interface, both families. */
export function singleAddresses({ spec }: NetworkInterface): readonly string[] {
  return [...spec.privateIps, ...(spec.ipv6Addresses ?? [])];
}

/** The delegated prefixes of an interface, both families. */
export function delegatedPrefixes({ spec }: NetworkInterface): readonly string[] {
  return [...(spec.ipv4Prefixes ?? []), ...(spec.ipv6Prefixes ?? [])];
}

/** Index `address`: everything that an interface has, by its text. */
export function addressKeys(eni: NetworkInterface): readonly string[] {
  const all = [...singleAddresses(eni), ...delegatedPrefixes(eni)];
  return all.map((text) => addressKey(eni.spec.vpcId, text));
}

/** Index `block`: the delegable prefixes in which an interface has single addresses. */
export function blockKeys(eni: NetworkInterface): readonly string[] {
  const blocks = singleAddresses(eni).flatMap((text) => {
    const ip = parseIp(text);
    return ip.ok ? [delegatedAround(ip.value)] : [];
  });
  return [...new Set(blocks)].map((block) => addressKey(eni.spec.vpcId, block));
}

/** One address or prefix, read. */
export interface Space {
  readonly kind: AddressKind;
  /** Canonical. */
  readonly text: string;
  readonly first: bigint;
  readonly last: bigint;
  /** The delegable prefix around a single address; the prefix itself. */
  readonly block: string;
}

/** Reads an address or prefix of a request; undefined when it is malformed or of another kind. */
export function parseSpace(kind: AddressKind, text: string): Space | undefined {
  const family = familyOf(kind);
  if (isPrefixKind(kind)) {
    const cidr = parseCidr(text);
    if (!cidr.ok || cidr.value.family !== family) return undefined;
    if (cidr.value.prefixBits !== DELEGATED_BITS[family]) return undefined;
    return prefixSpace(kind, cidr.value);
  }
  const ip = parseIp(text);
  return ip.ok && ip.value.family === family ? spaceAt(kind, ip.value.value) : undefined;
}

/** The address or prefix of a kind that starts at a value. */
export function spaceAt(kind: AddressKind, value: bigint): Space {
  const ip: Ip = { family: familyOf(kind), value };
  if (isPrefixKind(kind)) return prefixSpace(kind, cidrAround(ip, DELEGATED_BITS[ip.family]));
  return { kind, text: formatIp(ip), first: value, last: value, block: delegatedAround(ip) };
}

function prefixSpace(kind: AddressKind, cidr: Cidr): Space {
  const text = formatCidr(cidr);
  return { kind, text, first: cidr.first, last: cidr.last, block: text };
}
