import { describe, expect, test } from 'vitest';
import type { Fields } from '../../../../base/json.ts';
import { builtinSchema } from '../schema/builtin.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { ApiError } from '../status.ts';
import { applyObject, type Applied } from './apply.ts';
import { jsonPatch } from './json.ts';
import { strategicPatch } from './strategic.ts';

describe('JSON patch', () => {
  test.each([
    ['adds to a list', [{ op: 'add', path: '/l/1', value: 9 }], { l: [1, 9, 2], m: { 'a/b': 1 } }],
    ['appends', [{ op: 'add', path: '/l/-', value: 9 }], { l: [1, 2, 9], m: { 'a/b': 1 } }],
    ['removes from a list', [{ op: 'remove', path: '/l/0' }], { l: [2], m: { 'a/b': 1 } }],
    ['replaces', [{ op: 'replace', path: '/m/a~1b', value: 2 }], { l: [1, 2], m: { 'a/b': 2 } }],
    ['moves', [{ op: 'move', from: '/l/0', path: '/x' }], { l: [2], m: { 'a/b': 1 }, x: 1 }],
    ['copies', [{ op: 'copy', from: '/l', path: '/x' }], { l: [1, 2], m: { 'a/b': 1 }, x: [1, 2] }],
    ['tests absence by null', [{ op: 'test', path: '/none', value: null }], undefined],
  ])('%s', (_, steps, wanted) => {
    const target = { l: [1, 2], m: { 'a/b': 1 } };
    expect(jsonPatch(target, steps)).toEqual(wanted ?? target);
    expect(target).toEqual({ l: [1, 2], m: { 'a/b': 1 } });
  });

  test.each([
    ['a test that fails', 422, [{ op: 'test', path: '/a', value: 2 }]],
    ['a path that is not there', 422, [{ op: 'replace', path: '/b', value: 2 }]],
    ['an index out of range', 422, [{ op: 'add', path: '/l/9', value: 2 }]],
    ['an unknown operation', 400, [{ op: 'jump', path: '/a' }]],
    ['what is no list', 400, { op: 'add' }],
  ])('%s is refused', (_, code, steps) => {
    const error = thrownBy(() => jsonPatch({ a: 1, l: [] }, steps));
    expect(error).toMatchObject({ code });
  });
});

describe('strategic merge patch', () => {
  const schema = builtinSchema('core.v1.Pod');
  const pod = {
    metadata: { finalizers: ['a', 'b'] },
    spec: {
      containers: [
        { name: 'x', image: 'i', env: [{ name: 'A', value: '1' }], args: ['1'] },
        { name: 'y', image: 'j' },
      ],
      tolerations: [{ key: 'a' }],
    },
  };
  const patched = (patch: unknown): Fields => strategicPatch(pod, patch, schema) as Fields;
  const containers = (patch: unknown[], extra = {}): unknown =>
    (patched({ spec: { containers: patch, ...extra } })['spec'] as Fields)['containers'];

  test('merges containers by name and their variables by name', () => {
    expect(containers([{ name: 'x', env: [{ name: 'B', value: '2' }] }])).toEqual([
      {
        ...pod.spec.containers[0],
        // What a patch adds comes first, as on a real server.
        env: [
          { name: 'B', value: '2' },
          { name: 'A', value: '1' },
        ],
      },
      pod.spec.containers[1],
    ]);
  });

  test('adds a container that is not there', () => {
    expect(containers([{ name: 'z' }])).toEqual([{ name: 'z' }, ...pod.spec.containers]);
  });

  test('replaces lists without a merge key', () => {
    expect(containers([{ name: 'x', args: ['2'] }])).toMatchObject([{ args: ['2'] }, {}]);
    expect(patched({ spec: { tolerations: [{ key: 'b' }] } })).toMatchObject({
      spec: { tolerations: [{ key: 'b' }] },
    });
  });

  test('deletes an item, replaces a list, keeps only some keys', () => {
    expect(containers([{ name: 'x', $patch: 'delete' }])).toEqual([pod.spec.containers[1]]);
    expect(containers([{ $patch: 'replace' }, { name: 'n' }])).toEqual([{ name: 'n' }]);
    expect(containers([{ name: 'x', $retainKeys: ['name', 'args'], args: ['9'] }])).toMatchObject([
      { name: 'x', args: ['9'] },
      { name: 'y' },
    ]);
  });

  test('puts items into the order that is asked for', () => {
    const order = { '$setElementOrder/containers': [{ name: 'y' }, { name: 'x' }] };
    expect(containers([], order)).toMatchObject([{ name: 'y' }, { name: 'x' }]);
  });

  test('refuses an order that its own list breaks, or that does not name all of it', () => {
    const order = { '$setElementOrder/containers': [{ name: 'y' }, { name: 'x' }] };
    expect(() => containers([{ name: 'x' }, { name: 'y' }], order)).toThrow(/order in patch list/);
    expect(() => containers([{ name: 'z' }], order)).toThrow(/order in patch list/);
    expect(() => containers([], { '$setElementOrder/containers': 'x' })).toThrow(/must be a list/);
  });

  test('adds to and takes from lists of plain values', () => {
    const metadata = { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['c'] };
    expect(patched({ metadata })).toMatchObject({ metadata: { finalizers: ['c', 'b'] } });
  });

  test('removes a field by null and replaces an object on demand', () => {
    expect(patched({ spec: { tolerations: null } })).toEqual({
      ...pod,
      spec: { containers: pod.spec.containers },
    });
    expect(patched({ spec: { $patch: 'replace', nodeName: 'n' } })).toMatchObject({
      spec: { nodeName: 'n' },
    });
  });

  test('refuses an item without its merge key', () => {
    const error = thrownBy(() => containers([{ image: 'i' }]));
    expect(error).toMatchObject({ code: 400 });
    expect(String(error)).toContain('does not contain declared merge key: name');
  });

  test('knows that service ports are merged by another key than container ports', () => {
    const service = { spec: { ports: [{ port: 80, name: 'a' }] } };
    const patch = { spec: { ports: [{ port: 80, name: 'b' }, { port: 81 }] } };
    expect(strategicPatch(service, patch, builtinSchema('core.v1.Service'))).toEqual({
      spec: { ports: [{ port: 80, name: 'b' }, { port: 81 }] },
    });
  });
});

