import type { Probe } from '../../../../api/core/pod.ts';

/** Timing of a probe with the defaults of Kubernetes. */
export interface ProbeTiming {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** Results of a probe so far. */
export interface ProbeState {
  /** Undefined until a threshold has been reached for the first time. */
  readonly healthy: boolean | undefined;
  readonly last: boolean | undefined;
  /** How many results in a row equal the last one. */
  readonly run: number;
}

/** Nothing known yet. */
export const UNPROBED: ProbeState = { healthy: undefined, last: undefined, run: 0 };

/** Fills in the defaults. */
export function probeTiming(probe: Probe): ProbeTiming {
  return {
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1000,
    periodMs: (probe.periodSeconds ?? 10) * 1000,
    timeoutMs: (probe.timeoutSeconds ?? 1) * 1000,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

/** Counts one more result; the verdict turns when a run of equal results reaches its threshold. */
export function afterProbe(state: ProbeState, success: boolean, timing: ProbeTiming): ProbeState {
  const run = state.last === success ? state.run + 1 : 1;
  const threshold = success ? timing.successThreshold : timing.failureThreshold;
  return { healthy: run >= threshold ? success : state.healthy, last: success, run };
}
