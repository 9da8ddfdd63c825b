import { describe, expect, test } from 'vitest';
import type { Node } from '../../../api/core/node.ts';
import type { Pod, PodSpec } from '../../../api/core/pod.ts';
import { decidePlacement } from './decide.ts';

function node(
  name: string,
  overrides: Partial<Node> & { free?: Record<string, string> } = {},
): Node {
  const { free = {}, metadata, ...rest } = overrides;
  return {
    metadata: { name, labels: { zone: 'a' }, ...metadata },
    status: { allocatable: { pods: '10', cpu: '2', memory: '1Gi', ...free } },
    ...rest,
  };
}

function pod(spec: Partial<PodSpec> = {}, name = 'p'): Pod {
  return {
    metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'owner' }] },
    spec: { containers: [{ name: 'c' }], ...spec },
  };
}

function asking(requests: Record<string, string>, extra: Partial<PodSpec> = {}): Pod {
  return pod({ containers: [{ name: 'c', resources: { requests } }], ...extra });
}

const ENI = 'vpc.amazonaws.com/pod-eni';

describe('a pod goes to', () => {
  test('the node with the fewest pods of the same owner, then the fewest pods', () => {
    const nodes = [node('a'), node('b')];
    expect(decidePlacement(pod(), nodes, [])).toEqual({ kind: 'node', nodeName: 'a' });
    const bound = [pod({ nodeName: 'a' })];
    expect(decidePlacement(pod(), nodes, bound)).toEqual({ kind: 'node', nodeName: 'b' });
    const strangers = ['b', 'b'].map((nodeName) => ({
      ...pod({ nodeName }),
      metadata: { name: 'other' },
    }));
    const both = [...bound, ...strangers];
    expect(decidePlacement(pod(), nodes, both)).toEqual({ kind: 'node', nodeName: 'b' });
  });

  test.each<[string, Partial<PodSpec>]>([
    ['nodeSelector', { nodeSelector: { zone: 'b' } }],
    [
      'required node affinity',
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] },
              ],
            },
          },
        },
      },
    ],
  ])('the node that its %s selects', (_, spec) => {
    const nodes = [node('a'), node('b', { metadata: { name: 'b', labels: { zone: 'b' } } })];
    expect(decidePlacement(pod(spec), nodes, [])).toEqual({ kind: 'node', nodeName: 'b' });
  });
});

describe('a pod goes nowhere', () => {
  const refusal = (wanted: Pod, nodes: readonly Node[], bound: readonly Pod[] = []): string => {
    const placement = decidePlacement(wanted, nodes, bound);
    return placement.kind === 'unschedulable' ? placement.message : placement.nodeName;
  };

  test('when an extended resource is missing or used up', () => {
    const wanted = asking({ [ENI]: '1' });
    expect(refusal(wanted, [node('a'), node('b')])).toBe(
      `0/2 nodes are available: 2 Insufficient ${ENI}.`,
    );
    const one = node('a', { free: { [ENI]: '1' } });
    expect(refusal(wanted, [one])).toBe('a');
    const user = asking({ [ENI]: '1' }, { nodeName: 'a' });
    expect(refusal(wanted, [one], [user])).toBe(`0/1 nodes are available: 1 Insufficient ${ENI}.`);
  });

  test('when a limit without a request exceeds the node', () => {
    const wanted = pod({ containers: [{ name: 'c', resources: { limits: { memory: '2Gi' } } }] });
    expect(refusal(wanted, [node('a')])).toBe('0/1 nodes are available: 1 Insufficient memory.');
  });

  test('when nodes are full, cordoned, tainted or not selected, each with its count', () => {
    const nodes = [
      node('full', { free: { pods: '1' } }),
      node('cordoned', { spec: { unschedulable: true } }),
      node('tainted', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } }),
      node('other', { metadata: { name: 'other', labels: {} } }),
    ];
    const wanted = pod({ nodeSelector: { zone: 'a' } });
    expect(refusal(wanted, nodes, [pod({ nodeName: 'full' })])).toBe(
      "0/4 nodes are available: 1 Too many pods, 1 node(s) didn't match Pod's node " +
        'affinity/selector, 1 node(s) had untolerated taint {k: v}, 1 node(s) were unschedulable.',
    );
  });

  test('when there are no nodes', () => {
    expect(refusal(pod(), [])).toBe('no nodes available to schedule pods');
  });
});

test.each([
  [{ key: 'k', operator: 'Exists' }, true],
  [{ operator: 'Exists' }, true],
  [{ key: 'k', value: 'v' }, true],
  [{ key: 'k', value: 'v', effect: 'NoExecute' }, false],
  [{ key: 'k', value: 'w' }, false],
  [{ key: 'x', operator: 'Exists' }, false],
  [{ value: 'v' }, false],
])('toleration %j of taint k=v:NoSchedule admits: %s', (toleration, admitted) => {
  const tainted = node('a', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } });
  const placement = decidePlacement(pod({ tolerations: [toleration] }), [tainted], []);
  expect(placement.kind).toBe(admitted ? 'node' : 'unschedulable');
});

test('a taint that only prefers does not keep pods away', () => {
  const taints = [{ key: 'k', effect: 'PreferNoSchedule' }];
  expect(decidePlacement(pod(), [node('a', { spec: { taints } })], []).kind).toBe('node');
});
