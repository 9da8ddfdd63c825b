import type { PodSpec } from '../../../../api/core/pod.ts';

/** First pause before a container is started again; the kubelet's is 10 s, which a lab cannot wait. */
const BACKOFF_FIRST_MS = 1_000;
/** Longest pause. */
const BACKOFF_MAX_MS = 60_000;
/** A container that ran this long starts again with the first pause. */
const BACKOFF_RESET_MS = 120_000;

/** Whether a container that ended like this is started again. */
export function mayRestart(
  policy: PodSpec['restartPolicy'],
  { exitCode }: { readonly exitCode: number },
): boolean {
  if (policy === 'Never') return false;
  return policy === 'OnFailure' ? exitCode !== 0 : true;
}

/** Pauses between starts of one container: none before the first restart, then 1 s, 2 s, ... 60 s. */
export interface RestartBackoff {
  readonly nextMs: number;
}

/** The state before the first exit. */
export const NO_BACKOFF: RestartBackoff = { nextMs: 0 };

/** The pause after a run of this length, and the state for the exit after it. */
export function afterExit(
  backoff: RestartBackoff,
  ranMs: number,
): { readonly pauseMs: number; readonly next: RestartBackoff } {
  const pauseMs = ranMs >= BACKOFF_RESET_MS ? 0 : backoff.nextMs;
  const doubled = pauseMs === 0 ? BACKOFF_FIRST_MS : Math.min(pauseMs * 2, BACKOFF_MAX_MS);
  return { pauseMs, next: { nextMs: doubled } };
}
