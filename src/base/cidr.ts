import { formatIp, ipBits, parseIp, type Ip } from './ip.ts';
import { err, ok, type Result } from './result.ts';

/** A block of addresses in canonical form: no host bits set below the prefix. */
export interface Cidr {
  readonly family: 4 | 6;
  /** First address of the block. */
  readonly first: bigint;
  /** Last address of the block. */
  readonly last: bigint;
  readonly prefixBits: number;
}

/**
 * Reads `address/length` and clears host bits, as EC2 does with rule CIDRs
 * (100.68.0.18/18 becomes 100.68.0.0/18). A bare address is refused: EC2 wants /32 or /128.
 */
export function parseCidr(text: string): Result<Cidr, string> {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const ip = parseIp(match?.[1] ?? '');
  const prefixBits = Number(match?.[2]);
  if (!ip.ok || prefixBits > ipBits(ip.value.family)) return err(`CIDR block ${text} is malformed`);
  return ok(cidrAround(ip.value, prefixBits));
}

/** The block of the given prefix length that holds the address. */
export function cidrAround(ip: Ip, prefixBits: number): Cidr {
  const hostBits = BigInt(ipBits(ip.family) - prefixBits);
  const first = (ip.value >> hostBits) << hostBits;
  return { family: ip.family, first, last: first + (1n << hostBits) - 1n, prefixBits };
}

/** Canonical text of a block. */
export function formatCidr(cidr: Cidr): string {
  return `${formatIp({ family: cidr.family, value: cidr.first })}/${cidr.prefixBits}`;
}

/** Whether the address lies in the block. */
export function cidrHasIp(cidr: Cidr, ip: Ip): boolean {
  return cidr.family === ip.family && cidr.first <= ip.value && ip.value <= cidr.last;
}

/** Whether every address of `inner` lies in `outer`. */
export function cidrContains(outer: Cidr, inner: Cidr): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** Whether the two blocks share an address. */
export function cidrOverlaps(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** The address at `offset` from the start of the block (0 is the network address). */
export function cidrAt(cidr: Cidr, offset: bigint): Ip {
  return { family: cidr.family, value: cidr.first + offset };
}
