import { describe, expect, test } from 'vitest';
import type { AdmissionRequest } from '../../api/admission.ts';
import type { JsonPatchStep } from '../../api/client.ts';
import { createFakeKube } from '../../api/client.fake.ts';
import type { Pod } from '../../api/core/pod.ts';
import { SERVICE_ACCOUNTS } from '../../api/core/service-account.ts';
import { KubeError } from '../../api/kube-error.ts';
import type { KubeObject } from '../../api/meta.ts';
import { FARGATE_POD_SG, FARGATE_PROFILE_LABEL, POD_ENI } from '../../api/names.ts';
import { applyJsonPatch } from '../../api/patch.ts';
import { SECURITY_GROUP_POLICIES } from '../../api/security-group-policy.ts';
import { silentLog } from '../../base/log.ts';
import { createFakeEc2 } from '../../ec2/client.fake.ts';
import { handleAdmission, type WebhookDeps } from './webhook.ts';

const SG = 'sg-0000000000000000a';
const OTHER_SG = 'sg-0000000000000000b';
const RESOURCES = { limits: { [POD_ENI]: '1' }, requests: { [POD_ENI]: '1' } };

interface Answer {
  readonly allowed: boolean;
  readonly message: string | undefined;
  readonly patch: readonly JsonPatchStep[] | undefined;
  readonly warnings: readonly string[] | undefined;
}

async function ask(
  deps: Partial<WebhookDeps>,
  path: string,
  request: Partial<AdmissionRequest>,
): Promise<Answer> {
  const body = { request: { uid: 'u1', operation: 'CREATE', namespace: 'shop', ...request } };
  const all = { kube: createFakeKube(), log: silentLog, ...deps };
  const { status, body: answer } = await handleAdmission(all, { method: 'POST', path, body });
  expect(status).toBe(200);
  const { response } = answer as {
    response: {
      uid: string;
      allowed: boolean;
      status?: { message?: string };
      patch?: string;
      warnings?: string[];
    };
  };
  expect(response.uid).toBe('u1');
  return {
    allowed: response.allowed,
    message: response.status?.message,
    patch: response.patch === undefined ? undefined : (JSON.parse(atob(response.patch)) as []),
    warnings: response.warnings,
  };
}

/** An API server with one policy: role=payments gets SG. */
function withPolicy(
  spec: object = { podSelector: { matchLabels: { role: 'payments' } } },
): WebhookDeps {
  const kube = createFakeKube();
  kube.seed(SECURITY_GROUP_POLICIES, {
    metadata: { name: 'p', namespace: 'shop' },
    spec: { ...spec, securityGroups: { groupIds: [SG, OTHER_SG] } },
  });
  return { kube, log: silentLog };
}

function pod(change: { metadata?: object; spec?: object } = {}): Pod {
  return {
    metadata: { name: 'a', labels: { role: 'payments' }, ...change.metadata },
    spec: { containers: [{ name: 'c' }], serviceAccountName: 'billing', ...change.spec },
  };
}

