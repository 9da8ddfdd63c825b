import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DAEMON_SETS, type DaemonSet } from '../../../api/apps/daemon-set.ts';
import { DEPLOYMENTS, type Deployment } from '../../../api/apps/deployment.ts';
import { REPLICA_SETS } from '../../../api/apps/replica-set.ts';
import { createFakeKube, type FakeKube } from '../../../api/client.fake.ts';
import { ENDPOINT_SLICES, ENDPOINTS } from '../../../api/core/endpoints.ts';
import { EVENTS } from '../../../api/core/event.ts';
import { NODES } from '../../../api/core/node.ts';
import { PODS, type Pod } from '../../../api/core/pod.ts';
import { SERVICES } from '../../../api/core/service.ts';
import { KubeError } from '../../../api/kube-error.ts';
import { silentLog } from '../../../base/log.ts';
import { systemClock } from '../../../io/clock.ts';
import { createInformers } from '../../../io/informer.ts';
import { startScheduler } from '../scheduler/scheduler.ts';
import { startFakeKubelet } from './kubelet.fake.ts';
import { startWorkloadControllers } from './start.ts';

let kube: FakeKube;
let stop: () => Promise<void>;
let broken: (pod: Pod) => boolean;

beforeEach(() => {
  kube = createFakeKube({ clock: systemClock });
  broken = () => false;
  const abort = new AbortController();
  const informers = createInformers({
    kube,
    clock: systemClock,
    log: silentLog,
    signal: abort.signal,
  });
  const deps = { kube, informers, clock: systemClock, log: silentLog };
  const controllers = startWorkloadControllers(deps);
  const scheduler = startScheduler({
    ...deps,
    bind: async (pod, nodeName) => {
      const { name, namespace } = pod.metadata;
      const body = { spec: { nodeName } };
      await kube.patch(PODS, { name, namespace }, { type: 'merge', body });
    },
  });
  startFakeKubelet({ ...deps, isReady: (pod) => !broken(pod) });
  stop = async () => {
    await Promise.all([controllers.close(), scheduler.close()]);
    abort.abort();
  };
  seedNode('node-1');
  seedNode('node-2');
});

afterEach(() => stop());

function seedNode(name: string): void {
  kube.seed(NODES, {
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: { allocatable: { pods: '20', cpu: '2' } },
  });
}

function deployment(overrides: Partial<Deployment['spec']> = {}): Deployment {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: template('v1'),
      ...overrides,
    },
  };
}

function template(image: string) {
  return { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } };
}

const key = { name: 'web', namespace: 'default' };
const pods = (): readonly Pod[] =>
  kube.peekAll(PODS).filter((pod) => pod.metadata.deletionTimestamp === undefined);
const images = (): string[] => pods().map((pod) => pod.spec.containers[0]?.image ?? '');
const status = () => kube.peek(DEPLOYMENTS, key)?.status;
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 4000, interval: 20 });

function condition(type: string) {
  return status()?.conditions?.find((candidate) => candidate.type === type);
}

async function rolledOut(replicas: number): Promise<void> {
  await eventually(() => {
    const generation = kube.peek(DEPLOYMENTS, key)?.metadata.generation;
    expect(status()).toMatchObject({
      observedGeneration: generation,
      replicas,
      updatedReplicas: replicas,
      availableReplicas: replicas,
      unavailableReplicas: 0,
    });
    expect(condition('Progressing')?.reason).toBe('NewReplicaSetAvailable');
  });
}

