import type { ContainerStatus, Pod, PodStatus } from '../../../../api/core/pod.ts';
import type { Condition } from '../../../../api/meta.ts';
import { kubeTime, withCondition } from '../../workloads/condition.ts';
import { mayRestart } from './restart.ts';
import type { ContainerState, PodState, Terminated } from './state.ts';

/** The status of a pod as `kubectl` expects it. */
export function podStatus(
  pod: Pod,
  state: PodState,
  { hostIp, nowMs }: { readonly hostIp: string; readonly nowMs: number },
): PodStatus {
  const [podIP] = state.podIps;
  return {
    phase: podPhase(pod, state),
    ...state.failed,
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(podIP !== undefined && { podIP, podIPs: state.podIps.map((ip) => ({ ip })) }),
    startTime: kubeTime(state.startedAtMs),
    qosClass: pod.status?.qosClass ?? qosClass(pod),
    conditions: conditions(pod, state, kubeTime(nowMs)),
    ...(state.init.length > 0 && { initContainerStatuses: state.init.map(containerStatus) }),
    containerStatuses: state.containers.map(containerStatus),
  } as PodStatus;
}

/** Phase by the rules of Kubernetes: what the containers do now, and whether they will again. */
export function podPhase(pod: Pod, state: PodState): NonNullable<PodStatus['phase']> {
  if (state.failed) return 'Failed';
  const { restartPolicy } = pod.spec;
  const ended = (all: readonly ContainerState[]): readonly Terminated[] =>
    all.flatMap(({ now }) => (now.kind === 'terminated' ? [now] : []));
  if (ended(state.init).some((exit) => exit.exitCode !== 0 && !mayRestart(restartPolicy, exit)))
    return 'Failed';
  const { containers } = state;
  const neverRan = containers.some(({ now, last }) => now.kind === 'waiting' && !last);
  if (neverRan) return 'Pending';
  const exits = ended(containers);
  const allOver = exits.length === containers.length;
  if (!allOver || exits.some((exit) => mayRestart(restartPolicy, exit))) return 'Running';
  return exits.every(({ exitCode }) => exitCode === 0) ? 'Succeeded' : 'Failed';
}

function conditions(pod: Pod, state: PodState, nowIso: string): readonly Condition[] {
  const phase = podPhase(pod, state);
  const over = phase === 'Succeeded' || phase === 'Failed';
  const initialized = state.init.every(
    ({ now }) => now.kind === 'terminated' && now.exitCode === 0,
  );
  const unready = state.containers.filter(({ ready }) => !ready).map(({ spec }) => spec.name);
  const reason = over
    ? { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : {
        reason: 'ContainersNotReady',
        message: `containers with unready status: [${unready.join(' ')}]`,
      };
  const readiness: Partial<Condition> =
    unready.length === 0 && !over ? { status: 'True' } : { status: 'False', ...reason };
  const next: readonly Condition[] = [
    { type: 'PodReadyToStartContainers', ...truth(state.sandboxReady) },
    {
      type: 'Initialized',
      ...truth(initialized),
      ...(!initialized && {
        reason: 'ContainersNotInitialized',
        message: `containers with incomplete status: [${incomplete(state)}]`,
      }),
    },
    { type: 'Ready', status: 'False', ...readiness },
    { type: 'ContainersReady', status: 'False', ...readiness },
    { type: 'PodScheduled', status: 'True' },
  ];
  return next.reduce<readonly Condition[]>(
    (all, condition) => withCondition(all, condition, nowIso),
    pod.status?.conditions ?? [],
  );
}

function truth(value: boolean): { readonly status: 'True' | 'False' } {
  return { status: value ? 'True' : 'False' };
}

function incomplete(state: PodState): string {
  return state.init
    .filter(({ now }) => now.kind !== 'terminated' || now.exitCode !== 0)
    .map(({ spec }) => spec.name)
    .join(' ');
}

function containerStatus(state: ContainerState): ContainerStatus {
  const { spec, containerId, last } = state;
  return {
    name: spec.name,
    image: spec.image ?? '',
    imageID: '',
    ...(containerId !== undefined && { containerID: `trunkline://${containerId}` }),
    ready: state.ready,
    started: state.started,
    restartCount: state.restarts,
    state: stateFields(state.now),
    lastState: last ? stateFields(last) : {},
  };
}

function stateFields(now: ContainerState['now']): Readonly<Record<string, unknown>> {
  switch (now.kind) {
    case 'waiting':
      return { waiting: { reason: now.reason, ...(now.message && { message: now.message }) } };
    case 'running':
      return { running: { startedAt: kubeTime(now.startedAtMs) } };
    case 'terminated':
      return {
        terminated: {
          exitCode: now.exitCode,
          ...(now.signal !== undefined && { signal: now.signal }),
          reason: now.reason,
          ...(now.message !== undefined && { message: now.message }),
          startedAt: kubeTime(now.startedAtMs),
          finishedAt: kubeTime(now.finishedAtMs),
          containerID: `trunkline://${now.containerId}`,
        },
      };
  }
}

/** Guaranteed when limits of CPU and memory are set and equal the requests, by the API's rules. */
function qosClass({ spec }: Pod): string {
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  const names = ['cpu', 'memory'];
  const amounts = all.flatMap(({ resources }) =>
    names.map((name) => ({
      limit: resources?.limits?.[name],
      request: resources?.requests?.[name] ?? resources?.limits?.[name],
    })),
  );
  if (amounts.every(({ request }) => request === undefined)) return 'BestEffort';
  const guaranteed = amounts.every(
    ({ limit, request }) => limit !== undefined && limit === request,
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
