import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import * as sts from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IAM_USERS } from '../../api/iam/user.ts';
import { KubeError } from '../../api/kube-error.ts';
import { OTHER_KEY, startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'ec2.amazonaws.com', AWS: 'arn:aws:iam::111122223333:root' },
      Action: 'sts:AssumeRole',
    },
  ],
});

let api: TestApi;
let admin: iam.IAMClient;
const open: { destroy(): void }[] = [];

function iamClient(credentials: Key = TEST_KEY): iam.IAMClient {
  const { endpoint } = api;
  const client = new iam.IAMClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  open.push(client);
  return client;
}

function stsClient(credentials: Key = TEST_KEY): sts.STSClient {
  const { endpoint } = api;
  const client = new sts.STSClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  open.push(client);
  return client;
}

/** A new user with a key of its own. */
async function newUser(UserName: string): Promise<Key> {
  await admin.send(new iam.CreateUserCommand({ UserName }));
  const { AccessKey } = await admin.send(new iam.CreateAccessKeyCommand({ UserName }));
  return {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  };
}

function keyOf(credentials: sts.Credentials | undefined): Key {
  return {
    accessKeyId: credentials?.AccessKeyId ?? '',
    secretAccessKey: credentials?.SecretAccessKey ?? '',
    sessionToken: credentials?.SessionToken ?? '',
  };
}

function failure(name: string, status: number, message: unknown = expect.any(String)) {
  return expect.objectContaining({
    name,
    message,
    $metadata: expect.objectContaining({ httpStatusCode: status }),
  });
}

