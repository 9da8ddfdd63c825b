import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OTHER_KEY, startTestApi, type TestApi } from '../testing.fake.ts';

const OWNER = '111122223333';
const OTHER = '444455556666';

let api: TestApi;
let client: ec2.EC2Client;
let other: ec2.EC2Client;
let peering = '';
let foreignPeering = '';
const vpcs: Record<'a' | 'b' | 'c' | 'foreign', string> = { a: '', b: '', c: '', foreign: '' };

beforeAll(async () => {
  api = await startTestApi();
  client = api.client();
  other = api.client(OTHER_KEY);
  vpcs.a = await makeVpc(client, '10.0.0.0/16');
  vpcs.b = await makeVpc(client, '10.1.0.0/16');
  vpcs.c = await makeVpc(client, '10.2.0.0/16');
  vpcs.foreign = await makeVpc(other, '10.3.0.0/16');
  peering = await peer(client, vpcs.b, OWNER);
  foreignPeering = await peer(other, vpcs.foreign, OTHER);
});
afterAll(() => api.close());

async function makeVpc(as: ec2.EC2Client, CidrBlock: string): Promise<string> {
  return (await as.send(new ec2.CreateVpcCommand({ CidrBlock }))).Vpc?.VpcId ?? '';
}

async function makeGroup(as: ec2.EC2Client, VpcId: string, GroupName: string): Promise<string> {
  const command = new ec2.CreateSecurityGroupCommand({ VpcId, GroupName, Description: 'd' });
  return (await as.send(command)).GroupId ?? '';
}

/** A peering that VPC a asks for and the other side accepts. */
async function peer(accepter: ec2.EC2Client, PeerVpcId: string, PeerOwnerId: string) {
  const made = await client.send(
    new ec2.CreateVpcPeeringConnectionCommand({ VpcId: vpcs.a, PeerVpcId, PeerOwnerId }),
  );
  const { VpcPeeringConnectionId } = made.VpcPeeringConnection ?? {};
  await accepter.send(new ec2.AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId }));
  return VpcPeeringConnectionId ?? '';
}

const endPeering = (VpcPeeringConnectionId: string) =>
  client.send(new ec2.DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId }));

const pair = (GroupId: string, UserId?: string) => [
  { IpProtocol: 'tcp', FromPort: 1, ToPort: 1, UserIdGroupPairs: [{ GroupId, UserId }] },
];
const authorize = (GroupId: string, peerId: string, userId?: string) =>
  client.send(
    new ec2.AuthorizeSecurityGroupIngressCommand({
      GroupId,
      IpPermissions: pair(peerId, userId),
    }),
  );
const revoke = (GroupId: string, peerId: string) =>
  client.send(new ec2.RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: pair(peerId) }));
const deleteGroup = (as: ec2.EC2Client, GroupId: string) =>
  as.send(new ec2.DeleteSecurityGroupCommand({ GroupId }));
const stale = async (VpcId: string) =>
  (await client.send(new ec2.DescribeStaleSecurityGroupsCommand({ VpcId }))).StaleSecurityGroupSet;

async function permission(GroupId: string): Promise<ec2.UserIdGroupPair | undefined> {
  const found = await client.send(new ec2.DescribeSecurityGroupsCommand({ GroupIds: [GroupId] }));
  return found.SecurityGroups?.[0]?.IpPermissions?.[0]?.UserIdGroupPairs?.[0];
}

function failure(code: string, message?: RegExp): unknown {
  return expect.objectContaining({
    name: code,
    ...(message && { message: expect.stringMatching(message) }),
  });
}

describe('references to groups of other VPCs', () => {
  test('need an active peering', async () => {
    const [a, b, c] = [
      await makeGroup(client, vpcs.a, 'need-a'),
      await makeGroup(client, vpcs.b, 'need-b'),
      await makeGroup(client, vpcs.c, 'need-c'),
    ];
    await authorize(a, b);
    expect(await permission(a)).toEqual({
      UserId: OWNER,
      GroupId: b,
      VpcId: vpcs.b,
      VpcPeeringConnectionId: peering,
      PeeringStatus: 'active',
    });
    await expect(authorize(a, c)).rejects.toEqual(
      failure('InvalidGroup.NotFound', /belong to different networks/),
    );
    const references = await client.send(
      new ec2.DescribeSecurityGroupReferencesCommand({ GroupId: [b] }),
    );
    expect(references.SecurityGroupReferenceSet).toEqual([
      { GroupId: b, ReferencingVpcId: vpcs.a, VpcPeeringConnectionId: peering },
    ]);
  });

  test('of another account need its id', async () => {
    const a = await makeGroup(client, vpcs.a, 'foreign-a');
    const foreign = await makeGroup(other, vpcs.foreign, 'foreign');
    await expect(authorize(a, foreign)).rejects.toEqual(failure('InvalidGroup.NotFound'));
    await expect(authorize(a, foreign, '999999999999')).rejects.toEqual(
      failure('InvalidGroup.NotFound'),
    );
    const made = await authorize(a, foreign, OTHER);
    expect(made.SecurityGroupRules?.[0]?.ReferencedGroupInfo).toEqual({
      GroupId: foreign,
      UserId: OTHER,
      VpcId: vpcs.foreign,
      VpcPeeringConnectionId: foreignPeering,
      PeeringStatus: 'active',
    });
  });

  test('become stale when the group goes, and can then be revoked', async () => {
    const a = await makeGroup(client, vpcs.a, 'stale-a');
    const b = await makeGroup(client, vpcs.b, 'stale-b');
    await authorize(a, b);
    expect(await stale(vpcs.a)).toEqual([]);
    await deleteGroup(client, b);
    expect(await stale(vpcs.a)).toMatchObject([
      {
        GroupId: a,
        VpcId: vpcs.a,
        StaleIpPermissions: [{ IpProtocol: 'tcp', UserIdGroupPairs: [{ GroupId: b }] }],
        StaleIpPermissionsEgress: [],
      },
    ]);
    await revoke(a, b);
    expect(await stale(vpcs.a)).toEqual([]);
  });

  test('become stale when the peering goes', async () => {
    const a = await makeGroup(client, vpcs.a, 'ended-a');
    const foreign = await makeGroup(other, vpcs.foreign, 'ended');
    await authorize(a, foreign, OTHER);
    await endPeering(foreignPeering);
    expect((await permission(a))?.PeeringStatus).toBe('deleted');
    expect((await stale(vpcs.a))?.map((group) => group.GroupId)).toContain(a);
    const references = await other.send(
      new ec2.DescribeSecurityGroupReferencesCommand({ GroupId: [foreign] }),
    );
    expect(references.SecurityGroupReferenceSet).toEqual([]);
  });

  test('in the same VPC keep the group from being deleted', async () => {
    const [a, b] = [
      await makeGroup(client, vpcs.a, 'same-a'),
      await makeGroup(client, vpcs.a, 'same-b'),
    ];
    await authorize(a, b);
    await expect(deleteGroup(client, b)).rejects.toEqual(failure('DependencyViolation'));
  });
});