describe('mpod', () => {
  const path = '/mutate-v1-pod';
  const mutate = (object: Pod, deps: Partial<WebhookDeps> = withPolicy()): Promise<Answer> =>
    ask(deps, path, { object });

  test('a match adds the resource to the first container only, and nothing else', async () => {
    const object = pod({
      spec: { containers: [{ name: 'c' }, { name: 'd' }], futureField: { kept: true } },
    });
    const { allowed, patch } = await mutate(object);
    expect(allowed).toBe(true);
    expect(applyJsonPatch(object, patch ?? [])).toEqual({
      ...object,
      spec: { ...object.spec, containers: [{ name: 'c', resources: RESOURCES }, { name: 'd' }] },
    });
  });

  test('what the container asks for already stays; its own value for the key is overwritten', async () => {
    const resources = { limits: { cpu: '1', [POD_ENI]: '5' }, claims: [] };
    const object = pod({ spec: { containers: [{ name: 'c', resources }] } });
    const { patch } = await mutate(object);
    const after = applyJsonPatch(object, patch ?? []) as Pod;
    expect(after.spec.containers[0]?.resources).toEqual({
      limits: { cpu: '1', [POD_ENI]: '1' },
      requests: { [POD_ENI]: '1' },
      claims: [],
    });
  });

  test('hostNetwork comes first', async () => {
    const labels = { role: 'payments', [FARGATE_PROFILE_LABEL]: 'x' };
    const object = pod({ metadata: { labels }, spec: { hostNetwork: true } });
    expect(await mutate(object)).toMatchObject({
      allowed: true,
      message: 'SGP not supported on Pod running on HostNetwork',
      patch: undefined,
    });
  });

  test('no match is allowed with a message', async () => {
    expect(await mutate(pod({ metadata: { labels: {} } }))).toMatchObject({
      allowed: true,
      message: "Pod didn't match any SGP",
      patch: undefined,
    });
  });

  test.each(['kubernetes.io/os', 'beta.kubernetes.io/os'])(
    'a Windows pod by %s is let alone',
    async (key) => {
      const object = pod({ spec: { nodeSelector: { [key]: 'windows' } } });
      expect(await mutate(object)).toMatchObject({ allowed: true, patch: undefined });
    },
  );

  test('spec.os does not make a pod a Windows pod', async () => {
    const { patch } = await mutate(pod({ spec: { os: { name: 'windows' } } }));
    expect(patch).toHaveLength(1);
  });

  const fargate = { role: 'payments', [FARGATE_PROFILE_LABEL]: '' };
  test('a Fargate pod gets the annotation, whatever it said before', async () => {
    for (const annotations of [undefined, {}, { [FARGATE_POD_SG]: 'mine', x: 'y' }]) {
      const object = pod({ metadata: { labels: fargate, ...(annotations && { annotations }) } });
      const { patch } = await mutate(object);
      const after = applyJsonPatch(object, patch ?? []) as Pod;
      const expected = { ...annotations, [FARGATE_POD_SG]: `${SG},${OTHER_SG}` };
      expect(after.metadata.annotations).toEqual(expected);
      expect(after.spec).toEqual(object.spec);
    }
  });

  test('a Fargate pod without a match loses the annotation, or gets a message', async () => {
    const labels = { [FARGATE_PROFILE_LABEL]: '' };
    const forged = pod({ metadata: { labels, annotations: { [FARGATE_POD_SG]: 'mine' } } });
    const { patch } = await mutate(forged);
    expect((applyJsonPatch(forged, patch ?? []) as Pod).metadata.annotations).toEqual({});
    expect(await mutate(pod({ metadata: { labels } }))).toMatchObject({
      allowed: true,
      message: 'Fargate pod not matching any SGP',
    });
  });

  const byAccount = { serviceAccountSelector: { matchLabels: { team: 'pay' } } };
  test('a policy that asks for a ServiceAccount that is not there denies the pod', async () => {
    expect(await mutate(pod(), withPolicy(byAccount))).toMatchObject({
      allowed: false,
      message:
        'Failed to get Matching SGP for Pods, rejecting event, error serviceaccounts "billing" not found in namespace "shop"',
    });
    expect(
      await mutate(pod({ metadata: { labels: fargate } }), withPolicy(byAccount)),
    ).toMatchObject({
      allowed: false,
      message: 'Failed to get Matching SGP for Pods, rejecting event',
    });
  });

  test('a ServiceAccount that is there is looked at', async () => {
    const kube = createFakeKube();
    kube.seed(SECURITY_GROUP_POLICIES, {
      metadata: { name: 'p', namespace: 'shop' },
      spec: { ...byAccount, securityGroups: { groupIds: [SG] } },
    });
    const labels = { team: 'pay' };
    kube.seed(SERVICE_ACCOUNTS, { metadata: { name: 'billing', namespace: 'shop', labels } });
    expect((await mutate(pod(), { kube })).patch).toHaveLength(1);
  });

  test('an API server that does not answer denies the pod', async () => {
    const kube = createFakeKube();
    kube.beforeCall = () => {
      throw new KubeError('Unreachable', 'no answer', { status: 0 });
    };
    expect(await mutate(pod(), { kube })).toMatchObject({
      allowed: false,
      message: 'Failed to get Matching SGP for Pods, rejecting event, error no answer',
    });
  });

  test('without the CRD there are no policies', async () => {
    const kube = createFakeKube();
    kube.beforeCall = () => {
      throw new KubeError('NotFound', 'the server could not find the resource', { status: 404 });
    };
    expect(await mutate(pod(), { kube })).toMatchObject({ allowed: true, patch: undefined });
  });

  test('something that is not a pod is refused', async () => {
    const object = { metadata: { name: 'x' } };
    expect(await ask({}, path, { object })).toMatchObject({ allowed: false });
  });
});

