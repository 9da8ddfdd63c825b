import type { Node } from '../../../api/core/node.ts';
import type { Pod } from '../../../api/core/pod.ts';
import { nodeIsSelected } from './node-selector.ts';
import { quantityMilli } from './quantity.ts';
import { podRequests, sumRequests } from './requests.ts';
import { untoleratedTaint } from './taints.ts';

/** Where a pod goes, or the message that says why it can go nowhere. */
export type Placement =
  | { readonly kind: 'node'; readonly nodeName: string }
  | { readonly kind: 'unschedulable'; readonly message: string };

/** Chooses a node for the pod. `bound` are the unfinished pods that already have a node. */
export function decidePlacement(
  pod: Pod,
  nodes: readonly Node[],
  bound: readonly Pod[],
): Placement {
  if (nodes.length === 0)
    return { kind: 'unschedulable', message: 'no nodes available to schedule pods' };
  const candidates = nodes.map((node) => {
    const onNode = bound.filter(({ spec }) => spec.nodeName === node.metadata.name);
    return { node, onNode, reasons: rejections(pod, node, onNode) };
  });
  const feasible = candidates.filter(({ reasons }) => reasons.length === 0);
  const best = feasible.sort((a, b) => compareLoad(pod, a, b))[0];
  return best
    ? { kind: 'node', nodeName: best.node.metadata.name }
    : {
        kind: 'unschedulable',
        message: unschedulableMessage(candidates.map(({ reasons }) => reasons)),
      };
}

/** Why the node cannot take the pod, in the words of kube-scheduler; empty when it can. */
export function rejections(pod: Pod, node: Node, onNode: readonly Pod[]): readonly string[] {
  const tolerations = pod.spec.tolerations ?? [];
  if (node.spec?.unschedulable === true) {
    const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
    if (untoleratedTaint([taint], tolerations)) return ['node(s) were unschedulable'];
  }
  const taint = untoleratedTaint(node.spec?.taints ?? [], tolerations);
  if (taint) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`];
  if (!nodeIsSelected(pod, node)) return ["node(s) didn't match Pod's node affinity/selector"];
  return shortages(pod, node, onNode);
}

function shortages(pod: Pod, node: Node, onNode: readonly Pod[]): readonly string[] {
  const allocatable = node.status?.allocatable ?? {};
  const taken = sumRequests(onNode);
  const reasons: string[] = [];
  if (allocatable['pods'] !== undefined && onNode.length >= Number(allocatable['pods']))
    reasons.push('Too many pods');
  for (const [name, amount] of podRequests(pod)) {
    const free = quantityMilli(allocatable[name]) - (taken.get(name) ?? 0);
    if (amount > 0 && amount > free) reasons.push(`Insufficient ${name}`);
  }
  return reasons;
}

/** `0/2 nodes are available: 1 Insufficient cpu, 1 Too many pods.` */
function unschedulableMessage(all: readonly (readonly string[])[]): string {
  const counts = new Map<string, number>();
  for (const reason of all.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${all.length} nodes are available: ${parts.join(', ')}.`;
}

interface Candidate {
  readonly node: Node;
  readonly onNode: readonly Pod[];
}

/** Fewest siblings of the same owner first, then fewest pods, then by name. */
function compareLoad(pod: Pod, a: Candidate, b: Candidate): number {
  return (
    siblings(pod, a) - siblings(pod, b) ||
    a.onNode.length - b.onNode.length ||
    (a.node.metadata.name < b.node.metadata.name ? -1 : 1)
  );
}

function siblings(pod: Pod, { onNode }: Candidate): number {
  const owner = pod.metadata.ownerReferences?.[0]?.uid;
  if (owner === undefined) return 0;
  return onNode.filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === owner).length;
}
