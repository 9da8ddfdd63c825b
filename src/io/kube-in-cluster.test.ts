import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readInCluster } from './kube-in-cluster.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-pod-'));
  for (const [file, text] of [
    ['token', 'first\n'],
    ['ca.crt', 'PEM\n'],
    ['namespace', 'kube-system'],
  ] as const)
    writeFileSync(join(folder, file), text);
});
afterEach(() => rmSync(folder, { recursive: true }));

const POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

test('a pod reaches its cluster with its service account, whose token is renewed', () => {
  const { transport, namespace } = readInCluster(POD, folder);
  expect(transport).toMatchObject({ server: 'https://10.96.0.1:443', caPem: 'PEM' });
  expect(namespace).toBe('kube-system');
  const { token } = transport;
  expect(typeof token === 'function' && token()).toBe('first');
  writeFileSync(join(folder, 'token'), 'second');
  expect(typeof token === 'function' && token()).toBe('second');
});

test('an IPv6 address gets its brackets', () => {
  const pod = { ...POD, KUBERNETES_SERVICE_HOST: 'fd00::1' };
  expect(readInCluster(pod, folder).transport.server).toBe('https://[fd00::1]:443');
});

test('what is no pod, or one without a service account, is told so', () => {
  expect(() => readInCluster({}, folder)).toThrow('Not in a pod: KUBERNETES_SERVICE_HOST');
  rmSync(join(folder, 'token'));
  expect(() => readInCluster(POD, folder)).toThrow(/The pod has no service account: .*token/);
});
