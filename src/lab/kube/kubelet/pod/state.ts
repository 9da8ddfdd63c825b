import type { Container } from '../../../../api/core/pod.ts';

/** A container that waits, and why. */
export interface Waiting {
  readonly kind: 'waiting';
  readonly reason: string;
  readonly message?: string;
}

/** A container whose process runs. */
export interface Running {
  readonly kind: 'running';
  readonly startedAtMs: number;
}

/** A container whose process has ended. */
export interface Terminated {
  readonly kind: 'terminated';
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly containerId: string;
}

/** What the kubelet knows of one container. */
export interface ContainerState {
  readonly spec: Container;
  readonly containerId: string | undefined;
  readonly now: Waiting | Running | Terminated;
  readonly last: Terminated | undefined;
  readonly restarts: number;
  /** Passed its startup probe. */
  readonly started: boolean;
  readonly ready: boolean;
}

/** What the kubelet knows of one pod. */
export interface PodState {
  readonly startedAtMs: number;
  readonly podIps: readonly string[];
  readonly sandboxReady: boolean;
  readonly init: readonly ContainerState[];
  readonly containers: readonly ContainerState[];
  /** Set when the whole pod is given up, with `reason` and `message` for its status. */
  readonly failed?: { readonly reason: string; readonly message: string };
}

/** A container that has not run yet. */
export function freshContainer(
  spec: Container,
  restarts: number,
  reason: 'PodInitializing' | 'ContainerCreating',
): ContainerState {
  const now = { kind: 'waiting', reason } as const;
  return {
    spec,
    containerId: undefined,
    now,
    last: undefined,
    restarts,
    started: false,
    ready: false,
  };
}
