import { CreateVpcCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import * as sts from '@aws-sdk/client-sts';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../io/clock.ts';
import { OTHER_KEY, startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const ACCOUNT = '111122223333';
const ISSUER = 'https://oidc.example/id/ABC';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

let aheadMs = 0;
let api: TestApi;
const open: { destroy(): void }[] = [];

function client(credentials: Key = TEST_KEY): sts.STSClient {
  const { endpoint } = api;
  const made = new sts.STSClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  open.push(made);
  return made;
}

function iamClient(credentials: Key = TEST_KEY): iam.IAMClient {
  const { endpoint } = api;
  const made = new iam.IAMClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  open.push(made);
  return made;
}

function keyOf(credentials: sts.Credentials | undefined): Key {
  return {
    accessKeyId: credentials?.AccessKeyId ?? '',
    secretAccessKey: credentials?.SecretAccessKey ?? '',
    sessionToken: credentials?.SessionToken ?? '',
  };
}

function trust(Principal: object | string, more: object = {}): string {
  const statement = { Effect: 'Allow', Principal, Action: 'sts:AssumeRole', ...more };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

function allow(Action: unknown, Resource: unknown = '*'): string {
  const statement = { Effect: 'Allow', Action, Resource };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

async function newRole(RoleName: string, AssumeRolePolicyDocument: string): Promise<string> {
  const { Role } = await iamClient().send(
    new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, MaxSessionDuration: 7200 }),
  );
  return Role?.Arn ?? '';
}

async function newUser(UserName: string, policy?: string): Promise<Key> {
  const admin = iamClient();
  await admin.send(new iam.CreateUserCommand({ UserName }));
  if (policy !== undefined)
    await admin.send(
      new iam.PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument: policy }),
    );
  const { AccessKey } = await admin.send(new iam.CreateAccessKeyCommand({ UserName }));
  return {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  };
}

async function assume(RoleArn: string, as?: Key, more: object = {}): Promise<Key> {
  const { Credentials } = await client(as).send(
    new sts.AssumeRoleCommand({ RoleArn, RoleSessionName: 'session', ...more }),
  );
  return keyOf(Credentials);
}

function failure(name: string, status: number, message: unknown = expect.any(String)) {
  return expect.objectContaining({
    name,
    message,
    $metadata: expect.objectContaining({ httpStatusCode: status }),
  });
}

const whoAmI = (key: Key) => client(key).send(new sts.GetCallerIdentityCommand({}));

beforeAll(async () => {
  const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs };
  const keys = [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r' },
    { ...ec.publicKey.export({ format: 'jwk' }), kid: 'e' },
  ];
  const oidcIssuers = [{ issuer: ISSUER, keys: () => Promise.resolve(keys) }];
  api = await startTestApi({ clock, oidcIssuers });
});
afterAll(async () => {
  for (const each of open) each.destroy();
  await api.close();
});

