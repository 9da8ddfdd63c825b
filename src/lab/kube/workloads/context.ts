import type { KubeClient } from '../../../api/client.ts';
import type { Informers } from '../../../api/informer.ts';
import type { ObjectKey } from '../../../api/meta.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { EventRecorder } from '../../../api/event-recorder.ts';

/** What every workload controller takes. */
export interface WorkloadContext {
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
}

/** The inverse of `keyText`. */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return slash < 0
    ? { name: text }
    : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
