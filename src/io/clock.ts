import { performance } from 'node:perf_hooks';
import type { Clock } from '../base/clock.ts';

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep,
};

/** `setTimeout` fires at once for longer delays than this (2^31 - 1 ms, about 24.8 days). */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

function sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
      Math.min(durationMs, LONGEST_TIMEOUT_MS),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
