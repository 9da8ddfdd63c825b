import { PODS, type Pod, type PodStatus } from '../../../../api/core/pod.ts';
import { isKubeError } from '../../../../api/kube-error.ts';
import { keyOf } from '../../../../api/meta.ts';
import { canonicalJson } from '../../workloads/hash.ts';
import { backoffMs } from '../../../../base/backoff.ts';
import type { PodContext } from './context.ts';

/** Writes the status of one pod: the latest, one write at a time, again after failures. */
export interface StatusWriter {
  /** The status may have changed. */
  touch(): void;
  /** Resolves when the latest status is written, or cannot be because the pod or we are gone. */
  flush(): Promise<void>;
}

/** Makes the writer. `compute` is asked when there is time to write. */
export function createStatusWriter(
  { options }: PodContext,
  source: { readonly pod: () => Pod; readonly compute: () => PodStatus },
  signal: AbortSignal,
): StatusWriter {
  let dirty = false;
  let running = Promise.resolve();
  let active = false;
  let written = '';
  const drain = async (): Promise<void> => {
    // A moment's changes make one write.
    await Promise.resolve();
    for (let failures = 0; dirty && !signal.aborted;) {
      dirty = false;
      const status = source.compute();
      const text = canonicalJson(status);
      if (text === written) continue;
      try {
        await write(options, source.pod(), status);
        written = text;
        failures = 0;
      } catch (error) {
        if (isKubeError(error, 'NotFound')) return;
        dirty = true;
        failures++;
        options.log.warn('Pod status not written; will retry', { error: String(error) });
        await options.clock.sleep(backoffMs(failures), signal).catch(() => undefined);
      }
    }
  };
  const touch = (): void => {
    dirty = true;
    if (active) return;
    active = true;
    running = drain().finally(() => {
      active = false;
      // A change may have come after the last look.
      if (dirty && !signal.aborted) touch();
    });
  };
  return {
    touch,
    async flush() {
      for (let seen: Promise<void> | undefined; seen !== running;) {
        seen = running;
        await seen;
      }
    },
  };
}

async function write({ kube }: PodContext['options'], pod: Pod, status: PodStatus): Promise<void> {
  const { uid } = pod.metadata;
  // The uid is a precondition: a pod made anew under the same name is not ours to describe.
  const body = { metadata: { uid }, status: withoutStaleText(status) };
  await kube.patch(PODS, keyOf(pod), { type: 'strategic', subresource: 'status', body });
}

/** A strategic patch keeps what it does not name: a condition that holds must drop its old excuse. */
function withoutStaleText(status: PodStatus): object {
  const conditions = status.conditions?.map((condition) => ({
    ...condition,
    reason: condition.reason ?? null,
    message: condition.message ?? null,
  }));
  return { ...status, ...(conditions && { conditions }) };
}
