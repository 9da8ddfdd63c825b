import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let admin: iam.IAMClient;
const arns: Record<string, string> = {};

beforeAll(async () => {
  api = await startTestApi({ more: { seeds: ['default-vpcs'] } });
  client = api.client();
  const { endpoint } = api;
  admin = new iam.IAMClient({ endpoint, region: 'us-east-1', credentials: TEST_KEY });
  for (const InstanceProfileName of ['one', 'two']) {
    const command = new iam.CreateInstanceProfileCommand({ InstanceProfileName });
    const { InstanceProfile } = await admin.send(command);
    arns[InstanceProfileName] = InstanceProfile?.Arn ?? '';
  }
});
afterAll(async () => {
  admin.destroy();
  await api.close();
});

async function run(name?: string): Promise<string> {
  const command = new ec2.RunInstancesCommand({
    ImageId: 'ami-0123456789abcdef0',
    MinCount: 1,
    MaxCount: 1,
    ...(name !== undefined && { IamInstanceProfile: { Name: name } }),
  });
  return (await client.send(command)).Instances?.[0]?.InstanceId ?? '';
}

async function list(input: ec2.DescribeIamInstanceProfileAssociationsCommandInput) {
  const command = new ec2.DescribeIamInstanceProfileAssociationsCommand(input);
  return (await client.send(command)).IamInstanceProfileAssociations ?? [];
}

const ofInstance = (id: string) => list({ Filters: [{ Name: 'instance-id', Values: [id] }] });

async function profileArn(id: string): Promise<string | undefined> {
  const found = await client.send(new ec2.DescribeInstancesCommand({ InstanceIds: [id] }));
  return found.Reservations?.[0]?.Instances?.[0]?.IamInstanceProfile?.Arn;
}

const associate = (InstanceId: string, Name: string) =>
  client.send(
    new ec2.AssociateIamInstanceProfileCommand({ InstanceId, IamInstanceProfile: { Name } }),
  );
const disassociate = (AssociationId = '') =>
  client.send(new ec2.DisassociateIamInstanceProfileCommand({ AssociationId }));
const replace = (AssociationId: string, Name: string) =>
  client.send(
    new ec2.ReplaceIamInstanceProfileAssociationCommand({
      AssociationId,
      IamInstanceProfile: { Name },
    }),
  );

describe('the profile of an instance', () => {
  test('can be given, replaced and taken away later', async () => {
    const id = await run();
    expect(await ofInstance(id)).toEqual([]);
    const made = await associate(id, 'one');
    const { AssociationId = '' } = made.IamInstanceProfileAssociation ?? {};
    expect(made.IamInstanceProfileAssociation).toMatchObject({
      AssociationId: expect.stringMatching(/^iip-assoc-[0-9a-f]{17}$/),
      InstanceId: id,
      IamInstanceProfile: { Arn: arns['one'], Id: expect.stringMatching(/^AIPA/) },
    });
    expect(await list({ AssociationIds: [AssociationId] })).toMatchObject([
      { AssociationId, State: 'associated' },
    ]);
    const other = await replace(AssociationId, 'two');
    const { AssociationId: newer = '' } = other.IamInstanceProfileAssociation ?? {};
    expect(newer).not.toBe(AssociationId);
    expect(await profileArn(id)).toBe(arns['two']);
    const ended = await disassociate(newer);
    expect(ended.IamInstanceProfileAssociation).toMatchObject({ State: 'disassociating' });
    expect(await profileArn(id)).toBeUndefined();
    expect(await ofInstance(id)).toEqual([]);
  });

  test('is an association from the launch on, until the instance is terminated', async () => {
    const id = await run('one');
    const [first] = await ofInstance(id);
    expect(first).toMatchObject({ InstanceId: id, State: 'associated' });
    await expect(associate(id, 'two')).rejects.toMatchObject({
      name: 'IncorrectState',
      message: `There is an existing association for instance ${id}`,
    });
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(await ofInstance(id)).toEqual([]);
  });

  test('cannot be one that does not exist, nor go to no instance', async () => {
    const id = await run();
    await expect(associate(id, 'none')).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(associate('i-0123456789abcdef0', 'one')).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
    });
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }));
    await expect(associate(id, 'one')).rejects.toMatchObject({ name: 'IncorrectInstanceState' });
  });

  test('of an association that nobody has is an error', async () => {
    const id = 'iip-assoc-0123456789abcdef0';
    const gone = {
      name: 'InvalidAssociationID.NotFound',
      message: `An invalid association-id of '${id}' was given`,
    };
    await expect(disassociate(id)).rejects.toMatchObject(gone);
    await expect(replace(id, 'one')).rejects.toMatchObject(gone);
    await expect(list({ AssociationIds: [id] })).rejects.toMatchObject(gone);
  });
});
