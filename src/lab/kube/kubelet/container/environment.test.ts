import { describe, expect, test } from 'vitest';
import type { Container, Pod } from '../../../../api/core/pod.ts';
import { launchOf } from './command.ts';
import { referencedNames, resolveEnvironment } from './environment.ts';
import { selectLines } from './log-reader.ts';

const POD: Pod = {
  metadata: { name: 'p', namespace: 'n', labels: { app: 'x' } },
  spec: { nodeName: 'node', containers: [], hostAliases: [{ ip: '10.0.0.1', hostnames: ['rds'] }] },
};
const SOURCES = {
  configMaps: new Map([['c', { metadata: { name: 'c' }, data: { k: 'v' } }]]),
  secrets: new Map([['s', { metadata: { name: 's' }, data: { k: btoa('hidden') } }]]),
  podIp: '10.0.0.9',
  hostIp: '10.0.0.2',
};

function resolve(container: Partial<Container>) {
  return resolveEnvironment(POD, { name: 'c', ...container }, SOURCES);
}

describe('the environment of a container', () => {
  test.each([
    ['metadata.name', 'p'],
    ["metadata.labels['app']", 'x'],
    ["metadata.annotations['none']", ''],
    ['spec.nodeName', 'node'],
    ['status.podIP', '10.0.0.9'],
    ['status.hostIP', '10.0.0.2'],
  ])('takes field %s', (fieldPath, value) => {
    const env = [{ name: 'X', valueFrom: { fieldRef: { fieldPath } } }];
    expect(resolve({ env })).toEqual({ ok: true, value: { X: value } });
  });

  test.each([
    [{ fieldRef: { fieldPath: 'spec.nope' } }, 'unsupported fieldPath: spec.nope'],
    [{ configMapKeyRef: { name: 'x', key: 'k' } }, 'configmap "x" not found'],
    [{ secretKeyRef: { name: 's', key: 'x' } }, "couldn't find key x in secret s"],
    [{ resourceFieldRef: { resource: 'cpu' } }, 'the lab does not resolve resourceFieldRef'],
  ])('cannot take %j', (valueFrom, error) => {
    expect(resolve({ env: [{ name: 'X', valueFrom }] })).toEqual({ ok: false, error });
  });

  test('leaves out what is optional and missing', () => {
    const valueFrom = { configMapKeyRef: { name: 'x', key: 'k', optional: true } };
    const envFrom = [
      { secretRef: { name: 'x', optional: true } },
      { prefix: 'P_', secretRef: { name: 's' } },
    ];
    expect(resolve({ env: [{ name: 'X', valueFrom }], envFrom })).toEqual({
      ok: true,
      value: { P_k: 'hidden' },
    });
  });

  test('names what it refers to, once', () => {
    const configMapKeyRef = { name: 'c', key: 'k' };
    const container = {
      name: 'c',
      env: [
        { name: 'A', valueFrom: { configMapKeyRef } },
        { name: 'B', valueFrom: { configMapKeyRef } },
      ],
      envFrom: [{ secretRef: { name: 's' } }],
    };
    expect(referencedNames(container)).toEqual({ configMaps: ['c'], secrets: ['s'] });
  });
});

describe('the launch of a container', () => {
  const facts = { containerId: 'id', toolsFolder: '/tools', variables: { A: '1' } };

  test('takes command and args with variables put in, and nothing from the lab', () => {
    const container = {
      name: 'c',
      command: ['run', '$(A)'],
      args: ['$$(A)', '$(B)'],
      workingDir: '/w',
    };
    const launch = launchOf(POD, container, facts);
    expect(launch).toMatchObject({ command: ['run', '1', '$(A)', '$(B)'], cwd: '/w' });
    expect(launch.env).toMatchObject({
      A: '1',
      HOSTNAME: 'p',
      TRUNKLINE_HOST_ALIASES: '10.0.0.1 rds',
    });
    expect(launch.env['PATH']).toMatch(/^\/tools:/);
    expect(launch.says).toBe('"run 1" of this machine');
  });

  describe('of an image without an entry point', () => {
    const launch = (image: string, more: Partial<Container> = {}) =>
      launchOf(POD, { name: 'c', image, ...more }, facts);

    test.each([
      'busybox',
      'docker.io/library/alpine:3',
      'public.ecr.aws/docker/library/ubuntu:24.04',
    ])('%s runs its arguments, or a shell', (image) => {
      const args = ['echo', '$(X)', 'b'];
      expect(launch(image, { args })).toMatchObject({
        command: args,
        says: '"echo $(X) b" of this machine',
      });
      expect(launch(image)).toMatchObject({ command: ['sh'], says: '"sh" of this machine' });
      expect(launch(image, { command: ['ls'], args })).toMatchObject({ command: ['ls', ...args] });
    });
  });

  test('of an unknown image is an echo server on the declared TCP ports', () => {
    const ports = [
      { containerPort: 80 },
      { containerPort: 53, protocol: 'UDP' },
      { containerPort: 81 },
    ];
    const launch = launchOf(POD, { name: 'c', image: 'x', args: ['ignored'], ports }, facts);
    expect(launch.env['TRUNKLINE_ECHO_PORTS']).toBe('80,81');
    expect(launch.command).toMatchObject({ file: 'echo.real.ts' });
    expect(launchOf(POD, { name: 'c' }, facts).env['TRUNKLINE_ECHO_PORTS']).toBe('8080');
  });
});

test('lines of a log are chosen by time and number', () => {
  const text = [1, 2, 3].map((n) => `2026-01-01T00:00:0${n}.000Z stdout line ${n}\n`).join('');
  const nowMs = Date.UTC(2026, 0, 1, 0, 0, 4);
  expect(selectLines(text, { nowMs })).toBe('line 1\nline 2\nline 3\n');
  expect(selectLines(text, { nowMs, tailLines: 2 })).toBe('line 2\nline 3\n');
  expect(selectLines(text, { nowMs, tailLines: 0 })).toBe('');
  expect(selectLines(text, { nowMs, sinceSeconds: 1 })).toBe('line 3\n');
  expect(selectLines(text, { nowMs, sinceTime: '2026-01-01T00:00:02Z', timestamps: true })).toBe(
    '2026-01-01T00:00:02.000Z line 2\n2026-01-01T00:00:03.000Z line 3\n',
  );
});
