import type { Pod } from '../../../api/core/pod.ts';

/** Whether the pod is being deleted. */
export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** Whether the pod has ended for good. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** A pod that counts towards a workload's replicas. */
export function isActive(pod: Pod): boolean {
  return !isTerminating(pod) && !isFinished(pod);
}

/** Whether the pod's Ready condition holds. */
export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

/**
 * When the pod counts as available: `minReadySeconds` after it became ready, in milliseconds of
 * wall-clock time; undefined while it is not ready.
 */
export function availableAtMs(pod: Pod, minReadySeconds = 0): number | undefined {
  const condition = readyCondition(pod);
  if (condition?.status !== 'True') return undefined;
  if (minReadySeconds === 0) return 0;
  return Date.parse(condition.lastTransitionTime ?? '') + minReadySeconds * 1000;
}

/** How many of the pods are ready and available now, and when the next one becomes available. */
export function countAvailability(
  pods: readonly Pod[],
  {
    minReadySeconds,
    nowMs,
  }: { readonly minReadySeconds: number | undefined; readonly nowMs: number },
): { readonly ready: number; readonly available: number; readonly nextInMs: number | undefined } {
  const times = pods
    .map((pod) => availableAtMs(pod, minReadySeconds))
    .filter((atMs) => atMs !== undefined);
  const later = times.filter((atMs) => atMs > nowMs).map((atMs) => atMs - nowMs);
  return {
    ready: times.length,
    available: times.length - later.length,
    nextInMs: later.length === 0 ? undefined : Math.min(...later),
  };
}

function readyCondition(pod: Pod) {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready');
}
