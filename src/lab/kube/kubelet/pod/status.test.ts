import { describe, expect, test } from 'vitest';
import type { Pod, PodSpec } from '../../../../api/core/pod.ts';
import { afterExit, NO_BACKOFF } from './restart.ts';
import { freshContainer, type ContainerState, type PodState, type Terminated } from './state.ts';
import { podPhase, podStatus } from './status.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

function pod(restartPolicy: PodSpec['restartPolicy'] = 'Always'): Pod {
  return { metadata: { name: 'p' }, spec: { restartPolicy, containers: [{ name: 'c' }] } };
}

function exit(exitCode: number): Terminated {
  const reason = exitCode === 0 ? 'Completed' : 'Error';
  const times = { startedAtMs: NOW - 2000, finishedAtMs: NOW - 1000 };
  return { kind: 'terminated', exitCode, reason, containerId: 'id', ...times };
}

function container(now: ContainerState['now'], more: Partial<ContainerState> = {}): ContainerState {
  return { ...freshContainer({ name: 'c', image: 'i' }, 0, 'ContainerCreating'), now, ...more };
}

const running = { kind: 'running', startedAtMs: NOW } as const;
const creating = { kind: 'waiting', reason: 'ContainerCreating' } as const;
const crashing = { kind: 'waiting', reason: 'CrashLoopBackOff', message: 'back-off' } as const;

function state(containers: readonly ContainerState[], more: Partial<PodState> = {}): PodState {
  return {
    startedAtMs: NOW,
    podIps: ['10.0.0.9'],
    sandboxReady: true,
    init: [],
    containers,
    ...more,
  };
}

describe('the phase of a pod', () => {
  test.each<[string, PodSpec['restartPolicy'], PodState, string]>([
    ['before its containers run', 'Always', state([container(creating)]), 'Pending'],
    [
      'while one of two has not run',
      'Always',
      state([container(running), container(creating)]),
      'Pending',
    ],
    ['while it runs', 'Always', state([container(running)]), 'Running'],
    [
      'while it is between restarts',
      'Always',
      state([container(crashing, { last: exit(1) })]),
      'Running',
    ],
    ['that will be restarted', 'Always', state([container(exit(0))]), 'Running'],
    ['that failed and will be restarted', 'OnFailure', state([container(exit(1))]), 'Running'],
    ['that is done', 'OnFailure', state([container(exit(0))]), 'Succeeded'],
    ['that failed for good', 'Never', state([container(exit(0)), container(exit(2))]), 'Failed'],
    ['with one still at work', 'Never', state([container(exit(2)), container(running)]), 'Running'],
    [
      'whose init container failed',
      'Never',
      state([container(creating)], { init: [container(exit(1))] }),
      'Failed',
    ],
    [
      'whose init container is tried again',
      'Always',
      state([container(creating)], { init: [container(exit(1))] }),
      'Pending',
    ],
    [
      'that was given up',
      'Always',
      state([container(running)], { failed: { reason: 'r', message: 'm' } }),
      'Failed',
    ],
  ])('%s (%s)', (_, policy, given, phase) => {
    expect(podPhase(pod(policy), given)).toBe(phase);
  });
});

describe('the status of a pod', () => {
  const statusOf = (given: PodState, of: Pod = pod()) =>
    podStatus(of, given, { hostIp: '10.0.0.1', nowMs: NOW });
  const conditionsOf = (given: PodState, of?: Pod) =>
    Object.fromEntries((statusOf(given, of).conditions ?? []).map((c) => [c.type, c.status]));

  test('tells addresses, times and containers', () => {
    const last = { last: exit(1), containerId: 'x', restarts: 2, started: true, ready: true };
    expect(statusOf(state([container(running, last)]))).toMatchObject({
      podIP: '10.0.0.9',
      podIPs: [{ ip: '10.0.0.9' }],
      hostIP: '10.0.0.1',
      startTime: '2026-01-01T12:00:00Z',
      containerStatuses: [
        {
          name: 'c',
          image: 'i',
          containerID: 'trunkline://x',
          ready: true,
          started: true,
          restartCount: 2,
          state: { running: { startedAt: '2026-01-01T12:00:00Z' } },
          lastState: {
            terminated: { exitCode: 1, reason: 'Error', containerID: 'trunkline://id' },
          },
        },
      ],
    });
  });

  test('is ready when all its containers are', () => {
    const ready = container(running, { ready: true });
    expect(conditionsOf(state([ready]))).toEqual({
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      Ready: 'True',
      ContainersReady: 'True',
      PodScheduled: 'True',
    });
    const one = statusOf(state([ready, container(running)]));
    expect(one.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [c]',
    });
  });

  test('is not ready when it is over, whatever its containers were', () => {
    const over = state([container(exit(0), { ready: true })]);
    expect(conditionsOf(over, pod('Never'))).toMatchObject({ Ready: 'False' });
  });

  test('keeps conditions of others, and the transition times of what did not change', () => {
    const conditions = [
      { type: 'Gate', status: 'True' },
      { type: 'PodScheduled', status: 'True', lastTransitionTime: 'before' },
    ] as const;
    const known: Pod = { ...pod(), status: { conditions } };
    const next = statusOf(state([container(running)]), known).conditions;
    expect(next?.slice(0, 2)).toEqual(conditions);
    expect(next?.find(({ type }) => type === 'Ready')?.lastTransitionTime).toBe(
      '2026-01-01T12:00:00Z',
    );
  });

  test.each([
    [{}, 'BestEffort'],
    [{ requests: { cpu: '1' } }, 'Burstable'],
    [{ limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
    [{ limits: { cpu: '1' } }, 'Burstable'],
    [{ limits: { cpu: '2', memory: '1' }, requests: { cpu: '1', memory: '1' } }, 'Burstable'],
  ])('with resources %j has the class %s', (resources, qosClass) => {
    const given: Pod = {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', resources }] },
    };
    expect(statusOf(state([container(running)]), given).qosClass).toBe(qosClass);
  });
});

test('restarts wait 0 s, 1 s, 2 s, ... 60 s, and start over after a long run', () => {
  let backoff = NO_BACKOFF;
  const pauses = Array.from({ length: 9 }, () => {
    const { pauseMs, next } = afterExit(backoff, 10);
    backoff = next;
    return pauseMs / 1000;
  });
  expect(pauses).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60]);
  expect(afterExit(backoff, 200_000).pauseMs).toBe(0);
});
