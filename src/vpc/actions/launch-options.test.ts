import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let admin: iam.IAMClient;

beforeAll(async () => {
  api = await startTestApi({ more: { seeds: ['default-vpcs'] } });
  client = api.client();
  const { endpoint } = api;
  admin = new iam.IAMClient({ endpoint, region: 'us-east-1', credentials: TEST_KEY });
});
afterAll(async () => {
  admin.destroy();
  await api.close();
});

const IMAGE = 'ami-0123456789abcdef0';

async function run(input: Partial<ec2.RunInstancesCommandInput> = {}): Promise<ec2.Instance> {
  const command = new ec2.RunInstancesCommand({
    ImageId: IMAGE,
    InstanceType: 't3.micro',
    MinCount: 1,
    MaxCount: 1,
    ...input,
  });
  return (await client.send(command)).Instances?.[0] ?? {};
}

function failure(name: string, message: string): unknown {
  return expect.objectContaining({ name, message });
}

describe('a launch into the default VPC', () => {
  test('needs no subnet for the interfaces that it lists', async () => {
    const { NetworkInterfaces, SubnetId } = await run({
      NetworkInterfaces: [{ DeviceIndex: 0, Description: 'first' }],
    });
    expect(SubnetId).toMatch(/^subnet-/);
    expect(NetworkInterfaces).toMatchObject([{ Description: 'first', SubnetId }]);
  });

  test('goes to the zone of the placement, which must be one of the region', async () => {
    const { Placement } = await run({ Placement: { AvailabilityZone: 'us-east-1e' } });
    expect(Placement?.AvailabilityZone).toBe('us-east-1e');
    await expect(run({ Placement: { AvailabilityZone: 'us-west-2a' } })).rejects.toEqual(
      failure('InvalidParameterValue', 'Invalid availability zone: [us-west-2a]'),
    );
  });

  test('is refused where there is none', async () => {
    const { endpoint } = api;
    const elsewhere = new ec2.EC2Client({ endpoint, region: 'eu-south-2', credentials: TEST_KEY });
    const launch = { ImageId: IMAGE, MinCount: 1, MaxCount: 1 };
    await expect(elsewhere.send(new ec2.RunInstancesCommand(launch))).rejects.toEqual(
      failure(
        'VPCIdNotSpecified',
        'No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.',
      ),
    );
    elsewhere.destroy();
  });
});

describe('what a launch says is shown again', () => {
  test('by default there is no monitoring, no hibernation and the usual tenancy', async () => {
    expect(await run()).toMatchObject({
      Monitoring: { State: 'disabled' },
      HibernationOptions: { Configured: false },
      Placement: { Tenancy: 'default', GroupName: '' },
    });
  });

  test('monitoring, hibernation and placement', async () => {
    const { InstanceId = '' } = await run({
      Monitoring: { Enabled: true },
      HibernationOptions: { Configured: true },
      Placement: { HostId: 'h-0123456789abcdef0', GroupName: 'near', Affinity: 'host' },
    });
    const command = new ec2.DescribeInstancesCommand({ InstanceIds: [InstanceId] });
    const { Reservations } = await client.send(command);
    expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({
      Monitoring: { State: 'enabled' },
      HibernationOptions: { Configured: true },
      Placement: {
        HostId: 'h-0123456789abcdef0',
        GroupName: 'near',
        Affinity: 'host',
        Tenancy: 'host',
      },
    });
  });

  test('but not a tenancy that does not exist', async () => {
    const Placement = { Tenancy: 'shared' as ec2.Tenancy };
    await expect(run({ Placement })).rejects.toEqual(
      failure('InvalidParameterValue', 'Value (shared) for parameter tenancy is invalid.'),
    );
  });
});

describe('the instance profile of a launch', () => {
  test('is shown with its id, whether it was given by name or by ARN', async () => {
    const names = { InstanceProfileName: 'nodes', Path: '/eks/' };
    const made = await admin.send(new iam.CreateInstanceProfileCommand(names));
    const { Arn, InstanceProfileId: Id } = made.InstanceProfile ?? {};
    for (const IamInstanceProfile of [{ Name: 'nodes' }, { Arn }])
      expect((await run({ IamInstanceProfile })).IamInstanceProfile).toEqual({ Arn, Id });
  });

  test.each([
    [
      { Name: 'none' },
      'Value (none) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name',
    ],
    [
      { Arn: 'arn:x' },
      'Value (arn:x) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN',
    ],
  ])('must exist: %j', async (IamInstanceProfile, message) => {
    await expect(run({ IamInstanceProfile })).rejects.toEqual(
      failure('InvalidParameterValue', message),
    );
  });

  test('has a name or an ARN, not both', async () => {
    await expect(run({ IamInstanceProfile: { Name: 'a', Arn: 'b' } })).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
    });
  });
});

test.each([
  ['terminated', new ec2.TerminateInstancesCommand({ InstanceIds: [] })],
  ['stopped', new ec2.StopInstancesCommand({ InstanceIds: [] })],
  ['started', new ec2.StartInstancesCommand({ InstanceIds: [] })],
])('no instances cannot be %s', async (_what, command) => {
  await expect(client.send(command)).rejects.toEqual(
    failure('InvalidParameterCombination', 'No instances specified'),
  );
});