function document(Action: unknown, more: object = {}): string {
  const statement = { Effect: 'Allow', Action, Resource: '*', ...more };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

beforeAll(async () => {
  api = await startTestApi();
  admin = iamClient();
});
afterAll(async () => {
  for (const client of open) client.destroy();
  await api.close();
});

describe('roles', () => {
  test('are made, read with their percent-encoded trust policy, listed and changed', async () => {
    const { Role } = await admin.send(
      new iam.CreateRoleCommand({
        RoleName: 'Node+Role',
        Path: '/eks/',
        AssumeRolePolicyDocument: TRUST,
        Description: 'a <b> & "c"',
        MaxSessionDuration: 7200,
        Tags: [{ Key: 'team', Value: 'net' }],
      }),
    );
    expect(Role).toMatchObject({
      Path: '/eks/',
      RoleName: 'Node+Role',
      RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/),
      Arn: 'arn:aws:iam::111122223333:role/eks/Node+Role',
      Description: 'a <b> & "c"',
      MaxSessionDuration: 7200,
      Tags: [{ Key: 'team', Value: 'net' }],
    });
    const got = await admin.send(new iam.GetRoleCommand({ RoleName: 'node+role' }));
    expect(got.Role).toEqual(Role);
    expect(got.Role?.AssumeRolePolicyDocument).not.toContain('"');
    expect(decodeURIComponent(got.Role?.AssumeRolePolicyDocument ?? '')).toBe(TRUST);
    const changed = TRUST.replace('ec2.amazonaws.com', 'eks.amazonaws.com');
    await admin.send(
      new iam.UpdateAssumeRolePolicyCommand({ RoleName: 'Node+Role', PolicyDocument: changed }),
    );
    const { Roles } = await admin.send(new iam.ListRolesCommand({ PathPrefix: '/eks/' }));
    expect(Roles?.map((role) => decodeURIComponent(role.AssumeRolePolicyDocument ?? ''))).toEqual([
      changed,
    ]);
    const { Roles: elsewhere } = await admin.send(new iam.ListRolesCommand({ PathPrefix: '/x/' }));
    expect(elsewhere).toEqual([]);
  });

  test('carry inline and managed policies, and cannot be deleted before these', async () => {
    const RoleName = 'carrier';
    await admin.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
    const PolicyDocument = document('ec2:Describe*');
    await admin.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument }));
    const got = await admin.send(new iam.GetRolePolicyCommand({ RoleName, PolicyName: 'p' }));
    expect(decodeURIComponent(got.PolicyDocument ?? '')).toBe(PolicyDocument);
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonEKSVPCResourceController';
    await admin.send(new iam.AttachRolePolicyCommand({ RoleName, PolicyArn }));
    await admin.send(new iam.AttachRolePolicyCommand({ RoleName, PolicyArn }));
    const list = await admin.send(new iam.ListAttachedRolePoliciesCommand({ RoleName }));
    expect(list.AttachedPolicies).toEqual([
      { PolicyName: 'AmazonEKSVPCResourceController', PolicyArn },
    ]);
    const remove = () => admin.send(new iam.DeleteRoleCommand({ RoleName }));
    await expect(remove()).rejects.toEqual(failure('DeleteConflictException', 409));
    await admin.send(new iam.DetachRolePolicyCommand({ RoleName, PolicyArn }));
    await expect(
      admin.send(new iam.DetachRolePolicyCommand({ RoleName, PolicyArn })),
    ).rejects.toEqual(failure('NoSuchEntityException', 404));
    await expect(remove()).rejects.toEqual(failure('DeleteConflictException', 409));
    await admin.send(new iam.DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }));
    const inline = await admin.send(new iam.ListRolePoliciesCommand({ RoleName }));
    expect(inline.PolicyNames).toEqual([]);
    await remove();
    await expect(admin.send(new iam.GetRoleCommand({ RoleName }))).rejects.toEqual(
      failure('NoSuchEntityException', 404, 'The role with name carrier cannot be found.'),
    );
  });

  test('belong to an account', async () => {
    const RoleName = 'mine';
    await admin.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
    const other = iamClient(OTHER_KEY);
    await expect(other.send(new iam.GetRoleCommand({ RoleName }))).rejects.toEqual(
      failure('NoSuchEntityException', 404),
    );
    await other.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
    await expect(
      admin.send(new iam.CreateRoleCommand({ RoleName: 'MINE', AssumeRolePolicyDocument: TRUST })),
    ).rejects.toEqual(failure('EntityAlreadyExistsException', 409));
  });

  test('of many come in pages', async () => {
    for (let i = 0; i < 5; i++)
      await admin.send(
        new iam.CreateRoleCommand({
          RoleName: `page-${i}`,
          Path: '/pages/',
          AssumeRolePolicyDocument: TRUST,
        }),
      );
    const names: string[] = [];
    const pages = iam.paginateListRoles({ client: admin, pageSize: 2 }, { PathPrefix: '/pages/' });
    for await (const page of pages) names.push(...(page.Roles ?? []).map((r) => r.RoleName ?? ''));
    expect(names).toEqual(['page-0', 'page-1', 'page-2', 'page-3', 'page-4']);
  });

  test.each<[string, object, string]>([
    ['a name with a space', { RoleName: 'a b' }, 'ValidationError'],
    ['a path without slashes', { Path: 'x' }, 'ValidationError'],
    [
      'a trust policy that is no JSON',
      { AssumeRolePolicyDocument: '{' },
      'MalformedPolicyDocumentException',
    ],
    [
      'a trust policy with a resource',
      { AssumeRolePolicyDocument: TRUST.replace('"Action"', '"Resource":"*","Action"') },
      'MalformedPolicyDocumentException',
    ],
    [
      'a trust policy without a principal',
      { AssumeRolePolicyDocument: document('sts:AssumeRole') },
      'MalformedPolicyDocumentException',
    ],
    ['a session of a day', { MaxSessionDuration: 86_400 }, 'ValidationError'],
    ['a tag of AWS', { Tags: [{ Key: 'aws:x', Value: '' }] }, 'InvalidInputException'],
  ])('are refused with %s', async (_what, wrong, code) => {
    const input = { RoleName: 'bad', AssumeRolePolicyDocument: TRUST, ...wrong };
    await expect(admin.send(new iam.CreateRoleCommand(input))).rejects.toEqual(failure(code, 400));
  });
});

