import type { Api } from '../api.ts';
import { textAt } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';

/** Events are forgotten this long after they were last seen, as in a real cluster. */
const EVENT_LIFETIME_MS = 60 * 60 * 1000;
const SWEEP_EVERY_MS = 60 * 1000;

/** Removes old events now and then, until the signal aborts. */
export async function expireEvents(
  api: Pick<Api, 'store' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    sweep(api);
    try {
      await api.clock.sleep(SWEEP_EVERY_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
  }
}

function sweep({ store, clock }: Pick<Api, 'store' | 'clock'>): void {
  const oldestMs = clock.nowMs() - EVENT_LIFETIME_MS;
  for (const event of store.list('events')) {
    const { name, namespace = '' } = event.metadata;
    if (lastSeenMs(event) < oldestMs) store.remove('events', { namespace, name });
  }
}

function lastSeenMs(event: ApiObject): number {
  const text =
    textAt(event, 'series', 'lastObservedTime') ||
    textAt(event, 'lastTimestamp') ||
    textAt(event, 'eventTime') ||
    event.metadata.creationTimestamp;
  return Date.parse(text ?? '');
}