describe('vpod', () => {
  const annotated = (annotations?: Record<string, string>): KubeObject =>
    pod({ metadata: { ...(annotations && { annotations }) } });
  const none = annotated();
  const branch = annotated({ [POD_ENI]: '[]' });
  const empty = annotated({ [POD_ENI]: '' });
  const groups = annotated({ [FARGATE_POD_SG]: 'sg-1' });
  const notOurs = 'annotation is not set by vpc-resource-controller';
  const notMutated = 'annotation is not set by mutating webhook';
  const controller = 'eks:vpc-resource-controller';
  const cases: readonly [string, Partial<AdmissionRequest>, string, string | undefined][] = [
    ['create without', { object: none }, 'bob', undefined],
    [
      'create with it',
      { object: branch },
      'bob',
      `pod cannot be created with ${POD_ENI} annotation`,
    ],
    [
      'create with an empty one',
      { object: empty },
      'bob',
      `pod cannot be created with ${POD_ENI} annotation`,
    ],
    [
      'create by the controller',
      { object: branch },
      controller,
      `pod cannot be created with ${POD_ENI} annotation`,
    ],
    ['create with the Fargate one', { object: groups }, 'bob', undefined],
    ['add', { operation: 'UPDATE', oldObject: none, object: branch }, 'bob', notOurs],
    ['remove', { operation: 'UPDATE', oldObject: branch, object: none }, 'bob', notOurs],
    ['keep', { operation: 'UPDATE', oldObject: branch, object: branch }, 'bob', undefined],
    ['empty is absent', { operation: 'UPDATE', oldObject: none, object: empty }, 'bob', undefined],
    [
      'add by the controller',
      { operation: 'UPDATE', oldObject: none, object: branch },
      controller,
      undefined,
    ],
    [
      'add by its account',
      { operation: 'UPDATE', oldObject: none, object: branch },
      'system:serviceaccount:kube-system:vpc-resource-controller',
      undefined,
    ],
    [
      'add by its EKS account',
      { operation: 'UPDATE', oldObject: none, object: branch },
      'system:serviceaccount:kube-system:eks-vpc-resource-controller',
      undefined,
    ],
    [
      'add by an account of that name elsewhere',
      { operation: 'UPDATE', oldObject: none, object: branch },
      'system:serviceaccount:default:vpc-resource-controller',
      notOurs,
    ],
    [
      'Fargate one, anybody',
      { operation: 'UPDATE', oldObject: none, object: groups },
      controller,
      notMutated,
    ],
    ['delete', { operation: 'DELETE', oldObject: branch }, 'bob', undefined],
  ];
  test.each(cases)('%s', async (_, request, username, denial) => {
    const answer = await ask({}, '/validate-v1-pod', { ...request, userInfo: { username } });
    expect(answer).toMatchObject({ allowed: denial === undefined, message: denial });
  });
});

describe('vnode', () => {
  const node = (change: object = {}): KubeObject => ({
    metadata: { name: 'n', resourceVersion: '1', labels: { a: 'b' } },
    ...change,
  });
  const labelled = (labels: object): KubeObject =>
    node({ metadata: { name: 'n', resourceVersion: '2', labels } });
  const agent = 'system:serviceaccount:kube-system:aws-node';
  const denial = 'aws-node can only update limited fields on the Node Object';
  const cases: readonly [string, KubeObject, string, string | undefined][] = [
    [
      'its two labels',
      labelled({
        a: 'b',
        'vpc.amazonaws.com/has-trunk-attached': 'true',
        'vpc.amazonaws.com/eniConfig': 'x',
      }),
      agent,
      undefined,
    ],
    ['another label', labelled({ a: 'c' }), agent, denial],
    ['a label less', labelled({}), agent, denial],
    ['the spec', node({ spec: { unschedulable: true } }), agent, denial],
    ['the status', node({ status: { capacity: {} } }), agent, denial],
    ['the spec, by somebody else', node({ spec: { unschedulable: true } }), 'bob', undefined],
  ];
  test.each(cases)('the agent and %s', async (_, object, username, expected) => {
    const answer = await ask({}, '/validate-v1-node', {
      operation: 'UPDATE',
      oldObject: node(),
      object,
      userInfo: { username },
    });
    expect(answer).toMatchObject({ allowed: expected === undefined, message: expected });
  });
});