describe('AssumeRole', () => {
  test('answers keys that act as the role, and only with their token', async () => {
    const RoleArn = await newRole('reader', trust({ AWS: `arn:aws:iam::${ACCOUNT}:root` }));
    const answer = await client().send(
      new sts.AssumeRoleCommand({ RoleArn, RoleSessionName: 'kim@x', DurationSeconds: 3600 }),
    );
    expect(answer.AssumedRoleUser).toEqual({
      AssumedRoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}:kim@x$/),
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/reader/kim@x`,
    });
    const key = keyOf(answer.Credentials);
    expect(key.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(await whoAmI(key)).toMatchObject({
      UserId: answer.AssumedRoleUser?.AssumedRoleId,
      Account: ACCOUNT,
      Arn: answer.AssumedRoleUser?.Arn,
    });
    const other = await assume(RoleArn);
    const { sessionToken = '', ...bare } = key;
    const wrong: readonly Key[] = [
      bare,
      { ...key, sessionToken: other.sessionToken ?? '' },
      { ...key, sessionToken: `${sessionToken.slice(0, -4)}AAAA` },
      { ...key, sessionToken: 'x' },
      { ...TEST_KEY, sessionToken },
    ];
    for (const credentials of wrong) {
      await expect(whoAmI(credentials)).rejects.toEqual(failure('InvalidClientTokenId', 403));
      await expect(api.client(credentials).send(new DescribeVpcsCommand({}))).rejects.toEqual(
        failure('AuthFailure', 401),
      );
    }
  });

  test('ends when it expires, and when its role is deleted', async () => {
    const RoleArn = await newRole('short', trust('*'));
    const key = await assume(RoleArn, undefined, { DurationSeconds: 900 });
    aheadMs = 901_000;
    const late = new sts.STSClient({
      endpoint: api.endpoint,
      region: 'us-east-1',
      credentials: key,
      maxAttempts: 1,
      systemClockOffset: aheadMs,
    });
    open.push(late);
    await expect(late.send(new sts.GetCallerIdentityCommand({}))).rejects.toEqual(
      failure('ExpiredToken', 403),
    );
    aheadMs = 0;
    expect((await whoAmI(key)).Arn).toContain('assumed-role/short');
    await iamClient().send(new iam.DeleteRoleCommand({ RoleName: 'short' }));
    await expect(whoAmI(key)).rejects.toEqual(failure('InvalidClientTokenId', 403));
    await newRole('short', trust('*'));
    await expect(whoAmI(key)).rejects.toEqual(failure('InvalidClientTokenId', 403));
  });

  test('is for whom the trust policy names, or who may by its own policies', async () => {
    const kim = await newUser('kim');
    const lee = await newUser('lee', allow('sts:AssumeRole'));
    const direct = await newRole('direct', trust({ AWS: `arn:aws:iam::${ACCOUNT}:user/kim` }));
    const viaAccount = await newRole('via-account', trust({ AWS: ACCOUNT }));
    expect((await whoAmI(await assume(direct, kim))).Arn).toContain('/direct/');
    expect((await whoAmI(await assume(viaAccount, lee))).Arn).toContain('/via-account/');
    const denied = (who: string, role: string) =>
      failure(
        'AccessDenied',
        403,
        `User: arn:aws:iam::${ACCOUNT}:user/${who} is not authorized to perform: sts:AssumeRole on resource: ${role}`,
      );
    await expect(assume(viaAccount, kim)).rejects.toEqual(denied('kim', viaAccount));
    await expect(assume(direct, lee)).rejects.toEqual(denied('lee', direct));
    const missing = `arn:aws:iam::${ACCOUNT}:role/missing`;
    await expect(assume(missing, lee)).rejects.toEqual(denied('lee', missing));
  });

  test('works across accounts when both sides agree, and with the external id', async () => {
    const condition = { Condition: { StringEquals: { 'sts:ExternalId': 'secret' } } };
    const RoleArn = await newRole('shared', trust({ AWS: '444455556666' }, condition));
    await expect(assume(RoleArn, OTHER_KEY)).rejects.toEqual(failure('AccessDenied', 403));
    const key = await assume(RoleArn, OTHER_KEY, { ExternalId: 'secret' });
    expect((await whoAmI(key)).Account).toBe(ACCOUNT);
    await expect(assume(RoleArn, TEST_KEY, { ExternalId: 'secret' })).rejects.toEqual(
      failure('AccessDenied', 403),
    );
  });

  test('with a session policy narrows down what the role may do', async () => {
    const RoleArn = await newRole('wide', trust({ AWS: ACCOUNT }));
    await iamClient().send(
      new iam.PutRolePolicyCommand({
        RoleName: 'wide',
        PolicyName: 'all',
        PolicyDocument: allow('ec2:*'),
      }),
    );
    const narrow = api.client(await assume(RoleArn, undefined, { Policy: allow('ec2:Describe*') }));
    await narrow.send(new DescribeVpcsCommand({}));
    await expect(narrow.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).rejects.toEqual(
      failure('UnauthorizedOperation', 403),
    );
    const PolicyArns = [{ arn: 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy' }];
    const managed = api.client(await assume(RoleArn, undefined, { PolicyArns }));
    await managed.send(new DescribeVpcsCommand({}));
  });

  test.each<[object, string]>([
    [{ RoleSessionName: 'x' }, 'ValidationError'],
    [{ RoleSessionName: 'a b' }, 'ValidationError'],
    [{ RoleArn: 'role/reader' }, 'ValidationError'],
    [{ DurationSeconds: 899 }, 'ValidationError'],
    [{ DurationSeconds: 7201 }, 'ValidationError'],
    [{ DurationSeconds: 43_201 }, 'ValidationError'],
    [{ Policy: '{' }, 'MalformedPolicyDocumentException'],
    [{ PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/None' }] }, 'MalformedPolicyDocumentException'],
  ])('refuses %j', async (wrong, code) => {
    const RoleArn = `arn:aws:iam::${ACCOUNT}:role/reader`;
    await expect(assume(RoleArn, undefined, wrong)).rejects.toEqual(failure(code, 400));
  });

  test('by a role lasts an hour at most', async () => {
    const RoleArn = await newRole('chain', trust({ AWS: `arn:aws:iam::${ACCOUNT}:role/wide` }));
    const wide = await assume(`arn:aws:iam::${ACCOUNT}:role/wide`);
    expect((await whoAmI(await assume(RoleArn, wide))).Arn).toContain('/chain/');
    await expect(assume(RoleArn, wide, { DurationSeconds: 3601 })).rejects.toEqual(
      failure('ValidationError', 400),
    );
  });
});

describe('GetSessionToken', () => {
  test('answers temporary keys of the user itself, with the rights of the user', async () => {
    const key = await newUser('temp', allow('ec2:Describe*'));
    const { Credentials } = await client(key).send(new sts.GetSessionTokenCommand({}));
    const temporary = keyOf(Credentials);
    expect((await whoAmI(temporary)).Arn).toBe(`arn:aws:iam::${ACCOUNT}:user/temp`);
    await api.client(temporary).send(new DescribeVpcsCommand({}));
    await expect(client(temporary).send(new sts.GetSessionTokenCommand({}))).rejects.toEqual(
      failure('AccessDenied', 403, 'Cannot call GetSessionToken with session credentials'),
    );
    await expect(
      client(key).send(new sts.GetSessionTokenCommand({ DurationSeconds: 60 })),
    ).rejects.toEqual(failure('ValidationError', 400));
  });
});

interface TokenOptions {
  readonly key?: KeyObject;
  readonly header?: object;
  readonly claims?: object;
}

function token({ key = rsa.privateKey, header = {}, claims = {} }: TokenOptions = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const body = {
    iss: ISSUER,
    sub: 'system:serviceaccount:kube-system:aws-node',
    aud: ['sts.amazonaws.com'],
    exp: now + 600,
    nbf: now - 5,
    ...claims,
  };
  const text = `${part({ alg: 'RS256', kid: 'r', ...header })}.${part(body)}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

describe('AssumeRoleWithWebIdentity', () => {
  const provider = `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.example/id/ABC`;
  const RoleArn = `arn:aws:iam::${ACCOUNT}:role/irsa`;
  beforeAll(() =>
    newRole(
      'irsa',
      trust(
        { Federated: provider },
        {
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: {
              'oidc.example/id/ABC:sub': 'system:serviceaccount:kube-system:aws-node',
              'oidc.example/id/ABC:aud': 'sts.amazonaws.com',
            },
          },
        },
      ),
    ),
  );

  const swap = (WebIdentityToken: string, more: object = {}) =>
    client().send(
      new sts.AssumeRoleWithWebIdentityCommand({
        RoleArn,
        RoleSessionName: 'aws-node',
        WebIdentityToken,
        ...more,
      }),
    );

  test.each<[string, TokenOptions]>([
    ['RS256', {}],
    ['ES256', { key: ec.privateKey, header: { alg: 'ES256', kid: 'e' } }],
    ['no key id', { header: { kid: undefined } }],
  ])('swaps a token (%s) for keys, without a signature', async (_what, options) => {
    const answer = await swap(token(options));
    expect(answer).toMatchObject({
      SubjectFromWebIdentityToken: 'system:serviceaccount:kube-system:aws-node',
      Audience: 'sts.amazonaws.com',
      Provider: provider,
    });
    expect((await whoAmI(keyOf(answer.Credentials))).Arn).toBe(
      `arn:aws:sts::${ACCOUNT}:assumed-role/irsa/aws-node`,
    );
  });

  test.each<[string, string, string]>([
    ['no token', 'x', 'InvalidIdentityTokenException'],
    ['three parts that are none', 'a.b.c', 'InvalidIdentityTokenException'],
    ['another issuer', token({ claims: { iss: 'https://x' } }), 'InvalidIdentityTokenException'],
    ['the key of a stranger', token({ key: stranger.privateKey }), 'InvalidIdentityTokenException'],
    ['an unknown key id', token({ header: { kid: 'x' } }), 'InvalidIdentityTokenException'],
    ['alg none', token({ header: { alg: 'none' } }), 'InvalidIdentityTokenException'],
    ['alg HS256', token({ header: { alg: 'HS256' } }), 'InvalidIdentityTokenException'],
    ['another audience', token({ claims: { aud: 'x' } }), 'InvalidIdentityTokenException'],
    ['no end', token({ claims: { exp: undefined } }), 'InvalidIdentityTokenException'],
    ['a start to come', token({ claims: { nbf: 9_999_999_999 } }), 'InvalidIdentityTokenException'],
    ['an end that is past', token({ claims: { exp: 1 } }), 'ExpiredTokenException'],
  ])('refuses %s', async (_what, text, code) => {
    await expect(swap(text)).rejects.toEqual(failure(code, 400));
  });

  test('refuses a subject that the role does not trust, and roles that are not there', async () => {
    const denied = failure(
      'AccessDenied',
      403,
      'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    );
    await expect(swap(token({ claims: { sub: 'system:serviceaccount:a:b' } }))).rejects.toEqual(
      denied,
    );
    const other = { RoleArn: `arn:aws:iam::${ACCOUNT}:role/none` };
    await expect(swap(token(), other)).rejects.toEqual(denied);
  });

  test('is not open without a configured issuer', async () => {
    const plain = await startTestApi();
    const options = { endpoint: plain.endpoint, region: 'us-east-1', maxAttempts: 1 };
    const sender = new sts.STSClient({ ...options, credentials: TEST_KEY });
    const command = new sts.AssumeRoleWithWebIdentityCommand({
      RoleArn,
      RoleSessionName: 'aws-node',
      WebIdentityToken: token(),
    });
    await expect(sender.send(command)).rejects.toEqual(
      failure('InvalidIdentityTokenException', 400),
    );
    sender.destroy();
    await plain.close();
  });
});

test('keys, sessions and the rights behind them outlive the server', async () => {
  const first = await startTestApi();
  const options = { region: 'us-east-1', maxAttempts: 1 };
  const admin = new iam.IAMClient({ ...options, endpoint: first.endpoint, credentials: TEST_KEY });
  await admin.send(new iam.CreateUserCommand({ UserName: 'u' }));
  const { AccessKey } = await admin.send(new iam.CreateAccessKeyCommand({ UserName: 'u' }));
  const key = {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  };
  const asUser = new sts.STSClient({ ...options, endpoint: first.endpoint, credentials: key });
  const { Credentials } = await asUser.send(new sts.GetSessionTokenCommand({}));
  await first.close();
  const second = await startTestApi({ kube: first.kube });
  for (const credentials of [key, keyOf(Credentials)]) {
    const again = new sts.STSClient({ ...options, endpoint: second.endpoint, credentials });
    expect((await again.send(new sts.GetCallerIdentityCommand({}))).Arn).toMatch(/user\/u$/);
    again.destroy();
  }
  for (const each of [admin, asUser]) each.destroy();
  await second.close();
});
