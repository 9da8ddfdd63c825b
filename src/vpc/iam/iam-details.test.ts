import * as iam from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { Service: 'ec2.amazonaws.com' },
    Action: 'sts:AssumeRole',
  },
});
const DOCUMENT = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'ec2:*', Resource: '*' },
});
const Tags = [{ Key: 'team', Value: 'net' }];

let api: TestApi;
let admin: iam.IAMClient;

beforeAll(async () => {
  api = await startTestApi();
  const { endpoint } = api;
  admin = new iam.IAMClient({
    endpoint,
    region: 'us-east-1',
    credentials: TEST_KEY,
    maxAttempts: 1,
  });
});
afterAll(async () => {
  admin.destroy();
  await api.close();
});

describe('what only some answers show', () => {
  test('of a policy: its description is in GetPolicy alone, its tags not in lists', async () => {
    const policy = {
      PolicyName: 'told',
      PolicyDocument: DOCUMENT,
      Description: 'told',
      Path: '/t/',
    };
    const made = await admin.send(new iam.CreatePolicyCommand({ ...policy, Tags }));
    expect(made.Policy).not.toHaveProperty('Description');
    expect(made.Policy?.Tags).toEqual(Tags);
    const { Arn: PolicyArn } = made.Policy ?? {};
    const got = await admin.send(new iam.GetPolicyCommand({ PolicyArn }));
    expect(got.Policy).toMatchObject({ Description: 'told', Tags });
    const { Policies } = await admin.send(new iam.ListPoliciesCommand({ PathPrefix: '/t/' }));
    expect(Policies?.[0]).not.toHaveProperty('Tags');
    expect(Policies?.[0]).not.toHaveProperty('Description');
  });

  test('GetPolicy has an empty list for no tags, CreatePolicy has none', async () => {
    const policy = { PolicyName: 'bare', PolicyDocument: DOCUMENT };
    const { Policy } = await admin.send(new iam.CreatePolicyCommand(policy));
    expect(Policy).not.toHaveProperty('Tags');
    for (const PolicyArn of [Policy?.Arn, 'arn:aws:iam::aws:policy/AmazonEKSClusterPolicy']) {
      const got = await admin.send(new iam.GetPolicyCommand({ PolicyArn }));
      expect(got.Policy?.Tags).toEqual([]);
    }
  });

  test('of roles and users: lists leave boundaries and tags out', async () => {
    const boundary = { PolicyName: 'boundary', PolicyDocument: DOCUMENT };
    const made = await admin.send(new iam.CreatePolicyCommand(boundary));
    const more = { PermissionsBoundary: made.Policy?.Arn, Tags, Path: '/listed/' };
    const role = { RoleName: 'listed', AssumeRolePolicyDocument: TRUST, ...more };
    await admin.send(new iam.CreateRoleCommand(role));
    await admin.send(new iam.CreateUserCommand({ UserName: 'listed', ...more }));
    const got = await admin.send(new iam.GetRoleCommand({ RoleName: 'listed' }));
    expect(got.Role).toMatchObject({
      Tags,
      PermissionsBoundary: { PermissionsBoundaryArn: made.Policy?.Arn },
    });
    const { Roles } = await admin.send(new iam.ListRolesCommand({ PathPrefix: '/listed/' }));
    const { Users } = await admin.send(new iam.ListUsersCommand({ PathPrefix: '/listed/' }));
    for (const each of [...(Roles ?? []), ...(Users ?? [])]) {
      expect(each).not.toHaveProperty('Tags');
      expect(each).not.toHaveProperty('PermissionsBoundary');
    }
    expect([Roles?.length, Users?.length]).toEqual([1, 1]);
  });
});

test('GetUser without a name answers the user that the server was configured with', async () => {
  const { User } = await admin.send(new iam.GetUserCommand({}));
  expect(User).toMatchObject({
    UserName: 'admin',
    Arn: 'arn:aws:iam::111122223333:user/admin',
    Path: '/',
  });
});

describe('tags', () => {
  const create = (tags: iam.Tag[]) =>
    admin.send(new iam.CreateUserCommand({ UserName: 'tagged', Tags: tags }));
  const many = Array.from({ length: 51 }, (_each, i) => ({ Key: `k${i}`, Value: '' }));
  test.each<[string, iam.Tag[], string, RegExp]>([
    ['51 of them', many, 'ValidationError', /at 'tags'|less than or equal to 50\.$/],
    [
      'a long key',
      [{ Key: 'k'.repeat(129), Value: '' }],
      'ValidationError',
      /'tags\.1\.member\.key' failed .* equal to 128\.$/,
    ],
    [
      'no key',
      [{ Key: '', Value: '' }],
      'ValidationError',
      /'tags\.1\.member\.key' failed .* greater than or equal to 1\.$/,
    ],
    [
      'a long value',
      [{ Key: 'k', Value: 'v'.repeat(257) }],
      'ValidationError',
      /'tags\.1\.member\.value' failed .* equal to 256\.$/,
    ],
    [
      'other characters in a key',
      [{ Key: 'a!', Value: '' }],
      'ValidationError',
      /regular expression pattern: .*\+$/,
    ],
    [
      'other characters in a value',
      [{ Key: 'a', Value: '<' }],
      'ValidationError',
      /regular expression pattern: .*\*$/,
    ],
    [
      'keys that differ in case',
      [
        { Key: 'a', Value: '1' },
        { Key: 'A', Value: '2' },
      ],
      'InvalidInputException',
      /^Duplicate tag keys found\. Please note/,
    ],
  ])('%s are refused', async (_what, tags, name, message) => {
    await expect(create(tags)).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    });
  });
});
