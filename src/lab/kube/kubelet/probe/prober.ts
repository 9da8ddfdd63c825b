import type { Probe } from '../../../../api/core/pod.ts';
import { afterProbe, probeTiming, UNPROBED, type ProbeState, type ProbeTiming } from './state.ts';
import { runProbe, type ProbeContext } from './run-probe.ts';

/** What a container's probes are for. */
export type ProbeKind = 'Startup' | 'Readiness' | 'Liveness';

/**
 * Longest pause between readiness probes of a container that is not ready: Kubernetes, too, asks
 * more often than `periodSeconds` then, so that pods become ready sooner.
 */
const UNREADY_PERIOD_MS = 1_000;

/** Called with every result: the verdict so far, and the message of a failure. */
export interface ProbeListener {
  verdict(kind: ProbeKind, healthy: boolean): void;
  failed(kind: ProbeKind, message: string): void;
}

/**
 * Probes a running container until the signal aborts: first startup alone, until it succeeds, then
 * readiness and liveness side by side. A missing probe counts as passed.
 */
export async function probeContainer(
  context: ProbeContext,
  listener: ProbeListener,
  signal: AbortSignal,
): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = context.container;
  if (startupProbe) await loop('Startup', startupProbe, { context, listener, signal });
  if (signal.aborted) return;
  if (startupProbe === undefined) listener.verdict('Startup', true);
  if (readinessProbe === undefined) listener.verdict('Readiness', true);
  await Promise.all([
    readinessProbe && loop('Readiness', readinessProbe, { context, listener, signal }),
    livenessProbe && loop('Liveness', livenessProbe, { context, listener, signal }),
  ]);
}

interface Loop {
  readonly context: ProbeContext;
  readonly listener: ProbeListener;
  readonly signal: AbortSignal;
}

/** Ends when the signal aborts; startup also at its first verdict. */
async function loop(kind: ProbeKind, probe: Probe, deps: Loop): Promise<void> {
  const { context, listener, signal } = deps;
  const timing = probeTiming(probe);
  let state = UNPROBED;
  try {
    await context.clock.sleep(timing.initialDelayMs, signal);
    while (!signal.aborted) {
      const result = await runProbe(probe, context, timing.timeoutMs);
      if (signal.aborted) return;
      state = afterProbe(state, result.ok, timing);
      if (!result.ok) listener.failed(kind, result.message);
      if (state.healthy !== undefined) listener.verdict(kind, state.healthy);
      if (kind === 'Startup' && state.healthy !== undefined) return;
      await context.clock.sleep(pauseMs(kind, state, timing), signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function pauseMs(kind: ProbeKind, state: ProbeState, { periodMs }: ProbeTiming): number {
  const waiting = kind === 'Readiness' && state.healthy !== true;
  return waiting ? Math.min(periodMs, UNREADY_PERIOD_MS) : periodMs;
}
