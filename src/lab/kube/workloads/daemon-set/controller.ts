import { DAEMON_SETS, type DaemonSet } from '../../../../api/apps/daemon-set.ts';
import { NODES } from '../../../../api/core/node.ts';
import { PODS, type Pod } from '../../../../api/core/pod.ts';
import { keyOf, keyText } from '../../../../api/meta.ts';
import { parseKey, type WorkloadContext } from '../context.ts';
import { canonicalJson } from '../hash.ts';
import { controllerOf } from '../owner.ts';
import { createOwnWrites, type OwnWrites } from '../own-writes.ts';
import { createWorkQueue, type WorkQueue } from '../../../../base/work-queue.ts';
import { decideDaemonSet, type DaemonSetPlan } from './decide.ts';

/** Keeps one pod of every DaemonSet on each node that it selects. */
export function startDaemonSetController(context: WorkloadContext): WorkQueue {
  const { informers, clock, log } = context;
  const daemonSets = informers.informer(DAEMON_SETS);
  const nodes = informers.informer(NODES);
  const pods = informers.informer(PODS);
  const view = createOwnWrites(pods, clock);
  const queue = createWorkQueue({
    name: 'daemonset',
    clock,
    log,
    async run(key) {
      await Promise.all([daemonSets.synced, nodes.synced, pods.synced]);
      const daemonSet = daemonSets.get(parseKey(key));
      if (!daemonSet) return undefined;
      const world = { nodes: nodes.list(), pods: view.list(), nowMs: clock.nowMs() };
      return apply({ context, view }, daemonSet, decideDaemonSet(daemonSet, world));
    },
  });
  daemonSets.subscribe(({ object }) => queue.add(keyText(keyOf(object))));
  pods.subscribe(({ object }) => {
    const owner = controllerOf(object);
    if (owner?.kind === 'DaemonSet')
      queue.add(keyText({ name: owner.name, namespace: object.metadata.namespace }));
  });
  nodes.subscribe((change) => {
    const relevant = (node: typeof change.object): string =>
      JSON.stringify([node.metadata.labels, node.spec]);
    if (change.type === 'modified' && relevant(change.before) === relevant(change.object)) return;
    for (const daemonSet of daemonSets.list()) queue.add(keyText(keyOf(daemonSet)));
  });
  return queue;
}

async function apply(
  { context, view }: { readonly context: WorkloadContext; readonly view: OwnWrites<Pod> },
  daemonSet: DaemonSet,
  plan: DaemonSetPlan,
): Promise<number | undefined> {
  const { kube, events } = context;
  for (const pod of plan.remove) {
    const { name, uid } = pod.metadata;
    await kube.delete(PODS, keyOf(pod), uid === undefined ? {} : { uid });
    view.deleted(pod);
    const message = `Deleted pod: ${name}`;
    events.record(DAEMON_SETS, daemonSet, { type: 'Normal', reason: 'SuccessfulDelete', message });
  }
  for (const pod of plan.create) view.wrote(await createPod(context, daemonSet, pod));
  if (canonicalJson(daemonSet.status) !== canonicalJson(plan.status))
    await kube.patch(DAEMON_SETS, keyOf(daemonSet), {
      type: 'merge',
      subresource: 'status',
      body: { status: plan.status },
    });
  return plan.requeueAfterMs;
}

async function createPod({ kube, events }: WorkloadContext, daemonSet: DaemonSet, wanted: Pod) {
  try {
    const pod = await kube.create(PODS, wanted);
    const message = `Created pod: ${pod.metadata.name}`;
    events.record(DAEMON_SETS, daemonSet, { type: 'Normal', reason: 'SuccessfulCreate', message });
    return pod;
  } catch (error) {
    const message = `Error creating: ${error instanceof Error ? error.message : String(error)}`;
    events.record(DAEMON_SETS, daemonSet, { type: 'Warning', reason: 'FailedCreate', message });
    throw error;
  }
}
