import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import * as sts from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

/**
 * The managed policies of EKS, statement by statement, and what a change of policies does: all with
 * the credentials of a role. A dry run answers after permission is given (ec2-surface 1.4).
 */
const ACCOUNT = '111122223333';
const AWS = 'arn:aws:iam::aws:policy';
const OWNER = 'eks:eni:owner';
const RoleName = 'cluster';
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    },
  ],
});

let api: TestApi;
let admin: iam.IAMClient;
let root: ec2.EC2Client;
let role: ec2.EC2Client;
let subnet = '';
let vpc = '';

const DENIED = expect.objectContaining({
  name: 'UnauthorizedOperation',
  $metadata: expect.objectContaining({ httpStatusCode: 403 }),
});
const ALLOWED = expect.objectContaining({ name: 'DryRunOperation' });

beforeAll(async () => {
  api = await startTestApi();
  const options = { endpoint: api.endpoint, region: 'us-east-1', credentials: TEST_KEY };
  admin = new iam.IAMClient(options);
  root = api.client();
  await admin.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
  const tokens = new sts.STSClient(options);
  const RoleArn = `arn:aws:iam::${ACCOUNT}:role/${RoleName}`;
  const { Credentials: keys } = await tokens.send(
    new sts.AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }),
  );
  tokens.destroy();
  role = api.client({
    accessKeyId: keys?.AccessKeyId ?? '',
    secretAccessKey: keys?.SecretAccessKey ?? '',
    sessionToken: keys?.SessionToken ?? '',
  });
  await makeNetwork();
});

async function makeNetwork(): Promise<void> {
  const { Vpc } = await root.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpc = Vpc?.VpcId ?? '';
  const { Subnet } = await root.send(
    new ec2.CreateSubnetCommand({ VpcId: vpc, CidrBlock: '10.0.0.0/24' }),
  );
  subnet = Subnet?.SubnetId ?? '';
}

afterAll(async () => {
  admin.destroy();
  await api.close();
});

const attach = (PolicyArn: string) =>
  admin.send(new iam.AttachRolePolicyCommand({ RoleName, PolicyArn }));
/** No test leaves the role with anything. */
afterEach(async () => {
  const { AttachedPolicies = [] } = await admin.send(
    new iam.ListAttachedRolePoliciesCommand({ RoleName }),
  );
  for (const { PolicyArn } of AttachedPolicies) await detach(PolicyArn ?? '');
  const { PolicyNames = [] } = await admin.send(new iam.ListRolePoliciesCommand({ RoleName }));
  if (PolicyNames.length > 0) await deleteInline();
});

const detach = (PolicyArn: string) =>
  admin.send(new iam.DetachRolePolicyCommand({ RoleName, PolicyArn }));

/** An interface of the account, with a value of the owner's tag. */
async function interfaceOf(owner?: string): Promise<string> {
  const { NetworkInterface: made } = await root.send(
    new ec2.CreateNetworkInterfaceCommand({
      SubnetId: subnet,
      ...(owner !== undefined && { TagSpecifications: [tagged(owner)] }),
    }),
  );
  return made?.NetworkInterfaceId ?? '';
}

function tagged(owner: string): ec2.TagSpecification {
  return { ResourceType: 'network-interface', Tags: [{ Key: OWNER, Value: owner }] };
}

function permit(NetworkInterfaceId: string): Promise<unknown> {
  const permission = { Permission: 'INSTANCE-ATTACH', AwsAccountId: ACCOUNT } as const;
  return role.send(
    new ec2.CreateNetworkInterfacePermissionCommand({ NetworkInterfaceId, ...permission }),
  );
}

/** What a role may do of these, by a dry run each. */
const DRY = { DryRun: true };
const NIC = { NetworkInterfaceId: 'eni-0123456789abcdef0', ...DRY };
const TRIES: Readonly<Record<string, () => Promise<unknown>>> = {
  CreateNetworkInterface: () =>
    role.send(new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnet, ...DRY })),
  DetachNetworkInterface: () =>
    role.send(
      new ec2.DetachNetworkInterfaceCommand({ AttachmentId: 'eni-attach-01234567', ...DRY }),
    ),
  ModifyNetworkInterfaceAttribute: () =>
    role.send(
      new ec2.ModifyNetworkInterfaceAttributeCommand({ ...NIC, Description: { Value: '' } }),
    ),
  DeleteNetworkInterface: () => role.send(new ec2.DeleteNetworkInterfaceCommand(NIC)),
  AttachNetworkInterface: () =>
    role.send(
      new ec2.AttachNetworkInterfaceCommand({ ...NIC, InstanceId: 'i-01234567', DeviceIndex: 1 }),
    ),
  // These two have no DryRun: to be told of a missing interface takes permission.
  UnassignPrivateIpAddresses: () =>
    role.send(
      new ec2.UnassignPrivateIpAddressesCommand({ ...NIC, PrivateIpAddresses: ['10.0.0.9'] }),
    ),
  AssignPrivateIpAddresses: () =>
    role.send(
      new ec2.AssignPrivateIpAddressesCommand({ ...NIC, SecondaryPrivateIpAddressCount: 1 }),
    ),
  CreateTags: () =>
    role.send(
      new ec2.CreateTagsCommand({
        Resources: [NIC.NetworkInterfaceId],
        Tags: [{ Key: 'a', Value: 'b' }],
        ...DRY,
      }),
    ),
  DescribeNetworkInterfaces: () => role.send(new ec2.DescribeNetworkInterfacesCommand(DRY)),
  DescribeSecurityGroups: () => role.send(new ec2.DescribeSecurityGroupsCommand(DRY)),
  DeleteSecurityGroup: () =>
    role.send(new ec2.DeleteSecurityGroupCommand({ GroupId: 'sg-01234567', ...DRY })),
  DeleteVpc: () => role.send(new ec2.DeleteVpcCommand({ VpcId: vpc, ...DRY })),
  RunInstances: () =>
    role.send(
      new ec2.RunInstancesCommand({ ImageId: 'ami-01234567', MinCount: 1, MaxCount: 1, ...DRY }),
    ),
};

