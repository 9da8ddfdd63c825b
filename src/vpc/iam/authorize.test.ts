import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let admin: iam.IAMClient;
let root: ec2.EC2Client;
let user: ec2.EC2Client;
const ids: Record<string, string> = {};

const UserName = 'tester';
const ARN = 'arn:aws:ec2:us-east-1:111122223333';
const DENIED = expect.objectContaining({ name: 'UnauthorizedOperation' });

beforeAll(async () => {
  api = await startTestApi();
  const options = { endpoint: api.endpoint, region: 'us-east-1', maxAttempts: 1 };
  admin = new iam.IAMClient({ ...options, credentials: TEST_KEY });
  root = api.client();
  await admin.send(new iam.CreateUserCommand({ UserName }));
  const { AccessKey } = await admin.send(new iam.CreateAccessKeyCommand({ UserName }));
  user = api.client({
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  });
  await makeNetworks();
});
afterAll(async () => {
  admin.destroy();
  await api.close();
});

async function makeNetworks(): Promise<void> {
  for (const [i, name] of ['one', 'two'].entries()) {
    const { Vpc } = await root.send(
      new ec2.CreateVpcCommand({
        CidrBlock: `10.${i}.0.0/16`,
        TagSpecifications: [{ ResourceType: 'vpc', Tags: [{ Key: 'name', Value: name }] }],
      }),
    );
    const { Subnet } = await root.send(
      new ec2.CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: `10.${i}.0.0/24` }),
    );
    ids[`vpc-${name}`] = Vpc?.VpcId ?? '';
    ids[`subnet-${name}`] = Subnet?.SubnetId ?? '';
  }
}

async function allow(...statements: readonly object[]): Promise<void> {
  const Statement = statements.map((each) => ({ Effect: 'Allow', Resource: '*', ...each }));
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await admin.send(new iam.PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument }));
}

function newInterface(name: string, tags: Readonly<Record<string, string>> = {}) {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const input: ec2.CreateNetworkInterfaceCommandInput = { SubnetId: ids[`subnet-${name}`] };
  if (Tags.length > 0) input.TagSpecifications = [{ ResourceType: 'network-interface', Tags }];
  return user.send(new ec2.CreateNetworkInterfaceCommand(input));
}