describe('a Deployment', () => {
  test('becomes a ReplicaSet with pods that are placed evenly and reports its availability', async () => {
    await kube.create(DEPLOYMENTS, deployment({ replicas: 4 }));
    await rolledOut(4);
    expect(condition('Available')?.status).toBe('True');
    expect(kube.peek(DEPLOYMENTS, key)?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '1',
    });
    const byNode = Map.groupBy(pods(), ({ spec }) => spec.nodeName);
    expect([...byNode.values()].map((group) => group.length)).toEqual([2, 2]);
    expect(pods()[0]?.metadata.name).toMatch(/^web-[a-z0-9]{10}-.+/);
    const reasons = kube.peekAll(EVENTS).map(({ reason }) => reason);
    expect(reasons).toEqual(
      expect.arrayContaining(['ScalingReplicaSet', 'SuccessfulCreate', 'Scheduled']),
    );
  });

  test('never makes more pods than wanted although events lag behind its own writes', async () => {
    await kube.create(DEPLOYMENTS, deployment({ replicas: 5 }));
    await rolledOut(5);
    const created = kube.calls.filter(
      ({ verb, resource }) => verb === 'create' && resource === 'pods',
    );
    expect(created).toHaveLength(5);
  });

  test('replaces its pods when the template changes, within surge and unavailability', async () => {
    await kube.create(DEPLOYMENTS, deployment());
    await rolledOut(3);
    let fewest = Infinity;
    let most = 0;
    const watch = setInterval(() => {
      fewest = Math.min(fewest, pods().filter((pod) => pod.status?.podIP).length);
      most = Math.max(most, pods().length);
    }, 1);
    await kube.patch(DEPLOYMENTS, key, {
      type: 'merge',
      body: { spec: { template: template('v2') } },
    });
    await rolledOut(3);
    clearInterval(watch);
    expect(images()).toEqual(['v2', 'v2', 'v2']);
    expect(fewest).toBeGreaterThanOrEqual(3);
    expect(most).toBeLessThanOrEqual(4);
    const revisions = kube
      .peekAll(REPLICA_SETS)
      .map(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision']);
    expect(new Set(revisions)).toEqual(new Set(['1', '2']));
  });

  test('goes back to an old ReplicaSet under a new revision', async () => {
    await kube.create(DEPLOYMENTS, deployment({ replicas: 1 }));
    await rolledOut(1);
    for (const image of ['v2', 'v1']) {
      const body = { spec: { template: template(image) } };
      await kube.patch(DEPLOYMENTS, key, { type: 'merge', body });
      await rolledOut(1);
    }
    expect(kube.peekAll(REPLICA_SETS)).toHaveLength(2);
    expect(kube.peek(DEPLOYMENTS, key)?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
    });
  });

  test('keeps enough old pods while the new ones do not become ready', async () => {
    await kube.create(DEPLOYMENTS, deployment({ replicas: 4 }));
    await rolledOut(4);
    broken = (pod) => pod.spec.containers[0]?.image === 'bad';
    await kube.patch(DEPLOYMENTS, key, {
      type: 'merge',
      body: { spec: { template: template('bad') } },
    });
    await eventually(() => expect(status()?.updatedReplicas).toBe(2));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(images().filter((image) => image === 'v1')).toHaveLength(3);
    expect(condition('Available')?.status).toBe('True');
  });

  test('with Recreate never runs two templates at once', async () => {
    await kube.create(DEPLOYMENTS, deployment({ strategy: { type: 'Recreate' } }));
    await rolledOut(3);
    let mixed = false;
    const watch = setInterval(() => (mixed ||= new Set(images()).size > 1), 1);
    await kube.patch(DEPLOYMENTS, key, {
      type: 'merge',
      body: { spec: { template: template('v2') } },
    });
    await rolledOut(3);
    clearInterval(watch);
    expect(mixed).toBe(false);
    expect(images()).toEqual(['v2', 'v2', 'v2']);
  });

  test('is scaled up and down, also to nothing', async () => {
    await kube.create(DEPLOYMENTS, deployment());
    await rolledOut(3);
    for (const replicas of [5, 1, 0]) {
      await kube.patch(DEPLOYMENTS, key, { type: 'merge', body: { spec: { replicas } } });
      await rolledOut(replicas);
      expect(pods()).toHaveLength(replicas);
    }
  });

  test('replaces a pod that somebody deleted', async () => {
    await kube.create(DEPLOYMENTS, deployment({ replicas: 2 }));
    await rolledOut(2);
    const victim = pods()[0]?.metadata.name ?? '';
    await kube.delete(PODS, { name: victim, namespace: 'default' });
    await eventually(() =>
      expect(pods().map(({ metadata }) => metadata.name)).not.toContain(victim),
    );
    await rolledOut(2);
  });

  test('says so when admission refuses its pods, and recovers', async () => {
    kube.beforeCall = ({ verb, resource }) => {
      if (verb === 'create' && resource === 'pods')
        throw new KubeError('InternalError', 'failed calling webhook', { status: 500 });
    };
    await kube.create(DEPLOYMENTS, deployment({ replicas: 1 }));
    await eventually(() =>
      expect(condition('ReplicaFailure')).toMatchObject({ status: 'True', reason: 'FailedCreate' }),
    );
    const failed = kube.peekAll(EVENTS).find(({ reason }) => reason === 'FailedCreate');
    expect(failed?.message).toBe('Error creating: failed calling webhook');
    kube.beforeCall = undefined;
    await rolledOut(1);
    expect(condition('ReplicaFailure')).toBeUndefined();
  });

  test('forgets ReplicaSets beyond its history limit', async () => {
    await kube.create(DEPLOYMENTS, deployment({ replicas: 1, revisionHistoryLimit: 1 }));
    for (const image of ['v2', 'v3', 'v4']) {
      await rolledOut(1);
      const body = { spec: { template: template(image) } };
      await kube.patch(DEPLOYMENTS, key, { type: 'merge', body });
    }
    await rolledOut(1);
    await eventually(() => expect(kube.peekAll(REPLICA_SETS)).toHaveLength(2));
  });
});

