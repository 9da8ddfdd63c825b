/**
 * A closed range of numbers below 65536: ports, protocol numbers, or ICMP type and code packed into
 * one number. `first <= last` always holds.
 */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Every port. */
export const ALL_PORTS: PortRange = { first: 0, last: 65_535 };

/** Whether the range has the number. */
export function portRangeHas(range: PortRange, port: number): boolean {
  return range.first <= port && port <= range.last;
}

/** Whether every number of `inner` is in `outer`. */
export function portRangeContains(outer: PortRange, inner: PortRange): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

/** Whether the two share a number. */
export function portRangesOverlap(a: PortRange, b: PortRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/**
 * The same numbers as the fewest ranges, in rising order: overlapping and adjacent ranges become
 * one.
 */
export function mergePortRanges(ranges: readonly PortRange[]): readonly PortRange[] {
  const merged: PortRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const previous = merged.at(-1);
    if (previous && range.first <= previous.last + 1)
      merged[merged.length - 1] = {
        first: previous.first,
        last: Math.max(previous.last, range.last),
      };
    else merged.push(range);
  }
  return merged;
}

/** The numbers of `ranges` that are in none of `removed`, as the fewest ranges in rising order. */
export function subtractPortRanges(
  ranges: readonly PortRange[],
  removed: readonly PortRange[],
): readonly PortRange[] {
  const holes = mergePortRanges(removed);
  return mergePortRanges(ranges).flatMap((range) => withoutHoles(range, holes));
}

/** `80` or `80-90`. */
export function formatPortRange(range: PortRange): string {
  return range.first === range.last ? `${range.first}` : `${range.first}-${range.last}`;
}

function withoutHoles(range: PortRange, holes: readonly PortRange[]): readonly PortRange[] {
  const parts: PortRange[] = [];
  let first = range.first;
  for (const hole of holes) {
    if (!portRangesOverlap(range, hole)) continue;
    if (first < hole.first) parts.push({ first, last: hole.first - 1 });
    first = hole.last + 1;
  }
  if (first <= range.last) parts.push({ first, last: range.last });
  return parts;
}
