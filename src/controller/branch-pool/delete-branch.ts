import { TAG_TRUNK_ID, TAG_VLAN_ID } from '../../api/names.ts';
import { isEc2Error } from '../../ec2/error.ts';
import type { ControllerDeps } from '../deps.ts';
import { branchOf, describeAll } from '../describe-interfaces.ts';
import { tagFilter } from '../ec2-tags.ts';
import type { ManagedNode } from '../node/managed-node.ts';
import { deleteInterface } from '../node/trunk.ts';
import type { Entry } from './ledger.ts';

/** EC2 may show an interface only this long after its creation seemed to fail. */
export const SETTLE_MS = 5_000;

/** What to do with a released branch now. */
export type BranchPlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'wait'; readonly waitMs: number }
  /** It is not known whether an interface was created: look for it. */
  | { readonly kind: 'look-up' }
  | { readonly kind: 'delete' };

/** The plan for one entry of a ledger. */
export function decideBranch(
  entry: Entry | undefined,
  { nowMs, coolDownMs }: { readonly nowMs: number; readonly coolDownMs: number },
): BranchPlan {
  if (entry?.state !== 'released') return { kind: 'none' };
  const releasedAtMs = entry.releasedAtMs ?? nowMs;
  const quietMs = entry.immediate === true ? 0 : coolDownMs;
  const dueMs = releasedAtMs + (entry.branch ? quietMs : Math.max(quietMs, SETTLE_MS));
  if (nowMs < dueMs) return { kind: 'wait', waitMs: dueMs - nowMs };
  return { kind: entry.branch ? 'delete' : 'look-up' };
}

/**
 * Brings one released branch to its end; answers when to look again. A failure is the caller's to
 * retry: other branches of the node do not wait for this one, and its VLAN id stays taken until EC2
 * confirms that the interface is gone (spec: eks-behaviour 3.14, 1 and 15).
 */
export async function finishBranch(
  deps: ControllerDeps,
  work: { readonly node: ManagedNode; readonly slot: number; readonly coolDownMs: number },
): Promise<number | undefined> {
  const { node, slot, coolDownMs } = work;
  const entry = node.ledger.entry(slot);
  const plan = decideBranch(entry, { nowMs: deps.clock.nowMs(), coolDownMs });
  switch (plan.kind) {
    case 'none':
      return undefined;
    case 'wait':
      return plan.waitMs;
    case 'look-up':
      await lookUp(deps, node, slot);
      return node.ledger.entry(slot) && 1;
    case 'delete':
      await deleteBranch(deps, node, slot);
      return undefined;
  }
}

async function lookUp(deps: ControllerDeps, node: ManagedNode, slot: number): Promise<void> {
  const vlanId = node.ledger.entry(slot)?.vlanId ?? 0;
  const found = await describeAll(deps.ec2, [
    tagFilter(TAG_TRUNK_ID, node.trunkId),
    tagFilter(TAG_VLAN_ID, String(vlanId)),
  ]);
  const unowned = found.map(branchOf).find(({ eniId }) => !node.ledger.ofInterface(eniId));
  if (unowned) node.ledger.found(slot, unowned);
  else node.ledger.gone(slot);
}

async function deleteBranch(deps: ControllerDeps, node: ManagedNode, slot: number): Promise<void> {
  const branch = node.ledger.entry(slot)?.branch;
  if (!branch) return;
  node.ledger.deleting(slot);
  if (branch.associationId) await disassociate(deps, branch.associationId);
  await deleteInterface(deps, branch.eniId);
  node.ledger.gone(slot);
  deps.log.info('Branch deleted', { node: node.name, eniId: branch.eniId });
}

async function disassociate(deps: ControllerDeps, associationId: string): Promise<void> {
  try {
    await deps.ec2.disassociateTrunkInterface({ AssociationId: associationId });
  } catch (error) {
    // Deleting an associated branch works too, so this is not the end (spec: 3.7, 8.4).
    if (isEc2Error(error, 'InvalidAssociationID.NotFound')) return;
    deps.log.warn('Branch could not be disassociated', { associationId, error });
  }
}