describe('a DaemonSet', () => {
  const daemonKey = { name: 'agent', namespace: 'kube-system' };
  const daemonSet = (image: string): DaemonSet => ({
    metadata: daemonKey,
    spec: { selector: { matchLabels: { app: 'web' } }, template: template(image) },
  });
  const daemonStatus = () => kube.peek(DAEMON_SETS, daemonKey)?.status;

  test('has one pod on each node, follows new nodes and rolls new templates', async () => {
    await kube.create(DAEMON_SETS, daemonSet('v1'));
    const settled = (count: number) =>
      eventually(() =>
        expect(daemonStatus()).toMatchObject({
          desiredNumberScheduled: count,
          updatedNumberScheduled: count,
          numberAvailable: count,
          observedGeneration: kube.peek(DAEMON_SETS, daemonKey)?.metadata.generation,
        }),
      );
    await settled(2);
    seedNode('node-3');
    await settled(3);
    expect(new Set(pods().map(({ spec }) => spec.nodeName))).toEqual(
      new Set(['node-1', 'node-2', 'node-3']),
    );
    const body = { spec: { template: template('v2') } };
    await kube.patch(DAEMON_SETS, daemonKey, { type: 'merge', body });
    await settled(3);
    expect(images()).toEqual(['v2', 'v2', 'v2']);
  });
});

describe('a Service', () => {
  test('gets EndpointSlices and Endpoints that follow its pods', async () => {
    await kube.create(DEPLOYMENTS, deployment({ replicas: 2 }));
    await kube.create(SERVICES, {
      metadata: key,
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    const addresses = () =>
      kube
        .peekAll(ENDPOINT_SLICES)
        .flatMap(({ endpoints }) => endpoints.flatMap((e) => e.addresses));
    await eventually(() => expect(addresses()).toHaveLength(2));
    expect(kube.peekAll(ENDPOINT_SLICES)[0]?.ports).toEqual([
      { name: '', protocol: 'TCP', port: 8080 },
    ]);
    await kube.patch(DEPLOYMENTS, key, { type: 'merge', body: { spec: { replicas: 1 } } });
    await eventually(() => {
      expect(addresses()).toHaveLength(1);
      expect(kube.peek(ENDPOINTS, key)?.subsets?.[0]?.addresses).toHaveLength(1);
    });
  });
});