const MISSING = expect.objectContaining({ name: 'InvalidNetworkInterfaceID.NotFound' });

/** The actions that are allowed. */
async function permitted(): Promise<string[]> {
  const found: string[] = [];
  for (const [action, attempt] of Object.entries(TRIES)) {
    const outcome: unknown = await attempt().catch((error: unknown) => error);
    const { name } = outcome as { name?: string };
    if (name !== 'UnauthorizedOperation') found.push(action);
    if (name !== 'UnauthorizedOperation') expect([ALLOWED, MISSING]).toContainEqual(outcome);
  }
  return found;
}

const CONTROLLER = `${AWS}/AmazonEKSVPCResourceController`;
const CLUSTER = `${AWS}/AmazonEKSClusterPolicy`;
const CNI = `${AWS}/AmazonEKS_CNI_Policy`;

describe('AmazonEKSVPCResourceController', () => {
  test('allows what it lists and nothing beside it', async () => {
    expect(await permitted()).toEqual([]);
    await attach(CONTROLLER);
    expect(await permitted()).toEqual([
      'CreateNetworkInterface',
      'DetachNetworkInterface',
      'ModifyNetworkInterfaceAttribute',
      'DeleteNetworkInterface',
      'AttachNetworkInterface',
      'UnassignPrivateIpAddresses',
      'AssignPrivateIpAddresses',
    ]);
  });

  test('allows permissions on interfaces that carry its tag, whatever is asked of others', async () => {
    await attach(CONTROLLER);
    const [own, other, plain] = [
      await interfaceOf('eks-vpc-resource-controller'),
      await interfaceOf('amazon-vpc-cni'),
      await interfaceOf(),
    ];
    await expect(permit(plain)).rejects.toEqual(DENIED);
    await expect(permit(other)).rejects.toEqual(DENIED);
    await expect(permit('eni-0123456789abcdef0')).rejects.toEqual(DENIED);
    await permit(own);
  });

  test('looks at the tags that an interface has now', async () => {
    await attach(CONTROLLER);
    const id = await interfaceOf();
    await expect(permit(id)).rejects.toEqual(DENIED);
    const Tags = [{ Key: OWNER, Value: 'eks-vpc-resource-controller' }];
    await root.send(new ec2.CreateTagsCommand({ Resources: [id], Tags }));
    await permit(id);
    await root.send(new ec2.DeleteTagsCommand({ Resources: [id], Tags: [{ Key: OWNER }] }));
    await expect(permit(id)).rejects.toEqual(DENIED);
  });

  test('does not tag what it makes: that takes ec2:CreateTags', async () => {
    await attach(CONTROLLER);
    const make = (): Promise<unknown> =>
      role.send(
        new ec2.CreateNetworkInterfaceCommand({
          SubnetId: subnet,
          TagSpecifications: [tagged('eks-vpc-resource-controller')],
        }),
      );
    await expect(make()).rejects.toEqual(DENIED);
    const Condition = {
      StringEquals: {
        'ec2:CreateAction': 'CreateNetworkInterface',
        [`aws:RequestTag/${OWNER}`]: 'eks-vpc-resource-controller',
      },
    };
    await putInline({ Effect: 'Allow', Action: 'ec2:CreateTags', Resource: '*', Condition });
    await make();
    expect(await permitted()).not.toContain('CreateTags');
    await deleteInline();
    await expect(make()).rejects.toEqual(DENIED);
    await detach(CONTROLLER);
    expect(await permitted()).toEqual([]);
  });
});

