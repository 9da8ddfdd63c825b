import { describe, expect, test } from 'vitest';
import type { DaemonSet } from '../../../../api/apps/daemon-set.ts';
import type { Node } from '../../../../api/core/node.ts';
import type { Pod } from '../../../../api/core/pod.ts';
import { decideDaemonSet } from './decide.ts';

const NOW = Date.UTC(2026, 0, 1);

function daemonSet(spec: Partial<DaemonSet['spec']> = {}): DaemonSet {
  return {
    metadata: { name: 'd', namespace: 'n', uid: 'ds', generation: 2 },
    spec: {
      selector: { matchLabels: { app: 'd' } },
      template: {
        metadata: { labels: { app: 'd' } },
        spec: { containers: [{ name: 'c' }], nodeSelector: { run: 'yes' } },
      },
      ...spec,
    },
  };
}

function node(name: string, run = 'yes', taints: NonNullable<Node['spec']>['taints'] = []): Node {
  return { metadata: { name, labels: { run } }, spec: { taints } };
}

/** A pod as the plan would have made it, bound to its node and ready unless said otherwise. */
function running(set: DaemonSet, name: string, ready = true): Pod {
  const [made] = decideDaemonSet(set, { nodes: [node(name)], pods: [], nowMs: NOW }).create;
  const status = ready ? 'True' : 'False';
  return {
    metadata: { ...made?.metadata, name: `pod-${name}`, uid: `pod-${name}` },
    spec: { containers: [], ...made?.spec, nodeName: name },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status }] },
  };
}

const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.name);
const targets = (pods: readonly Pod[]) =>
  pods.map(
    ({ spec }) =>
      spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
        ?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0],
  );

describe('a DaemonSet', () => {
  test('wants a pod on each node that it selects and tolerates', () => {
    const taints = [{ key: 'k', effect: 'NoSchedule' }];
    const nodes = [node('a'), node('b', 'no'), node('c', 'yes', taints), node('d')];
    const plan = decideDaemonSet(daemonSet(), { nodes, pods: [], nowMs: NOW });
    expect(targets(plan.create)).toEqual(['a', 'd']);
    expect(plan.status).toMatchObject({ desiredNumberScheduled: 2, numberUnavailable: 2 });
  });

  test('puts up with a cordoned node', () => {
    const taints = [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }];
    const nodes = [node('a', 'yes', taints)];
    const plan = decideDaemonSet(daemonSet(), { nodes, pods: [], nowMs: NOW });
    expect(targets(plan.create)).toEqual(['a']);
  });

  test('counts what is there and changes nothing when all is well', () => {
    const pods = ['a', 'b'].map((name) => running(daemonSet(), name));
    const plan = decideDaemonSet(daemonSet(), { nodes: [node('a'), node('b')], pods, nowMs: NOW });
    expect(plan).toMatchObject({ create: [], remove: [] });
    expect(plan.status).toEqual({
      currentNumberScheduled: 2,
      desiredNumberScheduled: 2,
      numberMisscheduled: 0,
      numberReady: 2,
      updatedNumberScheduled: 2,
      numberAvailable: 2,
      numberUnavailable: 0,
      observedGeneration: 2,
    });
  });

  test('removes pods from nodes that it no longer selects, doubles and finished pods', () => {
    const double = {
      ...running(daemonSet(), 'a'),
      metadata: {
        ...running(daemonSet(), 'a').metadata,
        name: 'double',
        creationTimestamp: '2027',
      },
    };
    const finished: Pod = { ...running(daemonSet(), 'c'), status: { phase: 'Failed' } };
    const pods = [running(daemonSet(), 'a'), double, running(daemonSet(), 'b'), finished];
    const nodes = [node('a'), node('b', 'no'), node('c')];
    const plan = decideDaemonSet(daemonSet(), { nodes, pods, nowMs: NOW });
    expect(names(plan.remove)).toEqual(['double', 'pod-b', 'pod-c']);
    expect(plan.status.numberMisscheduled).toBe(1);
    expect(targets(plan.create)).toEqual(['c']);
  });

  test('waits for a pod that is on its way out before it makes another', () => {
    const pod = running(daemonSet(), 'a');
    const leaving = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: 'now' } };
    const world = { nodes: [node('a')], pods: [leaving], nowMs: NOW };
    expect(decideDaemonSet(daemonSet(), world)).toMatchObject({ create: [], remove: [] });
  });

  describe('with a new template', () => {
    const next = (strategy: DaemonSet['spec']['updateStrategy'] = {}) =>
      daemonSet({
        updateStrategy: strategy,
        template: {
          metadata: { labels: { app: 'd', v: '2' } },
          spec: { containers: [], nodeSelector: { run: 'yes' } },
        },
      });
    const nodes = [node('a'), node('b'), node('c')];
    const old = ['a', 'b', 'c'].map((name) => running(daemonSet(), name));

    test('replaces one pod at a time', () => {
      expect(names(decideDaemonSet(next(), { nodes, pods: old, nowMs: NOW }).remove)).toEqual([
        'pod-a',
      ]);
    });

    test('replaces none while another is unavailable, except those that do not work anyway', () => {
      const pods = [running(next(), 'a', false), ...old.slice(1)];
      expect(decideDaemonSet(next(), { nodes, pods, nowMs: NOW }).remove).toEqual([]);
      const broken = [old[0], old[1], running(daemonSet(), 'c', false)].filter(
        (pod) => pod !== undefined,
      );
      expect(names(decideDaemonSet(next(), { nodes, pods: broken, nowMs: NOW }).remove)).toEqual([
        'pod-c',
      ]);
    });

    test('takes a percentage, and leaves the pods alone with OnDelete', () => {
      const two = next({ rollingUpdate: { maxUnavailable: '50%' } });
      expect(decideDaemonSet(two, { nodes, pods: old, nowMs: NOW }).remove).toHaveLength(2);
      const onDelete = next({ type: 'OnDelete' });
      expect(decideDaemonSet(onDelete, { nodes, pods: old, nowMs: NOW }).remove).toEqual([]);
    });
  });

  test('says when a ready pod becomes available', () => {
    const set = daemonSet({ minReadySeconds: 10 });
    const pod = running(set, 'a');
    const since = new Date(NOW - 4000).toISOString();
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: since } as const];
    const pods = [{ ...pod, status: { ...pod.status, conditions } }];
    const plan = decideDaemonSet(set, { nodes: [node('a')], pods, nowMs: NOW });
    expect(plan.requeueAfterMs).toBe(6000);
    expect(plan.status).toMatchObject({ numberReady: 1, numberAvailable: 0 });
  });
});
