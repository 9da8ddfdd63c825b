import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cidrs, crowdedCidrs } from '../../test/arbitrary/addresses.ts';
import {
  cidrAround,
  cidrAt,
  cidrContains,
  cidrHasIp,
  cidrOverlaps,
  formatCidr,
  parseCidr,
} from './cidr.ts';
import { ipBits } from './ip.ts';

describe('any block', () => {
  test('is the same after writing and reading', () => {
    fc.assert(
      fc.property(cidrs(), (cidr) => {
        expect(parseCidr(formatCidr(cidr))).toEqual({ ok: true, value: cidr });
      }),
    );
  });

  test('has two to the power of its host bits of addresses', () => {
    fc.assert(
      fc.property(cidrs(), ({ family, first, last, prefixBits }) => {
        expect(last - first + 1n).toBe(2n ** BigInt(ipBits(family) - prefixBits));
      }),
    );
  });

  test('is found again around any of its addresses', () => {
    fc.assert(
      fc.property(cidrs(), fc.bigInt({ min: 0n, max: 2n ** 128n }), (cidr, n) => {
        const ip = cidrAt(cidr, n % (cidr.last - cidr.first + 1n));
        expect(cidrHasIp(cidr, ip)).toBe(true);
        expect(cidrAround(ip, cidr.prefixBits)).toEqual(cidr);
      }),
    );
  });
});

test('two blocks nest or share nothing', () => {
  fc.assert(
    fc.property(crowdedCidrs(), crowdedCidrs(), (a, b) => {
      const nest = cidrContains(a, b) || cidrContains(b, a);
      expect(cidrOverlaps(a, b)).toBe(nest);
      const shared = Array.from({ length: 16 }, (_, i) => 0x0a00_0000n + BigInt(i)).some(
        (value) => cidrHasIp(a, { family: 4, value }) && cidrHasIp(b, { family: 4, value }),
      );
      expect(shared).toBe(nest);
    }),
  );
});
