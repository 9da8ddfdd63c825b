import type { Informer } from '../../api/informer.ts';
import { PODS, type Pod } from '../../api/core/pod.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { claimBranches, branchesOfTrunk } from '../gc/claim.ts';
import type { ManagedNode, NodeStore } from '../node/managed-node.ts';
import { keepGroups, type KeepGroupsDeps } from '../policy/keep-groups.ts';
import { allocate, type AllocationDeps } from './allocate.ts';
import { decidePod, isAnnotated, type PodPlan } from './decide-pod.ts';

/** What the pod reconciler takes. */
export interface PodDeps extends AllocationDeps, KeepGroupsDeps {
  readonly pods: Informer<Pod>;
  readonly nodes: NodeStore;
  /** Whether changes of policies reach running pods (DESIGN: D9). */
  readonly liveUpdates: boolean;
}

/** A pod that waits for its node looks again after this long, should the wake-up be missed. */
const NODE_POLL_MS = 1_000;

/** Brings one pod, named `namespace/name`, to where it should be; answers when to look again. */
export async function reconcilePod(deps: PodDeps, key: string): Promise<number | undefined> {
  const pod = deps.pods.get(objectKey(key));
  releaseFormer(deps, key, pod);
  if (!pod) return undefined;
  const node = deps.nodes.ready(pod.spec.nodeName ?? '');
  const holders = deps.nodes.all.filter(
    ({ ledger }) => ledger.ofPod(pod.metadata.uid ?? '').length > 0,
  );
  const entries = holders.flatMap(({ ledger }) => ledger.ofPod(pod.metadata.uid ?? ''));
  const plan = decidePod({ pod, nodeReady: node !== undefined, entries });
  if (plan.kind === 'release') {
    for (const holder of holders) releasePod(deps, holder, pod.metadata.uid ?? '');
    return undefined;
  }
  if (plan.kind === 'wait' || plan.kind === 'none') {
    return plan.kind === 'wait' ? NODE_POLL_MS : undefined;
  }
  return node && carryOut(deps, { node, pod, plan });
}

async function carryOut(
  deps: PodDeps,
  work: { readonly node: ManagedNode; readonly pod: Pod; readonly plan: PodPlan },
): Promise<number | undefined> {
  const { node, pod, plan } = work;
  switch (plan.kind) {
    case 'allocate':
      return allocateFresh(deps, { node, pod, units: plan.units });
    case 'claim':
      await claim(deps, node, pod);
      return undefined;
    case 'keep-groups':
      if (deps.liveUpdates) await keepGroups(deps, node, pod);
      return undefined;
    case 'none':
    case 'wait':
    case 'release':
      return undefined;
  }
}

/** The cache may lag: what counts is the pod that the API server has (spec: 3.5, step 1). */
async function allocateFresh(
  deps: PodDeps,
  { node, pod, units }: { node: ManagedNode; pod: Pod; units: number },
): Promise<number | undefined> {
  const fresh = await deps.kube.get(PODS, pod.metadata);
  // Another pod, or none: the cache will say so, and what this one holds is released then.
  if (!fresh || fresh.metadata.uid !== pod.metadata.uid) return undefined;
  const known = node.ledger.ofPod(pod.metadata.uid ?? '').length > 0;
  if (isAnnotated(fresh) && !known) {
    await claim(deps, node, fresh);
    return undefined;
  }
  return allocate(deps, { node, pod: fresh, units });
}

async function claim(deps: PodDeps, node: ManagedNode, pod: Pod): Promise<void> {
  const found = await branchesOfTrunk(deps, node.trunkId);
  claimBranches(deps, { node, pod, found });
}

/** Releases what earlier pods of this name hold: they are gone. */
function releaseFormer(deps: PodDeps, key: string, pod: Pod | undefined): void {
  for (const node of deps.nodes.all) {
    const former = node.ledger.entries.filter(
      (entry) =>
        entry.pod?.key === key && entry.state !== 'released' && entry.pod.uid !== pod?.metadata.uid,
    );
    const uids = new Set(former.map((entry) => entry.pod?.uid ?? ''));
    for (const uid of uids) releasePod(deps, node, uid);
  }
}

/** Sends the branches of a pod into their cool-down. */
export function releasePod(
  deps: Pick<PodDeps, 'clock' | 'log' | 'onReleased'>,
  node: ManagedNode,
  uid: string,
): void {
  for (const { slot, branch, pod } of node.ledger.ofPod(uid)) {
    node.ledger.release(slot, { atMs: deps.clock.nowMs(), immediate: false });
    deps.log.info('Branch released', { pod: pod?.key, node: node.name, eniId: branch?.eniId });
    deps.onReleased(node, slot);
  }
}

function objectKey(key: string): ObjectKey {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
