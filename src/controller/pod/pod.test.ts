import { describe, expect, test } from 'vitest';
import type { Pod } from '../../api/core/pod.ts';
import { POD_ENI } from '../../api/names.ts';
import type { Entry } from '../branch-pool/ledger.ts';
import { formatAnnotation, parseAnnotation } from './annotation.ts';
import { decidePod, requestedBranches } from './decide-pod.ts';

const DETAILS = {
  eniId: 'eni-0123456789abcdef0',
  ifAddress: '02:11:22:33:44:55',
  privateIp: '192.168.71.10',
  ipv6Addr: '',
  vlanId: 1,
  subnetCidr: '192.168.64.0/19',
  subnetV6Cidr: '',
  associationID: 'trunk-assoc-0123456789abcdef0',
};

describe('the annotation', () => {
  test('is byte for byte what EKS writes, whatever the order of the fields', () => {
    const { associationID, ...rest } = DETAILS;
    expect(formatAnnotation([{ associationID, ...rest }])).toBe(
      '[{"eniId":"eni-0123456789abcdef0","ifAddress":"02:11:22:33:44:55","privateIp":"192.168.71.10","ipv6Addr":"","vlanId":1,"subnetCidr":"192.168.64.0/19","subnetV6Cidr":"","associationID":"trunk-assoc-0123456789abcdef0"}]',
    );
  });

  test('is read back as it was written', () => {
    expect(parseAnnotation(formatAnnotation([DETAILS, { ...DETAILS, vlanId: 2 }]))).toEqual([
      DETAILS,
      { ...DETAILS, vlanId: 2 },
    ]);
  });

  test('may spell vlanID and lack what was added later', () => {
    expect(parseAnnotation('[{"eniId":"eni-1","vlanID":7}]')).toMatchObject([
      { eniId: 'eni-1', vlanId: 7, associationID: '' },
    ]);
  });

  test.each([
    undefined,
    '',
    'null',
    '{',
    '{}',
    '[null]',
    '["x"]',
    '[{"eniId":"eni-1"}]',
    '[{"vlanId":1}]',
    '[{"eniId":"e","vlanId":"1"}]',
  ])('%j names no branch', (text) => {
    expect(parseAnnotation(text)).toEqual([]);
  });
});

function pod(
  change: {
    units?: readonly string[];
    phase?: string;
    node?: string;
    annotation?: string;
    deleted?: boolean;
  } = {},
): Pod {
  const { units = ['1'], phase = 'Pending', node = 'n1', annotation, deleted } = change;
  return {
    metadata: {
      name: 'a',
      uid: 'u1',
      ...(annotation !== undefined && { annotations: { [POD_ENI]: annotation } }),
      ...(deleted === true && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    spec: {
      nodeName: node,
      containers: units.map((count, index) => ({
        name: `c${index}`,
        resources: { requests: { [POD_ENI]: count } },
      })),
    },
    status: { phase: phase as 'Pending' },
  };
}

function entry(state: Entry['state']): Entry {
  const owner = { uid: 'u1', key: 'shop/a' };
  return { slot: 1, vlanId: 1, state, pod: owner, branch: undefined, groupIds: [] };
}

describe('a pod', () => {
  const told = '[{"eniId":"eni-1","vlanId":1}]';
  const cases: readonly [string, Pod, boolean, readonly Entry[], object][] = [
    ['new, node ready', pod(), true, [], { kind: 'allocate', units: 1 }],
    ['new, node not ready', pod(), false, [], { kind: 'wait' }],
    ['not scheduled', pod({ node: '' }), true, [], { kind: 'none' }],
    ['that asks for nothing', pod({ units: [] }), true, [], { kind: 'none' }],
    ['that asks for 0', pod({ units: ['0'] }), true, [], { kind: 'none' }],
    ['that asks for nonsense', pod({ units: ['x', '-1', '0.5'] }), true, [], { kind: 'none' }],
    [
      'with several containers',
      pod({ units: ['1', '2'] }),
      true,
      [],
      { kind: 'allocate', units: 3 },
    ],
    ['half way', pod(), true, [entry('created')], { kind: 'allocate', units: 1 }],
    ['done', pod(), true, [entry('assigned')], { kind: 'keep-groups' }],
    ['told by a former life of ours', pod({ annotation: told }), true, [], { kind: 'claim' }],
    [
      'told and on record',
      pod({ annotation: told }),
      true,
      [entry('assigned')],
      { kind: 'keep-groups' },
    ],
    ['being deleted, without', pod({ deleted: true }), true, [], { kind: 'allocate', units: 1 }],
    [
      'being deleted, with',
      pod({ deleted: true }),
      true,
      [entry('assigned')],
      { kind: 'keep-groups' },
    ],
    ['that succeeded', pod({ phase: 'Succeeded' }), true, [entry('assigned')], { kind: 'release' }],
    [
      'that failed half way',
      pod({ phase: 'Failed' }),
      false,
      [entry('created')],
      { kind: 'release' },
    ],
    ['that failed before', pod({ phase: 'Failed' }), true, [], { kind: 'none' }],
  ];
  test.each(cases)('%s', (_, object, nodeReady, entries, plan) => {
    expect(decidePod({ pod: object, nodeReady, entries })).toEqual(plan);
  });

  test('limits and init containers do not count', () => {
    const object: Pod = {
      metadata: { name: 'a' },
      spec: {
        containers: [{ name: 'c', resources: { limits: { [POD_ENI]: '1' } } }],
        initContainers: [{ name: 'i', resources: { requests: { [POD_ENI]: '1' } } }],
      },
    };
    expect(requestedBranches(object)).toBe(0);
  });
});
