/** `trunkline capacity`: the pods that instance types and nodes hold, and how that is counted. */
import type { KubeClient } from '../api/client.ts';
import { CNI_NODES, type CniNode } from '../api/cni-node.ts';
import { NODES, type Node } from '../api/core/node.ts';
import { PODS, type Pod } from '../api/core/pod.ts';
import { KubeError } from '../api/kube-error.ts';
import { FEATURE_CUSTOM_NETWORKING, POD_ENI } from '../api/names.ts';
import { nearNames } from '../base/near-names.ts';
import { textTable } from '../base/text-table.ts';
import { instanceLimits, instanceTypes } from '../ec2/limits.ts';
import { capacityOf, type Capacity, type CapacitySettings } from '../policy/capacity.ts';
import { capacityText } from './capacity-text.ts';
import type { Answer } from './command.ts';
import { LabProblem } from './lab-port.ts';

/** Capacity of an instance type. */
export interface TypeCapacity extends Capacity {
  readonly instanceType: string;
}

/** Capacity of a node, and what of it is in use. */
export interface NodeCapacity {
  readonly node: string;
  readonly instanceType: string;
  /** What the limits allow; absent for a type that nobody knows. */
  readonly capacity?: Capacity;
  /** What the scheduler counts with: 0 until the trunk is attached. */
  readonly allocatableBranches: number;
  readonly branchPods: number;
  /** What the kubelet admits. */
  readonly maxPods: number;
  /** Pods on the node that have not ended, with a branch or without. */
  readonly pods: number;
  readonly notes: readonly string[];
}

/** Names near an unknown one that a message lists. */
const NEAR_MAX = 4;

/** The limits of instance types. Throws LabProblem for a type that does not exist. */
export function runTypeCapacity(
  types: readonly string[],
  settings: CapacitySettings,
): Answer<readonly TypeCapacity[]> {
  const value = types.map((instanceType) => {
    const limits = instanceLimits(instanceType);
    if (!limits) throw new LabProblem(unknownType(instanceType));
    return { instanceType, ...capacityOf(instanceType, limits, settings) };
  });
  return { value, text: (all) => all.map(capacityText).join('\n\n') };
}

function unknownType(name: string): string {
  const near = nearNames(name, instanceTypes(), NEAR_MAX);
  const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'it looks like m5.large';
  return `There is no instance type '${name}': ${hint} (for a node: --node ${name})`;
}

/** The nodes of a cluster, or one of them. Throws LabProblem when they cannot be read. */
export async function runNodeCapacity(
  kube: KubeClient,
  name: string | undefined,
  settings: CapacitySettings,
): Promise<Answer<readonly NodeCapacity[]>> {
  const { nodes, pods, cniNodes } = await readCluster(kube);
  const chosen = nodes.filter((node) => name === undefined || node.metadata.name === name);
  if (name !== undefined && chosen.length === 0) throw new LabProblem(unknownNode(name, nodes));
  const value = chosen.map((node) => {
    const isOurs = (one: Pod): boolean => one.spec.nodeName === node.metadata.name;
    const cniNode = cniNodes.find((one) => one.metadata.name === node.metadata.name);
    return nodeCapacity(node, pods.filter(isOurs), withFeatures(settings, cniNode));
  });
  return { value, text: nodesText };
}

function unknownNode(name: string, nodes: readonly Node[]): string {
  const known = nodes.map((node) => node.metadata.name).join(', ');
  return `There is no node '${name}'; ${known === '' ? 'the cluster has none' : `there are ${known}`}`;
}

async function readCluster(kube: KubeClient): Promise<{
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly cniNodes: readonly CniNode[];
}> {
  try {
    const [nodes, pods, cniNodes] = await Promise.all([
      kube.list(NODES),
      kube.list(PODS),
      kube.list(CNI_NODES),
    ]);
    return { nodes: nodes.items, pods: pods.items, cniNodes: cniNodes.items };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    throw new LabProblem(`Cannot read the cluster: ${error.message}`);
  }
}

/** A node tells by its CNINode that its pods are in ENIConfig's subnets. */
function withFeatures(settings: CapacitySettings, cniNode: CniNode | undefined): CapacitySettings {
  const features = cniNode?.spec?.features ?? [];
  const custom = features.some((one) => one.name === FEATURE_CUSTOM_NETWORKING);
  return custom ? { ...settings, customNetworking: true } : settings;
}

function nodeCapacity(node: Node, pods: readonly Pod[], settings: CapacitySettings): NodeCapacity {
  const instanceType = node.metadata.labels?.['node.kubernetes.io/instance-type'] ?? '';
  const limits = instanceLimits(instanceType);
  const capacity = limits && capacityOf(instanceType, limits, settings);
  const facts = factsOf(node, pods.filter(isAlive));
  const notes = capacity
    ? [...capacity.notes, ...differences(capacity, facts)]
    : [`no limits are known of instance type '${instanceType}'`];
  const head = { node: node.metadata.name, instanceType };
  return { ...head, ...(capacity && { capacity }), ...facts, notes };
}

type NodeFacts = Pick<NodeCapacity, 'allocatableBranches' | 'branchPods' | 'maxPods' | 'pods'>;

function factsOf({ status }: Node, pods: readonly Pod[]): NodeFacts {
  return {
    allocatableBranches: Number(status?.allocatable?.[POD_ENI] ?? 0),
    branchPods: pods.filter(hasBranch).length,
    maxPods: Number(status?.allocatable?.['pods'] ?? 0),
    pods: pods.length,
  };
}

function isAlive({ status }: Pod): boolean {
  return !['Succeeded', 'Failed'].includes(status?.phase ?? '');
}

function hasBranch(pod: Pod): boolean {
  return pod.spec.containers.some((one) => one.resources?.limits?.[POD_ENI] !== undefined);
}

/** Where the node differs from what its type allows. */
function differences(
  { branchInterfaces, podsWithTrunk }: Capacity,
  { allocatableBranches, maxPods }: NodeFacts,
): readonly string[] {
  if (allocatableBranches === 0)
    return branchInterfaces === 0
      ? []
      : [`${branchInterfaces} branches are possible, but no trunk is attached`];
  return maxPods > podsWithTrunk
    ? [`max-pods ${maxPods} is more than the ${podsWithTrunk} that have addresses or branches`]
    : [];
}

const HEADER = ['NODE', 'TYPE', 'BRANCHES', 'USED', 'MAX-PODS', 'PODS', 'OTHER PODS LEFT'];

function nodesText(nodes: readonly NodeCapacity[]): string {
  if (nodes.length === 0) return 'The cluster has no nodes.';
  const rows = nodes.map((one) => [
    one.node,
    one.instanceType,
    String(one.allocatableBranches),
    String(one.branchPods),
    String(one.maxPods),
    String(one.pods),
    String(otherPodsLeft(one)),
  ]);
  const notes = nodes.flatMap(({ node, notes: all }) => all.map((note) => `${node}: ${note}`));
  return [textTable(HEADER, rows), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

/** Pods without a branch that still fit when every branch is to have its pod. */
function otherPodsLeft({ maxPods, allocatableBranches, pods, branchPods }: NodeCapacity): number {
  return Math.max(0, maxPods - allocatableBranches - (pods - branchPods));
}
