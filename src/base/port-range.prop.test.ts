import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { portRanges } from '../../test/arbitrary/addresses.ts';
import {
  mergePortRanges,
  portRangeContains,
  portRangeHas,
  portRangesOverlap,
  subtractPortRanges,
  type PortRange,
} from './port-range.ts';

const MAX = 40;
const some = fc.array(portRanges(MAX), { maxLength: 8 });

/** The numbers of the ranges, one by one. */
function numbers(ranges: readonly PortRange[]): readonly number[] {
  return Array.from({ length: MAX + 3 }, (_, n) => n).filter((n) =>
    ranges.some((range) => portRangeHas(range, n)),
  );
}

function isTidy(ranges: readonly PortRange[]): boolean {
  return ranges.every(({ first, last }, i) => {
    const next = ranges[i + 1];
    return first <= last && (next === undefined || last + 1 < next.first);
  });
}

describe('merging', () => {
  test('keeps exactly the numbers, as the fewest ranges in order', () => {
    fc.assert(
      fc.property(some, (ranges) => {
        const merged = mergePortRanges(ranges);
        expect(numbers(merged)).toEqual(numbers(ranges));
        expect(isTidy(merged)).toBe(true);
      }),
    );
  });

  test('does not depend on order or repeats, and is done after one time', () => {
    fc.assert(
      fc.property(some, (ranges) => {
        const merged = mergePortRanges(ranges);
        expect(mergePortRanges([...ranges.toReversed(), ...ranges])).toEqual(merged);
        expect(mergePortRanges(merged)).toEqual(merged);
      }),
    );
  });
});

describe('subtracting', () => {
  test('leaves the numbers that are in none of the others', () => {
    fc.assert(
      fc.property(some, some, (ranges, removed) => {
        const left = subtractPortRanges(ranges, removed);
        const gone = new Set(numbers(removed));
        expect(numbers(left)).toEqual(numbers(ranges).filter((n) => !gone.has(n)));
        expect(isTidy(left)).toBe(true);
      }),
    );
  });

  test('splits a range in two', () => {
    expect(subtractPortRanges([{ first: 0, last: 65_535 }], [{ first: 80, last: 90 }])).toEqual([
      { first: 0, last: 79 },
      { first: 91, last: 65_535 },
    ]);
  });
});

describe('comparing two ranges', () => {
  test('agrees with comparing their numbers', () => {
    fc.assert(
      fc.property(portRanges(MAX), portRanges(MAX), (a, b) => {
        const inA = new Set(numbers([a]));
        expect(portRangesOverlap(a, b)).toBe(numbers([b]).some((n) => inA.has(n)));
        expect(portRangeContains(a, b)).toBe(numbers([b]).every((n) => inA.has(n)));
      }),
    );
  });
});
