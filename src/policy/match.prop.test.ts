import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LabelSelector } from '../api/meta.ts';
import type { SecurityGroupPolicy } from '../api/security-group-policy.ts';
import { matchingGroups, type MatchInput } from './match.ts';

const key = fc.constantFrom('app', 'tier', 'zone');
const value = fc.constantFrom('a', 'b', '');
const labels = fc.dictionary(key, value);
const selector: fc.Arbitrary<LabelSelector> = fc.record(
  {
    matchLabels: labels,
    matchExpressions: fc.array(
      fc.record({
        key,
        operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Bogus'),
        values: fc.array(value, { maxLength: 2 }),
      }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);
const spec = fc.record(
  {
    podSelector: fc.option(selector),
    serviceAccountSelector: fc.option(selector),
    securityGroups: fc.record({ groupIds: fc.array(fc.constantFrom('sg-1', 'sg-2', 'sg-3')) }),
  },
  { requiredKeys: [] },
);
const policies = fc.array(spec, { maxLength: 6 }).map((specs): SecurityGroupPolicy[] =>
  specs.map((each, index) => ({
    metadata: { name: `p${index}`, namespace: 'n' },
    spec: each,
  })),
);

function inputOf(
  all: SecurityGroupPolicy[],
  pod: Record<string, string>,
  account: Record<string, string>,
): MatchInput {
  return {
    pod: { metadata: { name: 'x', namespace: 'n', labels: pod }, spec: { containers: [] } },
    serviceAccount: { metadata: { name: 's', namespace: 'n', labels: account } },
    policies: all,
  };
}

function groups(
  all: SecurityGroupPolicy[],
  pod: Record<string, string>,
  account: Record<string, string>,
): readonly string[] {
  const result = matchingGroups(inputOf(all, pod, account));
  return result.ok ? result.value.groupIds : ['failed'];
}

test('the order in which policies arrive does not matter', () => {
  fc.assert(
    fc.property(policies, labels, labels, fc.nat(), (all, pod, account, turn) => {
      const at = all.length === 0 ? 0 : turn % all.length;
      const rotated = [...all.slice(at), ...all.slice(0, at)].reverse();
      expect(groups(rotated, pod, account)).toEqual(groups(all, pod, account));
    }),
  );
});

test('a policy that arrives twice counts once', () => {
  fc.assert(
    fc.property(policies, labels, labels, (all, pod, account) => {
      expect(groups([...all, ...all], pod, account)).toEqual(groups(all, pod, account));
    }),
  );
});

test('the groups of all policies are the union of the groups of each', () => {
  fc.assert(
    fc.property(policies, labels, labels, (all, pod, account) => {
      const each = all.flatMap((policy) => groups([policy], pod, account));
      expect(new Set(groups(all, pod, account))).toEqual(new Set(each));
    }),
  );
});

test('no group comes twice, and each comes from a policy', () => {
  fc.assert(
    fc.property(policies, labels, labels, (all, pod, account) => {
      const found = groups(all, pod, account);
      expect(new Set(found).size).toBe(found.length);
      const named = new Set(all.flatMap(({ spec: s }) => s?.securityGroups?.groupIds ?? []));
      expect(found.every((id) => named.has(id))).toBe(true);
    }),
  );
});
