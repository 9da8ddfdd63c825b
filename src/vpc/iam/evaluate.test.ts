import { describe, expect, test } from 'vitest';
import { evaluate, evaluateTrust, type Decision, type NamedPolicy } from './evaluate.ts';
import { matches, matchesArn, type Facts } from './evaluate-match.ts';
import { parsePolicy, type PolicyUse } from './policy-document.ts';

type Statement = Readonly<Record<string, unknown>>;

function policy(statements: readonly Statement[], Version = '2012-10-17'): NamedPolicy {
  const parsed = parsePolicy(JSON.stringify({ Version, Statement: statements }));
  if (!parsed.ok) throw new Error(parsed.error);
  return { id: 'p', type: 'test', policy: parsed.value };
}

function facts(named: Readonly<Record<string, string | readonly string[]>> = {}): Facts {
  return new Map(Object.entries(named).map(([key, value]) => [key.toLowerCase(), [value].flat()]));
}

const ENI = 'arn:aws:ec2:us-east-1:111122223333:network-interface/eni-1';

function decide(
  statements: readonly Statement[],
  request: { action?: string; resource?: string; facts?: Facts } = {},
): Decision['effect'] {
  return evaluate([[policy(statements)]], {
    action: 'ec2:DeleteNetworkInterface',
    resource: ENI,
    facts: facts(),
    ...request,
  }).effect;
}

const ALLOW = { Effect: 'Allow', Action: '*', Resource: '*' };
const DENY = { Effect: 'Deny', Action: '*', Resource: '*' };

describe('the decision', () => {
  test.each<[string, readonly Statement[], Decision['effect']]>([
    ['nothing that fits', [{ ...ALLOW, Action: 's3:*' }], 'implicit-deny'],
    ['an allow', [ALLOW], 'allow'],
    ['an allow and a deny, whatever their order', [DENY, ALLOW], 'explicit-deny'],
    ['a deny alone', [DENY], 'explicit-deny'],
    ['a deny of something else', [ALLOW, { ...DENY, Action: 'ec2:DeleteVpc' }], 'allow'],
    ['an action in other letters', [{ ...ALLOW, Action: 'EC2:deletenetworkINTERFACE' }], 'allow'],
    ['an action with *', [{ ...ALLOW, Action: 'ec2:Delete*' }], 'allow'],
    ['an action with ?', [{ ...ALLOW, Action: 'ec2:D?leteNetworkInterface' }], 'allow'],
    [
      'an action with a * that does not fit',
      [{ ...ALLOW, Action: 'ec2:Create*' }],
      'implicit-deny',
    ],
    ['one of many actions', [{ ...ALLOW, Action: ['s3:Get*', 'ec2:*'] }], 'allow'],
    [
      'NotAction that names it',
      [{ Effect: 'Allow', NotAction: 'ec2:Delete*', Resource: '*' }],
      'implicit-deny',
    ],
    [
      'NotAction that does not',
      [{ Effect: 'Allow', NotAction: ['iam:*', 's3:*'], Resource: '*' }],
      'allow',
    ],
    ['its resource', [{ ...ALLOW, Resource: ENI }], 'allow'],
    ['a resource with *', [{ ...ALLOW, Resource: 'arn:aws:ec2:*:*:network-interface/*' }], 'allow'],
    [
      'a resource in other letters',
      [{ ...ALLOW, Resource: ENI.toUpperCase().replace('ARN', 'arn') }],
      'implicit-deny',
    ],
    ['another resource', [{ ...ALLOW, Resource: 'arn:aws:ec2:*:*:subnet/*' }], 'implicit-deny'],
    [
      'NotResource that names it',
      [{ Effect: 'Allow', Action: '*', NotResource: 'arn:aws:ec2:*:*:network-interface/*' }],
      'implicit-deny',
    ],
    [
      'NotResource that does not',
      [{ Effect: 'Deny', Action: '*', NotResource: 'arn:aws:ec2:*:*:vpc/*' }],
      'explicit-deny',
    ],
  ])('of %s', (_what, statements, effect) => {
    expect(decide(statements)).toBe(effect);
  });

  test('needs an allow in every layer, and one deny in any is enough', () => {
    const request = { action: 'ec2:DeleteVpc', resource: '*', facts: facts() };
    const effect = (...layers: (readonly Statement[])[]): string =>
      evaluate(
        layers.map((layer) => (layer.length > 0 ? [policy(layer)] : [])),
        request,
      ).effect;
    expect(effect([ALLOW], [ALLOW])).toBe('allow');
    expect(effect([ALLOW], [])).toBe('implicit-deny');
    expect(effect([], [ALLOW])).toBe('implicit-deny');
    expect(effect([ALLOW], [ALLOW], [DENY])).toBe('explicit-deny');
    expect(evaluate([], request).effect).toBe('implicit-deny');
  });

  test('names the statements that decided', () => {
    const { matched } = evaluate(
      [
        [
          policy([
            { ...ALLOW, Sid: 'A' },
            { ...DENY, Sid: 'D' },
          ]),
        ],
      ],
      {
        action: 'ec2:DeleteVpc',
        resource: '*',
        facts: facts(),
      },
    );
    expect(matched.map(({ statement }) => statement.sid)).toEqual(['D']);
  });
});

