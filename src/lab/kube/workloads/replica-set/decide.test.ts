import { describe, expect, test } from 'vitest';
import type { ReplicaSet } from '../../../../api/apps/replica-set.ts';
import type { Pod } from '../../../../api/core/pod.ts';
import { decideReplicaSet } from './decide.ts';

const NOW = Date.UTC(2026, 0, 1);

function replicaSet(replicas: number, more: Partial<ReplicaSet['spec']> = {}): ReplicaSet {
  return {
    metadata: { name: 'r', uid: 'rs', generation: 3 },
    spec: {
      replicas,
      selector: {},
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [] } },
      ...more,
    },
  };
}

const USUAL = {
  ready: true,
  node: 'n',
  phase: 'Running' as const,
  deleting: false,
  owner: 'rs',
  age: '2025',
};

function pod(
  name: string,
  change: {
    readonly ready?: boolean;
    readonly node?: string;
    readonly phase?: 'Pending' | 'Running' | 'Failed';
    readonly deleting?: boolean;
    readonly owner?: string;
    readonly age?: string;
  } = {},
): Pod {
  const { ready, node, phase, deleting, owner, age } = { ...USUAL, ...change };
  return {
    metadata: {
      name,
      labels: { a: 'b' },
      creationTimestamp: age,
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: owner, controller: true },
      ],
      ...(deleting && { deletionTimestamp: 'now' }),
    },
    spec: { containers: [], ...(node !== '' && { nodeName: node }) },
    status: {
      phase,
      conditions: [
        {
          type: 'Ready',
          status: ready ? 'True' : 'False',
          lastTransitionTime: new Date(NOW - 1000).toISOString(),
        },
      ],
    },
  };
}

describe('a ReplicaSet', () => {
  test('makes what is missing; pods that end or go do not count', () => {
    const pods = [
      pod('a'),
      pod('b', { phase: 'Failed' }),
      pod('c', { deleting: true }),
      pod('d', { owner: 'x' }),
    ];
    expect(decideReplicaSet(replicaSet(3), pods, NOW)).toMatchObject({
      createCount: 2,
      remove: [],
      status: {
        replicas: 1,
        readyReplicas: 1,
        availableReplicas: 1,
        fullyLabeledReplicas: 1,
        observedGeneration: 3,
      },
    });
  });

  test('removes first what is not placed, not running, not ready, and then the youngest', () => {
    const pods = [
      pod('old'),
      pod('young', { age: '2026' }),
      pod('unready', { ready: false }),
      pod('pending', { phase: 'Pending', ready: false }),
      pod('unplaced', { node: '', phase: 'Pending', ready: false }),
    ];
    const order = [4, 3, 2, 1, 0].map((keep) =>
      decideReplicaSet(replicaSet(keep), pods, NOW).remove.map(({ metadata }) => metadata.name),
    );
    expect(order[0]).toEqual(['unplaced']);
    expect(order.at(-1)).toEqual(['unplaced', 'pending', 'unready', 'young', 'old']);
  });

  test('does not change its pods while it is being deleted', () => {
    const leaving = {
      ...replicaSet(3),
      metadata: { ...replicaSet(3).metadata, deletionTimestamp: 'now' },
    };
    expect(decideReplicaSet(leaving, [], NOW).createCount).toBe(0);
  });

  test('limits the changes of one pass', () => {
    expect(decideReplicaSet(replicaSet(500), [], NOW).createCount).toBe(50);
  });

  test('counts a pod as available only minReadySeconds after it became ready', () => {
    const plan = decideReplicaSet(replicaSet(1, { minReadySeconds: 5 }), [pod('a')], NOW);
    expect(plan.status).toMatchObject({ readyReplicas: 1, availableReplicas: 0 });
    expect(plan.requeueAfterMs).toBe(4000);
  });
});
