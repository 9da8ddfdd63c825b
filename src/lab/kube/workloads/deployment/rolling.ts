import type { Deployment } from '../../../../api/apps/deployment.ts';
import type { ReplicaSet } from '../../../../api/apps/replica-set.ts';
import { resolveIntOrPercent } from '../int-or-percent.ts';

/** New sizes by name of ReplicaSet; absent means leave it alone. */
export type Sizes = ReadonlyMap<string, number>;

/** How far a rolling update may leave the wanted number of pods, up and down. */
export interface RollingLimits {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** Limits of the strategy; both may not be 0, or nothing could ever move. */
export function rollingLimits(deployment: Deployment): RollingLimits {
  const wanted = deployment.spec.replicas ?? 1;
  if (deployment.spec.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: wanted };
  const { maxSurge = '25%', maxUnavailable = '25%' } =
    deployment.spec.strategy?.rollingUpdate ?? {};
  const up = resolveIntOrPercent(maxSurge, wanted, 'up');
  const down = resolveIntOrPercent(maxUnavailable, wanted, 'down');
  return { maxSurge: up, maxUnavailable: up === 0 && down === 0 ? 1 : Math.min(down, wanted) };
}

/** Size for the new ReplicaSet given the sizes of all: grow within the surge, shrink at once. */
export function newSetSize(
  wanted: number,
  { current, total, maxSurge }: { current: number; total: number; maxSurge: number },
): number {
  if (current >= wanted) return wanted;
  const room = Math.max(wanted + maxSurge - total, 0);
  return Math.min(wanted, current + room);
}

/**
 * Sizes for the old ReplicaSets: first those replicas that are not available anyway, then as many
 * of the others as the limit on unavailable pods lets go, oldest set first.
 */
export function shrinkOldSets(
  wanted: number,
  sets: { readonly fresh: ReplicaSet; readonly old: readonly ReplicaSet[] },
  limits: RollingLimits,
): Sizes {
  const { fresh, old } = sets;
  const minAvailable = wanted - limits.maxUnavailable;
  const all = [fresh, ...old];
  const total = sum(all, sizeOf);
  const freshUnavailable = sizeOf(fresh) - availableOf(fresh);
  const sizes = new Map<string, number>();
  let room = total - minAvailable - freshUnavailable;
  if (room <= 0) return sizes;
  for (const set of old) {
    const unhealthy = Math.max(sizeOf(set) - availableOf(set), 0);
    room -= take(sizes, set, Math.min(unhealthy, room));
  }
  let spare = sum(all, availableOf) - minAvailable;
  for (const set of old) {
    const left = sizes.get(set.metadata.name) ?? sizeOf(set);
    spare -= take(sizes, set, Math.min(left, spare));
  }
  return sizes;
}

/** Wanted number of pods of a ReplicaSet. */
export function sizeOf(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

/** Sum of a number over the sets. */
export function sum(sets: readonly ReplicaSet[], number: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + number(set), 0);
}

function availableOf(set: ReplicaSet): number {
  // A status that lags behind a smaller size counts pods that are about to go.
  return Math.min(set.status?.availableReplicas ?? 0, sizeOf(set));
}

function take(sizes: Map<string, number>, set: ReplicaSet, count: number): number {
  if (count <= 0) return 0;
  const { name } = set.metadata;
  sizes.set(name, (sizes.get(name) ?? sizeOf(set)) - count);
  return count;
}