const NOW = '2026-01-02T03:04:05Z';
const KNOWN = facts({
  'ec2:ResourceTag/eks:eni:owner': 'eks-vpc-resource-controller',
  'aws:TagKeys': ['Name', 'team'],
  'aws:SourceIp': '10.1.2.3',
  'aws:SecureTransport': 'true',
  'aws:CurrentTime': NOW,
  'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/eks/cluster',
  'aws:username': 'kim',
  count: '10',
  empty: [],
});

describe('a condition', () => {
  test.each<[string, Readonly<Record<string, unknown>>, boolean]>([
    ['StringEquals', { 'ec2:ResourceTag/eks:eni:owner': 'eks-vpc-resource-controller' }, true],
    [
      'StringEquals',
      { 'EC2:resourcetag/EKS:eni:owner': ['a', 'eks-vpc-resource-controller'] },
      true,
    ],
    ['StringEquals', { 'ec2:ResourceTag/eks:eni:owner': 'amazon-vpc-cni' }, false],
    ['StringEquals', { 'ec2:ResourceTag/eks:eni:owner': 'eks-*' }, false],
    ['StringEquals', { 'ec2:ResourceTag/none': 'x' }, false],
    ['StringEquals', { 'aws:username': 'kim', 'aws:SecureTransport': 'false' }, false],
    ['StringEqualsIfExists', { 'ec2:ResourceTag/none': 'x' }, true],
    ['StringEqualsIfExists', { 'aws:username': 'x' }, false],
    ['StringEqualsIgnoreCase', { 'aws:username': 'KIM' }, true],
    ['StringNotEquals', { 'aws:username': ['lee', 'eve'] }, true],
    ['StringNotEquals', { 'aws:username': ['lee', 'kim'] }, false],
    ['StringNotEquals', { 'ec2:ResourceTag/none': 'x' }, true],
    ['StringNotEqualsIgnoreCase', { 'aws:username': 'KIM' }, false],
    ['StringLike', { 'ec2:ResourceTag/eks:eni:owner': 'eks-*' }, true],
    ['StringLike', { 'aws:username': 'k?m' }, true],
    ['StringNotLike', { 'aws:username': 'k*' }, false],
    ['StringEquals', { 'aws:username': '${aws:username}' }, true],
    ['StringLike', { 'aws:PrincipalArn': '*/${none}' }, false],
    ['ForAnyValue:StringEquals', { 'aws:TagKeys': ['team', 'x'] }, true],
    ['ForAnyValue:StringEquals', { 'aws:TagKeys': ['x'] }, false],
    ['ForAnyValue:StringEquals', { none: ['x'] }, false],
    ['ForAllValues:StringEquals', { 'aws:TagKeys': ['Name', 'team', 'x'] }, true],
    ['ForAllValues:StringEquals', { 'aws:TagKeys': ['Name'] }, false],
    ['ForAllValues:StringEquals', { none: ['x'] }, true],
    ['ForAllValues:StringNotEquals', { 'aws:TagKeys': ['x'] }, true],
    ['ForAllValues:StringNotEquals', { 'aws:TagKeys': ['Name'] }, false],
    ['ForAnyValue:StringNotEquals', { 'aws:TagKeys': ['Name'] }, true],
    ['ForAnyValue:StringEqualsIfExists', { none: ['x'] }, true],
    ['Bool', { 'aws:SecureTransport': 'true' }, true],
    ['Bool', { 'aws:SecureTransport': false }, false],
    ['BoolIfExists', { 'aws:MultiFactorAuthPresent': 'false' }, true],
    ['ArnLike', { 'aws:PrincipalArn': 'arn:aws:iam::*:role/eks/*' }, true],
    ['ArnEquals', { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/eks/clust?r' }, true],
    ['ArnLike', { 'aws:PrincipalArn': 'arn:*:role/eks/*' }, false],
    ['ArnNotLike', { 'aws:PrincipalArn': 'arn:aws:iam::*:user/*' }, true],
    ['ArnNotEquals', { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/eks/cluster' }, false],
    ['IpAddress', { 'aws:SourceIp': ['192.168.0.0/16', '10.0.0.0/8'] }, true],
    ['IpAddress', { 'aws:SourceIp': '10.1.2.3' }, true],
    ['IpAddress', { 'aws:SourceIp': '2001:db8::/32' }, false],
    ['NotIpAddress', { 'aws:SourceIp': '10.0.0.0/8' }, false],
    ['NotIpAddress', { 'aws:SourceIp': '192.168.0.0/16' }, true],
    ['Null', { none: 'true' }, true],
    ['Null', { none: 'false' }, false],
    ['Null', { 'aws:username': false }, true],
    ['Null', { empty: true }, true],
    ['NumericLessThan', { count: '11' }, true],
    ['NumericGreaterThanEquals', { count: 10 }, true],
    ['NumericNotEquals', { count: '10.0' }, false],
    ['NumericEquals', { 'aws:username': '1' }, false],
    ['DateGreaterThan', { 'aws:CurrentTime': '2026-01-01T00:00:00Z' }, true],
    ['DateLessThan', { 'aws:CurrentTime': '1767225600' }, false],
  ])('%s %j: %s', (operator, keys, holds) => {
    const Condition = { [operator]: keys };
    expect(decide([{ ...ALLOW, Condition }], { facts: KNOWN })).toBe(
      holds ? 'allow' : 'implicit-deny',
    );
    expect(decide([ALLOW, { ...DENY, Condition }], { facts: KNOWN })).toBe(
      holds ? 'explicit-deny' : 'allow',
    );
  });

  test('of several operators must hold in all of them', () => {
    const Condition = { StringEquals: { 'aws:username': 'kim' }, Null: { none: 'true' } };
    expect(decide([{ ...ALLOW, Condition }], { facts: KNOWN })).toBe('allow');
    const other = { ...Condition, Bool: { 'aws:SecureTransport': 'false' } };
    expect(decide([{ ...ALLOW, Condition: other }], { facts: KNOWN })).toBe('implicit-deny');
  });
});

describe('patterns', () => {
  test.each([
    ['', '', true],
    ['*', '', true],
    ['?', '', false],
    ['a*b*c', 'a1b2b3c', true],
    ['a*b*c', 'a1b2b3', false],
    ['**a', 'ba', true],
    ['a.c', 'abc', false],
  ])('%j against %j: %s', (pattern, text, yes) => {
    expect(matches(pattern, text)).toBe(yes);
  });

  test('have variables, whose values are no patterns', () => {
    const known = facts({ 'aws:username': 'k*m', many: ['a', 'b'] });
    expect(matches('user/${aws:username}', 'user/k*m', known)).toBe(true);
    expect(matches('user/${aws:username}', 'user/kim', known)).toBe(false);
    expect(matches('${*}${$}x', '*$x', known)).toBe(true);
    expect(matches("${none, 'nobody'}", 'nobody', known)).toBe(true);
    expect(matches('${many}', 'a', known)).toBe(false);
    expect(matches('${aws:username}', '${aws:username}')).toBe(true);
  });

  test('that could take for ever do not', () => {
    expect(matches('*a'.repeat(2000), 'a'.repeat(4000).concat('b'))).toBe(false);
  });

  test('of ARNs do not reach over colons, but in the resource', () => {
    expect(matchesArn('arn:aws:*:*:*:*', 'arn:aws:iam::1:role/a:b')).toBe(true);
    expect(matchesArn('arn:aws:i*:role/a', 'arn:aws:iam::1:role/a')).toBe(false);
  });
});

const LEGACY = 'The policy failed legacy parsing';

describe('a document', () => {
  const ok = { Version: '2012-10-17', Statement: [ALLOW] };
  test.each<[string, unknown, string]>([
    ['no JSON', 'x', 'This policy contains invalid Json'],
    ['a list', [], 'Syntax errors in policy.'],
    ['no statement', { Version: '2012-10-17' }, 'Syntax errors in policy.'],
    ['another version', { ...ok, Version: '2020-01-01' }, 'Syntax errors in policy.'],
    ['an unknown member', { ...ok, Statements: [] }, 'Syntax errors in policy.'],
    [
      'no action',
      { Statement: { Effect: 'Allow', Resource: '*' } },
      'Policy statement must contain actions.',
    ],
    [
      'no resource',
      { Statement: { Effect: 'Allow', Action: '*' } },
      'Policy statement must contain resources.',
    ],
    ['another effect', { Statement: { ...ALLOW, Effect: 'let' } }, 'Syntax errors in policy.'],
    ['an effect in small letters', { Statement: { ...ALLOW, Effect: 'allow' } }, LEGACY],
    ['a list for an id', { ...ok, Id: ['a'] }, 'Syntax errors in policy.'],
    [
      'two colons',
      { Statement: { ...ALLOW, Action: 's3:Get:It' } },
      'Actions/Condition can contain only one colon.',
    ],
    ['an odd service', { Statement: { ...ALLOW, Action: 's 3:Get' } }, 'Vendor s 3 is not valid'],
    [
      'an action without a service',
      { Statement: { ...ALLOW, Action: 'DeleteVpc' } },
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [
      'a resource that is no ARN',
      { Statement: { ...ALLOW, Resource: 'vpc-1' } },
      'Resource vpc-1 must be in ARN format or "*".',
    ],
    [
      'a principal',
      { Statement: { ...ALLOW, Principal: '*' } },
      'Policy document should not specify a principal.',
    ],
    [
      'an unknown operator',
      { Statement: { ...ALLOW, Condition: { StringIs: { a: 'b' } } } },
      'Syntax errors in policy.',
    ],
    [
      'the same Sid twice',
      {
        Statement: [
          { ...ALLOW, Sid: 'a' },
          { ...DENY, Sid: 'a' },
        ],
      },
      'Statement IDs (SID) in a single policy must be unique.',
    ],
  ])('with %s is refused', (_what, value, error) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    expect(parsePolicy(text)).toEqual({ ok: false, error });
  });

  test.each<[string, unknown]>([
    [
      'empty statement ids',
      [
        { ...ALLOW, Sid: '' },
        { ...DENY, Sid: '' },
      ],
    ],
    ['an operator without keys', [{ ...ALLOW, Condition: { Anything: {} } }]],
    ['nulls among resources', [{ ...ALLOW, Resource: ['*', null] }]],
    ['a service with a hyphen and a dot', [{ ...ALLOW, Action: 'a-b.c:Do-it' }]],
  ])('with %s is understood', (_what, statements) => {
    expect(parsePolicy(JSON.stringify({ Statement: statements })).ok).toBe(true);
  });
});

describe('a managed policy', () => {
  const managed = (more: object): string | undefined => {
    const document = { Version: '2012-10-17', Statement: { ...ALLOW, ...more } };
    const parsed = parsePolicy(JSON.stringify(document), 'managed');
    return parsed.ok ? undefined : parsed.error;
  };

  test.each([
    '*',
    'arn:aws:s3:::bucket/*',
    'arn:aws-cn:ec2:*:*:instance/*',
    'arn:*:ec2:us-east-1:111122223333:vpc/vpc-1',
    'arn:aws:iam::*:role/app',
    'arn:aws:iam::111122223333:*',
    'arn:aws:iam::111122223333:root',
    'arn:aws:s3:us-east-1:111122223333:accesspoint/a',
  ])('may be about %s', (Resource) => {
    expect(managed({ Resource })).toBeUndefined();
  });

  test.each([
    ['word', 'Resource word must be in ARN format or "*".'],
    ['arn:mars:s3:::b', 'Partition "mars" is not valid for resource "arn:mars:s3:::b".'],
    ['aws:s3', 'Partition "s3" is not valid for resource "arn:s3:*:*:*:*".'],
    ['arn:aws', 'Resource vendor must be fully qualified and cannot contain regexes.'],
    ['arn:aws:s3::b', LEGACY],
    ['arn:aws::::b', LEGACY],
    [
      'arn:aws:iam:us-east-1::role/a',
      'IAM resource arn:aws:iam:us-east-1::role/a cannot contain region information.',
    ],
    [
      'arn:aws:s3:us-east-1::b',
      'Resource arn:aws:s3:us-east-1::b can not contain region information.',
    ],
  ])('may not be about %s', (Resource, error) => {
    expect(managed({ Resource })).toBe(error);
  });

  test('names a kind of IAM object', () => {
    expect(managed({ Resource: 'arn:aws:iam:::app' })).toMatch(/^IAM resource path must either/);
  });

  test.each(['2008-10-17', undefined])('of version %s is refused', (Version) => {
    expect(parsePolicy(JSON.stringify({ Version, Statement: ALLOW }), 'managed')).toEqual({
      ok: false,
      error: 'Policy document must be version 2012-10-17 or greater.',
    });
  });
});

describe('a trust policy', () => {
  const USER = 'arn:aws:iam::111122223333:user/kim';
  const ACCOUNT = 'arn:aws:iam::111122223333:root';
  const trust = (statement: Statement, more: object = {}): string => {
    const use: PolicyUse = 'trust';
    const statements = [{ Effect: 'Allow', Action: 'sts:AssumeRole', ...statement }];
    const parsed = parsePolicy(JSON.stringify({ Statement: statements }), use);
    if (!parsed.ok) throw new Error(parsed.error);
    return evaluateTrust(parsed.value, {
      action: 'sts:AssumeRole',
      type: 'AWS',
      names: [USER],
      account: ACCOUNT,
      facts: facts({ 'sts:ExternalId': 'x' }),
      ...more,
    });
  };
  test.each<[string, Statement, string]>([
    ['names the caller', { Principal: { AWS: [USER] } }, 'direct'],
    ['names the account', { Principal: { AWS: ACCOUNT } }, 'account'],
    ['names the account by its number', { Principal: { AWS: '111122223333' } }, 'account'],
    ['takes everybody', { Principal: '*' }, 'direct'],
    ['names another account', { Principal: { AWS: '444455556666' } }, 'deny'],
    ['names a service', { Principal: { Service: 'ec2.amazonaws.com' } }, 'deny'],
    ['is about another action', { Principal: '*', Action: 'sts:TagSession' }, 'deny'],
    ['denies', { Principal: '*', Effect: 'Deny' }, 'deny'],
    [
      'has a condition that holds',
      { Principal: { AWS: USER }, Condition: { StringEquals: { 'sts:ExternalId': 'x' } } },
      'direct',
    ],
    [
      'has a condition that does not',
      { Principal: { AWS: USER }, Condition: { StringEquals: { 'sts:ExternalId': 'y' } } },
      'deny',
    ],
  ])('that %s: %j', (_what, statement, expected) => {
    expect(trust(statement)).toBe(expected);
  });
});