describe('a policy', () => {
  beforeEach(() => allow({ Action: 'none:None' }));

  test('can be for the resources of one VPC, by ec2:Vpc', async () => {
    const vpc = `${ARN}:vpc/${ids['vpc-one']}`;
    await allow({ Action: 'ec2:*', Condition: { ArnEquals: { 'ec2:Vpc': vpc } } });
    const { NetworkInterface } = await newInterface('one');
    await expect(newInterface('two')).rejects.toEqual(DENIED);
    const { NetworkInterfaceId } = NetworkInterface ?? {};
    await user.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    await expect(user.send(new ec2.DeleteVpcCommand({ VpcId: ids['vpc-two'] }))).rejects.toEqual(
      DENIED,
    );
  });

  test('must allow every resource of a request', async () => {
    const own = [`${ARN}:network-interface/*`, `${ARN}:subnet/${ids['subnet-one']}`];
    await allow({ Action: 'ec2:CreateNetworkInterface', Resource: own });
    await newInterface('one');
    await expect(newInterface('two')).rejects.toEqual(
      expect.objectContaining({ message: expect.stringContaining(`subnet/${ids['subnet-two']}`) }),
    );
  });

  test('can ask for tags at creation, by aws:RequestTag, aws:TagKeys and ec2:CreateAction', async () => {
    await allow(
      { Action: 'ec2:CreateNetworkInterface' },
      {
        Action: 'ec2:CreateTags',
        Condition: {
          StringEquals: {
            'ec2:CreateAction': 'CreateNetworkInterface',
            'aws:RequestTag/team': 'net',
          },
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['team', 'name'] },
        },
      },
    );
    const { NetworkInterface } = await newInterface('one', { team: 'net', name: 'x' });
    await expect(newInterface('one', { team: 'other' })).rejects.toEqual(DENIED);
    await expect(newInterface('one', { team: 'net', more: 'x' })).rejects.toEqual(DENIED);
    await expect(
      user.send(
        new ec2.CreateTagsCommand({
          Resources: [NetworkInterface?.NetworkInterfaceId ?? ''],
          Tags: [{ Key: 'team', Value: 'net' }],
        }),
      ),
    ).rejects.toEqual(DENIED);
  });

  test('can go by the tags that resources have', async () => {
    await allow({
      Action: 'ec2:DeleteVpc',
      Condition: {
        StringEquals: { 'aws:ResourceTag/name': 'nobody', 'ec2:ResourceTag/Name': 'x' },
      },
    });
    const remove = () => user.send(new ec2.DeleteVpcCommand({ VpcId: ids['vpc-two'] }));
    await expect(remove()).rejects.toEqual(DENIED);
    await allow({
      Action: 'ec2:DeleteVpc',
      Condition: { StringLike: { 'aws:ResourceTag/name': 't?o' } },
    });
    await expect(remove()).rejects.toEqual(
      expect.objectContaining({ name: 'DependencyViolation' }),
    );
    const missing = 'vpc-0123456789abcdef0';
    await expect(user.send(new ec2.DeleteVpcCommand({ VpcId: missing }))).rejects.toEqual(DENIED);
  });

  test('reaches rules by their group, and tags of rules by the rule', async () => {
    const { GroupId } = await root.send(
      new ec2.CreateSecurityGroupCommand({
        GroupName: 'g',
        Description: 'g',
        VpcId: ids['vpc-one'],
      }),
    );
    const authorize = new ec2.AuthorizeSecurityGroupIngressCommand({
      GroupId,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 1, ToPort: 1, IpRanges: [{ CidrIp: '1.0.0.0/8' }] },
      ],
    });
    await allow({
      Action: 'ec2:AuthorizeSecurityGroupIngress',
      Resource: `${ARN}:security-group/${GroupId}`,
    });
    const { SecurityGroupRules } = await user.send(authorize);
    const rule = SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? '';
    const tag = new ec2.CreateTagsCommand({
      Resources: [rule],
      Tags: [{ Key: 'a', Value: 'b' }],
    });
    await expect(user.send(tag)).rejects.toEqual(DENIED);
    await allow({ Action: 'ec2:CreateTags', Resource: `${ARN}:security-group-rule/${rule}` });
    await user.send(tag);
  });

  test.each<[string, object, boolean]>([
    ['this region', { StringEquals: { 'ec2:Region': 'us-east-1' } }, true],
    ['another region', { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } }, false],
    ['loopback', { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }, true],
    ['another network', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, false],
    ['TLS', { Bool: { 'aws:SecureTransport': 'true' } }, false],
    [
      'the user',
      {
        ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/tester' },
        StringEquals: { 'aws:PrincipalAccount': '111122223333', 'aws:username': 'tester' },
      },
      true,
    ],
    ['long-term keys', { Null: { 'aws:TokenIssueTime': 'true' } }, true],
    ['the past', { DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }, false],
  ])('can be for %s', async (_what, Condition, allowed) => {
    await allow({ Action: 'ec2:DescribeVpcs', Condition });
    const asked = user.send(new ec2.DescribeVpcsCommand({}));
    if (allowed) await asked;
    else await expect(asked).rejects.toEqual(DENIED);
  });

  test('must allow iam:PassRole to launch with a role', async () => {
    const AssumeRolePolicyDocument = JSON.stringify({
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'ec2.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    });
    const names = { RoleName: 'passed', InstanceProfileName: 'passed' };
    await admin.send(new iam.CreateRoleCommand({ ...names, AssumeRolePolicyDocument }));
    await admin.send(new iam.CreateInstanceProfileCommand(names));
    await admin.send(new iam.AddRoleToInstanceProfileCommand(names));
    const launch = new ec2.RunInstancesCommand({
      ImageId: 'ami-0123456789abcdef0',
      InstanceType: 'm5.large',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: ids['subnet-one'],
      IamInstanceProfile: { Name: 'passed' },
      DryRun: true,
    });
    await allow({ Action: 'ec2:RunInstances' });
    await expect(user.send(launch)).rejects.toMatchObject({
      name: 'UnauthorizedOperation',
      message: expect.stringContaining('iam:PassRole'),
    });
    await allow({ Action: ['ec2:RunInstances', 'iam:PassRole'] });
    await expect(user.send(launch)).rejects.toMatchObject({ name: 'DryRunOperation' });
  });
});
