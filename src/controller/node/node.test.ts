import { describe, expect, test } from 'vitest';
import type { CniNode } from '../../api/cni-node.ts';
import type { Node } from '../../api/core/node.ts';
import { CLEANUP_FINALIZER, TAG_CLUSTER_NAME, TAG_INSTANCE_ID } from '../../api/names.ts';
import { decideCniNode } from './decide-cni-node.ts';
import { decideNode, instanceIdOf, isSelected, MISSING_GRACE_MS } from './decide-node.ts';

const I1 = 'i-00000000000000001';
const I2 = 'i-00000000000000002';
const LINUX = { 'kubernetes.io/os': 'linux' };
const WANTS: CniNode = {
  metadata: { name: 'n1' },
  spec: { features: [{ name: 'SecurityGroupsForPods', value: '' }] },
};

function node(labels: Record<string, string> = LINUX, instanceId = I1): Node {
  const providerID = `aws:///us-east-1a/${instanceId}`;
  return { kind: 'Node', metadata: { name: 'n1', uid: 'u1', labels }, spec: { providerID } };
}

describe('a node is selected', () => {
  const trunk = 'vpc.amazonaws.com/has-trunk-attached';
  const cases: readonly [string, Record<string, string>, CniNode | undefined, boolean][] = [
    ['by its feature', LINUX, WANTS, true],
    ['by the legacy label, whatever its value', { ...LINUX, [trunk]: 'false' }, undefined, true],
    ['by the old OS label', { 'beta.kubernetes.io/os': 'linux' }, WANTS, true],
    ['not without an OS', { [trunk]: 'true' }, WANTS, false],
    [
      'not by another feature',
      LINUX,
      { metadata: { name: 'n1' }, spec: { features: [{ name: 'CustomNetworking' }] } },
      false,
    ],
    ['not without a CNINode', LINUX, undefined, false],
  ];
  test.each(cases)('%s', (_, labels, cniNode, expected) => {
    expect(isSelected(node(labels), cniNode)).toBe(expected);
  });

  test.each([
    [`aws:///us-east-1a/${I1}`, I1],
    ['aws:///us-east-1a/i-0123abcd', 'i-0123abcd'],
    ['aws:///us-east-1a/', undefined],
    ['kind://docker/x/y', undefined],
    [undefined, undefined],
  ])('provider id %s is instance %s', (providerID, expected) => {
    const spec = providerID === undefined ? {} : { providerID };
    expect(instanceIdOf({ metadata: { name: 'n' }, spec })).toBe(expected);
  });
});

describe('the plan for a node', () => {
  const none = { missing: [], drain: [], forget: [] };
  const nowMs = 1_000_000;
  const known = (instanceId: string, branches = 1, missingForMs?: number): object => ({
    instanceId,
    branches,
    ...(missingForMs !== undefined && { missingSinceMs: nowMs - missingForMs }),
  });
  const cases: readonly [string, Node | undefined, CniNode | undefined, object[], object][] = [
    ['new and selected', node(), WANTS, [], { ...none, initialise: I1 }],
    ['new, not selected', node(), undefined, [], none],
    ['on record', node(), WANTS, [known(I1)], { ...none, advertise: I1 }],
    [
      'no longer selected: nothing is taken from its pods',
      node(),
      undefined,
      [known(I1)],
      { ...none, advertise: I1 },
    ],
    [
      'of EKS Auto Mode',
      node({ ...LINUX, 'eks.amazonaws.com/compute-type': 'auto' }),
      WANTS,
      [],
      none,
    ],
    ['gone', undefined, WANTS, [known(I1)], { ...none, missing: [I1], againMs: 5_000 }],
    ['gone for a while', undefined, WANTS, [known(I1, 1, 1_000)], { ...none, againMs: 5_000 }],
    [
      'gone for long',
      undefined,
      WANTS,
      [known(I1, 1, MISSING_GRACE_MS)],
      { ...none, drain: [I1], againMs: 5_000 },
    ],
    [
      'gone and empty',
      undefined,
      WANTS,
      [known(I1, 0, MISSING_GRACE_MS)],
      { ...none, forget: [I1] },
    ],
    ['back', node(), WANTS, [known(I1, 1, 1_000)], { ...none, advertise: I1, returned: I1 }],
    [
      'back as another instance',
      node(LINUX, I2),
      WANTS,
      [known(I1)],
      { ...none, initialise: I2, missing: [I1], againMs: 5_000 },
    ],
  ];
  test.each(cases)('%s', (_, object, cniNode, records, plan) => {
    const view = { node: object, cniNode, known: records as never, nowMs };
    expect(decideNode(view)).toEqual(plan);
  });
});

describe('the plan for a CNINode', () => {
  const clusterName = 'lab';
  const tags = { [TAG_CLUSTER_NAME]: 'lab', [TAG_INSTANCE_ID]: I1 };
  const complete: CniNode = {
    metadata: { name: 'n1', labels: LINUX, finalizers: [CLEANUP_FINALIZER], resourceVersion: '5' },
    spec: { features: [{ name: 'x' }], tags },
  };
  const deleted = (cniNode: CniNode): CniNode => ({
    ...cniNode,
    metadata: { ...cniNode.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
  });
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'u1', controller: true };

  test('none there: make it, owned by the node', () => {
    expect(decideCniNode({ node: node(), cniNode: undefined, clusterName })).toEqual({
      kind: 'create',
      object: {
        metadata: {
          name: 'n1',
          labels: LINUX,
          finalizers: [CLEANUP_FINALIZER],
          ownerReferences: [owner],
        },
        spec: { tags },
      },
    });
  });

  test('complete: leave it, also with more labels and tags', () => {
    const more = { ...complete, spec: { ...complete.spec, tags: { ...tags, mine: 'x' } } };
    expect(decideCniNode({ node: node(), cniNode: more, clusterName })).toEqual({ kind: 'none' });
  });

  test('incomplete: patch it at the version that was read, keeping other finalizers', () => {
    const metadata = { name: 'n1', resourceVersion: '5', finalizers: ['other'] };
    expect(decideCniNode({ node: node(), cniNode: { metadata }, clusterName })).toEqual({
      kind: 'patch',
      body: {
        metadata: { resourceVersion: '5', labels: LINUX, finalizers: ['other', CLEANUP_FINALIZER] },
        spec: { tags },
      },
    });
  });

  test('deleted under a live node: make it again with its features', () => {
    const plan = decideCniNode({ node: node(), cniNode: deleted(complete), clusterName });
    expect(plan).toMatchObject({
      kind: 'recreate',
      finalizers: [],
      object: { spec: { features: [{ name: 'x' }], tags } },
    });
  });

  test('deleted after its node: clean up', () => {
    const view = { node: undefined, cniNode: deleted(complete), clusterName };
    expect(decideCniNode(view)).toEqual({ kind: 'clean-up', instanceId: I1, finalizers: [] });
  });

  test('deleted, not ours any more: nothing', () => {
    const without = { ...complete, metadata: { ...complete.metadata, finalizers: ['other'] } };
    const view = { node: undefined, cniNode: deleted(without), clusterName };
    expect(decideCniNode(view)).toEqual({ kind: 'none' });
  });

  test('without its node, and not deleted yet: nothing, and the OS label stays', () => {
    const view = { node: undefined, cniNode: complete, clusterName };
    expect(decideCniNode(view)).toEqual({ kind: 'none' });
  });
});
