import { describe, expect, test } from 'vitest';
import type { ApiObject } from '../object.ts';
import { builtinKinds } from '../registry/builtin-kinds.ts';
import { kindsOfCrd } from '../registry/crd.ts';
import { durationText } from './column.ts';
import { findByPath } from './json-path.ts';
import { podStatusText } from './pod.ts';
import { tableOf } from './table.ts';

const NOW_MS = Date.parse('2026-01-01T01:00:00Z');

function row(plural: string, object: object, wide = false): unknown[] {
  const kind = builtinKinds().find((each) => each.plural === plural);
  if (kind === undefined) throw new Error(plural);
  return cells(tableOf(kind, [named(object)], { ...OPTIONS }), wide);
}

const OPTIONS = { metadata: {}, include: 'None', version: 'v1', nowMs: NOW_MS };

function named(object: object): ApiObject {
  const metadata = { name: 'x', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'X', metadata, ...object };
}

function cells(table: Record<string, unknown>, wide: boolean): unknown[] {
  const { rows, columnDefinitions } = table as unknown as {
    rows: { cells: unknown[] }[];
    columnDefinitions: { priority: number }[];
  };
  return (rows[0]?.cells ?? []).filter(
    (_, index) => wide || columnDefinitions[index]?.priority === 0,
  );
}

