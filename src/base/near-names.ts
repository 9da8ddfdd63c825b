/** More changed letters than this make another word, not a slip of the finger. */
const CHANGES_MAX = 2;

/**
 * The known names that come closest to one that is unknown, best first, for messages such as
 * `did you mean m5.large?`. Of
 * two that are as close, the one that begins alike for longer comes first; nothing is answered when all are far.
 */
export function nearNames(name: string, known: readonly string[], count: number): string[] {
  const wanted = name.toLowerCase();
  return known
    .map((each) => ({
      each,
      changes: changesBetween(wanted, each.toLowerCase()),
      alike: lettersAlike(wanted, each.toLowerCase()),
    }))
    .filter(({ changes }) => changes <= CHANGES_MAX)
    .toSorted((a, b) => a.changes - b.changes || b.alike - a.alike)
    .slice(0, count)
    .map(({ each }) => each);
}

/** Letters to insert, delete or replace (Levenshtein's distance). */
function changesBetween(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      line.push(Math.min(replaced, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    above = line;
  }
  return above[to.length] ?? 0;
}

function lettersAlike(a: string, b: string): number {
  let count = 0;
  while (count < a.length && a[count] === b[count]) count++;
  return count;
}
