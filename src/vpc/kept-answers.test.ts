import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './testing.fake.ts';

/** Answers are kept from one describe to the next: each kind of change must be seen at once. */
let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';
let eniId = '';
let groupId = '';
let otherId = '';
let instanceId = '';

beforeAll(async () => {
  api = await startTestApi();
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
  const subnet = { VpcId: vpcId, CidrBlock: '10.0.0.0/24', AvailabilityZone: 'us-east-1a' };
  const { Subnet } = await client.send(new ec2.CreateSubnetCommand(subnet));
  const SubnetId = Subnet?.SubnetId;
  groupId = await makeGroup('one');
  otherId = await makeGroup('two');
  const input = { SubnetId, Groups: [groupId] };
  const made = await client.send(new ec2.CreateNetworkInterfaceCommand(input));
  eniId = made.NetworkInterface?.NetworkInterfaceId ?? '';
  const launch = {
    MinCount: 1,
    MaxCount: 1,
    InstanceType: 'm5.large',
    SubnetId,
    ImageId: 'ami-0123456789abcdef0',
  };
  const run = new ec2.RunInstancesCommand(launch as ec2.RunInstancesCommandInput);
  instanceId = (await client.send(run)).Instances?.[0]?.InstanceId ?? '';
});
afterAll(() => api.close());

async function makeGroup(GroupName: string): Promise<string> {
  const input = { GroupName, VpcId: vpcId, Description: 'd' };
  return (await client.send(new ec2.CreateSecurityGroupCommand(input))).GroupId ?? '';
}

async function eni(): Promise<ec2.NetworkInterface> {
  const command = new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [eniId] });
  return (await client.send(command)).NetworkInterfaces?.[0] ?? {};
}

async function group(): Promise<ec2.SecurityGroup> {
  const command = new ec2.DescribeSecurityGroupsCommand({ GroupIds: [groupId] });
  return (await client.send(command)).SecurityGroups?.[0] ?? {};
}

/** The member before and after a change, read twice each so that it is kept in between. */
async function around<T>(
  read: () => Promise<T>,
  change: () => Promise<unknown>,
): Promise<readonly [T, T]> {
  await read();
  const before = await read();
  await change();
  const after = await read();
  expect(await read()).toEqual(after);
  return [before, after];
}

describe('a describe of an interface shows at once', () => {
  test('its new description', async () => {
    const Description = { Value: 'new <text>' };
    const [before, after] = await around(eni, () =>
      client.send(
        new ec2.ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: eniId, Description }),
      ),
    );
    expect([before.Description, after.Description]).toEqual(['', 'new <text>']);
  });

  test('its tags, and that they are gone', async () => {
    const tag = { Resources: [eniId], Tags: [{ Key: 'k', Value: 'v' }] };
    const [before, after] = await around(eni, () => client.send(new ec2.CreateTagsCommand(tag)));
    expect([before.TagSet, after.TagSet]).toEqual([[], [{ Key: 'k', Value: 'v' }]]);
    const [, removed] = await around(eni, () => client.send(new ec2.DeleteTagsCommand(tag)));
    expect(removed.TagSet).toEqual([]);
  });

  test('its groups', async () => {
    const change = { NetworkInterfaceId: eniId, Groups: [otherId, groupId] };
    const [before, after] = await around(eni, () =>
      client.send(new ec2.ModifyNetworkInterfaceAttributeCommand(change)),
    );
    expect(before.Groups).toEqual([{ GroupId: groupId, GroupName: 'one' }]);
    expect(after.Groups?.map(({ GroupName }) => GroupName)).toEqual(['two', 'one']);
  });

  test('its addresses', async () => {
    const more = { NetworkInterfaceId: eniId, PrivateIpAddresses: ['10.0.0.77'] };
    const [before, after] = await around(eni, () =>
      client.send(new ec2.AssignPrivateIpAddressesCommand(more)),
    );
    expect([before.PrivateIpAddresses?.length, after.PrivateIpAddresses?.length]).toEqual([1, 2]);
  });

  test('its attachment and its status, and their end', async () => {
    const attach = { NetworkInterfaceId: eniId, InstanceId: instanceId, DeviceIndex: 1 };
    const [before, after] = await around(eni, () =>
      client.send(new ec2.AttachNetworkInterfaceCommand(attach)),
    );
    expect([before.Status, after.Status]).toEqual(['available', 'in-use']);
    expect(after.Attachment?.InstanceId).toBe(instanceId);
    const AttachmentId = after.Attachment?.AttachmentId;
    const [, detached] = await around(eni, () =>
      client.send(new ec2.DetachNetworkInterfaceCommand({ AttachmentId })),
    );
    expect([detached.Status, detached.Attachment]).toEqual(['available', undefined]);
  });

  test('that it is gone', async () => {
    const list = async (): Promise<unknown[]> =>
      (await client.send(new ec2.DescribeNetworkInterfacesCommand({ MaxResults: 1000 })))
        .NetworkInterfaces ?? [];
    const [before, after] = await around(list, () =>
      client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: eniId })),
    );
    expect(after).toHaveLength(before.length - 1);
  });
});

describe('a describe of a group shows at once', () => {
  const IpPermissions = [
    { IpProtocol: 'tcp', FromPort: 1, ToPort: 2, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
  ];

  test('a new rule, its description, and its end', async () => {
    const GroupId = groupId;
    const [before, after] = await around(group, () =>
      client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions })),
    );
    expect([before.IpPermissions, after.IpPermissions?.length]).toEqual([[], 1]);
    const IpRanges = [{ CidrIp: '10.0.0.0/8', Description: 'new' }];
    const described = [{ ...IpPermissions[0], IpRanges }];
    const update = { GroupId, IpPermissions: described };
    const [, renamed] = await around(group, () =>
      client.send(new ec2.UpdateSecurityGroupRuleDescriptionsIngressCommand(update)),
    );
    expect(renamed.IpPermissions?.[0]?.IpRanges).toEqual(IpRanges);
    const [, revoked] = await around(group, () =>
      client.send(new ec2.RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions })),
    );
    expect(revoked.IpPermissions).toEqual([]);
  });

  test('a reference to a group across a peering, and the end of the peering', async () => {
    const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const peer = { VpcId: vpcId, PeerVpcId: Vpc?.VpcId };
    const made = await client.send(new ec2.CreateVpcPeeringConnectionCommand(peer));
    const VpcPeeringConnectionId = made.VpcPeeringConnection?.VpcPeeringConnectionId ?? '';
    await client.send(new ec2.AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId }));
    const there = { GroupName: 'there', VpcId: Vpc?.VpcId ?? '', Description: 'd' };
    const { GroupId } = await client.send(new ec2.CreateSecurityGroupCommand(there));
    const pair = { GroupId, VpcPeeringConnectionId, VpcId: Vpc?.VpcId };
    const [, after] = await around(group, () =>
      client.send(
        new ec2.AuthorizeSecurityGroupIngressCommand({
          GroupId: groupId,
          IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [pair] }],
        }),
      ),
    );
    const status = (shown: ec2.SecurityGroup): string | undefined =>
      shown.IpPermissions?.[0]?.UserIdGroupPairs?.[0]?.PeeringStatus;
    expect(status(after)).toBe('active');
    const [, ended] = await around(group, () =>
      client.send(new ec2.DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId })),
    );
    expect(status(ended)).toBe('deleted');
  });
});
