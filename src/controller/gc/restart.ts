import type { Pod } from '../../api/core/pod.ts';
import { TAG_TRUNK_ID } from '../../api/names.ts';
import type { ControllerDeps } from '../deps.ts';
import { branchOf, groupsOf, taggedVlan } from '../describe-interfaces.ts';
import { tagValue } from '../ec2-tags.ts';
import type { ManagedNode } from '../node/managed-node.ts';
import { isFinished } from '../pod/decide-pod.ts';
import { branchesOfTrunk, claimBranches } from './claim.ts';

/**
 * Fills the ledger of a node from what outlives us: tags in EC2 and annotations of pods. Pods claim
 * first; every other branch of the trunk has lost its owner and is released with cool-down, since
 * its address may have been in use until just now. Answers the released slots.
 */
export async function rebuildLedger(
  deps: Pick<ControllerDeps, 'ec2' | 'clock' | 'log'>,
  node: ManagedNode,
  pods: readonly Pod[],
): Promise<readonly number[]> {
  const found = await branchesOfTrunk(deps, node.trunkId);
  for (const pod of pods) if (!isFinished(pod)) claimBranches(deps, { node, pod, found });
  return found.flatMap((described) => adoptOrphan(deps, node, described) ?? []);
}

/** Puts a branch without an owner on record as released; undefined when it has an owner. */
export function adoptOrphan(
  { clock, log }: Pick<ControllerDeps, 'clock' | 'log'>,
  node: ManagedNode,
  described: Parameters<typeof branchOf>[0],
): number | undefined {
  if (tagValue(described.TagSet, TAG_TRUNK_ID) !== node.trunkId) return undefined;
  const branch = branchOf(described);
  const entry = node.ledger.adopt({
    vlanId: taggedVlan(described),
    state: 'released',
    pod: undefined,
    branch,
    groupIds: groupsOf(described),
    releasedAtMs: clock.nowMs(),
  });
  if (entry) log.info('Branch without a pod released', { node: node.name, eniId: branch.eniId });
  return entry?.slot;
}
