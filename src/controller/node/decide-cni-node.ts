import type { CniNode } from '../../api/cni-node.ts';
import type { Node } from '../../api/core/node.ts';
import type { ObjectMeta, OwnerReference } from '../../api/meta.ts';
import { CLEANUP_FINALIZER, OS_LABEL, TAG_CLUSTER_NAME, TAG_INSTANCE_ID } from '../../api/names.ts';
import { instanceIdOf, isLeftAlone, osOf } from './decide-node.ts';
import { sameJson } from '../../base/json.ts';

/** What the controller knows about a node's CNINode. */
export interface CniNodeView {
  readonly node: Node | undefined;
  readonly cniNode: CniNode | undefined;
  readonly clusterName: string;
}

/** What to do about the CNINode (spec: eks-behaviour 3.10). */
export type CniNodePlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'create'; readonly object: CniNode }
  /** Merge patch; carries the resourceVersion, so that a concurrent change is a Conflict. */
  | { readonly kind: 'patch'; readonly body: unknown }
  /** Someone deleted it under a live node: let it go, then make it again with its features. */
  | { readonly kind: 'recreate'; readonly object: CniNode; readonly finalizers: readonly string[] }
  /** The node is gone: delete its interfaces, and only then let the object go. */
  | {
      readonly kind: 'clean-up';
      readonly instanceId: string | undefined;
      readonly finalizers: readonly string[];
    };

/** Decides what happens to a CNINode. */
export function decideCniNode(view: CniNodeView): CniNodePlan {
  const { node, cniNode } = view;
  if (node && isLeftAlone(node)) return { kind: 'none' };
  if (!cniNode) return node ? { kind: 'create', object: wanted(node, view) } : { kind: 'none' };
  if (cniNode.metadata.deletionTimestamp !== undefined) return decideDeleting(cniNode, view);
  return node ? decidePatch(node, cniNode, view) : { kind: 'none' };
}

function decideDeleting(cniNode: CniNode, view: CniNodeView): CniNodePlan {
  const { finalizers = [] } = cniNode.metadata;
  if (!finalizers.includes(CLEANUP_FINALIZER)) return { kind: 'none' };
  const rest = finalizers.filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
  if (view.node) {
    return { kind: 'recreate', object: wanted(view.node, view), finalizers: rest };
  }
  const linux = cniNode.metadata.labels?.[OS_LABEL] === 'linux';
  const instanceId = linux ? cniNode.spec?.tags?.[TAG_INSTANCE_ID] : undefined;
  return { kind: 'clean-up', instanceId, finalizers: rest };
}

function decidePatch(node: Node, cniNode: CniNode, view: CniNodeView): CniNodePlan {
  const target = wanted(node, view);
  const has = {
    labels: pick(cniNode.metadata.labels, target.metadata.labels),
    tags: pick(cniNode.spec?.tags, target.spec?.tags),
    finalizer: cniNode.metadata.finalizers?.includes(CLEANUP_FINALIZER) ?? false,
  };
  const needs = { labels: target.metadata.labels, tags: target.spec?.tags, finalizer: true };
  if (sameJson(has, needs)) return { kind: 'none' };
  const finalizers = new Set([...(cniNode.metadata.finalizers ?? []), CLEANUP_FINALIZER]);
  const metadata = {
    resourceVersion: cniNode.metadata.resourceVersion,
    labels: target.metadata.labels,
    finalizers: [...finalizers],
  };
  return { kind: 'patch', body: { metadata, spec: { tags: target.spec?.tags } } };
}

function wanted(node: Node, { cniNode, clusterName }: CniNodeView): CniNode {
  const instanceId = instanceIdOf(node);
  const tags = {
    [TAG_CLUSTER_NAME]: clusterName,
    ...(instanceId !== undefined && { [TAG_INSTANCE_ID]: instanceId }),
  };
  const metadata: ObjectMeta = {
    name: node.metadata.name,
    labels: { [OS_LABEL]: osOf(node) },
    finalizers: [CLEANUP_FINALIZER],
    ownerReferences: [ownerOf(node)],
  };
  const features = cniNode?.spec?.features;
  return { metadata, spec: { ...(features && { features }), tags } };
}

function ownerOf(node: Node): OwnerReference {
  const { name, uid = '' } = node.metadata;
  return { apiVersion: 'v1', kind: 'Node', name, uid, controller: true };
}

function pick(
  from: Readonly<Record<string, string>> | undefined,
  like: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const entries = Object.keys(like ?? {}).map((key) => [key, from?.[key] ?? null]);
  return Object.fromEntries(entries) as Record<string, string>;
}
