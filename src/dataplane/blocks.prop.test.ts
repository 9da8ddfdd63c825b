import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crowdedCidrs, portRanges } from '../../test/arbitrary/addresses.ts';
import { cidrHasIp, cidrOverlaps } from '../base/cidr.ts';
import { portRangeHas, portRangesOverlap } from '../base/port-range.ts';
import { disjointBlocks, packIcmp, unpackIcmp, type Block } from './blocks.ts';

const MAX_PORT = 12;
const blocks = fc.array(fc.record({ cidr: crowdedCidrs(), range: portRanges(MAX_PORT) }), {
  maxLength: 8,
});

/** Every (address, port) of the small space that some block has. */
function points(all: readonly Block[]): readonly string[] {
  const found: string[] = [];
  for (let host = 0; host < 16; host++)
    for (let port = 0; port <= MAX_PORT; port++) {
      const ip = { family: 4, value: 0x0a00_0000n + BigInt(host) } as const;
      if (all.some(({ cidr, range }) => cidrHasIp(cidr, ip) && portRangeHas(range, port)))
        found.push(`${host}:${port}`);
    }
  return found;
}

describe('disjoint blocks', () => {
  test('hold exactly what the rules held', () => {
    fc.assert(
      fc.property(blocks, (all) => {
        expect(points(disjointBlocks(all))).toEqual(points(all));
      }),
    );
  });

  test('never overlap: the kernel would refuse the set', () => {
    fc.assert(
      fc.property(blocks, (all) => {
        const found = disjointBlocks(all);
        const clashes = found.filter((a, i) =>
          found
            .slice(i + 1)
            .some((b) => cidrOverlaps(a.cidr, b.cidr) && portRangesOverlap(a.range, b.range)),
        );
        expect(clashes).toEqual([]);
      }),
    );
  });

  test('do not depend on order or repeats', () => {
    fc.assert(
      fc.property(blocks, (all) => {
        const texts = (some: readonly Block[]) =>
          disjointBlocks(some)
            .map(
              ({ cidr, range }) => `${cidr.first}/${cidr.prefixBits} ${range.first}-${range.last}`,
            )
            .toSorted();
        expect(texts([...all.toReversed(), ...all])).toEqual(texts(all));
      }),
    );
  });
});

describe('ICMP boxes', () => {
  test('hold exactly the packed numbers, in three boxes at most', () => {
    fc.assert(
      fc.property(portRanges(), (range) => {
        const boxes = unpackIcmp(range);
        expect(boxes.length).toBeLessThanOrEqual(3);
        const size = boxes.reduce(
          (sum, { types, codes }) =>
            sum + (types.last - types.first + 1) * (codes.last - codes.first + 1),
          0,
        );
        expect(size).toBe(range.last - range.first + 1);
        for (const { types, codes } of boxes) {
          expect(portRangeHas(range, (types.first << 8) | codes.first)).toBe(true);
          expect(portRangeHas(range, (types.last << 8) | codes.last)).toBe(true);
        }
      }),
    );
  });

  test.each([
    [undefined, undefined, [{ types: { first: 0, last: 255 }, codes: { first: 0, last: 255 } }]],
    [3, undefined, [{ types: { first: 3, last: 3 }, codes: { first: 0, last: 255 } }]],
    [3, 4, [{ types: { first: 3, last: 3 }, codes: { first: 4, last: 4 } }]],
  ])('of type %s and code %s are one', (type, code, expected) => {
    expect(unpackIcmp(packIcmp(type, code))).toEqual(expected);
  });
});
