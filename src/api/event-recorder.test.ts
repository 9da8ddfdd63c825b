import { expect, test } from 'vitest';
import { createFakeClock } from '../base/clock.fake.ts';
import { silentLog, type Log } from '../base/log.ts';
import { createFakeKube } from './client.fake.ts';
import { EVENTS } from './core/event.ts';
import { NODES } from './core/node.ts';
import { PODS, type Pod } from './core/pod.ts';
import { createEventRecorder, type Happening } from './event-recorder.ts';

const HAPPENING: Happening = { type: 'Warning', reason: 'BranchAllocationFailed', message: 'why' };
// Without kind and apiVersion, as the items of a list are.
const POD: Pod = {
  metadata: { name: 'a', namespace: 'shop', uid: 'u1' },
  spec: { containers: [] },
};
const NODE = { metadata: { name: 'n1', uid: 'u2' } };

function setUp(log: Log = silentLog) {
  const kube = createFakeKube();
  const clock = createFakeClock();
  const options = { kube, clock, log, component: 'tester', host: 'n1' };
  return { kube, clock, options, events: createEventRecorder(options) };
}

test('an event is found by kubectl describe of its object', async () => {
  const { kube, events } = setUp();
  events.record(PODS, POD, HAPPENING);
  events.record(NODES, NODE, { ...HAPPENING, reason: 'NodeTrunkInitiated' });
  await events.flush();
  const [ofPod, ofNode] = kube.peekAll(EVENTS);
  expect(ofPod).toMatchObject({
    metadata: { namespace: 'shop' },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'a', namespace: 'shop', uid: 'u1' },
    ...HAPPENING,
    count: 1,
    source: { component: 'tester', host: 'n1' },
  });
  expect(ofNode).toMatchObject({
    metadata: { namespace: 'default' },
    involvedObject: { kind: 'Node', name: 'n1', uid: 'n1' },
  });
});

test('what happens again raises the count of its event, also after a restart of the recorder', async () => {
  const { kube, clock, options, events } = setUp();
  events.record(PODS, POD, HAPPENING);
  events.record(PODS, POD, HAPPENING);
  await events.flush();
  await clock.advance(5_000);
  const next = createEventRecorder(options);
  next.record(PODS, POD, HAPPENING);
  await next.flush();
  const [event, ...rest] = kube.peekAll(EVENTS);
  expect(rest).toEqual([]);
  expect(event?.count).toBe(3);
  const seconds = (time = ''): number => Date.parse(time) / 1000;
  expect(seconds(event?.lastTimestamp) - seconds(event?.firstTimestamp)).toBe(5);
});

test('another message, another component or another pod of the name is another event', async () => {
  const { kube, options, events } = setUp();
  events.record(PODS, POD, HAPPENING);
  events.record(PODS, POD, { ...HAPPENING, message: 'other' });
  events.record(PODS, { ...POD, metadata: { ...POD.metadata, uid: 'u9' } }, HAPPENING);
  await events.flush();
  const other = createEventRecorder({ ...options, component: 'else' });
  other.record(PODS, POD, HAPPENING);
  await other.flush();
  expect(kube.peekAll(EVENTS)).toHaveLength(4);
});

test('an event that cannot be written is logged and stops nobody', async () => {
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (text) => void warnings.push(text) };
  const { kube, events } = setUp(log);
  kube.beforeCall = () => {
    throw new Error('down');
  };
  events.record(PODS, POD, HAPPENING);
  await events.flush();
  expect(warnings).toEqual(['Event not written']);
});

test('events that come faster than they can be written are dropped, and said so', async () => {
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (text) => void warnings.push(text) };
  const { kube, events } = setUp(log);
  for (let i = 0; i < 1_002; i += 1)
    events.record(PODS, POD, { ...HAPPENING, message: `message ${i}` });
  await events.flush();
  expect(kube.peekAll(EVENTS)).toHaveLength(1_000);
  expect(warnings).toEqual([
    'Event dropped: too many are waiting',
    'Event dropped: too many are waiting',
  ]);
});
