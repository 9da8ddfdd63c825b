import { PODS, type Pod } from '../../api/core/pod.ts';
import { KubeError } from '../../api/kube-error.ts';
import { keyOf, keyText } from '../../api/meta.ts';
import { BRANCH_DESCRIPTION } from '../../api/names.ts';
import { must } from '../../base/assert.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { randomHex } from '../../base/random.ts';
import type { Entry } from '../branch-pool/ledger.ts';
import type { ControllerDeps } from '../deps.ts';
import { branchOf } from '../describe-interfaces.ts';
import { branchTags, ownerTags, tagSpecifications } from '../ec2-tags.ts';
import type { ManagedNode } from '../node/managed-node.ts';
import { permit } from '../node/trunk.ts';
import { groupsForPod } from '../policy/pod-groups.ts';
import { annotationOf, writeAnnotation } from './write-annotation.ts';

/** What allocation needs besides the usual: somebody who deletes what it gives up. */
export interface AllocationDeps extends ControllerDeps {
  /** Released branches of the node wait for their deletion. */
  readonly onReleased: (node: ManagedNode, slot: number) => void;
  /** The pod waits for a branch of the node to be deleted; answers when to look again anyway. */
  readonly onNoRoom: (node: ManagedNode, podKey: string) => number;
}

/** The pod and what it is to get. */
export interface Allocation {
  readonly node: ManagedNode;
  /** As the API server has it now. */
  readonly pod: Pod;
  readonly units: number;
}

/**
 * Gives a pod its branches: reserve, create, permit, associate, annotate (spec: eks-behaviour 3.5).
 * It can be stopped and called again at any step: what was done is in the ledger. A failure before
 * the annotation takes everything back, so that nothing is half done. Answers when to look again.
 */
export async function allocate(
  deps: AllocationDeps,
  allocation: Allocation,
): Promise<number | undefined> {
  const { node, pod } = allocation;
  const entries = await branchesFor(deps, allocation);
  if (!entries) return deps.onNoRoom(node, keyText(keyOf(pod)));
  await annotate(deps, allocation, entries);
  for (const { slot } of entries) node.ledger.assigned(slot);
  deps.log.info('Branch allocated', {
    pod: keyText(keyOf(pod)),
    node: node.name,
    interfaces: entries.map(({ branch }) => branch?.eniId),
  });
  return undefined;
}

/** The created and associated branches of the pod; undefined when there is no room now. */
async function branchesFor(
  deps: AllocationDeps,
  { node, pod, units }: Allocation,
): Promise<readonly Entry[] | undefined> {
  try {
    const slots = node.ledger.ofPod(uidOf(pod)).map(({ slot }) => slot);
    if (slots.length === 0) {
      const reserved = await reserve(deps, { node, pod, units });
      if (!reserved) return undefined;
      slots.push(...reserved);
    }
    for (const slot of slots) await createBranch(deps, node, slot);
    return slots.map((slot) => must(node.ledger.entry(slot), () => `Slot ${slot} vanished`));
  } catch (error) {
    takeBack(deps, node, pod, error);
    deps.events.record(PODS, pod, {
      type: 'Warning',
      reason: 'BranchAllocationFailed',
      message: `failed to allocate branch ENI to pod: ${describe(error)}`,
    });
    throw error;
  }
}

async function reserve(
  deps: AllocationDeps,
  { node, pod, units }: Allocation,
): Promise<readonly number[] | undefined> {
  const groupIds = await groupsForPod(deps, node, pod);
  const owner = { uid: uidOf(pod), key: keyText(keyOf(pod)) };
  const slots: number[] = [];
  while (slots.length < units) {
    const entry = node.ledger.reserve(owner, groupIds);
    if (typeof entry === 'string') {
      for (const slot of slots) abandon(node, slot, deps.clock.nowMs());
      await tellNoRoom(deps, node, pod);
      return undefined;
    }
    slots.push(entry.slot);
  }
  return slots;
}

