import { CNI_NODES, type CniNode } from '../../api/cni-node.ts';
import { NODES, type Node } from '../../api/core/node.ts';
import type { Pod } from '../../api/core/pod.ts';
import type { Informer } from '../../api/informer.ts';
import { isKubeError } from '../../api/kube-error.ts';
import { POD_ENI } from '../../api/names.ts';
import type { InstanceId } from '../../base/ids.ts';
import type { ControllerDeps } from '../deps.ts';
import { decideCniNode, type CniNodePlan } from './decide-cni-node.ts';
import { decideNode, type NodePlan } from './decide-node.ts';
import { initialiseNode } from './initialise-node.ts';
import type { ManagedNode, NodeStore } from './managed-node.ts';
import { deleteInterfacesOf } from '../gc/sweep.ts';

/** What the node reconciler takes. */
export interface NodeDeps extends ControllerDeps {
  readonly nodes: NodeStore;
  readonly nodeObjects: Informer<Node>;
  readonly cniNodes: Informer<CniNode>;
  readonly pods: Informer<Pod>;
  /** Released branches of the node wait for their deletion. */
  readonly onReleased: (node: ManagedNode, slot: number) => void;
  /** The node takes pods from now on. */
  readonly onReady: (node: ManagedNode) => void;
}

/** A node that is cleaned up is looked at again after this long. */
const CLEAN_UP_POLL_MS = 2_000;

/** Brings one node and its CNINode to where they should be; answers when to look again. */
export async function reconcileNode(deps: NodeDeps, name: string): Promise<number | undefined> {
  const node = deps.nodeObjects.get({ name });
  const cniNode = deps.cniNodes.get({ name });
  const plan = decideNode({
    node,
    cniNode,
    known: deps.nodes.named(name).map((each) => ({
      instanceId: each.instanceId,
      branches: each.ledger.entries.length,
      ...(each.missingSinceMs !== undefined && { missingSinceMs: each.missingSinceMs }),
    })),
    nowMs: deps.clock.nowMs(),
  });
  const cniPlan = decideCniNode({ node, cniNode, clusterName: deps.clusterName });
  const cniAgainMs = await carryOutCniNode(deps, name, cniPlan);
  retire(deps, plan);
  if (node) await bringUp(deps, node, plan);
  return soonest(plan.againMs, cniAgainMs);
}

async function carryOutCniNode(
  deps: NodeDeps,
  name: string,
  plan: CniNodePlan,
): Promise<number | undefined> {
  const { kube } = deps;
  switch (plan.kind) {
    case 'none':
      return undefined;
    case 'create':
      await createCniNode(deps, plan.object);
      return undefined;
    case 'patch':
      await kube.patch(CNI_NODES, { name }, { type: 'merge', body: plan.body });
      return undefined;
    case 'recreate':
      await letGo(deps, name, plan.finalizers);
      await recreate(deps, name, plan.object);
      return undefined;
    case 'clean-up':
      return cleanUp(deps, name, plan);
  }
}

/** The agent may have been faster; the informer brings its object, and that is then completed. */
async function createCniNode({ kube }: NodeDeps, object: CniNode): Promise<void> {
  try {
    await kube.create(CNI_NODES, object);
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error;
  }
}

async function letGo(
  { kube }: NodeDeps,
  name: string,
  finalizers: readonly string[],
): Promise<void> {
  const body = { metadata: { finalizers: finalizers.length > 0 ? finalizers : null } };
  await kube.patch(CNI_NODES, { name }, { type: 'merge', body });
}

async function recreate(deps: NodeDeps, name: string, object: CniNode): Promise<void> {
  const { kube, events, nodeObjects } = deps;
  try {
    await kube.create(CNI_NODES, object);
  } catch (error) {
    const node = nodeObjects.get({ name });
    const message = 'CNINode was deleted and failed to be recreated by the vpc-resource-controller';
    const event = { type: 'Warning', reason: 'CNINodeCreationFailed', message } as const;
    if (node) events.record(NODES, node, event);
    throw error;
  }
}

/** The finalizer goes last: EKS takes it off before the interfaces are gone (spec: 3.14, 13). */
async function cleanUp(
  deps: NodeDeps,
  name: string,
  plan: Extract<CniNodePlan, { kind: 'clean-up' }>,
): Promise<number | undefined> {
  if (deps.nodes.named(name).length > 0) return CLEAN_UP_POLL_MS;
  if (plan.instanceId !== undefined) await deleteInterfacesOf(deps, plan.instanceId);
  await letGo(deps, name, plan.finalizers);
  return undefined;
}

function retire(deps: NodeDeps, plan: NodePlan): void {
  const { nodes, clock, log } = deps;
  for (const instanceId of plan.missing) {
    change(nodes, instanceId, (node) => ({ ...node, missingSinceMs: clock.nowMs() }));
  }
  for (const instanceId of plan.drain) {
    const node = nodes.byInstance(instanceId);
    const live = node?.ledger.entries.filter(({ state }) => state !== 'released') ?? [];
    for (const { slot } of live) {
      node?.ledger.release(slot, { atMs: clock.nowMs(), immediate: true });
      if (node) deps.onReleased(node, slot);
    }
  }
  for (const instanceId of plan.forget) {
    log.info('Node is gone', { instanceId });
    nodes.remove(instanceId);
  }
}

async function bringUp(deps: NodeDeps, node: Node, plan: NodePlan): Promise<void> {
  const { nodes, pods, log, onReleased, onReady } = deps;
  if (plan.returned !== undefined) {
    change(nodes, plan.returned, (gone) => {
      const { missingSinceMs, ...back } = gone;
      log.info('Node is back', { node: back.name, missingSinceMs });
      return back;
    });
  }
  if (plan.initialise !== undefined) {
    const onNode = pods.list().filter(({ spec }) => spec.nodeName === node.metadata.name);
    const request = { instanceId: plan.initialise, pods: onNode };
    const made = await initialiseNode(deps, node, request);
    if (!made) return;
    nodes.put(made.managed);
    for (const slot of made.released) onReleased(made.managed, slot);
    await advertise(deps, node, made.managed);
    onReady(made.managed);
    return;
  }
  const managed = plan.advertise === undefined ? undefined : nodes.byInstance(plan.advertise);
  if (managed) await advertise(deps, node, managed);
  if (managed && plan.returned !== undefined) onReady(managed);
}

/** Writes the capacity; the kubelet copies it to allocatable (spec: eks-behaviour 3.3). */
async function advertise(deps: NodeDeps, node: Node, managed: ManagedNode): Promise<void> {
  const value = String(managed.ledger.limit);
  if (node.status?.capacity?.[POD_ENI] === value || value === '0') return;
  await deps.kube.patch(NODES, node.metadata, {
    type: 'merge',
    body: { status: { capacity: { [POD_ENI]: value } } },
    subresource: 'status',
  });
}

function change(
  nodes: NodeStore,
  instanceId: InstanceId,
  next: (node: ManagedNode) => ManagedNode,
): void {
  const node = nodes.byInstance(instanceId);
  if (node) nodes.put(next(node));
}

function soonest(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return Math.min(left, right);
}
