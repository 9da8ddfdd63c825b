/** Choices that look random and are the same in each run with the same seed. */
export interface Chance {
  /** An integer from 0 to `limit` - 1. */
  readonly below: (limit: number) => number;
  /** One of these; there must be one. */
  readonly pick: <T>(from: readonly T[]) => T;
  /** True this often: 0 never, 1 always. */
  readonly happens: (probability: number) => boolean;
}

/** What a run depends on: `TRUNKLINE_SEED`, or a number that was never used before. */
export function seedOfRun(): number {
  const given = Number(process.env['TRUNKLINE_SEED']);
  return Number.isInteger(given) && given > 0 ? given : (Date.now() % 1_000_000_000) + 1;
}

/** Choices from a seed (mulberry32: short, and good enough for tests). */
export function createChance(seed: number): Chance {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => Math.floor(next() * limit),
    pick: (from) => from[Math.floor(next() * from.length)]!,
    happens: (probability) => next() < probability,
  };
}
