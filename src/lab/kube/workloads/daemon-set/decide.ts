import {
  DAEMON_SETS,
  type DaemonSet,
  type DaemonSetStatus,
} from '../../../../api/apps/daemon-set.ts';
import type { Node } from '../../../../api/core/node.ts';
import type { Pod, PodSpec } from '../../../../api/core/pod.ts';
import { nodeIsSelected } from '../../scheduler/node-selector.ts';
import { untoleratedTaint, type Toleration } from '../../scheduler/taints.ts';
import { safeHash } from '../hash.ts';
import { resolveIntOrPercent } from '../int-or-percent.ts';
import { podFromTemplate } from '../new-pod.ts';
import { isControlledBy } from '../owner.ts';
import { availableAtMs, isActive, isFinished, isReady, isTerminating } from '../pod-state.ts';

/** Label with the hash of the template that made the pod. */
const REVISION_LABEL = 'controller-revision-hash';

/** Taints of a node in trouble, which daemon pods put up with (Kubernetes adds these itself). */
const DAEMON_TOLERATIONS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];

/** What one pass over a DaemonSet has to do. */
export interface DaemonSetPlan {
  readonly create: readonly Pod[];
  readonly remove: readonly Pod[];
  readonly status: DaemonSetStatus;
  readonly requeueAfterMs: number | undefined;
}

/** What a pass looks at. */
export interface DaemonSetWorld {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly nowMs: number;
}

/** One pod per node that the template selects and tolerates; old templates are replaced in turn. */
export function decideDaemonSet(daemonSet: DaemonSet, world: DaemonSetWorld): DaemonSetPlan {
  const facts = gather(daemonSet, world);
  const status = statusOf(daemonSet, facts);
  const later = facts.kept.flatMap(({ pod }) => {
    const atMs = pod && availableAtMs(pod, daemonSet.spec.minReadySeconds);
    return atMs !== undefined && atMs > world.nowMs ? [atMs - world.nowMs] : [];
  });
  const requeueAfterMs = later.length === 0 ? undefined : Math.min(...later);
  if (daemonSet.metadata.deletionTimestamp !== undefined)
    return { create: [], remove: [], status, requeueAfterMs };
  const missing = facts.kept.filter(({ pod, busy }) => !pod && !busy);
  return {
    create: missing.map(({ node }) => daemonPod(daemonSet, { node, hash: facts.hash })),
    remove: [...facts.surplus, ...outdated(daemonSet, facts, status)],
    status,
    requeueAfterMs,
  };
}

interface Slot {
  readonly node: Node;
  readonly pod: Pod | undefined;
  /** A pod that is on its way out still holds the node. */
  readonly busy: boolean;
}

interface Facts {
  readonly hash: string;
  readonly kept: readonly Slot[];
  readonly surplus: readonly Pod[];
  readonly misscheduled: number;
  readonly nowMs: number;
}

function gather(daemonSet: DaemonSet, world: DaemonSetWorld): Facts {
  const own = world.pods.filter((pod) => isControlledBy(pod, daemonSet));
  const wanted = world.nodes.filter((node) => shouldRun(daemonSet, node));
  const names = new Set(wanted.map((node) => node.metadata.name));
  const kept = wanted.map((node) => {
    const here = own.filter((pod) => targetNode(pod) === node.metadata.name);
    const pod = here.filter(isActive).sort(byAge)[0];
    return { node, pod, busy: here.some(isTerminating) };
  });
  const keepers = new Set(kept.map(({ pod }) => pod));
  const surplus = own.filter((pod) => !isTerminating(pod) && !keepers.has(pod));
  return {
    hash: safeHash(daemonSet.spec.template),
    kept,
    surplus,
    misscheduled: surplus.filter((pod) => !isFinished(pod) && !names.has(targetNode(pod) ?? ''))
      .length,
    nowMs: world.nowMs,
  };
}

function byAge(a: Pod, b: Pod): number {
  return (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1;
}

function shouldRun({ spec: { template } }: DaemonSet, node: Node): boolean {
  const tolerations = tolerationsOf(template.spec);
  return (
    nodeIsSelected({ spec: template.spec }, node) &&
    untoleratedTaint(node.spec?.taints ?? [], tolerations) === undefined
  );
}

function tolerationsOf(spec: PodSpec): readonly Toleration[] {
  const network: readonly Toleration[] =
    spec.hostNetwork === true
      ? [
          {
            key: 'node.kubernetes.io/network-unavailable',
            operator: 'Exists',
            effect: 'NoSchedule',
          },
        ]
      : [];
  return [...(spec.tolerations ?? []), ...DAEMON_TOLERATIONS, ...network];
}

/** The node that a daemon pod is for: where it is bound, or where its affinity sends it. */
function targetNode(pod: Pod): string | undefined {
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      ?.nodeSelectorTerms;
  return pod.spec.nodeName ?? terms?.[0]?.matchFields?.[0]?.values?.[0];
}

function daemonPod(daemonSet: DaemonSet, { node, hash }: { node: Node; hash: string }): Pod {
  const { template } = daemonSet.spec;
  const required = {
    nodeSelectorTerms: [
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }] },
    ],
  };
  const spec: PodSpec = {
    ...template.spec,
    tolerations: tolerationsOf(template.spec),
    affinity: {
      ...template.spec.affinity,
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required },
    },
  };
  const owner = { resource: DAEMON_SETS, object: daemonSet };
  return podFromTemplate(owner, template, { labels: { [REVISION_LABEL]: hash }, spec });
}

function isUpdated(pod: Pod, hash: string): boolean {
  return pod.metadata.labels?.[REVISION_LABEL] === hash;
}

function isAvailable(daemonSet: DaemonSet, pod: Pod, nowMs: number): boolean {
  const atMs = availableAtMs(pod, daemonSet.spec.minReadySeconds);
  return atMs !== undefined && atMs <= nowMs;
}

/** Pods of old templates that may go now; those that do not work go first and count for nothing. */
function outdated(daemonSet: DaemonSet, facts: Facts, status: DaemonSetStatus): readonly Pod[] {
  const { updateStrategy } = daemonSet.spec;
  if (updateStrategy?.type === 'OnDelete') return [];
  const wanted = status.desiredNumberScheduled;
  const limit = updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  const maxUnavailable = Math.max(1, resolveIntOrPercent(limit, wanted, 'up'));
  const old = facts.kept.flatMap(({ pod }) => (pod && !isUpdated(pod, facts.hash) ? [pod] : []));
  const works = (pod: Pod): boolean => isAvailable(daemonSet, pod, facts.nowMs);
  const broken = old.filter((pod) => !works(pod));
  const room = maxUnavailable - (status.numberUnavailable ?? 0);
  return [...broken, ...old.filter(works).slice(0, Math.max(room, 0))];
}

function statusOf(daemonSet: DaemonSet, facts: Facts): DaemonSetStatus {
  const pods = facts.kept.flatMap(({ pod }) => (pod ? [pod] : []));
  const available = pods.filter((pod) => isAvailable(daemonSet, pod, facts.nowMs)).length;
  return {
    currentNumberScheduled: pods.length,
    desiredNumberScheduled: facts.kept.length,
    numberMisscheduled: facts.misscheduled,
    numberReady: pods.filter(isReady).length,
    updatedNumberScheduled: pods.filter((pod) => isUpdated(pod, facts.hash)).length,
    numberAvailable: available,
    numberUnavailable: facts.kept.length - available,
    observedGeneration: daemonSet.metadata.generation ?? 0,
  };
}