describe('managed policies', () => {
  test('of AWS are there with their documents and cannot be changed', async () => {
    const { Policies } = await admin.send(new iam.ListPoliciesCommand({ Scope: 'AWS' }));
    expect(Policies?.map(({ PolicyName }) => PolicyName)).toEqual([
      'AdministratorAccess',
      'AmazonEC2ContainerRegistryReadOnly',
      'AmazonEC2FullAccess',
      'AmazonEC2ReadOnlyAccess',
      'AmazonEKSClusterPolicy',
      'AmazonEKSVPCResourceController',
      'AmazonEKSWorkerNodePolicy',
      'AmazonEKS_CNI_Policy',
    ]);
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy';
    const { Policy } = await admin.send(new iam.GetPolicyCommand({ PolicyArn }));
    const { PolicyVersion } = await admin.send(
      new iam.GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId }),
    );
    const { Statement } = JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? ''));
    expect(Statement.map(({ Sid }: { Sid: string }) => Sid)).toEqual([
      'AmazonEKSCNIPolicy',
      'AmazonEKSCNIPolicyENITag',
    ]);
    await expect(admin.send(new iam.DeletePolicyCommand({ PolicyArn }))).rejects.toEqual(
      failure('AccessDenied', 403),
    );
  });

  test('of a customer have versions and stay while they are attached', async () => {
    const { Policy } = await admin.send(
      new iam.CreatePolicyCommand({ PolicyName: 'own', PolicyDocument: document('ec2:*') }),
    );
    const PolicyArn = Policy?.Arn;
    expect(Policy).toMatchObject({
      Arn: 'arn:aws:iam::111122223333:policy/own',
      DefaultVersionId: 'v1',
      AttachmentCount: 0,
    });
    await admin.send(
      new iam.CreatePolicyVersionCommand({
        PolicyArn,
        PolicyDocument: document('ec2:Describe*'),
        SetAsDefault: true,
      }),
    );
    const { Versions } = await admin.send(new iam.ListPolicyVersionsCommand({ PolicyArn }));
    expect(Versions?.map((v) => [v.VersionId, v.IsDefaultVersion])).toEqual([
      ['v1', false],
      ['v2', true],
    ]);
    await newUser('holder');
    await admin.send(new iam.AttachUserPolicyCommand({ UserName: 'holder', PolicyArn }));
    const { Policies } = await admin.send(
      new iam.ListPoliciesCommand({ Scope: 'Local', OnlyAttached: true }),
    );
    expect(Policies?.map(({ AttachmentCount }) => AttachmentCount)).toEqual([1]);
    const remove = () => admin.send(new iam.DeletePolicyCommand({ PolicyArn }));
    await expect(remove()).rejects.toEqual(failure('DeleteConflictException', 409));
    await admin.send(new iam.DetachUserPolicyCommand({ UserName: 'holder', PolicyArn }));
    await expect(remove()).rejects.toEqual(failure('DeleteConflictException', 409));
    await admin.send(new iam.DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v1' }));
    await remove();
    await expect(
      admin.send(new iam.AttachUserPolicyCommand({ UserName: 'holder', PolicyArn })),
    ).rejects.toEqual(failure('NoSuchEntityException', 404));
  });
});

test('an instance profile has one role, and both keep each other from being deleted', async () => {
  const InstanceProfileName = 'nodes';
  const RoleName = 'nodes-role';
  await admin.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
  await admin.send(new iam.CreateInstanceProfileCommand({ InstanceProfileName }));
  const add = (name: string) =>
    admin.send(new iam.AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: name }));
  await add(RoleName);
  await expect(add('mine')).rejects.toEqual(failure('LimitExceededException', 409));
  const { InstanceProfile } = await admin.send(
    new iam.GetInstanceProfileCommand({ InstanceProfileName }),
  );
  expect(InstanceProfile).toMatchObject({
    Arn: 'arn:aws:iam::111122223333:instance-profile/nodes',
    Roles: [{ RoleName }],
  });
  const { InstanceProfiles } = await admin.send(
    new iam.ListInstanceProfilesForRoleCommand({ RoleName }),
  );
  expect(InstanceProfiles).toHaveLength(1);
  const conflict = failure('DeleteConflictException', 409);
  await expect(admin.send(new iam.DeleteRoleCommand({ RoleName }))).rejects.toEqual(conflict);
  const remove = () => admin.send(new iam.DeleteInstanceProfileCommand({ InstanceProfileName }));
  await expect(remove()).rejects.toEqual(conflict);
  await admin.send(new iam.RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }));
  await remove();
  const { InstanceProfiles: left } = await admin.send(new iam.ListInstanceProfilesCommand({}));
  expect(left).toEqual([]);
});

