import type { Deployment, DeploymentStatus } from '../../../../api/apps/deployment.ts';
import type { ReplicaSet } from '../../../../api/apps/replica-set.ts';
import { isControlledBy } from '../owner.ts';
import { deploymentStatus, isComplete, type Sets } from './status.ts';
import { newSetSize, rollingLimits, shrinkOldSets, sizeOf, sum, type Sizes } from './rolling.ts';
import { HASH_LABEL, newReplicaSet, revisionOf, templateHash } from './sets.ts';

/** Old ReplicaSets kept for `kubectl rollout undo`, unless the spec says another number. */
const REVISION_HISTORY_LIMIT = 10;
/** How often a rollout that waits is looked at, so that its deadline is noticed. */
const DEADLINE_CHECK_MS = 10_000;

/** What one pass over a Deployment has to do. */
export interface DeploymentPlan {
  readonly create: ReplicaSet | undefined;
  readonly sizes: Sizes;
  /** Revision that the current ReplicaSet and the Deployment must carry. */
  readonly revision: number;
  readonly remove: readonly ReplicaSet[];
  readonly status: DeploymentStatus;
  readonly requeueAfterMs: number | undefined;
}

/** What a pass looks at. `podCounts` counts unfinished pods, terminating ones too, by owner uid. */
export interface DeploymentWorld {
  readonly replicaSets: readonly ReplicaSet[];
  readonly podCounts: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

/** Compares a Deployment with its ReplicaSets and takes one step towards the wanted state. */
export function decideDeployment(deployment: Deployment, world: DeploymentWorld): DeploymentPlan {
  const sets = sortSets(deployment, world.replicaSets);
  const newest = Math.max(0, ...sets.old.map(revisionOf));
  const own = sets.fresh ? revisionOf(sets.fresh) : 0;
  const revision = own > newest ? own : newest + 1;
  const status = deploymentStatus(deployment, sets, world.nowMs);
  const base = { revision, status, remove: [], create: undefined, sizes: new Map() };
  if (deployment.metadata.deletionTimestamp !== undefined)
    return { ...base, requeueAfterMs: undefined };
  const complete = isComplete(deployment, status);
  return {
    ...base,
    ...step(deployment, sets, { revision, podCounts: world.podCounts }),
    remove: complete ? surplusHistory(deployment, sets.old) : [],
    requeueAfterMs: complete ? undefined : DEADLINE_CHECK_MS,
  };
}

function sortSets(deployment: Deployment, replicaSets: readonly ReplicaSet[]): Sets {
  const hash = templateHash(deployment);
  const own = replicaSets
    .filter((set) => isControlledBy(set, deployment))
    .filter((set) => set.metadata.deletionTimestamp === undefined)
    .sort((a, b) => revisionOf(a) - revisionOf(b));
  const fresh = own.find((set) => set.metadata.labels?.[HASH_LABEL] === hash);
  return { fresh, old: own.filter((set) => set !== fresh) };
}

interface StepFacts {
  readonly revision: number;
  readonly podCounts: ReadonlyMap<string, number>;
}

type Step = Pick<DeploymentPlan, 'create' | 'sizes'>;

function step(deployment: Deployment, sets: Sets, facts: StepFacts): Step {
  const wanted = deployment.spec.replicas ?? 1;
  if (deployment.spec.paused === true) return resizing(scalePaused(wanted, sets));
  const recreate = deployment.spec.strategy?.type === 'Recreate';
  if (recreate && !isCleared(sets.old, facts.podCounts))
    return resizing(new Map(sets.old.map((set) => [set.metadata.name, 0])));
  const limits = rollingLimits(deployment);
  const { fresh, old } = sets;
  const current = fresh ? sizeOf(fresh) : 0;
  const total = current + sum(old, sizeOf);
  const size = recreate ? wanted : newSetSize(wanted, { current, total, ...limits });
  if (!fresh) {
    const create = newReplicaSet(deployment, { replicas: size, revision: facts.revision });
    return { create, sizes: new Map() };
  }
  if (size !== current) return resizing(new Map([[fresh.metadata.name, size]]));
  return resizing(shrinkOldSets(wanted, { fresh, old }, limits));
}

function resizing(sizes: Sizes): Step {
  return { create: undefined, sizes };
}

/** While paused nothing rolls, but a change of `replicas` still reaches the newest set with pods. */
function scalePaused(wanted: number, { fresh, old }: Sets): Sizes {
  const active = [...old, ...(fresh ? [fresh] : [])].filter((set) => sizeOf(set) > 0);
  const newest = active.at(-1) ?? fresh;
  if (!newest || active.length > 1) return new Map();
  return new Map([[newest.metadata.name, wanted]]);
}

function isCleared(old: readonly ReplicaSet[], podCounts: ReadonlyMap<string, number>): boolean {
  return old.every(
    (set) => sizeOf(set) === 0 && (podCounts.get(set.metadata.uid ?? '') ?? 0) === 0,
  );
}

function surplusHistory(deployment: Deployment, old: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit ?? REVISION_HISTORY_LIMIT;
  const empty = old.filter((set) => sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0);
  return empty.slice(0, Math.max(empty.length - limit, 0));
}
