import { describe, expect, test } from 'vitest';
import { decodeProtobuf } from './protobuf.ts';

/** A tiny encoder, so that the tests say what is on the wire. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
const num = (field: number, value: number): Buffer =>
  Buffer.concat([varint(field * 8), varint(value)]);
const len = (field: number, ...parts: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
};
const envelope = (apiVersion: string, kind: string, ...raw: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0', 'latin1'),
    len(1, len(1, apiVersion), len(2, kind)),
    len(2, ...raw),
  ]);

describe('Protobuf bodies', () => {
  test('are read with maps, lists and metadata', () => {
    const meta = len(1, len(1, 'cm'), len(11, len(1, 'app'), len(2, 'web')), len(14, 'a/b'));
    const data = len(2, len(1, 'key'), len(2, 'value'));
    const binary = len(3, len(1, 'bin'), len(2, Buffer.from([1, 2])));
    expect(decodeProtobuf(envelope('v1', 'ConfigMap', meta, data, binary))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'cm', labels: { app: 'web' }, finalizers: ['a/b'] },
      data: { key: 'value' },
      binaryData: { bin: 'AQI=' },
    });
  });

  test('are read with quantities, ports by name or number, times and inlined parts', () => {
    const limits = len(8, len(1, len(1, 'cpu'), len(2, len(1, '250m'))));
    const byName = len(2, num(1, 1), len(3, 'http'));
    const byNumber = len(2, num(1, 0), num(2, 8080));
    const probe = (field: number, port: Buffer): Buffer => len(field, len(1, len(2, port)));
    const container = len(2, len(1, 'c'), limits, probe(10, byName), probe(11, byNumber));
    const volume = len(1, len(1, 'v'), len(2, len(19, len(1, len(1, 'map')))));
    const meta = len(1, len(1, 'p'), len(8, num(1, 1_767_225_600)));
    expect(decodeProtobuf(envelope('v1', 'Pod', meta, len(2, volume, container)))).toMatchObject({
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: {
        volumes: [{ name: 'v', configMap: { name: 'map' } }],
        containers: [
          {
            name: 'c',
            resources: { limits: { cpu: '250m' } },
            livenessProbe: { httpGet: { port: 'http' } },
            readinessProbe: { httpGet: { port: 8080 } },
          },
        ],
      },
    });
  });

  test('lose the zeros that Go always sends, but not those that mean something', () => {
    const meta = len(1, len(1, 'd'), len(3, ''), num(7, 0), len(8));
    const spec = len(2, num(1, 0), num(5, 0));
    expect(decodeProtobuf(envelope('apps/v1', 'Deployment', meta, spec))).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { replicas: 0 },
    });
  });

  test('skip fields of a newer version', () => {
    const body = envelope('v1', 'Namespace', len(1, len(1, 'n')), len(99, 'x'), num(98, 1));
    expect(decodeProtobuf(body)).toMatchObject({ metadata: { name: 'n' } });
  });

  test.each([
    ['without the prefix', Buffer.from('{}'), 400],
    ['of an unknown kind', envelope('example.com/v1', 'Thing'), 415],
    ['cut off in the middle', envelope('v1', 'Namespace', len(1, 'x')).subarray(0, -1), 400],
    ['with a number without end', envelope('v1', 'Namespace', Buffer.alloc(12, 0xff)), 400],
    ['with an unknown wire type', envelope('v1', 'Namespace', Buffer.from([0x0f])), 400],
  ])('%s are refused', (_, body, code) => {
    expect(() => decodeProtobuf(body)).toThrow(expect.objectContaining({ code }));
  });
});
