import { expect, test } from 'vitest';
import type { ApiObject } from '../object.ts';
import { Journal } from '../store/journal.ts';
import { Store } from '../store/store.ts';
import { timestampOf } from '../time.ts';
import { expireEvents } from './event-expiry.ts';

const HOUR_MS = 60 * 60 * 1000;

test('events go an hour after they were last seen', async () => {
  const journal = new Journal(':memory:');
  const store = new Store(journal);
  const nowMs = Date.parse('2026-01-01T12:00:00Z');
  const event = (name: string, fields: object): ApiObject => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: 'n', creationTimestamp: timestampOf(nowMs - 2 * HOUR_MS) },
    ...fields,
  });
  const at = (agoMs: number): string => timestampOf(nowMs - agoMs);
  store.put('events', event('old', {}));
  store.put('events', event('old-too', { lastTimestamp: at(HOUR_MS + 1000) }));
  store.put('events', event('recent', { lastTimestamp: at(HOUR_MS - 1000) }));
  store.put('events', event('goes-on', { series: { lastObservedTime: at(1000) } }));
  const stop = new AbortController();
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => 0,
    sleep: () => {
      stop.abort();
      return Promise.resolve();
    },
  };
  await expireEvents({ store, clock }, stop.signal);
  expect(store.list('events').map(({ metadata }) => metadata.name)).toEqual(['goes-on', 'recent']);
  journal.close();
});
