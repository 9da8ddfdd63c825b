import { REPLICA_SETS, type ReplicaSet } from '../../../../api/apps/replica-set.ts';
import { PODS, type Pod } from '../../../../api/core/pod.ts';
import { keyOf, keyText } from '../../../../api/meta.ts';
import { kubeTime, withCondition } from '../condition.ts';
import { canonicalJson } from '../hash.ts';
import { podFromTemplate } from '../new-pod.ts';
import { controllerOf } from '../owner.ts';
import { createOwnWrites, type OwnWrites } from '../own-writes.ts';
import { parseKey, type WorkloadContext } from '../context.ts';
import { createWorkQueue, type WorkQueue } from '../../../../base/work-queue.ts';
import { decideReplicaSet, type ReplicaSetPlan } from './decide.ts';

/** Keeps the pods of every ReplicaSet at the number it wants. */
export function startReplicaSetController(context: WorkloadContext): WorkQueue {
  const { informers, clock, log } = context;
  const replicaSets = informers.informer(REPLICA_SETS);
  const pods = informers.informer(PODS);
  const podView = createOwnWrites(pods, clock);
  const shell = { context, podView };
  const queue = createWorkQueue({
    name: 'replicaset',
    clock,
    log,
    async run(key) {
      await Promise.all([replicaSets.synced, pods.synced]);
      const replicaSet = replicaSets.get(parseKey(key));
      return replicaSet ? pass(shell, replicaSet) : undefined;
    },
  });
  replicaSets.subscribe(({ object }) => queue.add(keyText(keyOf(object))));
  pods.subscribe(({ object }) => {
    const owner = controllerOf(object);
    if (owner?.kind === 'ReplicaSet')
      queue.add(keyText({ name: owner.name, namespace: object.metadata.namespace }));
  });
  return queue;
}

interface Shell {
  readonly context: WorkloadContext;
  readonly podView: OwnWrites<Pod>;
}

async function pass(
  { context, podView }: Shell,
  replicaSet: ReplicaSet,
): Promise<number | undefined> {
  const { namespace } = replicaSet.metadata;
  const pods = podView.list().filter((pod) => pod.metadata.namespace === namespace);
  const plan = decideReplicaSet(replicaSet, pods, context.clock.nowMs());
  try {
    await apply({ context, podView }, replicaSet, plan);
  } catch (error) {
    await writeStatus(context, replicaSet, { plan, failure: String(error) });
    throw error;
  }
  await writeStatus(context, replicaSet, { plan, failure: undefined });
  return plan.requeueAfterMs;
}

async function apply(
  { context, podView }: Shell,
  replicaSet: ReplicaSet,
  plan: ReplicaSetPlan,
): Promise<void> {
  for (let i = 0; i < plan.createCount; i++) podView.wrote(await createPod(context, replicaSet));
  for (const pod of plan.remove) {
    const { uid, name } = pod.metadata;
    await context.kube.delete(PODS, keyOf(pod), uid === undefined ? {} : { uid });
    podView.deleted(pod);
    context.events.record(REPLICA_SETS, replicaSet, {
      type: 'Normal',
      reason: 'SuccessfulDelete',
      message: `Deleted pod: ${name}`,
    });
  }
}

async function createPod({ kube, events }: WorkloadContext, replicaSet: ReplicaSet) {
  const template = replicaSet.spec.template ?? { spec: { containers: [] } };
  try {
    const pod = await kube.create(
      PODS,
      podFromTemplate({ resource: REPLICA_SETS, object: replicaSet }, template),
    );
    const message = `Created pod: ${pod.metadata.name}`;
    events.record(REPLICA_SETS, replicaSet, {
      type: 'Normal',
      reason: 'SuccessfulCreate',
      message,
    });
    return pod;
  } catch (error) {
    const message = `Error creating: ${error instanceof Error ? error.message : String(error)}`;
    events.record(REPLICA_SETS, replicaSet, { type: 'Warning', reason: 'FailedCreate', message });
    throw error;
  }
}

async function writeStatus(
  { kube, clock }: WorkloadContext,
  replicaSet: ReplicaSet,
  { plan, failure }: { readonly plan: ReplicaSetPlan; readonly failure: string | undefined },
): Promise<void> {
  const before = replicaSet.status?.conditions ?? [];
  const others = before.filter(({ type }) => type !== 'ReplicaFailure');
  const conditions =
    failure === undefined
      ? others
      : withCondition(
          before,
          { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: failure },
          kubeTime(clock.nowMs()),
        );
  const status = { ...plan.status, conditions };
  if (canonicalJson({ conditions: [], ...replicaSet.status }) === canonicalJson(status)) return;
  await kube.patch(REPLICA_SETS, keyOf(replicaSet), {
    type: 'merge',
    subresource: 'status',
    body: { status },
  });
}
