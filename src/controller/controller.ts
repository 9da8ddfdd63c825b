import { CNI_NODES, type CniNode } from '../api/cni-node.ts';
import type { KubeClient } from '../api/client.ts';
import { CONFIG_MAPS, type ConfigMap } from '../api/core/config-map.ts';
import { NODES, type Node } from '../api/core/node.ts';
import { PODS, type Pod } from '../api/core/pod.ts';
import { SERVICE_ACCOUNTS } from '../api/core/service-account.ts';
import { createEventRecorder } from '../api/event-recorder.ts';
import type { Informer, InformerChange, Informers } from '../api/informer.ts';
import { keyOf, keyText, type KubeObject } from '../api/meta.ts';
import { SECURITY_GROUP_POLICIES, type SecurityGroupPolicy } from '../api/security-group-policy.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { createWorkQueue, type WorkQueue } from '../base/work-queue.ts';
import type { Ec2Client } from '../ec2/client.ts';
import {
  COOL_DOWN_CONFIG_MAP,
  COOL_DOWN_DEFAULTS,
  coolDownOf,
  goDuration,
} from './branch-pool/cool-down.ts';
import { finishBranch } from './branch-pool/delete-branch.ts';
import type { ControllerDeps } from './deps.ts';
import { sweep, SWEEP_INTERVAL_MS, type Suspects } from './gc/sweep.ts';
import { NodeStore, type ManagedNode } from './node/managed-node.ts';
import { reconcileNode } from './node/reconcile-node.ts';
import { requestedBranches } from './pod/decide-pod.ts';
import { reconcilePod } from './pod/reconcile-pod.ts';
import { retryMs } from './requeue.ts';

/** What the controller takes. */
export interface ControllerOptions {
  /** Must act as one of the users that may write the branch annotation (webhook/validate-pod.ts). */
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly ec2: Ec2Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly clusterName: string;
  readonly vpcId: string;
  readonly accountId: string;
  /** Whether changes of policies and labels reach running pods. Default: true (DESIGN: D9). */
  readonly liveUpdates?: boolean;
  /** Cool-down of released branches when the ConfigMap names none. Default: 60 s. */
  readonly coolDownMs?: number;
  /** Default: 30 s. */
  readonly minimumCoolDownMs?: number;
}

/** A controller that runs. `close` resolves when nothing of it is under way any more. */
export interface Stop {
  close(): Promise<void>;
}

/** As many at once as on EKS (spec: eks-behaviour 3.1). */
/** As events of the upstream controller say it. */
const COMPONENT = 'vpc-resource-controller';
const POD_WORKERS = 20;
const NODE_WORKERS = 10;
const BRANCH_WORKERS = 10;
/** A pod that found no room looks again at least this often. */
const ROOM_POLL_MS = 10_000;

/** Starts the controller; resolves once its caches are filled and it is at work. */
export async function startController(options: ControllerOptions): Promise<Stop> {
  const controller = new Controller(options);
  await controller.start();
  return controller;
}

