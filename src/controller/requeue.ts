import { backoffMs, type Backoff } from '../base/backoff.ts';

/** Waits after failures. Transient ones (throttling, conflicts) are tried again much sooner. */
const BACKOFF: Readonly<Record<'transient' | 'lasting', Backoff>> = {
  transient: { firstMs: 200, ceilingMs: 30_000 },
  lasting: { firstMs: 2_000, ceilingMs: 120_000 },
};

/** The wait in milliseconds after the n-th failure in a row (from 1) with this error. */
export function retryMs(error: unknown, failures: number): number {
  const { retry } = (error ?? {}) as { retry?: unknown };
  return backoffMs(failures, retry === 'backoff' ? BACKOFF.transient : BACKOFF.lasting);
}
