import type { ReplicaSet, ReplicaSetStatus } from '../../../../api/apps/replica-set.ts';
import type { Pod } from '../../../../api/core/pod.ts';
import { labelsInclude } from '../../scheduler/node-selector.ts';
import { countAvailability, isActive, isReady } from '../pod-state.ts';
import { isControlledBy } from '../owner.ts';

/** Pods made or deleted in one pass; the next pass does the rest. */
const MAX_CHANGES_PER_PASS = 50;

/** What one pass over a ReplicaSet has to do. */
export interface ReplicaSetPlan {
  readonly createCount: number;
  readonly remove: readonly Pod[];
  readonly status: ReplicaSetStatus;
  /** When a pod becomes available by mere passing of time. */
  readonly requeueAfterMs: number | undefined;
}

/** Compares the pods that a ReplicaSet controls with the number it wants. */
export function decideReplicaSet(
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  nowMs: number,
): ReplicaSetPlan {
  const active = pods.filter((pod) => isControlledBy(pod, replicaSet) && isActive(pod));
  const { ready, available, nextInMs } = countAvailability(active, {
    minReadySeconds: replicaSet.spec.minReadySeconds,
    nowMs,
  });
  const labels = replicaSet.spec.template?.metadata?.labels ?? {};
  const excess = active.length - (replicaSet.spec.replicas ?? 1);
  const beingDeleted = replicaSet.metadata.deletionTimestamp !== undefined;
  return {
    createCount: beingDeleted ? 0 : Math.min(Math.max(-excess, 0), MAX_CHANGES_PER_PASS),
    remove: beingDeleted || excess <= 0 ? [] : victims(active, excess),
    status: {
      replicas: active.length,
      fullyLabeledReplicas: active.filter((pod) => labelsInclude(pod.metadata.labels ?? {}, labels))
        .length,
      readyReplicas: ready,
      availableReplicas: available,
      observedGeneration: replicaSet.metadata.generation ?? 0,
    },
    requeueAfterMs: nextInMs,
  };
}

/** The pods whose loss hurts least: not placed, then not running, then not ready, then youngest. */
function victims(active: readonly Pod[], count: number): readonly Pod[] {
  const rank = (pod: Pod): number =>
    (pod.spec.nodeName === undefined ? 0 : 4) +
    (pod.status?.phase === 'Running' ? 2 : 0) +
    (isReady(pod) ? 1 : 0);
  const age = (pod: Pod): string => pod.metadata.creationTimestamp ?? '';
  return [...active]
    .sort((a, b) => rank(a) - rank(b) || (age(a) > age(b) ? -1 : 1))
    .slice(0, Math.min(count, MAX_CHANGES_PER_PASS));
}
