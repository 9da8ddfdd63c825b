import * as fc from 'fast-check';
import { cidrAround, type Cidr } from '../../src/base/cidr.ts';
import { ipBits, type Ip } from '../../src/base/ip.ts';
import type { PortRange } from '../../src/base/port-range.ts';

/** Any address; those of IPv6 have runs of zeros more often than chance gives them. */
export function ips(): fc.Arbitrary<Ip> {
  const words = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 0xffff })), {
    minLength: 8,
    maxLength: 8,
  });
  return fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value): Ip => ({ family: 4, value })),
    words.map((all): Ip => ({
      family: 6,
      value: all.reduce((sum, word) => (sum << 16n) | BigInt(word), 0n),
    })),
  );
}

/** Any block, of either family. */
export function cidrs(): fc.Arbitrary<Cidr> {
  return ips().chain((ip) =>
    fc.integer({ min: 0, max: ipBits(ip.family) }).map((bits) => cidrAround(ip, bits)),
  );
}

/** Blocks of one small part of the address space, so that they often nest. */
export function crowdedCidrs(): fc.Arbitrary<Cidr> {
  return fc
    .tuple(fc.nat({ max: 15 }), fc.integer({ min: 28, max: 32 }))
    .map(([host, bits]) => cidrAround({ family: 4, value: 0x0a00_0000n + BigInt(host) }, bits));
}

/** Ranges below `max`. */
export function portRanges(max = 65_535): fc.Arbitrary<PortRange> {
  const port = fc.nat({ max });
  return fc.tuple(port, port).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
}