describe('users', () => {
  test('sign with keys of their own until these are deleted; secrets are stored sealed', async () => {
    const key = await newUser('kim');
    expect(await stsClient(key).send(new sts.GetCallerIdentityCommand({}))).toMatchObject({
      UserId: expect.stringMatching(/^AIDA/),
      Account: '111122223333',
      Arn: 'arn:aws:iam::111122223333:user/kim',
    });
    expect(JSON.stringify(api.kube.peekAll(IAM_USERS))).not.toContain(key.secretAccessKey);
    await expect(admin.send(new iam.DeleteUserCommand({ UserName: 'kim' }))).rejects.toEqual(
      failure('DeleteConflictException', 409),
    );
    const { AccessKeyMetadata } = await admin.send(
      new iam.ListAccessKeysCommand({ UserName: 'kim' }),
    );
    expect(AccessKeyMetadata?.map(({ AccessKeyId }) => AccessKeyId)).toEqual([key.accessKeyId]);
    await admin.send(
      new iam.DeleteAccessKeyCommand({ UserName: 'kim', AccessKeyId: key.accessKeyId }),
    );
    await expect(stsClient(key).send(new sts.GetCallerIdentityCommand({}))).rejects.toEqual(
      failure('InvalidClientTokenId', 403),
    );
    await admin.send(new iam.DeleteUserCommand({ UserName: 'kim' }));
    await expect(admin.send(new iam.GetUserCommand({ UserName: 'kim' }))).rejects.toEqual(
      failure('NoSuchEntityException', 404, 'The user with name kim cannot be found.'),
    );
  });

  test('have two keys at most, and inactive ones sign nothing', async () => {
    const key = await newUser('lee');
    const UserName = 'lee';
    await admin.send(new iam.CreateAccessKeyCommand({ UserName }));
    await expect(admin.send(new iam.CreateAccessKeyCommand({ UserName }))).rejects.toEqual(
      failure('LimitExceededException', 409),
    );
    const setStatus = (Status: 'Active' | 'Inactive') =>
      admin.send(
        new iam.UpdateAccessKeyCommand({ UserName, AccessKeyId: key.accessKeyId, Status }),
      );
    await setStatus('Inactive');
    const who = () => stsClient(key).send(new sts.GetCallerIdentityCommand({}));
    await expect(who()).rejects.toEqual(failure('InvalidClientTokenId', 403));
    await setStatus('Active');
    expect((await who()).Arn).toMatch(/user\/lee$/);
  });

  test('without permissions may do nothing, not even to themselves', async () => {
    const client = iamClient(await newUser('eve'));
    const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
    await expect(
      client.send(new iam.AttachUserPolicyCommand({ UserName: 'eve', PolicyArn })),
    ).rejects.toEqual(
      failure(
        'AccessDenied',
        403,
        'User: arn:aws:iam::111122223333:user/eve is not authorized to perform: iam:AttachUserPolicy on resource: arn:aws:iam::111122223333:user/eve because no identity-based policy allows the iam:AttachUserPolicy action',
      ),
    );
  });
});

