import type { KubeClient } from './client.ts';
import { EVENTS, type Event } from './core/event.ts';
import { isKubeError } from './kube-error.ts';
import type { KubeObject } from './meta.ts';
import { apiVersionOf, type Resource } from './resource.ts';
import type { Clock } from '../base/clock.ts';
import { fnv1a64 } from '../base/hash.ts';
import type { Log } from '../base/log.ts';

/** What happened to an object. */
export interface Happening {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Writes events; a repeated happening raises the count of its event. */
export interface EventRecorder {
  /** Never throws: an event that cannot be written is logged. Order per recorder is kept. */
  record<T extends KubeObject>(resource: Resource<T>, object: T, happening: Happening): void;
  /** Resolves when everything recorded so far has been written. */
  flush(): Promise<void>;
}

/** Events not yet written; more are dropped, with a warning. */
const MAX_PENDING = 1000;

/** Makes the recorder of one component. */
export function createEventRecorder(options: {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly component: string;
  readonly host?: string;
}): EventRecorder {
  let tail = Promise.resolve();
  let pending = 0;
  return {
    record(resource, object, happening) {
      if (pending >= MAX_PENDING) {
        options.log.warn('Event dropped: too many are waiting', { reason: happening.reason });
        return;
      }
      pending++;
      const event = eventOf(resource, object, happening, {
        ...options,
        now: new Date(options.clock.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z'),
      });
      tail = tail.then(() => write(options, event)).finally(() => pending--);
    },
    flush: () => tail,
  };
}

function eventOf<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  happening: Happening,
  from: { readonly component: string; readonly host?: string; readonly now: string },
): Event {
  const { name, namespace = 'default', uid } = object.metadata;
  const hash = fnv1a64(`${uid}/${from.component}/${happening.reason}/${happening.message}`);
  // `kubectl describe node` looks node events up by the node's name in place of its uid.
  const involvedUid = resource.kind === 'Node' ? name : uid;
  return {
    metadata: { name: `${name}.${hash.toString(16).padStart(16, '0')}`, namespace },
    involvedObject: {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      name,
      ...(resource.namespaced && { namespace }),
      ...(involvedUid !== undefined && { uid: involvedUid }),
    },
    ...happening,
    count: 1,
    firstTimestamp: from.now,
    lastTimestamp: from.now,
    source: { component: from.component, ...(from.host !== undefined && { host: from.host }) },
    reportingComponent: from.component,
  };
}

async function write(
  { kube, log }: { readonly kube: KubeClient; readonly log: Log },
  event: Event,
): Promise<void> {
  try {
    await kube.create(EVENTS, event);
  } catch (error) {
    if (isKubeError(error, 'AlreadyExists')) return repeat({ kube, log }, event);
    log.warn('Event not written', { reason: event.reason, error: String(error) });
  }
}

async function repeat(
  { kube, log }: { readonly kube: KubeClient; readonly log: Log },
  event: Event,
): Promise<void> {
  try {
    const { name, namespace } = event.metadata;
    const key = { name, namespace };
    const before = await kube.get(EVENTS, key);
    const body = { count: (before?.count ?? 1) + 1, lastTimestamp: event.lastTimestamp };
    await kube.patch(EVENTS, key, { type: 'merge', body });
  } catch (error) {
    log.warn('Event not counted', { reason: event.reason, error: String(error) });
  }
}
