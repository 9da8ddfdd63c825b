import type { KubeClient } from '../api/client.ts';
import { EVENTS, type Event } from '../api/core/event.ts';
import type { KubeObject } from '../api/meta.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { randomHex, type Random } from '../base/random.ts';

/** What happened to an object. */
export interface Happening {
  readonly type: Event['type'];
  /** CamelCase; the exact words of the contract (spec: eks-behaviour 3.11). */
  readonly reason: string;
  readonly message: string;
}

/** Tells users, by Kubernetes events, what happened to their objects. Never fails. */
export interface Recorder {
  record(object: KubeObject, happening: Happening): Promise<void>;
}

const COMPONENT = 'vpc-resource-controller';
/** The same happening within this time raises the count of its event. */
const MEMORY_MS = 600_000;
const MEMORY_SIZE = 2_000;

interface Remembered {
  readonly name: string;
  readonly namespace: string;
  readonly count: number;
  readonly atMs: number;
}

/** Makes a recorder. Repeated happenings become one event with a count. */
export function createRecorder(deps: {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}): Recorder {
  const { kube, clock, random, log } = deps;
  const recent = new Map<string, Remembered>();

  const write = async (object: KubeObject, happening: Happening): Promise<void> => {
    const id = JSON.stringify([object.metadata.uid, object.metadata.name, happening]);
    const known = recent.get(id);
    const atMs = clock.nowMs();
    if (known && atMs - known.atMs < MEMORY_MS) {
      recent.set(id, { ...known, count: known.count + 1, atMs });
      const body = { count: known.count + 1, lastTimestamp: timestamp(atMs) };
      await kube.patch(EVENTS, known, { type: 'merge', body });
      return;
    }
    const event = eventOf(object, happening, { atMs, suffix: randomHex(random, 16) });
    const { name, namespace = 'default' } = event.metadata;
    recent.set(id, { name, namespace, count: 1, atMs });
    forgetOldest(recent);
    await kube.create(EVENTS, event);
  };

  return {
    record: async (object, happening) => {
      try {
        await write(object, happening);
      } catch (error) {
        // An event is a courtesy to the reader; losing one must not stop the work.
        log.warn('Event lost', { reason: happening.reason, object: object.metadata.name, error });
      }
    },
  };
}

function eventOf(
  object: KubeObject,
  happening: Happening,
  { atMs, suffix }: { readonly atMs: number; readonly suffix: string },
): Event {
  const { name, namespace, uid } = object.metadata;
  const at = timestamp(atMs);
  // `kubectl describe node` looks for events whose uid is the node's name.
  const eventUid = object.kind === 'Node' ? name : uid;
  return {
    metadata: { name: `${name}.${suffix}`, namespace: namespace ?? 'default' },
    involvedObject: {
      apiVersion: object.apiVersion ?? 'v1',
      kind: object.kind ?? '',
      name,
      ...(namespace !== undefined && { namespace }),
      ...(eventUid !== undefined && { uid: eventUid }),
    },
    ...happening,
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
  };
}

function forgetOldest(recent: Map<string, Remembered>): void {
  if (recent.size <= MEMORY_SIZE) return;
  const oldest = recent.keys().next().value;
  if (oldest !== undefined) recent.delete(oldest);
}

function timestamp(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