describe('server-side apply', () => {
  const schema = builtinSchema('apps.v1.Deployment');
  const apply = (current: Fields, applied: Fields, manager = 'm', given?: JsonSchema): Applied =>
    applyObject(current, applied, {
      manager,
      apiVersion: 'apps/v1',
      now: '2026-01-01T00:00:00Z',
      schema: given ?? schema,
    });
  const container = (name: string, image: string): Fields => ({ name, image });
  const spec = (...containers: Fields[]): Fields => ({
    spec: { template: { spec: { containers } } },
  });
  const without = ({ metadata: _metadata, ...rest }: Fields): Fields => rest;

  test('records what the manager applied', () => {
    const { object } = apply(
      {},
      { kind: 'X', metadata: { name: 'n' }, ...spec(container('a', 'i')) },
    );
    expect(object['metadata']).toMatchObject({
      managedFields: [
        {
          manager: 'm',
          operation: 'Apply',
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:spec': {
              'f:template': {
                'f:spec': {
                  'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:image': {} } },
                },
              },
            },
          },
        },
      ],
    });
  });

  test('removes what it applied before and no longer does', () => {
    const first = apply({ other: 1 }, spec(container('a', 'i'), container('b', 'j'))).object;
    const second = apply(first, spec(container('a', 'k'))).object;
    expect(without(second)).toEqual({ other: 1, ...spec(container('a', 'k')) });
  });

  test('keeps what another manager applied as well', () => {
    const first = apply({}, spec(container('a', 'i')), 'one').object;
    const both = apply(first, spec(container('a', 'i')), 'two').object;
    expect(without(apply(both, { spec: {} }, 'one').object)).toEqual(spec(container('a', 'i')));
  });

  test('reports a conflict, and takes the field over when it is forced', () => {
    const first = apply({}, { spec: { replicas: 1 } }, 'one').object;
    const second = apply(first, { spec: { replicas: 2 } }, 'two');
    expect(second.conflicts).toEqual([{ manager: 'one', path: '.spec.replicas' }]);
    const back = apply(second.object, { spec: { replicas: 3 } }, 'two');
    expect(back.conflicts).toEqual([]);
    expect(apply(first, { spec: { replicas: 1 } }, 'two').conflicts).toEqual([]);
  });

  test('tells ports apart by number and protocol, TCP when it is left out', () => {
    const service = builtinSchema('core.v1.Service');
    const ports = (...all: Fields[]): Fields => ({ spec: { ports: all } });
    const both = [
      { port: 53, name: 'tcp' },
      { port: 53, protocol: 'UDP', name: 'udp' },
    ];
    const first = apply({}, ports(...both), 'm', service).object;
    expect(without(first)).toEqual(ports({ ...both[0], protocol: 'TCP' }, both[1] ?? {}));
    const again = apply(first, ports(...both), 'm', service);
    expect(again.object).toEqual(first);
    expect(apply(first, ports(...both), 'other', service).conflicts).toEqual([]);
    const fewer = apply(first, ports(both[1] ?? {}), 'm', service).object;
    expect(without(fewer)).toEqual(ports(both[1] ?? {}));
    expect(apply(first, ports({ port: 53, name: 'x' }), 'other', service).conflicts).toEqual([
      { manager: 'm', path: '.spec.ports[{"port":53,"protocol":"TCP"}].name' },
    ]);
  });

  test('changes nothing when it repeats itself', () => {
    const first = apply({}, spec(container('a', 'i'))).object;
    expect(apply(first, spec(container('a', 'i'))).object).toEqual(first);
  });

  test('merges lists of custom resources as their schema says', () => {
    const custom: JsonSchema = {
      properties: {
        map: { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: {} },
        two: {
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['a', 'b'],
          items: { properties: { b: { default: 'x' } } },
        },
        set: { 'x-kubernetes-list-type': 'set' },
        plain: {},
      },
    };
    const current = { map: [{ k: 1, v: 1 }], two: [{ a: 1, b: 'x' }], set: ['a'], plain: ['a'] };
    const two = [
      { a: 1, v: 1 },
      { a: 1, b: 'y' },
    ];
    const applied = { map: [{ k: 2 }], two, set: ['b'], plain: ['b'] };
    expect(without(apply(current, applied, 'm', custom).object)).toEqual({
      map: [{ k: 1, v: 1 }, { k: 2 }],
      two: [
        { a: 1, b: 'x', v: 1 },
        { a: 1, b: 'y' },
      ],
      set: ['a', 'b'],
      plain: ['b'],
    });
  });
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    return error;
  }
  return undefined;
}
