import type { Condition } from '../../../api/meta.ts';

/**
 * Puts a condition in place of the one of the same type. The transition time moves only when the
 * status does, which is what `kubectl wait` and rollout deadlines rely on.
 */
export function withCondition<T extends Condition>(
  conditions: readonly T[],
  next: T,
  nowIso: string,
): readonly T[] {
  const before = conditions.find(({ type }) => type === next.type);
  const moved = before?.status !== next.status;
  const lastTransitionTime = moved ? nowIso : (before?.lastTransitionTime ?? nowIso);
  const placed = { ...next, lastTransitionTime };
  return before
    ? conditions.map((condition) => (condition === before ? placed : condition))
    : [...conditions, placed];
}

/** The time as the Kubernetes API writes it: RFC 3339, whole seconds. */
export function kubeTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
