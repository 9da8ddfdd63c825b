import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let SubnetId = '';
let trunk = '';

beforeAll(async () => {
  api = await startTestApi();
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const place = { VpcId: Vpc?.VpcId, CidrBlock: '10.0.0.0/24' };
  const { Subnet } = await client.send(new ec2.CreateSubnetCommand(place));
  SubnetId = Subnet?.SubnetId ?? '';
  trunk = await makeInterface('trunk');
});
afterAll(() => api.close());

async function makeInterface(InterfaceType?: 'trunk'): Promise<string> {
  const command = new ec2.CreateNetworkInterfaceCommand({ SubnetId, InterfaceType });
  return (await client.send(command)).NetworkInterface?.NetworkInterfaceId ?? '';
}

async function associate(
  BranchInterfaceId: string,
  VlanId: number,
  ClientToken: string,
): Promise<string | undefined> {
  const input = { TrunkInterfaceId: trunk, BranchInterfaceId, VlanId, ClientToken };
  const answer = await client.send(new ec2.AssociateTrunkInterfaceCommand(input));
  return answer.InterfaceAssociation?.AssociationId;
}

async function associations(): Promise<readonly string[]> {
  const answer = await client.send(new ec2.DescribeTrunkInterfaceAssociationsCommand({}));
  return (answer.InterfaceAssociations ?? []).map((each) => each.BranchInterfaceId ?? '').sort();
}

const mismatch = { status: 'rejected', reason: { name: 'IdempotentParameterMismatch' } };

test('a token of a branch that comes with another branch is a mismatch and changes nothing', async () => {
  const [one, two] = [await makeInterface(), await makeInterface()];
  const first = await associate(one, 10, 'alpha');
  await expect(associate(two, 10, 'alpha')).rejects.toMatchObject(mismatch.reason);
  await expect(associate(two, 11, 'alpha')).rejects.toMatchObject(mismatch.reason);
  await expect(associate(one, 11, 'alpha')).rejects.toMatchObject(mismatch.reason);
  expect(await associations()).toEqual([one]);
  expect(await associate(one, 10, 'alpha')).toBe(first);
  expect(await associate(two, 11, 'beta')).not.toBe(first);
  expect(await associations()).toEqual([one, two].sort());
});

test('of two branches at the same moment with one token one wins', async () => {
  const before = await associations();
  const branches = [await makeInterface(), await makeInterface()];
  const answers = await Promise.allSettled(
    branches.map((branch, i) => associate(branch, 20 + i, 'gamma')),
  );
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(answers.find(({ status }) => status === 'rejected')).toMatchObject(mismatch);
  expect(await associations()).toHaveLength(before.length + 1);
});