describe('durations', () => {
  test.each([
    [-5, '<invalid>'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [330, '5m30s'],
    [3600, '60m'],
    [4 * 3600 + 60, '4h1m'],
    [20 * 3600, '20h'],
    [51 * 3600, '2d3h'],
    [20 * 86_400, '20d'],
    [3 * 365 * 86_400, '3y'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});

describe('the status of a pod', () => {
  const waiting = (reason: string): object => ({ state: { waiting: { reason } } });
  const spec = { containers: [{}], initContainers: [{}, {}] };
  const ready = [{ type: 'Ready', status: 'True' }];
  test.each<[string, object, string]>([
    ['its phase', { status: { phase: 'Pending' } }, 'Pending'],
    ['its reason', { status: { phase: 'Failed', reason: 'Evicted' } }, 'Evicted'],
    [
      'why a container waits',
      { status: { phase: 'Pending', containerStatuses: [waiting('ContainerCreating')] } },
      'ContainerCreating',
    ],
    [
      'how a container ended',
      { status: { containerStatuses: [{ state: { terminated: { exitCode: 3 } } }] } },
      'ExitCode:3',
    ],
    [
      'by which signal',
      { status: { containerStatuses: [{ state: { terminated: { exitCode: 137, signal: 9 } } }] } },
      'Signal:9',
    ],
    [
      'Running while one still runs',
      {
        status: {
          phase: 'Running',
          conditions: ready,
          containerStatuses: [
            { state: { terminated: { reason: 'Completed' } } },
            { ready: true, state: { running: {} } },
          ],
        },
      },
      'Running',
    ],
    [
      'how far initialisation is',
      {
        spec,
        status: {
          initContainerStatuses: [
            { state: { terminated: { exitCode: 0 } } },
            { state: { running: {} } },
          ],
        },
      },
      'Init:1/2',
    ],
    [
      'why initialisation fails',
      { spec, status: { initContainerStatuses: [waiting('CrashLoopBackOff')] } },
      'Init:CrashLoopBackOff',
    ],
    [
      'that it is being deleted',
      { metadata: { name: 'x', deletionTimestamp: 'now' }, status: { phase: 'Running' } },
      'Terminating',
    ],
    [
      'that its node is lost',
      { metadata: { name: 'x', deletionTimestamp: 'now' }, status: { reason: 'NodeLost' } },
      'Unknown',
    ],
    [
      'that a gate holds it',
      {
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', reason: 'SchedulingGated' }],
        },
      },
      'SchedulingGated',
    ],
  ])('says %s', (_, pod, text) => {
    expect(podStatusText(named(pod))).toBe(text);
  });
});

describe('rows', () => {
  test('of pods', () => {
    const pod = {
      spec: { containers: [{}, {}], nodeName: 'n1', readinessGates: [{ conditionType: 'g' }] },
      status: {
        phase: 'Running',
        podIP: '10.0.0.1',
        conditions: [{ type: 'g', status: 'True' }],
        containerStatuses: [
          {
            ready: true,
            restartCount: 3,
            state: { running: {} },
            lastState: { terminated: { finishedAt: '2026-01-01T00:50:00Z' } },
          },
        ],
      },
    };
    expect(row('pods', pod, true)).toEqual([
      'x',
      '1/2',
      'Running',
      '3 (10m ago)',
      '60m',
      '10.0.0.1',
      'n1',
      '<none>',
      '1/1',
    ]);
  });

  test('of nodes', () => {
    const node = {
      metadata: { name: 'x', labels: { 'node-role.kubernetes.io/worker': '' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '10.0.0.2' }],
        nodeInfo: { kubeletVersion: 'v1.32' },
      },
    };
    expect(row('nodes', node, true).slice(0, 7)).toEqual([
      'x',
      'Ready,SchedulingDisabled',
      'worker',
      '<unknown>',
      'v1.32',
      '10.0.0.2',
      '<none>',
    ]);
    expect(row('nodes', {})[1]).toBe('Unknown');
  });

  test.each<[string, object, unknown[]]>([
    [
      'deployments',
      { spec: { replicas: 3 }, status: { readyReplicas: 1, updatedReplicas: 2 } },
      ['x', '1/3', 2, 0, '60m'],
    ],
    [
      'replicasets',
      { spec: { replicas: 3 }, status: { replicas: 2, readyReplicas: 1 } },
      ['x', 3, 2, 1, '60m'],
    ],
    [
      'daemonsets',
      { spec: { template: { spec: { nodeSelector: { a: 'b' } } } }, status: { numberReady: 1 } },
      ['x', 0, 0, 1, 0, 0, 'a=b', '60m'],
    ],
    [
      'services',
      {
        spec: {
          type: 'LoadBalancer',
          clusterIP: '10.100.0.9',
          ports: [{ port: 80, nodePort: 30_001, protocol: 'TCP' }],
        },
      },
      ['x', 'LoadBalancer', '10.100.0.9', '<pending>', '80:30001/TCP', '60m'],
    ],
    ['secrets', { type: 'Opaque', data: { a: '' } }, ['x', 'Opaque', 1, '60m']],
    ['namespaces', { status: { phase: 'Active' } }, ['x', 'Active', '60m']],
    ['leases', { spec: { holderIdentity: 'me' } }, ['x', 'me', '60m']],
    [
      'endpoints',
      { subsets: [{ addresses: [{ ip: '1.2.3.4' }], ports: [{ port: 80 }] }] },
      ['x', '1.2.3.4:80', '60m'],
    ],
    [
      'endpointslices',
      {
        addressType: 'IPv4',
        ports: [{ port: 80 }],
        endpoints: [1, 2, 3, 4].map((n) => ({ addresses: [`10.0.0.${n}`] })),
      },
      ['x', 'IPv4', '80', '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...', '60m'],
    ],
    ['mutatingwebhookconfigurations', { webhooks: [{}, {}] }, ['x', 2, '60m']],
    [
      'events',
      {
        involvedObject: { kind: 'Pod', name: 'p' },
        type: 'Normal',
        reason: 'R',
        message: 'm\n',
        lastTimestamp: '2026-01-01T00:59:00Z',
      },
      ['60s', 'Normal', 'R', 'pod/p', 'm'],
    ],
  ])('of %s', (plural, object, wanted) => {
    expect(row(plural, object)).toEqual(wanted);
  });

  test('of custom resources follow their definition', () => {
    const [kind] = kindsOfCrd(
      named({
        spec: {
          group: 'example.com',
          scope: 'Cluster',
          names: { plural: 'things', kind: 'Thing' },
          versions: [
            {
              name: 'v1',
              served: true,
              additionalPrinterColumns: [
                { name: 'List', type: 'string', jsonPath: '.spec.list' },
                {
                  name: 'Ready',
                  type: 'string',
                  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
                },
                { name: 'Count', type: 'integer', jsonPath: '.spec.count' },
                { name: 'Since', type: 'date', jsonPath: '.spec.since' },
                { name: 'None', type: 'string', jsonPath: '.spec.none', priority: 1 },
              ],
            },
          ],
        },
      }),
    );
    if (kind === undefined) throw new Error('no kind');
    const thing = named({
      spec: { list: ['a', 'b'], count: 'three', since: '2026-01-01T00:59:30Z' },
      status: { conditions: [{ type: 'Other' }, { type: 'Ready', status: 'True' }] },
    });
    expect(cells(tableOf(kind, [thing], OPTIONS), true)).toEqual([
      'x',
      '["a","b"]',
      'True',
      null,
      '30s',
      null,
    ]);
  });
});

describe('JSON paths', () => {
  const value = {
    a: {
      'b.c': 1,
      l: [
        { n: 'x', v: 1 },
        { n: 'y', v: 2 },
      ],
      t: true,
    },
  };
  test.each<[string, unknown[]]>([
    ['.a.t', [true]],
    [String.raw`.a.b\.c`, [1]],
    ["['a']['b.c']", [1]],
    ['.a.l[1].v', [2]],
    ['.a.l[*].v', [1, 2]],
    ['.a.l[?(@.n=="y")].v', [2]],
    ['.a.l[?(@.v==1)].n', ['x']],
    ['.a.none.deeper', []],
    ['.a..l', []],
  ])('%s', (path, wanted) => {
    expect(findByPath(value, path)).toEqual(wanted);
  });
});
