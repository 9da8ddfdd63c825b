import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../../../api/apps/deployment.ts';
import type { ReplicaSet } from '../../../../api/apps/replica-set.ts';
import { decideDeployment, type DeploymentPlan } from './decide.ts';
import { rollingLimits } from './rolling.ts';
import { newReplicaSet } from './sets.ts';

const NOW = Date.UTC(2026, 0, 1);

function deployment(
  spec: Partial<Deployment['spec']> = {},
  more: Partial<Pick<Deployment, 'status'>> = {},
): Deployment {
  const template = { metadata: { labels: { v: 'new' } }, spec: { containers: [] } };
  return {
    metadata: { name: 'd', namespace: 'n', uid: 'd', generation: 4 },
    spec: { replicas: 4, selector: { matchLabels: { v: 'x' } }, template, ...spec },
    ...more,
  };
}

/** A ReplicaSet of the deployment with another template, or with its own. */
function set(
  label: string,
  size: number,
  more: { readonly available?: number; readonly revision?: number; readonly pods?: number } = {},
): ReplicaSet {
  const { available = size, revision = 1, pods = size } = more;
  const template = { metadata: { labels: { v: label } }, spec: { containers: [] } };
  const made = newReplicaSet(deployment({ template }), { replicas: size, revision });
  return {
    ...made,
    metadata: { ...made.metadata, uid: label },
    status: { replicas: pods, readyReplicas: available, availableReplicas: available },
  };
}

function decide(
  wanted: Deployment,
  replicaSets: readonly ReplicaSet[],
  podCounts: Readonly<Record<string, number>> = {},
): DeploymentPlan {
  const counts = new Map(Object.entries(podCounts));
  return decideDeployment(wanted, { replicaSets, podCounts: counts, nowMs: NOW });
}

const sizes = (plan: DeploymentPlan, ...sets: readonly ReplicaSet[]) =>
  sets.map(({ metadata }) => plan.sizes.get(metadata.name));

describe('limits of a rolling update', () => {
  test.each([
    [undefined, undefined, { maxSurge: 1, maxUnavailable: 1 }],
    ['50%', '50%', { maxSurge: 2, maxUnavailable: 2 }],
    ['10%', '10%', { maxSurge: 1, maxUnavailable: 0 }],
    [0, 0, { maxSurge: 0, maxUnavailable: 1 }],
    [0, 99, { maxSurge: 0, maxUnavailable: 4 }],
  ])('surge %s, unavailable %s of 4', (maxSurge, maxUnavailable, limits) => {
    const rollingUpdate = {
      ...(maxSurge !== undefined && { maxSurge }),
      ...(maxUnavailable !== undefined && { maxUnavailable }),
    };
    expect(rollingLimits(deployment({ strategy: { rollingUpdate } }))).toEqual(limits);
  });
});

describe('a rolling update', () => {
  test('begins with a ReplicaSet no larger than the surge, under the next revision', () => {
    const plan = decide(deployment(), [set('old', 4, { revision: 7 })]);
    expect(plan.create?.spec.replicas).toBe(1);
    expect(plan.revision).toBe(8);
    expect(plan.create?.metadata.name).toMatch(/^d-[a-z0-9]{10}$/);
  });

  test('takes old pods away only as far as enough are available', () => {
    const old = set('old', 4);
    const fresh = set('new', 1, { available: 0, revision: 2 });
    expect(sizes(decide(deployment(), [old, fresh]), old)).toEqual([3]);
    const smaller = set('old', 3);
    const larger = set('new', 2, { available: 0, revision: 2 });
    expect(decide(deployment(), [smaller, larger]).sizes.size).toBe(0);
  });

  test('takes broken old pods first', () => {
    const broken = set('broken', 2, { available: 0, revision: 1 });
    const old = set('old', 3, { revision: 2 });
    const fresh = set('new', 0, { revision: 3 });
    // Total 5 is wanted plus surge: the new set cannot grow before something goes.
    expect(sizes(decide(deployment(), [broken, old, fresh]), broken, old)).toEqual([0, undefined]);
  });

  test('shrinks its own set at once, and grows it within the surge', () => {
    const own = set('new', 9);
    expect(sizes(decide(deployment(), [own]), own)).toEqual([4]);
    const small = set('new', 1, { revision: 2 });
    const old = set('old', 2);
    expect(sizes(decide(deployment(), [old, small]), small)).toEqual([3]);
  });
});