describe('a group associated with another VPC', () => {
  const associate = (GroupId: string, VpcId: string) =>
    client.send(new ec2.AssociateSecurityGroupVpcCommand({ GroupId, VpcId }));
  const disassociate = (GroupId: string, VpcId: string) =>
    client.send(new ec2.DisassociateSecurityGroupVpcCommand({ GroupId, VpcId }));
  const groupsFor = async (VpcId: string) =>
    (await client.send(new ec2.GetSecurityGroupsForVpcCommand({ VpcId }))).SecurityGroupForVpcs;

  test('is worn by interfaces there, and stays until they are gone', async () => {
    const group = await makeGroup(client, vpcs.a, 'shared');
    const subnet = await client.send(
      new ec2.CreateSubnetCommand({ VpcId: vpcs.c, CidrBlock: '10.2.1.0/24' }),
    );
    const create = () =>
      client.send(
        new ec2.CreateNetworkInterfaceCommand({
          SubnetId: subnet.Subnet?.SubnetId,
          Groups: [group],
        }),
      );
    await expect(create()).rejects.toEqual(failure('InvalidParameterValue', /different networks/));
    expect((await associate(group, vpcs.c)).State).toBe('associated');
    await associate(group, vpcs.c);
    const Filters = [{ Name: 'group-id', Values: [group] }];
    const listed = await client.send(
      new ec2.DescribeSecurityGroupVpcAssociationsCommand({ Filters }),
    );
    expect(listed.SecurityGroupVpcAssociations).toEqual([
      {
        GroupId: group,
        GroupOwnerId: OWNER,
        VpcId: vpcs.c,
        VpcOwnerId: OWNER,
        State: 'associated',
      },
    ]);
    const found = await groupsFor(vpcs.c);
    expect(found?.find((each) => each.GroupId === group)?.PrimaryVpcId).toBe(vpcs.a);
    const { NetworkInterface } = await create();
    await expect(disassociate(group, vpcs.c)).rejects.toEqual(failure('DependencyViolation'));
    const { NetworkInterfaceId } = NetworkInterface ?? {};
    await client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    expect((await disassociate(group, vpcs.c)).State).toBe('disassociated');
    expect((await groupsFor(vpcs.c))?.map((each) => each.GroupName)).not.toContain('shared');
    await expect(disassociate(group, vpcs.c)).rejects.toEqual(failure('InvalidParameterValue'));
  });

  test('is kept by rules from there, also when it is no longer shared', async () => {
    const GroupId = await makeGroup(client, vpcs.a, 'once-shared');
    const association = { GroupId, VpcId: vpcs.c };
    await client.send(new ec2.AssociateSecurityGroupVpcCommand(association));
    const user = await makeGroup(client, vpcs.c, 'refers');
    await authorize(user, GroupId);
    await client.send(new ec2.DisassociateSecurityGroupVpcCommand(association));
    const remove = () => client.send(new ec2.DeleteSecurityGroupCommand({ GroupId }));
    await expect(remove()).rejects.toMatchObject({ name: 'DependencyViolation' });
    await revoke(user, GroupId);
    await remove();
  });

  test('is not the default group, nor of the VPC, nor of another account', async () => {
    const group = await makeGroup(client, vpcs.a, 'refused');
    const [inDefault] = (await groupsFor(vpcs.a))?.filter((g) => g.GroupName === 'default') ?? [];
    for (const [id, vpcId, code] of [
      [inDefault?.GroupId ?? '', vpcs.c, 'InvalidParameterValue'],
      [group, vpcs.a, 'InvalidParameterValue'],
      [group, vpcs.foreign, 'InvalidVpcID.NotFound'],
      ['sg-01234567', vpcs.c, 'InvalidGroup.NotFound'],
    ] as const)
      await expect(associate(id, vpcId)).rejects.toEqual(failure(code));
  });
});