describe('a denied EC2 call', () => {
  const CreateVpc = new ec2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' });

  test('names principal and action, can be decoded, and works once a policy allows it', async () => {
    const RoleName = 'builder';
    await admin.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
    const { Credentials } = await stsClient().send(
      new sts.AssumeRoleCommand({
        RoleArn: 'arn:aws:iam::111122223333:role/builder',
        RoleSessionName: 'test',
      }),
    );
    const client = api.client(keyOf(Credentials));
    const refused: ec2.EC2ServiceException = await client.send(CreateVpc).then(
      () => undefined as never,
      (error: unknown) => error as ec2.EC2ServiceException,
    );
    expect(refused).toEqual(failure('UnauthorizedOperation', 403));
    const text =
      /^You are not authorized to perform this operation\. User: (\S+) is not authorized to perform: (\S+) on resource: (\S+) because no identity-based policy allows the ec2:CreateVpc action\. Encoded authorization failure message: (\S+)$/;
    const [, who, action, resource, EncodedMessage] = text.exec(refused.message) ?? [];
    expect([who, action, resource]).toEqual([
      'arn:aws:sts::111122223333:assumed-role/builder/test',
      'ec2:CreateVpc',
      'arn:aws:ec2:us-east-1:111122223333:vpc/*',
    ]);
    const decode = new sts.DecodeAuthorizationMessageCommand({ EncodedMessage });
    const { DecodedMessage } = await stsClient().send(decode);
    expect(JSON.parse(DecodedMessage ?? '')).toMatchObject({
      allowed: false,
      explicitDeny: false,
      matchedStatements: { items: [] },
      context: { principal: { arn: who }, action, resource },
    });
    await expect(stsClient(OTHER_KEY).send(decode)).rejects.toEqual(
      failure('InvalidAuthorizationMessageException', 400),
    );
    await expect(stsClient(keyOf(Credentials)).send(decode)).rejects.toEqual(
      failure('AccessDenied', 403),
    );
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonEC2FullAccess';
    await admin.send(new iam.AttachRolePolicyCommand({ RoleName, PolicyArn }));
    expect((await client.send(CreateVpc)).Vpc?.OwnerId).toBe('111122223333');
    await admin.send(new iam.DetachRolePolicyCommand({ RoleName, PolicyArn }));
    await expect(client.send(CreateVpc)).rejects.toEqual(failure('UnauthorizedOperation', 403));
  });

  test('is UnauthorizedOperation also as a dry run, and DryRunOperation when allowed', async () => {
    const client = api.client(await newUser('dry'));
    const dry = () =>
      client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16', DryRun: true }));
    await expect(dry()).rejects.toEqual(failure('UnauthorizedOperation', 403));
    await expect(client.send(new ec2.DeleteVpcCommand({} as never))).rejects.toEqual(
      failure('MissingParameter', 400),
    );
    await admin.send(
      new iam.PutUserPolicyCommand({
        UserName: 'dry',
        PolicyName: 'p',
        PolicyDocument: document('ec2:CreateVpc'),
      }),
    );
    await expect(dry()).rejects.toEqual(failure('DryRunOperation', 412));
  });

  test('by an explicit deny says so and shows the statement', async () => {
    const client = api.client(await newUser('denied'));
    for (const [PolicyName, PolicyDocument] of [
      ['all', document('*')],
      ['not', document('ec2:DeleteVpc', { Effect: 'Deny', Sid: 'Never' })],
    ])
      await admin.send(
        new iam.PutUserPolicyCommand({ UserName: 'denied', PolicyName, PolicyDocument }),
      );
    await client.send(new ec2.DescribeVpcsCommand({}));
    const refused = await client
      .send(new ec2.DeleteVpcCommand({ VpcId: 'vpc-0123456789abcdef0' }))
      .catch((error: unknown) => (error as Error).message);
    expect(refused).toContain('with an explicit deny in an identity-based policy. Encoded');
    const EncodedMessage = (refused as string).split(': ').at(-1);
    const { DecodedMessage } = await stsClient().send(
      new sts.DecodeAuthorizationMessageCommand({ EncodedMessage }),
    );
    expect(JSON.parse(DecodedMessage ?? '')).toMatchObject({
      explicitDeny: true,
      matchedStatements: {
        items: [
          {
            statementId: 'Never',
            effect: 'DENY',
            actions: { items: [{ value: 'ec2:DeleteVpc' }] },
          },
        ],
      },
    });
  });
});

