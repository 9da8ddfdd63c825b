import { describe, expect, test } from 'vitest';
import type { LabelSelector } from '../api/meta.ts';
import type { SecurityGroupPolicy } from '../api/security-group-policy.ts';
import { matchingGroups, policyProblems, sameGroups, type MatchInput } from './match.ts';

type Selector = LabelSelector | null;
const SG_A = 'sg-0000000000000000a';
const SG_B = 'sg-0000000000000000b';
const SG_C = 'sg-0000000000000000c';

function policy(
  name: string,
  spec: { pod?: Selector; account?: Selector; groups?: readonly string[] | null },
  namespace = 'shop',
): SecurityGroupPolicy {
  return {
    metadata: { name, namespace },
    spec: {
      ...(spec.pod !== undefined && { podSelector: spec.pod }),
      ...(spec.account !== undefined && { serviceAccountSelector: spec.account }),
      securityGroups: { groupIds: spec.groups === undefined ? [SG_A] : spec.groups },
    },
  };
}

function input(
  policies: readonly SecurityGroupPolicy[],
  change: Partial<MatchInput> = {},
): MatchInput {
  return {
    pod: {
      metadata: { name: 'p', namespace: 'shop', labels: { role: 'payments', tier: 'back' } },
      spec: { containers: [{ name: 'c' }], serviceAccountName: 'billing' },
    },
    serviceAccount: { metadata: { name: 'billing', namespace: 'shop', labels: { team: 'pay' } } },
    policies,
    ...change,
  };
}

function groupsOf(
  policies: readonly SecurityGroupPolicy[],
  change: Partial<MatchInput> = {},
): unknown {
  const result = matchingGroups(input(policies, change));
  return result.ok ? result.value.groupIds : result.error.kind;
}

const ROLE: LabelSelector = { matchLabels: { role: 'payments' } };
const OTHER: LabelSelector = { matchLabels: { role: 'other' } };
const TEAM: LabelSelector = { matchLabels: { team: 'pay' } };

describe('one policy', () => {
  const cases: readonly [string, Parameters<typeof policy>[1], readonly string[]][] = [
    ['pod selector that matches', { pod: ROLE }, [SG_A]],
    ['pod selector that does not match', { pod: OTHER }, []],
    ['empty pod selector matches every pod', { pod: {} }, [SG_A]],
    ['empty account selector matches every account', { account: {} }, [SG_A]],
    ['account selector looks at the account, not the pod', { account: ROLE }, []],
    ['account selector that matches', { account: TEAM }, [SG_A]],
    ['both match', { pod: ROLE, account: TEAM }, [SG_A]],
    ['both are needed: pod fails', { pod: OTHER, account: TEAM }, []],
    ['both are needed: account fails', { pod: ROLE, account: OTHER }, []],
    ['null selector beside another is ignored', { pod: null, account: TEAM }, [SG_A]],
    ['both null', { pod: null, account: null }, []],
    ['both absent', {}, []],
    ['no groups', { pod: {}, groups: [] }, []],
    ['null groups', { pod: {}, groups: null }, []],
    ['repeated groups come once, in order', { pod: {}, groups: [SG_B, SG_A, SG_B] }, [SG_B, SG_A]],
  ];
  test.each(cases)('%s', (_, spec, expected) => {
    expect(groupsOf([policy('one', spec)])).toEqual(expected);
  });

  test('of another namespace never matches', () => {
    expect(groupsOf([policy('one', { pod: {} }, 'elsewhere')])).toEqual([]);
  });

  test('without a spec is ignored', () => {
    expect(groupsOf([{ metadata: { name: 'one', namespace: 'shop' } }])).toEqual([]);
  });
});

