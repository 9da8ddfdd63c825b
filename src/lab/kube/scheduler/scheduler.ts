import type { KubeClient } from '../../../api/client.ts';
import { NODES, type Node } from '../../../api/core/node.ts';
import { PODS, type Pod } from '../../../api/core/pod.ts';
import type { Informer, Informers } from '../../../api/informer.ts';
import { isKubeError } from '../../../api/kube-error.ts';
import { keyOf, keyText } from '../../../api/meta.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { kubeTime, withCondition } from '../workloads/condition.ts';
import { parseKey } from '../workloads/context.ts';
import { createEventRecorder, type EventRecorder } from '../../../api/event-recorder.ts';
import { createOwnWrites, type OwnWrites } from '../workloads/own-writes.ts';
import { isFinished } from '../workloads/pod-state.ts';
import { createWorkQueue, type WorkQueue } from '../../../base/work-queue.ts';
import { bindPod } from './binding.ts';
import { decidePlacement } from './decide.ts';

/** The scheduler that pods get when they name none. */
const DEFAULT_SCHEDULER = 'default-scheduler';

/** What the scheduler needs. */
export interface SchedulerOptions {
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly log: Log;
  /** Replaces the binding call, for APIs without that subresource (the in-memory client). */
  readonly bind?: (pod: Pod, nodeName: string) => Promise<void>;
}

interface Shell extends SchedulerOptions {
  readonly view: OwnWrites<Pod>;
  readonly nodes: Informer<Node>;
  readonly events: EventRecorder;
}

/**
 * Places pods that name no node. Pods that fit nowhere are looked at again whenever a node changes
 * or a pod goes: there is no timer, because nothing else can make room.
 */
export function startScheduler(options: SchedulerOptions): { close(): Promise<void> } {
  const pods = options.informers.informer(PODS);
  const nodes = options.informers.informer(NODES);
  const shell: Shell = {
    ...options,
    view: createOwnWrites(pods, options.clock),
    nodes,
    events: createEventRecorder({ ...options, component: DEFAULT_SCHEDULER }),
  };
  const queue = createWorkQueue({
    name: 'scheduler',
    clock: options.clock,
    log: options.log,
    async run(key) {
      await Promise.all([pods.synced, nodes.synced]);
      const pod = shell.view.get(parseKey(key));
      if (pod && isWaiting(pod)) await place(shell, pod);
      return undefined;
    },
  });
  const stops = [
    pods.subscribe((change) => {
      if (isWaiting(change.object)) {
        if (change.type === 'added' || isNews(change)) queue.add(keyText(keyOf(change.object)));
      } else if (change.type === 'deleted' || isFinished(change.object)) {
        retryAll(queue, pods);
      }
    }),
    nodes.subscribe((change) => {
      if (change.type !== 'modified' || isRoomier(change.before, change.object))
        retryAll(queue, pods);
    }),
  ];
  return {
    async close() {
      for (const stop of stops) stop();
      await queue.close();
      await shell.events.flush();
    },
  };
}

function isWaiting({ spec, metadata, status }: Pod): boolean {
  return (
    (spec.nodeName ?? '') === '' &&
    metadata.deletionTimestamp === undefined &&
    (spec.schedulerName ?? DEFAULT_SCHEDULER) === DEFAULT_SCHEDULER &&
    status?.phase !== 'Failed' &&
    status?.phase !== 'Succeeded'
  );
}

/** Our own status writes must not wake us; changes of spec or labels may. */
function isNews(change: { readonly object: Pod; readonly before?: Pod }): boolean {
  const { object, before } = change;
  return (
    JSON.stringify(before?.spec) !== JSON.stringify(object.spec) ||
    JSON.stringify(before?.metadata.labels) !== JSON.stringify(object.metadata.labels)
  );
}

/** Heartbeats of nodes change nothing that matters to placement. */
function isRoomier(before: Node, after: Node): boolean {
  const relevant = ({ metadata, spec, status }: Node): string =>
    JSON.stringify([metadata.labels, spec, status?.allocatable]);
  return relevant(before) !== relevant(after);
}

function retryAll(queue: WorkQueue, pods: Informer<Pod>): void {
  for (const pod of pods.list()) if (isWaiting(pod)) queue.add(keyText(keyOf(pod)));
}

async function place(shell: Shell, pod: Pod): Promise<void> {
  const bound = shell.view.list().filter((other) => !isFinished(other) && other.spec.nodeName);
  const placement = decidePlacement(pod, shell.nodes.list(), bound);
  if (placement.kind === 'unschedulable') return reportUnschedulable(shell, pod, placement.message);
  const { nodeName } = placement;
  const bind = shell.bind ?? ((target, name) => bindPod(shell.kube, target, name));
  try {
    await bind(pod, nodeName);
  } catch (error) {
    // Gone, or bound by somebody else meanwhile: the next event says what to do.
    const live = await shell.kube.get(PODS, keyOf(pod));
    if (!live || !isWaiting(live)) return;
    throw error;
  }
  shell.view.wrote({ ...pod, spec: { ...pod.spec, nodeName } });
  const { name, namespace } = pod.metadata;
  shell.events.record(PODS, pod, {
    type: 'Normal',
    reason: 'Scheduled',
    message: `Successfully assigned ${namespace}/${name} to ${nodeName}`,
  });
}

async function reportUnschedulable(shell: Shell, pod: Pod, message: string): Promise<void> {
  shell.events.record(PODS, pod, { type: 'Warning', reason: 'FailedScheduling', message });
  const before = pod.status?.conditions ?? [];
  const known = before.find(({ type }) => type === 'PodScheduled');
  if (known?.status === 'False' && known.message === message) return;
  const conditions = withCondition(
    before,
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
    kubeTime(shell.clock.nowMs()),
  );
  try {
    const status = { phase: 'Pending', conditions };
    const change = { type: 'merge', subresource: 'status', body: { status } } as const;
    shell.view.wrote(await shell.kube.patch(PODS, keyOf(pod), change));
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
  }
}
