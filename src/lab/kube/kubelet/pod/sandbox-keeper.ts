import type { Pod } from '../../../../api/core/pod.ts';
import type { PodContext, PodHooks } from './context.ts';
import { createSandbox, destroySandbox, forgetSandbox, type Sandbox } from './sandbox.ts';

/** First pause after a sandbox that could not be made or unmade. */
const BACKOFF_FIRST_MS = 200;
/** Longest pause. A new annotation of the pod ends it early: that is what is usually waited for. */
const BACKOFF_MAX_MS = 5_000;

/**
 * Makes the pod's sandbox, trying until it succeeds or the signal aborts. `closing` ends even an ADD
 * that is under way.
 */
export async function makeSandbox(
  context: PodContext,
  hooks: PodHooks & { readonly annotationsChanged: () => Promise<void> },
  { signal, closing }: { readonly signal: AbortSignal; readonly closing: AbortSignal },
): Promise<Sandbox | undefined> {
  for (let pauseMs = BACKOFF_FIRST_MS; !signal.aborted; pauseMs = longer(pauseMs)) {
    const changed = hooks.annotationsChanged();
    try {
      return await createSandbox(context, hooks.pod(), closing);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      hooks.record({
        type: 'Warning',
        reason: 'FailedCreatePodSandBox',
        message: `Failed to create pod sandbox: ${text}`,
      });
    }
    await waitFor(context, { pauseMs, sooner: changed }, signal);
  }
  return undefined;
}

/**
 * Unmakes a sandbox. A plugin that fails is asked again, because an address or a branch may hang on
 * it; only when the kubelet itself ends (the signal aborts) does the namespace go without it.
 */
export async function unmakeSandbox(
  context: PodContext,
  { sandbox, hooks }: { readonly sandbox: Sandbox; readonly hooks: PodHooks },
  signal: AbortSignal,
): Promise<void> {
  for (let pauseMs = BACKOFF_FIRST_MS; ; pauseMs = longer(pauseMs)) {
    try {
      await destroySandbox(context, sandbox);
      return;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (signal.aborted) {
        await forgetSandbox(context, sandbox);
        return;
      }
      hooks.record({
        type: 'Warning',
        reason: 'FailedKillPod',
        message: `error killing pod: failed to "KillPodSandbox": ${text}`,
      });
    }
    await waitFor(context, { pauseMs }, signal);
  }
}

function longer(pauseMs: number): number {
  return Math.min(pauseMs * 2, BACKOFF_MAX_MS);
}

async function waitFor(
  { options }: PodContext,
  { pauseMs, sooner }: { readonly pauseMs: number; readonly sooner?: Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const pause = options.clock
    .sleep(pauseMs, AbortSignal.any([signal, done.signal]))
    .catch(() => undefined);
  await Promise.race(sooner ? [pause, sooner] : [pause]);
  done.abort();
}

/** Whether a pod has changed in what a CNI plugin may look at. */
export function annotationsDiffer(before: Pod, after: Pod): boolean {
  return (
    JSON.stringify(before.metadata.annotations ?? {}) !==
    JSON.stringify(after.metadata.annotations ?? {})
  );
}
