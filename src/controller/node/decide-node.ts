import type { CniNode } from '../../api/cni-node.ts';
import type { Node } from '../../api/core/node.ts';
import {
  COMPUTE_TYPE_LABEL,
  FEATURE_SECURITY_GROUPS,
  HAS_TRUNK_LABEL,
  OS_LABEL,
} from '../../api/names.ts';
import { isId, type InstanceId } from '../../base/ids.ts';

/** What the controller knows about one node name. */
export interface NodeView {
  readonly node: Node | undefined;
  readonly cniNode: CniNode | undefined;
  /** Instances on record under this name. */
  readonly known: readonly {
    readonly instanceId: InstanceId;
    readonly missingSinceMs?: number;
    readonly branches: number;
  }[];
  readonly nowMs: number;
}

/** What to do, in this order. */
export interface NodePlan {
  /** Make the trunk and the ledger of this instance. */
  readonly initialise?: InstanceId;
  /** Advertise capacity: the instance is on record. */
  readonly advertise?: InstanceId;
  /** Its Node object is back. */
  readonly returned?: InstanceId;
  /** Its Node object is missing since now. */
  readonly missing: readonly InstanceId[];
  /** Missing for long enough: release all its branches. */
  readonly drain: readonly InstanceId[];
  /** Missing and without branches: take it off the record. */
  readonly forget: readonly InstanceId[];
  /** Look again after this long. */
  readonly againMs?: number;
}

/** Pods of a vanished node get this long to be seen as gone before their branches are taken. */
export const MISSING_GRACE_MS = 60_000;
const POLL_MS = 5_000;
const LEGACY_OS_LABEL = 'beta.kubernetes.io/os';

/**
 * The state machine of nodes (spec: eks-behaviour 3.2), with three changes: a node that returns
 * within the grace keeps its branches (3.14, 9); losing the management signal takes nothing from
 * running pods (3.14, 10); what failed is retried by the queue (3.14, 6).
 */
export function decideNode(view: NodeView): NodePlan {
  const { node, known } = view;
  const current = node && !isLeftAlone(node) ? instanceIdOf(node) : undefined;
  const others = known.filter(({ instanceId }) => instanceId !== current || !node);
  const plan = { ...planForMissing(others, view.nowMs) };
  if (!node || current === undefined) return plan;
  const mine = known.find(({ instanceId }) => instanceId === current);
  if (!mine) {
    return isSelected(node, view.cniNode) ? { ...plan, initialise: current } : plan;
  }
  return {
    ...plan,
    advertise: current,
    ...(mine.missingSinceMs !== undefined && { returned: current }),
  };
}

function planForMissing(nodes: NodeView['known'], nowMs: number): NodePlan {
  const missing = nodes.filter(({ missingSinceMs }) => missingSinceMs === undefined);
  const overdue = nodes.filter(
    ({ missingSinceMs }) =>
      missingSinceMs !== undefined && nowMs - missingSinceMs >= MISSING_GRACE_MS,
  );
  const empty = overdue.filter(({ branches }) => branches === 0);
  const draining = overdue.filter(({ branches }) => branches > 0);
  const left = nodes.length - empty.length;
  return {
    missing: missing.map(({ instanceId }) => instanceId),
    drain: draining.map(({ instanceId }) => instanceId),
    forget: empty.map(({ instanceId }) => instanceId),
    ...(left > 0 && { againMs: POLL_MS }),
  };
}

/** Nodes of EKS Auto Mode belong to another controller. */
export function isLeftAlone(node: Node): boolean {
  return node.metadata.labels?.[COMPUTE_TYPE_LABEL] === 'auto';
}

/** Value of the operating system label; '' when the node has none. */
export function osOf(node: Node): string {
  const { labels = {} } = node.metadata;
  return labels[OS_LABEL] ?? labels[LEGACY_OS_LABEL] ?? '';
}

/** The instance of a node, from the last segment of its provider id. */
export function instanceIdOf(node: Node): InstanceId | undefined {
  const id = node.spec?.providerID?.split('/').at(-1) ?? '';
  return isId(id, 'i') ? id : undefined;
}

/** Whether the node asks for branches (spec: eks-behaviour 3.2, "managed"). */
export function isSelected(node: Node, cniNode: CniNode | undefined): boolean {
  if (osOf(node) === '') return false;
  const labelled = Object.hasOwn(node.metadata.labels ?? {}, HAS_TRUNK_LABEL);
  const features = cniNode?.spec?.features ?? [];
  return labelled || features.some(({ name }) => name === FEATURE_SECURITY_GROUPS);
}
