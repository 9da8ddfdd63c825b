import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
} from '../../../../api/apps/deployment.ts';
import type { ReplicaSet } from '../../../../api/apps/replica-set.ts';
import { kubeTime, withCondition } from '../condition.ts';
import { rollingLimits, sizeOf, sum } from './rolling.ts';

/** Seconds without progress after which a rollout counts as stuck, unless the spec says another. */
const PROGRESS_DEADLINE_SECONDS = 600;

/** The sets of a Deployment; `fresh` has its current template and may not exist yet. */
export interface Sets {
  readonly fresh: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/** Status of a Deployment as `kubectl rollout status` and `kubectl wait` read it. */
export function deploymentStatus(
  deployment: Deployment,
  sets: Sets,
  nowMs: number,
): DeploymentStatus {
  const all = sets.fresh ? [sets.fresh, ...sets.old] : sets.old;
  const replicas = sum(all, (set) => set.status?.replicas ?? 0);
  const availableReplicas = sum(all, (set) => set.status?.availableReplicas ?? 0);
  const counts = {
    replicas,
    updatedReplicas: sets.fresh?.status?.replicas ?? 0,
    readyReplicas: sum(all, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas,
    unavailableReplicas: Math.max(sum(all, sizeOf) - availableReplicas, 0),
  };
  const { collisionCount } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...counts,
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: conditions(deployment, { sets, counts, nowMs }),
  };
}

/** Whether every pod is of the current template, none is left over and all are available. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = deployment.spec.replicas ?? 1;
  return (
    status.updatedReplicas === wanted &&
    status.replicas === wanted &&
    status.availableReplicas === wanted &&
    status.observedGeneration === (deployment.metadata.generation ?? 0)
  );
}

interface Facts {
  readonly sets: Sets;
  readonly counts: DeploymentStatus;
  readonly nowMs: number;
}

function conditions(deployment: Deployment, facts: Facts): readonly DeploymentCondition[] {
  const nowIso = kubeTime(facts.nowMs);
  const before = deployment.status?.conditions ?? [];
  const failure = facts.sets.fresh?.status?.conditions?.find(
    ({ type }) => type === 'ReplicaFailure',
  );
  const kept = before.filter(({ type }) => type !== 'ReplicaFailure' || failure !== undefined);
  const next = [progressing(deployment, facts), available(deployment, facts)];
  if (failure) next.push({ ...failure });
  return next.reduce<readonly DeploymentCondition[]>(
    (all, condition) => stamped(all, condition, nowIso),
    kept,
  );
}

function stamped(
  all: readonly DeploymentCondition[],
  next: DeploymentCondition,
  nowIso: string,
): readonly DeploymentCondition[] {
  const before = all.find(({ type }) => type === next.type);
  const same = before?.status === next.status && before.reason === next.reason;
  const lastUpdateTime = next.lastUpdateTime ?? (same ? before.lastUpdateTime : undefined);
  return withCondition(all, { ...next, lastUpdateTime: lastUpdateTime ?? nowIso }, nowIso);
}

function available(deployment: Deployment, { counts }: Facts): DeploymentCondition {
  const wanted = deployment.spec.replicas ?? 1;
  const enough =
    (counts.availableReplicas ?? 0) >= wanted - rollingLimits(deployment).maxUnavailable;
  return enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

function progressing(deployment: Deployment, facts: Facts): DeploymentCondition {
  const { sets, counts, nowMs } = facts;
  const what = sets.fresh
    ? `ReplicaSet "${sets.fresh.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`;
  const say = (reason: string, text: string, moved = false): DeploymentCondition => ({
    type: 'Progressing',
    status: reason === 'ProgressDeadlineExceeded' ? 'False' : 'True',
    reason,
    message: `${what} ${text}`,
    ...(moved && { lastUpdateTime: kubeTime(nowMs) }),
  });
  const status = { ...counts, observedGeneration: deployment.metadata.generation ?? 0 };
  if (isComplete(deployment, status))
    return say('NewReplicaSetAvailable', 'has successfully progressed.');
  const before = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
  if (hasMoved(deployment, counts)) return say('ReplicaSetUpdated', 'is progressing.', true);
  if (isOverdue(deployment, before, nowMs))
    return say('ProgressDeadlineExceeded', 'has timed out progressing.');
  if (before?.reason === 'NewReplicaSetAvailable') return before;
  return say('ReplicaSetUpdated', 'is progressing.');
}

function hasMoved({ status, metadata }: Deployment, counts: DeploymentStatus): boolean {
  if (!status || status.observedGeneration !== metadata.generation) return true;
  const fewerOld =
    (counts.replicas ?? 0) - (counts.updatedReplicas ?? 0) <
    (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  const more = (['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const).some(
    (field) => (counts[field] ?? 0) > (status[field] ?? 0),
  );
  return fewerOld || more;
}

function isOverdue(
  { spec }: Deployment,
  before: DeploymentCondition | undefined,
  nowMs: number,
): boolean {
  if (before?.reason === 'ProgressDeadlineExceeded') return true;
  // A rollout that once completed is not late when a pod is lost afterwards.
  if (before?.reason === 'NewReplicaSetAvailable' || spec.paused === true) return false;
  if (before?.lastUpdateTime === undefined) return false;
  const limitMs = (spec.progressDeadlineSeconds ?? PROGRESS_DEADLINE_SECONDS) * 1000;
  return Date.parse(before.lastUpdateTime) + limitMs < nowMs;
}