describe('AmazonEKSVPCResourceController and the CNI policy', () => {
  test('allow what the controller does, on interfaces that carry its tag', async () => {
    const RoleName = 'eks-cluster';
    await admin.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
    await admin.send(
      new iam.AttachRolePolicyCommand({
        RoleName,
        PolicyArn: 'arn:aws:iam::aws:policy/AmazonEKSVPCResourceController',
      }),
    );
    const root = api.client();
    const { Vpc } = await root.send(new ec2.CreateVpcCommand({ CidrBlock: '10.8.0.0/16' }));
    const { Subnet } = await root.send(
      new ec2.CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: '10.8.0.0/24' }),
    );
    const { Credentials } = await stsClient().send(
      new sts.AssumeRoleCommand({
        RoleArn: `arn:aws:iam::111122223333:role/${RoleName}`,
        RoleSessionName: 'rc',
      }),
    );
    const client = api.client(keyOf(Credentials));
    const create = (tags: ec2.TagSpecification[]) =>
      client.send(
        new ec2.CreateNetworkInterfaceCommand({
          SubnetId: Subnet?.SubnetId,
          ...(tags.length > 0 && { TagSpecifications: tags }),
        }),
      );
    const { NetworkInterface: plain } = await create([]);
    const permit = (NetworkInterfaceId: string | undefined) =>
      client.send(
        new ec2.CreateNetworkInterfacePermissionCommand({
          NetworkInterfaceId,
          Permission: 'INSTANCE-ATTACH',
          AwsAccountId: '111122223333',
        }),
      );
    await expect(permit(plain?.NetworkInterfaceId)).rejects.toEqual(
      failure('UnauthorizedOperation', 403),
    );
    const tag = { Key: 'eks:eni:owner', Value: 'eks-vpc-resource-controller' };
    const tags = [{ ResourceType: 'network-interface' as const, Tags: [tag] }];
    await expect(create(tags)).rejects.toEqual(
      failure('UnauthorizedOperation', 403, expect.stringContaining('ec2:CreateTags')),
    );
    await admin.send(
      new iam.AttachRolePolicyCommand({
        RoleName,
        PolicyArn: 'arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy',
      }),
    );
    const { NetworkInterface: tagged } = await create(tags);
    const { InterfacePermission } = await permit(tagged?.NetworkInterfaceId);
    expect(InterfacePermission?.PermissionState?.State).toBe('granted');
    await client.send(
      new ec2.CreateTagsCommand({
        Resources: [plain?.NetworkInterfaceId ?? ''],
        Tags: [{ Key: 'a', Value: 'b' }],
      }),
    );
    await expect(
      client.send(
        new ec2.CreateTagsCommand({
          Resources: [Vpc?.VpcId ?? ''],
          Tags: [{ Key: 'a', Value: 'b' }],
        }),
      ),
    ).rejects.toEqual(failure('UnauthorizedOperation', 403));
  });
});

describe('when the answer of Kubernetes is lost', () => {
  test.each([false, true])('a creation is found again (role, not user: %s)', async (isRole) => {
    const plural = isRole ? 'iamroles' : 'iamusers';
    const name = `lost-${plural}`;
    const create = () =>
      isRole
        ? admin.send(new iam.CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: TRUST }))
        : admin.send(new iam.CreateUserCommand({ UserName: name }));
    api.kube.afterCall = ({ verb, resource }) => {
      if (verb !== 'create' || resource !== plural) return;
      api.kube.afterCall = undefined;
      throw new KubeError('Unreachable', 'connection reset', { status: 0 });
    };
    await create();
    expect(api.kube.afterCall).toBeUndefined();
    await expect(create()).rejects.toEqual(failure('EntityAlreadyExistsException', 409));
  });

  test('a new key is there once, with the secret that was answered', async () => {
    await admin.send(new iam.CreateUserCommand({ UserName: 'lost' }));
    api.kube.afterCall = ({ verb }) => {
      if (verb !== 'replace') return;
      api.kube.afterCall = undefined;
      throw new KubeError('Timeout', 'no answer', { status: 0 });
    };
    const { AccessKey } = await admin.send(new iam.CreateAccessKeyCommand({ UserName: 'lost' }));
    const { AccessKeyMetadata } = await admin.send(
      new iam.ListAccessKeysCommand({ UserName: 'lost' }),
    );
    expect(AccessKeyMetadata).toHaveLength(1);
    const key = {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    };
    const who = await stsClient(key).send(new sts.GetCallerIdentityCommand({}));
    expect(who.Arn).toMatch(/user\/lost$/);
  });
});