/** Ours: EKS lets the pod wait without a word (spec: eks-behaviour 3.14, 3). */
async function tellNoRoom(deps: AllocationDeps, node: ManagedNode, pod: Pod): Promise<void> {
  const { entries, limit } = node.ledger;
  const cooling = entries.filter(({ state }) => state === 'released').length;
  deps.events.record(PODS, pod, {
    type: 'Normal',
    reason: 'BranchAllocationWaiting',
    message: `Waiting for a branch ENI: node ${node.name} has ${limit}, ${cooling} of them cooling down after their pods ended`,
  });
}

async function createBranch(deps: AllocationDeps, node: ManagedNode, slot: number): Promise<void> {
  const { ledger, trunkId } = node;
  const entry = must(ledger.entry(slot), () => `Slot ${slot} vanished`);
  const vlanId = must(entry.vlanId, () => `Slot ${slot} has no VLAN id`);
  if (entry.state === 'reserved') {
    const tags = { ...branchTags(trunkId, vlanId), ...ownerTags(deps, node.instanceId) };
    const created = await deps.ec2.createNetworkInterface({
      Description: BRANCH_DESCRIPTION,
      SubnetId: node.subnetId,
      ...(entry.groupIds.length > 0 && { Groups: [...entry.groupIds] }),
      TagSpecifications: tagSpecifications(tags),
      ClientToken: randomHex(deps.random, 32),
    });
    ledger.created(slot, branchOf(must(created.NetworkInterface, () => 'EC2 named no interface')));
  }
  const branch = must(ledger.entry(slot)?.branch, () => `Slot ${slot} has no interface`);
  if (branch.associationId !== undefined) return;
  await permit(deps, branch.eniId);
  const { InterfaceAssociation } = await deps.ec2.associateTrunkInterface({
    BranchInterfaceId: branch.eniId,
    TrunkInterfaceId: trunkId,
    VlanId: vlanId,
  });
  ledger.associated(slot, InterfaceAssociation?.AssociationId ?? '');
}

/** Tells the pod. After a failure that may have been a success, the next try finds out. */
async function annotate(
  deps: AllocationDeps,
  { node, pod }: Allocation,
  entries: readonly Entry[],
): Promise<void> {
  const value = annotationOf(node, entries);
  try {
    await writeAnnotation(deps, pod, value);
  } catch (error) {
    if (!(error instanceof KubeError && error.retry === 'backoff')) {
      takeBack(deps, node, pod, error);
    }
    const message = `failed to annotate pod with branch ENI details: ${describe(error)}`;
    deps.events.record(PODS, pod, {
      type: 'Warning',
      reason: 'BranchENIAnnotationFailed',
      message,
    });
    throw error;
  }
  const message = `Allocated ${value} to the pod`;
  deps.events.record(PODS, pod, { type: 'Normal', reason: 'ResourceAllocated', message });
}

/** Gives up everything that the pod holds, at once: no packet has used it. */
function takeBack(deps: AllocationDeps, node: ManagedNode, pod: Pod, error: unknown): void {
  const atMs = deps.clock.nowMs();
  for (const { slot, state } of node.ledger.ofPod(uidOf(pod))) {
    if (state === 'reserved' && !isAmbiguous(error)) {
      abandon(node, slot, atMs);
    } else {
      node.ledger.release(slot, { atMs, immediate: true });
      deps.onReleased(node, slot);
    }
  }
}

/** Frees a place for which nothing exists in EC2. */
function abandon(node: ManagedNode, slot: number, atMs: number): void {
  node.ledger.release(slot, { atMs, immediate: true });
  node.ledger.gone(slot);
}

/** Whether the call may have been done although it failed. A refusal by EC2 is not ambiguous. */
function isAmbiguous(error: unknown): boolean {
  return !(error instanceof Ec2Error) || error.retry === 'backoff';
}

function describe(error: unknown): string {
  if (error instanceof Ec2Error) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

function uidOf(pod: Pod): string {
  return must(pod.metadata.uid, () => `Pod ${keyText(keyOf(pod))} has no uid`);
}
