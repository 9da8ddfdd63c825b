import type { Pod } from '../../api/core/pod.ts';
import { POD_ENI } from '../../api/names.ts';
import type { Entry } from '../branch-pool/ledger.ts';
import { parseAnnotation } from './annotation.ts';

/** What the controller knows about one pod. */
export interface PodView {
  readonly pod: Pod;
  /** Whether its node is on record and takes pods. */
  readonly nodeReady: boolean;
  /** Branches that the pod owns on its node. */
  readonly entries: readonly Entry[];
}

/** What to do for a pod. */
export type PodPlan =
  | { readonly kind: 'none' }
  /** The node is not on record yet. */
  | { readonly kind: 'wait' }
  /** Give it branches, or go on where an earlier try stopped. */
  | { readonly kind: 'allocate'; readonly units: number }
  /** Its annotation names branches that we have no record of: a restart, or a forgery. */
  | { readonly kind: 'claim' }
  /** It has its branches; they must wear the groups that the policies say now. */
  | { readonly kind: 'keep-groups' }
  /** It ended, although its object is still there. */
  | { readonly kind: 'release' };

/** Branches that a pod asks for: the sum over its containers (spec: eks-behaviour 3.5). */
export function requestedBranches(pod: Pod): number {
  return pod.spec.containers.reduce((sum, { resources }) => {
    const units = Number(resources?.requests?.[POD_ENI] ?? 0);
    return sum + (Number.isInteger(units) && units > 0 ? units : 0);
  }, 0);
}

/** Whether the pod has ended for good. */
export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/**
 * The plan for a pod. A deletion time stamp alone changes nothing: the pod still runs, and its
 * branch goes when its object goes (spec: eks-behaviour 3.5, 3.7).
 */
export function decidePod({ pod, nodeReady, entries }: PodView): PodPlan {
  if (isFinished(pod)) return { kind: entries.length > 0 ? 'release' : 'none' };
  const units = requestedBranches(pod);
  if (units === 0 || (pod.spec.nodeName ?? '') === '') return { kind: 'none' };
  if (!nodeReady) return { kind: 'wait' };
  if (entries.length === 0)
    return isAnnotated(pod) ? { kind: 'claim' } : { kind: 'allocate', units };
  const settled = entries.every(({ state }) => state === 'assigned');
  return settled ? { kind: 'keep-groups' } : { kind: 'allocate', units };
}

/** Whether the pod has been told of a branch. */
export function isAnnotated({ metadata }: Pod): boolean {
  return parseAnnotation(metadata.annotations?.[POD_ENI]).length > 0;
}