describe('selector expressions', () => {
  const cases: readonly [string, string, readonly string[] | undefined, boolean][] = [
    ['role', 'In', ['payments', 'x'], true],
    ['role', 'In', ['x'], false],
    ['absent', 'In', ['x'], false],
    ['role', 'NotIn', ['payments'], false],
    ['role', 'NotIn', ['x'], true],
    ['absent', 'NotIn', ['x'], true],
    ['role', 'Exists', undefined, true],
    ['absent', 'Exists', undefined, false],
    ['role', 'DoesNotExist', undefined, false],
    ['absent', 'DoesNotExist', undefined, true],
    ['role', 'in', ['payments'], false],
    ['role', 'Equals', ['payments'], false],
    ['role', 'In', [], false],
    ['role', 'NotIn', [], false],
    ['role', 'Exists', ['payments'], false],
    ['toString', 'Exists', undefined, false],
  ];
  test.each(cases)('%s %s %j matches: %s', (key, operator, values, expected) => {
    const requirement = { key, operator, ...(values && { values }) };
    const pod = { matchExpressions: [requirement] };
    expect(groupsOf([policy('one', { pod })])).toEqual(expected ? [SG_A] : []);
  });

  test('labels and expressions must all hold', () => {
    const pod = { ...ROLE, matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }] };
    expect(groupsOf([policy('one', { pod })])).toEqual([]);
  });
});

describe('several policies', () => {
  test('are united, each group once, in order of policy name', () => {
    const policies = [
      policy('b', { pod: {}, groups: [SG_C, SG_A] }),
      policy('a', { pod: ROLE, groups: [SG_A, SG_B] }),
      policy('c', { pod: OTHER, groups: ['sg-0000000000000000d'] }),
    ];
    const result = matchingGroups(input(policies));
    expect(result).toMatchObject({
      ok: true,
      value: { groupIds: [SG_A, SG_B, SG_C], policyNames: ['a', 'b'] },
    });
  });
});

describe('a missing ServiceAccount', () => {
  const missing = { serviceAccount: undefined };
  test('does not matter without policies', () => {
    expect(groupsOf([], missing)).toEqual([]);
  });
  test('does not matter when no policy asks for it', () => {
    expect(groupsOf([policy('one', { pod: ROLE })], missing)).toEqual([SG_A]);
  });
  test('does not matter when the policy that asks is of another namespace', () => {
    const policies = [policy('x', { account: TEAM }, 'elsewhere')];
    expect(groupsOf(policies, missing)).toEqual([]);
  });
  test('is a failure when a policy asks for it, even for {}', () => {
    expect(groupsOf([policy('one', { account: {} })], missing)).toBe('service-account-missing');
  });
});

describe('problems', () => {
  test('name the field', () => {
    const bad = policy('bad', {
      pod: {
        matchExpressions: [
          { key: 'a', operator: 'Exists' },
          { key: 'b', operator: 'Is' },
        ],
      },
      account: { matchExpressions: [{ key: 'c', operator: 'In' }] },
    });
    const result = matchingGroups(input([bad, policy('good', { pod: {} })]));
    expect(result).toMatchObject({ ok: true, value: { groupIds: [SG_A] } });
    expect(policyProblems(bad).map(({ path }) => path)).toEqual([
      'spec.podSelector.matchExpressions[1].operator',
      'spec.serviceAccountSelector.matchExpressions[0].values',
    ]);
  });

  test('tell a policy without selectors from one without groups', () => {
    expect(policyProblems(policy('x', {})).map(({ kind }) => kind)).toEqual(['no-selector']);
    const noGroups = policy('y', { pod: {}, groups: [] });
    expect(policyProblems(noGroups).map(({ kind }) => kind)).toEqual(['no-groups']);
  });
});

test('groups are compared as sets', () => {
  expect(sameGroups([SG_A, SG_B], [SG_B, SG_A, SG_A])).toBe(true);
  expect(sameGroups([SG_A], [SG_A, SG_B])).toBe(false);
  expect(sameGroups([SG_A, SG_B], [SG_A, SG_C])).toBe(false);
});