describe('Recreate', () => {
  const recreate = deployment({ strategy: { type: 'Recreate' } });

  test('empties the old sets, waits for their last pod, then makes the new one whole', () => {
    const old = set('old', 4);
    const first = decide(recreate, [old], { old: 4 });
    expect(first.create).toBeUndefined();
    expect(sizes(first, old)).toEqual([0]);
    expect(decide(recreate, [set('old', 0)], { old: 1 }).create).toBeUndefined();
    expect(decide(recreate, [set('old', 0)], { old: 0 }).create?.spec.replicas).toBe(4);
  });
});

test('a paused Deployment rolls nothing but can be scaled', () => {
  const old = set('old', 2);
  const plan = decide(deployment({ paused: true }), [old]);
  expect(plan.create).toBeUndefined();
  expect(sizes(plan, old)).toEqual([4]);
});

test('a Deployment that is being deleted is left to the garbage collector', () => {
  const wanted = deployment();
  const leaving = { ...wanted, metadata: { ...wanted.metadata, deletionTimestamp: 'now' } };
  expect(decide(leaving, [set('old', 4)])).toMatchObject({ create: undefined, remove: [] });
});

test('history beyond the limit goes when all is done, oldest first, and never a set with pods', () => {
  const sets = [1, 2, 3].map((n) => set(`old${n}`, 0, { revision: n }));
  const fresh = set('new', 4, { revision: 9 });
  const limited = deployment({ revisionHistoryLimit: 1 });
  const removed = (all: readonly ReplicaSet[]) =>
    decide(limited, all).remove.map(({ metadata }) => metadata.uid);
  expect(removed([...sets, fresh])).toEqual(['old1', 'old2']);
  expect(removed([...sets, set('new', 4, { revision: 9, available: 3 })])).toEqual([]);
});

describe('the conditions of a Deployment', () => {
  const condition = (plan: DeploymentPlan, type: string) =>
    plan.status.conditions?.find((candidate) => candidate.type === type);

  test('say complete when every pod is new and available', () => {
    const plan = decide(deployment(), [set('new', 4)]);
    expect(condition(plan, 'Progressing')?.reason).toBe('NewReplicaSetAvailable');
    expect(condition(plan, 'Available')?.status).toBe('True');
    expect(plan.requeueAfterMs).toBeUndefined();
  });

  test('say unavailable when fewer than the minimum are', () => {
    const plan = decide(deployment(), [set('new', 4, { available: 2 })]);
    expect(condition(plan, 'Available')).toMatchObject({
      status: 'False',
      reason: 'MinimumReplicasUnavailable',
    });
    expect(plan.status).toMatchObject({ availableReplicas: 2, unavailableReplicas: 2 });
  });

  test('say timed out when nothing has moved for the deadline', () => {
    const stuck = [set('new', 4, { available: 2 })];
    const first = decide(deployment(), stuck).status;
    const late = (secondsAgo: number): Deployment => {
      const lastUpdateTime = new Date(NOW - secondsAgo * 1000).toISOString();
      const conditions = first.conditions?.map((c) => ({ ...c, lastUpdateTime })) ?? [];
      return deployment({ progressDeadlineSeconds: 60 }, { status: { ...first, conditions } });
    };
    expect(condition(decide(late(59), stuck), 'Progressing')?.status).toBe('True');
    expect(condition(decide(late(61), stuck), 'Progressing')).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
    });
    const moved = [set('new', 4, { available: 3 })];
    expect(condition(decide(late(61), moved), 'Progressing')?.status).toBe('True');
  });
});