describe('vsgp', () => {
  const policy = (spec: object): KubeObject & { spec: object } => ({
    metadata: { name: 'p', namespace: 'shop' },
    spec: { securityGroups: { groupIds: [SG] }, ...spec },
  });
  const expression = (requirement: object): object => ({
    podSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }, requirement] },
  });
  const refused: readonly [string, object, string][] = [
    [
      'an unknown operator',
      expression({ key: 'b', operator: 'Is' }),
      'spec.podSelector.matchExpressions[1].operator: "Is" is not an operator: use In, NotIn, Exists or DoesNotExist',
    ],
    [
      'In without values',
      expression({ key: 'b', operator: 'In' }),
      'spec.podSelector.matchExpressions[1].values: In needs at least one value',
    ],
    [
      'Exists with values',
      expression({ key: 'b', operator: 'Exists', values: ['x'] }),
      'spec.podSelector.matchExpressions[1].values: Exists takes no values',
    ],
    [
      'a bad key',
      { podSelector: { matchLabels: { 'a b': 'x' } } },
      'spec.podSelector.matchLabels: label key "a b"',
    ],
    [
      'a bad prefix',
      { podSelector: { matchLabels: { 'A_/b': 'x' } } },
      'the prefix must be a DNS name in lower case',
    ],
    [
      'a key with two slashes',
      { podSelector: { matchLabels: { 'a/b/c': 'x' } } },
      'has more than one slash',
    ],
    [
      'a bad value',
      { serviceAccountSelector: { matchLabels: { a: '-x' } } },
      'spec.serviceAccountSelector.matchLabels: label value "-x"',
    ],
    [
      'a bad value in an expression',
      expression({ key: 'b', operator: 'In', values: ['x y'] }),
      'spec.podSelector.matchExpressions[1].values: label value "x y"',
    ],
  ];
  test.each(refused)('%s is refused with the field', async (_, spec, message) => {
    const answer = await ask({}, '/validate-security-group-policy', { object: policy(spec) });
    expect(answer.allowed).toBe(false);
    expect(answer.message).toContain(message);
  });

  test('all problems come at once', async () => {
    const spec = {
      podSelector: { matchLabels: { 'a b': '-' } },
      serviceAccountSelector: { matchExpressions: [{ key: 'x', operator: '?' }] },
    };
    const answer = await ask({}, '/validate-security-group-policy', { object: policy(spec) });
    expect(answer.message?.split('; ')).toHaveLength(3);
  });

  test('a good policy passes without a word', async () => {
    const spec = { podSelector: { matchLabels: { 'example.com/role': 'pay-1', empty: '' } } };
    const answer = await ask({}, '/validate-security-group-policy', { object: policy(spec) });
    expect(answer).toMatchObject({ allowed: true, warnings: undefined });
  });

  test('groups of the wrong form or unknown to EC2 are warned of', async () => {
    const ec2 = createFakeEc2({ groups: [SG] });
    const groupIds = [SG, 'payments', OTHER_SG];
    const object = policy({ podSelector: {}, securityGroups: { groupIds } });
    const answer = await ask({ ec2 }, '/validate-security-group-policy', { object });
    expect(answer.allowed).toBe(true);
    expect(answer.warnings).toEqual([
      'spec.securityGroups.groupIds: "payments" is not a security group id (sg-...)',
      `spec.securityGroups.groupIds: there is no security group ${OTHER_SG} in the VPC at this moment`,
    ]);
  });

  test('an EC2 that does not answer holds nothing up', async () => {
    const ec2 = createFakeEc2();
    ec2.beforeCall = () => {
      throw new Error('down');
    };
    const object = policy({ podSelector: {} });
    const answer = await ask({ ec2 }, '/validate-security-group-policy', { object });
    expect(answer).toMatchObject({ allowed: true, warnings: undefined });
  });

  test('a policy without selectors passes as on EKS, with a warning', async () => {
    const answer = await ask({}, '/validate-security-group-policy', { object: policy({}) });
    expect(answer.allowed).toBe(true);
    expect(answer.warnings?.[0]).toContain('the policy is ignored: spec: set podSelector');
  });
});

describe('the server', () => {
  const deps: WebhookDeps = { kube: createFakeKube(), log: silentLog };
  test.each([
    ['an unknown path', 'POST', '/nowhere', { request: { uid: 'x' } }, 404],
    ['a body that is no review', 'POST', '/mutate-v1-pod', { hello: 1 }, 400],
    ['no body', 'POST', '/validate-v1-pod', undefined, 400],
    ['health', 'GET', '/healthz', undefined, 200],
  ])('answers %s', async (_, method, path, body, status) => {
    expect((await handleAdmission(deps, { method, path, body })).status).toBe(status);
  });
});
