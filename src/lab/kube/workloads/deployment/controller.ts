import { DEPLOYMENTS, type Deployment } from '../../../../api/apps/deployment.ts';
import { REPLICA_SETS, type ReplicaSet } from '../../../../api/apps/replica-set.ts';
import { PODS, type Pod } from '../../../../api/core/pod.ts';
import { isKubeError } from '../../../../api/kube-error.ts';
import { keyOf, keyText } from '../../../../api/meta.ts';
import type { Informer } from '../../../../api/informer.ts';
import { parseKey, type WorkloadContext } from '../context.ts';
import { canonicalJson } from '../hash.ts';
import { controllerOf, isControlledBy } from '../owner.ts';
import { createOwnWrites, type OwnWrites } from '../own-writes.ts';
import { isFinished } from '../pod-state.ts';
import { createWorkQueue, type WorkQueue } from '../../../../base/work-queue.ts';
import { decideDeployment, type DeploymentPlan } from './decide.ts';
import { sizeOf } from './rolling.ts';
import { annotationsFor, HASH_LABEL, REVISION, templateHash } from './sets.ts';

interface Shell {
  readonly context: WorkloadContext;
  readonly deployments: OwnWrites<Deployment>;
  readonly sets: OwnWrites<ReplicaSet>;
  readonly pods: Informer<Pod>;
}

/** Rolls the ReplicaSets of every Deployment towards its current template. */
export function startDeploymentController(context: WorkloadContext): WorkQueue {
  const { informers, clock, log } = context;
  const deployments = informers.informer(DEPLOYMENTS);
  const replicaSets = informers.informer(REPLICA_SETS);
  const pods = informers.informer(PODS);
  const shell: Shell = {
    context,
    deployments: createOwnWrites(deployments, clock),
    sets: createOwnWrites(replicaSets, clock),
    pods,
  };
  const queue = createWorkQueue({
    name: 'deployment',
    clock,
    log,
    async run(key) {
      await Promise.all([deployments.synced, replicaSets.synced, pods.synced]);
      const deployment = shell.deployments.get(parseKey(key));
      return deployment ? pass(shell, deployment) : undefined;
    },
  });
  deployments.subscribe(({ object }) => queue.add(keyText(keyOf(object))));
  replicaSets.subscribe(({ object }) => enqueueOwner(queue, object));
  pods.subscribe((change) => {
    // Only the end of a pod matters here: Recreate waits for it.
    if (change.type !== 'deleted') return;
    const owner = controllerOf(change.object);
    const { namespace } = change.object.metadata;
    const set = owner && replicaSets.get({ name: owner.name, namespace });
    if (set) enqueueOwner(queue, set);
  });
  return queue;
}

function enqueueOwner(queue: WorkQueue, replicaSet: ReplicaSet): void {
  const owner = controllerOf(replicaSet);
  if (owner?.kind === 'Deployment')
    queue.add(keyText({ name: owner.name, namespace: replicaSet.metadata.namespace }));
}

async function pass(shell: Shell, deployment: Deployment): Promise<number | undefined> {
  const { namespace } = deployment.metadata;
  const replicaSets = shell.sets.list().filter((set) => set.metadata.namespace === namespace);
  const plan = decideDeployment(deployment, {
    replicaSets,
    podCounts: countPods(shell.pods),
    nowMs: shell.context.clock.nowMs(),
  });
  if (plan.create && !(await createSet(shell, deployment, plan.create))) return 0;
  const own = replicaSets.filter((set) => isControlledBy(set, deployment));
  for (const set of own) await resize(shell, deployment, { set, plan });
  await markRevision(shell, deployment, { own, plan });
  for (const set of plan.remove) {
    await shell.context.kube.delete(REPLICA_SETS, keyOf(set));
    shell.sets.deleted(set);
  }
  await writeStatus(shell, deployment, plan);
  return plan.requeueAfterMs;
}

function countPods(pods: Informer<Pod>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const pod of pods.list()) {
    const uid = controllerOf(pod)?.uid;
    if (uid !== undefined && !isFinished(pod)) counts.set(uid, (counts.get(uid) ?? 0) + 1);
  }
  return counts;
}

/** Answers false when the name is taken by a set that is not ours: the hash must change. */
async function createSet(
  { context, sets, deployments }: Shell,
  deployment: Deployment,
  wanted: ReplicaSet,
): Promise<boolean> {
  const { kube, events } = context;
  try {
    sets.wrote(await kube.create(REPLICA_SETS, wanted));
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error;
    const existing = await kube.get(REPLICA_SETS, keyOf(wanted));
    if (existing && isControlledBy(existing, deployment)) throw error;
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    deployments.wrote(
      await kube.patch(DEPLOYMENTS, keyOf(deployment), {
        type: 'merge',
        subresource: 'status',
        body: { status: { collisionCount } },
      }),
    );
    return false;
  }
  const message = `Scaled up replica set ${wanted.metadata.name} from 0 to ${wanted.spec.replicas}`;
  events.record(DEPLOYMENTS, deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message });
  return true;
}

async function resize(
  { context, sets }: Shell,
  deployment: Deployment,
  { set, plan }: { readonly set: ReplicaSet; readonly plan: DeploymentPlan },
): Promise<void> {
  const { name } = set.metadata;
  const size = plan.sizes.get(name);
  const before = sizeOf(set);
  if (size === undefined || size === before) return;
  const change = { type: 'merge', body: { spec: { replicas: size } } } as const;
  sets.wrote(await context.kube.patch(REPLICA_SETS, keyOf(set), change));
  const direction = size > before ? 'up' : 'down';
  const message = `Scaled ${direction} replica set ${name} from ${before} to ${size}`;
  context.events.record(DEPLOYMENTS, deployment, {
    type: 'Normal',
    reason: 'ScalingReplicaSet',
    message,
  });
}

async function markRevision(
  { context, sets, deployments }: Shell,
  deployment: Deployment,
  { own, plan }: { readonly own: readonly ReplicaSet[]; readonly plan: DeploymentPlan },
): Promise<void> {
  const hash = templateHash(deployment);
  const fresh = own.find((set) => set.metadata.labels?.[HASH_LABEL] === hash);
  if (!fresh && !plan.create) return;
  const revision = plan.revision;
  const annotations = annotationsFor(deployment, revision);
  const lacks = Object.entries(annotations).some(
    ([key, value]) => fresh?.metadata.annotations?.[key] !== value,
  );
  if (fresh && lacks) {
    const body = { metadata: { annotations } };
    sets.wrote(await context.kube.patch(REPLICA_SETS, keyOf(fresh), { type: 'merge', body }));
  }
  if (deployment.metadata.annotations?.[REVISION] === String(revision)) return;
  const body = { metadata: { annotations: { [REVISION]: String(revision) } } };
  deployments.wrote(
    await context.kube.patch(DEPLOYMENTS, keyOf(deployment), { type: 'merge', body }),
  );
}

async function writeStatus(
  { context, deployments }: Shell,
  deployment: Deployment,
  { status }: DeploymentPlan,
): Promise<void> {
  if (canonicalJson(deployment.status) === canonicalJson(status)) return;
  const change = { type: 'merge', subresource: 'status', body: { status } } as const;
  deployments.wrote(await context.kube.patch(DEPLOYMENTS, keyOf(deployment), change));
}