describe('AmazonEKSClusterPolicy and AmazonEKS_CNI_Policy', () => {
  test('delete the interfaces of the CNI alone; tag interfaces alone', async () => {
    const [own, other] = [await interfaceOf('amazon-vpc-cni'), await interfaceOf('somebody')];
    const remove = (NetworkInterfaceId: string): Promise<unknown> =>
      role.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    await attach(CLUSTER);
    await expect(remove(other)).rejects.toEqual(DENIED);
    await remove(own);
    await detach(CLUSTER);
    await attach(CNI);
    const tag = (id: string): Promise<unknown> =>
      role.send(new ec2.CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'a', Value: 'b' }] }));
    await tag(other);
    await expect(tag(vpc)).rejects.toEqual(DENIED);
    expect(await permitted()).toContain('DescribeSecurityGroups');
    await remove(other);
    await detach(CNI);
  });
});

async function putInline(...Statement: readonly object[]): Promise<void> {
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await admin.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
}

async function deleteInline(): Promise<void> {
  await admin.send(new iam.DeleteRolePolicyCommand({ RoleName, PolicyName: 'own' }));
}

const describes = (): Promise<unknown> => role.send(new ec2.DescribeVpcsCommand(DRY));
const documentOf = (Effect: 'Allow' | 'Deny', Action = 'ec2:DescribeVpcs'): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect, Action, Resource: '*' }] });

function keyOf(key: iam.AccessKey | undefined): { accessKeyId: string; secretAccessKey: string } {
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}

describe('a change of policies counts from the next request on', () => {
  beforeEach(() => expect(describes()).rejects.toEqual(DENIED));

  test('when an inline policy is put, replaced and deleted', async () => {
    await putInline({ Effect: 'Allow', Action: 'ec2:DescribeVpcs', Resource: '*' });
    await expect(describes()).rejects.toEqual(ALLOWED);
    await putInline({ Effect: 'Allow', Action: 'ec2:DescribeSubnets', Resource: '*' });
    await expect(describes()).rejects.toEqual(DENIED);
    await deleteInline();
  });

  test('when a policy of the customer gets another default version, and is detached', async () => {
    const { Policy } = await admin.send(
      new iam.CreatePolicyCommand({ PolicyName: 'turns', PolicyDocument: documentOf('Allow') }),
    );
    const PolicyArn = Policy?.Arn ?? '';
    await attach(PolicyArn);
    await expect(describes()).rejects.toEqual(ALLOWED);
    const { PolicyVersion } = await admin.send(
      new iam.CreatePolicyVersionCommand({
        PolicyArn,
        PolicyDocument: documentOf('Deny'),
        SetAsDefault: true,
      }),
    );
    await expect(describes()).rejects.toEqual(DENIED);
    const VersionId = 'v1';
    await admin.send(new iam.SetDefaultPolicyVersionCommand({ PolicyArn, VersionId }));
    await expect(describes()).rejects.toEqual(ALLOWED);
    expect(PolicyVersion?.VersionId).toBe('v2');
    await detach(PolicyArn);
  });

  test('when the policy that bounds a user gets another default version', async () => {
    const UserName = 'bounded';
    const { Policy } = await admin.send(
      new iam.CreatePolicyCommand({ PolicyName: 'bounds', PolicyDocument: documentOf('Allow') }),
    );
    const PermissionsBoundary = Policy?.Arn ?? '';
    await admin.send(new iam.CreateUserCommand({ UserName, PermissionsBoundary }));
    const PolicyArn = `${AWS}/AdministratorAccess`;
    await admin.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn }));
    const { AccessKey: key } = await admin.send(new iam.CreateAccessKeyCommand({ UserName }));
    const client = api.client(keyOf(key));
    const asks = (): Promise<unknown> => client.send(new ec2.DescribeVpcsCommand(DRY));
    await expect(asks()).rejects.toEqual(ALLOWED);
    await admin.send(
      new iam.CreatePolicyVersionCommand({
        PolicyArn: PermissionsBoundary,
        PolicyDocument: documentOf('Allow', 'ec2:DescribeSubnets'),
        SetAsDefault: true,
      }),
    );
    await expect(asks()).rejects.toEqual(DENIED);
  });

  test('when the key of a user is switched off, and on again, and the user goes', async () => {
    const UserName = 'leaver';
    await admin.send(new iam.CreateUserCommand({ UserName }));
    const { AccessKey: key } = await admin.send(new iam.CreateAccessKeyCommand({ UserName }));
    const AccessKeyId = key?.AccessKeyId ?? '';
    await admin.send(
      new iam.PutUserPolicyCommand({
        UserName,
        PolicyName: 'own',
        PolicyDocument: documentOf('Allow'),
      }),
    );
    const client = api.client(keyOf(key));
    const asks = (): Promise<unknown> => client.send(new ec2.DescribeVpcsCommand(DRY));
    const set = (Status: 'Active' | 'Inactive'): Promise<unknown> =>
      admin.send(new iam.UpdateAccessKeyCommand({ UserName, AccessKeyId, Status }));
    const unknown = expect.objectContaining({ name: 'AuthFailure' });
    await expect(asks()).rejects.toEqual(ALLOWED);
    await set('Inactive');
    await expect(asks()).rejects.toEqual(unknown);
    await set('Active');
    await expect(asks()).rejects.toEqual(ALLOWED);
    await admin.send(new iam.DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    await expect(asks()).rejects.toEqual(unknown);
  });
});
