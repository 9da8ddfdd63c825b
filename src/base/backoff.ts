/** How long to wait between attempts: doubled from the first up to the ceiling. */
export interface Backoff {
  readonly firstMs: number;
  readonly ceilingMs: number;
}

/** For work against an API on the same machine, where a failure is usually over at once. */
export const LOCAL_BACKOFF: Backoff = { firstMs: 50, ceilingMs: 10_000 };

/** The wait in milliseconds after the n-th failure in a row (from 1). */
export function backoffMs(failures: number, backoff: Backoff = LOCAL_BACKOFF): number {
  return Math.min(backoff.firstMs * 2 ** Math.min(failures - 1, 20), backoff.ceilingMs);
}
