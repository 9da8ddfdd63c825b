import { expect, test } from 'vitest';
import { createFakeKube } from '../api/client.fake.ts';
import { countingRandom } from '../api/client-rules.fake.ts';
import { EVENTS } from '../api/core/event.ts';
import { createFakeClock } from '../base/clock.fake.ts';
import { silentLog } from '../base/log.ts';
import { createRecorder, type Happening } from './events.ts';

const HAPPENING: Happening = { type: 'Warning', reason: 'BranchAllocationFailed', message: 'why' };
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', namespace: 'shop', uid: 'u1' },
};
const NODE = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'u2' } };

function setUp() {
  const kube = createFakeKube();
  const clock = createFakeClock();
  const random = countingRandom();
  return { kube, clock, recorder: createRecorder({ kube, clock, random, log: silentLog }) };
}

test('an event is found by kubectl describe of its object', async () => {
  const { kube, recorder } = setUp();
  await recorder.record(POD, HAPPENING);
  await recorder.record(NODE, { ...HAPPENING, reason: 'NodeTrunkInitiated' });
  const [ofPod, ofNode] = kube.peekAll(EVENTS);
  expect(ofPod).toMatchObject({
    metadata: { namespace: 'shop' },
    involvedObject: { kind: 'Pod', name: 'a', namespace: 'shop', uid: 'u1' },
    ...HAPPENING,
    count: 1,
  });
  expect(ofNode).toMatchObject({
    metadata: { namespace: 'default' },
    involvedObject: { kind: 'Node', name: 'n1', uid: 'n1' },
  });
});

test('what happens again raises the count of its event, for ten minutes', async () => {
  const { kube, clock, recorder } = setUp();
  for (let count = 0; count < 3; count += 1) await recorder.record(POD, HAPPENING);
  expect(kube.peekAll(EVENTS)).toMatchObject([{ count: 3 }]);
  await clock.advance(600_001);
  await recorder.record(POD, HAPPENING);
  expect(kube.peekAll(EVENTS)).toMatchObject([{ count: 3 }, { count: 1 }]);
});

test('another message, or another pod of the name, is another event', async () => {
  const { kube, recorder } = setUp();
  await recorder.record(POD, HAPPENING);
  await recorder.record(POD, { ...HAPPENING, message: 'other' });
  await recorder.record({ ...POD, metadata: { ...POD.metadata, uid: 'u9' } }, HAPPENING);
  expect(kube.peekAll(EVENTS)).toHaveLength(3);
});

test('an event that cannot be written stops nobody', async () => {
  const { kube, recorder } = setUp();
  kube.beforeCall = () => {
    throw new Error('down');
  };
  await expect(recorder.record(POD, HAPPENING)).resolves.toBeUndefined();
});
