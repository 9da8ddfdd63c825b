import type { Clock } from '../base/clock.ts';

/** How often and how slowly to try. */
export interface RetryPolicy {
  readonly firstMs: number;
  readonly factor: number;
  readonly steps: number;
  readonly ceilingMs: number;
}

/** Deletes of interfaces (spec: eks-behaviour 3.4). */
export const DELETE_RETRY: RetryPolicy = { firstMs: 100, factor: 3, steps: 7, ceilingMs: 10_000 };
/** Waiting for an attachment (spec: eks-behaviour 3.4). */
export const ATTACH_WAIT: RetryPolicy = { firstMs: 1_000, factor: 2, steps: 7, ceilingMs: 300_000 };

/** Runs an action until it succeeds, at most `steps` times; throws the last failure. */
export async function retrying<T>(
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  policy: RetryPolicy,
  action: () => Promise<T>,
): Promise<T> {
  let waitMs = policy.firstMs;
  for (let step = 1; ; step += 1) {
    try {
      return await action();
    } catch (error) {
      if (step >= policy.steps || signal.aborted) throw error;
    }
    await clock.sleep(waitMs, signal);
    waitMs = Math.min(waitMs * policy.factor, policy.ceilingMs);
  }
}
