/** What is only in one of two lists, by identity. */
export interface ChangedItems<T> {
  readonly gone: readonly T[];
  readonly come: readonly T[];
}

/**
 * The items of two lists that are not the same objects. Made for long lists of which few items
 * change, each in its place: then it is one walk.
 */
export function changedItems<T>(before: readonly T[], after: readonly T[]): ChangedItems<T> {
  if (before === after) return { gone: [], come: [] };
  if (before.length === after.length) {
    const places = placesThatDiffer(before, after);
    return {
      gone: places.map((i) => before[i] as T),
      come: places.map((i) => after[i] as T),
    };
  }
  const [was, is] = [new Set(before), new Set(after)];
  return {
    gone: before.filter((item) => !is.has(item)),
    come: after.filter((item) => !was.has(item)),
  };
}

function placesThatDiffer(before: readonly unknown[], after: readonly unknown[]): number[] {
  const places: number[] = [];
  for (let i = 0; i < before.length; i += 1) if (before[i] !== after[i]) places.push(i);
  return places;
}