class Controller implements Stop {
  readonly #abort = new AbortController();
  readonly #options: ControllerOptions;
  readonly #deps: ControllerDeps;
  readonly #nodes = new NodeStore();
  readonly #watched: ReturnType<typeof watchedInformers>;
  readonly #podQueue: WorkQueue;
  readonly #nodeQueue: WorkQueue;
  readonly #branchQueue: WorkQueue;
  readonly #unsubscribe: (() => void)[] = [];
  /** Pods that found no room, by instance. */
  readonly #roomless = new Map<string, Set<string>>();
  #coolDownMs: number;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: ControllerOptions) {
    const { kube, ec2, clock, random, log, clusterName, vpcId, accountId } = options;
    const events = createEventRecorder({ kube, clock, log, component: COMPONENT });
    const { signal } = this.#abort;
    this.#options = options;
    this.#deps = {
      kube,
      ec2,
      clock,
      random,
      log,
      events,
      clusterName,
      vpcId,
      accountId,
      signal,
    };
    this.#watched = watchedInformers(options.informers);
    this.#coolDownMs = this.#configuredCoolDown();
    const queue = (
      name: string,
      concurrency: number,
      run: (key: string) => Promise<number | undefined>,
    ): WorkQueue => createWorkQueue({ name, clock, log, concurrency, run, retryMs });
    this.#podQueue = queue('pods', POD_WORKERS, (key) => this.#reconcilePod(key));
    this.#nodeQueue = queue('nodes', NODE_WORKERS, (key) => this.#reconcileNode(key));
    this.#branchQueue = queue('branches', BRANCH_WORKERS, (key) => this.#finishBranch(key));
  }

  async start(): Promise<void> {
    await Promise.all(Object.values(this.#watched).map(({ synced }) => synced));
    this.#coolDownMs = this.#configuredCoolDown();
    const { pods, nodes, cniNodes, policies, serviceAccounts, configMaps } = this.#watched;
    const keyOfChange = ({ object }: InformerChange<KubeObject>): string => keyText(keyOf(object));
    this.#unsubscribe.push(
      nodes.subscribe((change) => this.#nodeQueue.add(keyOfChange(change))),
      cniNodes.subscribe((change) => this.#nodeQueue.add(keyOfChange(change))),
      pods.subscribe((change) => {
        if (this.#concerns(change.object)) this.#podQueue.add(keyOfChange(change));
      }),
      policies.subscribe(({ object }) => this.#lookAtPodsOf(object.metadata.namespace)),
      serviceAccounts.subscribe(({ object }) => this.#lookAtPodsOf(object.metadata.namespace)),
      configMaps.subscribe(() => void this.#followCoolDown()),
    );
    this.#sweeping = this.#sweepForEver();
  }

  async close(): Promise<void> {
    this.#abort.abort(new Error('The controller stops'));
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    const queues = [this.#podQueue, this.#nodeQueue, this.#branchQueue];
    await Promise.all([...queues.map((queue) => queue.close()), this.#sweeping]);
    await this.#deps.events.flush();
  }

  #reconcilePod(key: string): Promise<number | undefined> {
    const { pods, policies, serviceAccounts } = this.#watched;
    return reconcilePod(
      {
        ...this.#deps,
        pods,
        policies,
        serviceAccounts,
        nodes: this.#nodes,
        liveUpdates: this.#options.liveUpdates ?? true,
        onReleased: (node, slot) => this.#branchQueue.add(branchKey(node, slot)),
        onNoRoom: (node, podKey) => this.#waitForRoom(node, podKey),
      },
      key,
    );
  }

  #reconcileNode(name: string): Promise<number | undefined> {
    const { pods, nodes, cniNodes } = this.#watched;
    return reconcileNode(
      {
        ...this.#deps,
        pods,
        cniNodes,
        nodeObjects: nodes,
        nodes: this.#nodes,
        onReleased: (node, slot) => this.#branchQueue.add(branchKey(node, slot)),
        onReady: (node) => this.#lookAtWaitingPods(node),
      },
      name,
    );
  }

  async #finishBranch(key: string): Promise<number | undefined> {
    const [instanceId = '', slot = ''] = key.split('#');
    const node = this.#nodes.byInstance(instanceId);
    if (!node) return undefined;
    const work = { node, slot: Number(slot), coolDownMs: this.#coolDownMs };
    const againMs = await finishBranch(this.#deps, work);
    if (againMs === undefined) this.#roomOn(node);
    return againMs;
  }

  #waitForRoom({ instanceId }: ManagedNode, podKey: string): number {
    const waiting = this.#roomless.get(instanceId) ?? new Set();
    this.#roomless.set(instanceId, waiting.add(podKey));
    return ROOM_POLL_MS;
  }

  /** Wakes only pods that found no room: one whose allocation failed must keep its back-off. */
  #roomOn({ instanceId }: ManagedNode): void {
    const waiting = this.#roomless.get(instanceId) ?? [];
    this.#roomless.delete(instanceId);
    for (const podKey of waiting) this.#podQueue.add(podKey);
  }

  /** Pods of the node that may have waited for it. */
  #lookAtWaitingPods(node: ManagedNode): void {
    for (const pod of this.#watched.pods.list()) {
      const here = pod.spec.nodeName === node.name && requestedBranches(pod) > 0;
      const served = node.ledger.ofPod(pod.metadata.uid ?? '').length > 0;
      if (here && !served) this.#podQueue.add(keyText(keyOf(pod)));
    }
  }

  /** A policy or a ServiceAccount of the namespace changed. */
  #lookAtPodsOf(namespace: string | undefined): void {
    for (const pod of this.#watched.pods.list()) {
      if (pod.metadata.namespace !== namespace || requestedBranches(pod) === 0) continue;
      this.#podQueue.add(keyText(keyOf(pod)));
    }
  }

  #concerns(pod: Pod): boolean {
    const key = keyText(keyOf(pod));
    return (
      requestedBranches(pod) > 0 ||
      this.#nodes.all.some(({ ledger }) => ledger.entries.some((entry) => entry.pod?.key === key))
    );
  }

  #configuredCoolDown(): number {
    const { coolDownMs, minimumCoolDownMs } = this.#options;
    return coolDownOf(this.#watched.configMaps.get(COOL_DOWN_CONFIG_MAP), {
      coolDownMs: coolDownMs ?? COOL_DOWN_DEFAULTS.coolDownMs,
      minimumCoolDownMs: minimumCoolDownMs ?? COOL_DOWN_DEFAULTS.minimumCoolDownMs,
    });
  }

  async #followCoolDown(): Promise<void> {
    const coolDownMs = this.#configuredCoolDown();
    if (coolDownMs === this.#coolDownMs) return;
    this.#coolDownMs = coolDownMs;
    for (const node of this.#nodes.all) {
      for (const { slot, state } of node.ledger.entries) {
        if (state === 'released') this.#branchQueue.add(branchKey(node, slot));
      }
    }
    const message = `Branch ENI cool down period has been updated to ${goDuration(coolDownMs)}`;
    const event = { type: 'Normal', reason: 'BranchENICoolDownPeriodUpdated', message } as const;
    for (const node of this.#watched.nodes.list()) this.#deps.events.record(NODES, node, event);
  }

  async #sweepForEver(): Promise<void> {
    const { clock, log, signal } = this.#deps;
    const onReleased = (node: ManagedNode, slot: number): void =>
      this.#branchQueue.add(branchKey(node, slot));
    let suspects: Suspects = new Set();
    while (!signal.aborted) {
      try {
        suspects = await sweep({ ...this.#deps, nodes: this.#nodes, onReleased }, suspects);
      } catch (error) {
        log.warn('Sweep failed', { error });
      }
      await clock.sleep(SWEEP_INTERVAL_MS, signal).catch(() => {});
    }
  }
}

/** Everything that the controller watches. */
function watchedInformers(informers: Informers): {
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly cniNodes: Informer<CniNode>;
  readonly policies: Informer<SecurityGroupPolicy>;
  readonly serviceAccounts: Informer<KubeObject>;
  readonly configMaps: Informer<ConfigMap>;
} {
  const { namespace, name } = COOL_DOWN_CONFIG_MAP;
  return {
    pods: informers.informer(PODS),
    nodes: informers.informer(NODES),
    cniNodes: informers.informer(CNI_NODES),
    policies: informers.informer(SECURITY_GROUP_POLICIES),
    serviceAccounts: informers.informer(SERVICE_ACCOUNTS),
    configMaps: informers.informer(CONFIG_MAPS, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
    }),
  };
}

function branchKey(node: ManagedNode, slot: number): string {
  return `${node.instanceId}#${slot}`;
}
