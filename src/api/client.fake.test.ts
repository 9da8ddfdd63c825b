import { expect, test } from 'vitest';
import { kubeClientContract } from './client.contract.ts';
import { createFakeKube } from './client.fake.ts';
import { CONFIG_MAPS } from './core/config-map.ts';
import { PODS } from './core/pod.ts';
import { KubeError, isKubeError } from './kube-error.ts';

kubeClientContract('fake', () =>
  Promise.resolve({ kube: createFakeKube(), close: () => Promise.resolve() }),
);

const METADATA = { name: 'one', namespace: 'default' };

test('a fault before a call leaves nothing behind', async () => {
  const kube = createFakeKube();
  kube.beforeCall = ({ verb }) => {
    if (verb === 'create') throw new KubeError('ServiceUnavailable', 'no', { status: 503 });
  };
  await expect(kube.create(CONFIG_MAPS, { metadata: METADATA })).rejects.toThrow('no');
  expect(kube.peekAll(CONFIG_MAPS)).toEqual([]);
});

test('a fault after a call has let the write happen', async () => {
  const kube = createFakeKube();
  kube.afterCall = () => {
    throw new Error('crashed');
  };
  await expect(kube.create(CONFIG_MAPS, { metadata: METADATA })).rejects.toThrow('crashed');
  expect(kube.peekAll(CONFIG_MAPS)).toHaveLength(1);
});

test('a watch from before the history was forgotten is Expired', async () => {
  const kube = createFakeKube();
  const { resourceVersion } = await kube.list(CONFIG_MAPS);
  kube.expireHistory();
  const watch = async (): Promise<void> => {
    const options = { resourceVersion };
    for await (const event of kube.watch(CONFIG_MAPS, options, AbortSignal.timeout(500))) {
      throw new Error(`unexpected ${event.type}`);
    }
  };
  await expect(watch()).rejects.toSatisfy((error) => isKubeError(error, 'Expired'));
});

test('a pod on a node stays until its kubelet lets it go', async () => {
  const kube = createFakeKube();
  await kube.create(PODS, {
    metadata: METADATA,
    spec: { nodeName: 'n', containers: [{ name: 'c' }] },
  });
  await kube.delete(PODS, METADATA);
  expect(kube.peek(PODS, METADATA)?.metadata.deletionTimestamp).toBeDefined();
  await kube.delete(PODS, METADATA, { gracePeriodSeconds: 0 });
  expect(kube.peek(PODS, METADATA)).toBeUndefined();
});

test('what it hands out cannot be changed in place', async () => {
  const kube = createFakeKube();
  const created = await kube.create(CONFIG_MAPS, { metadata: METADATA, data: { a: '1' } });
  expect(() => Object.assign(created.data ?? {}, { a: '2' })).toThrow(TypeError);
});
