import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OTHER_KEY, startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';
let subnetId = '';
let groupId = '';
let peerId = '';
let listId = '';
/** Attached, with everything that filters look at. */
let eni: ec2.NetworkInterface = {};
let attachment: ec2.NetworkInterfaceAttachment = {};
/** Another one, which most filters must leave out. */
let plain = '';

beforeAll(async () => {
  api = await startTestApi({
    quotas: { groupsPerInterface: 3, rulesPerGroup: 6, rulesPerInterface: 9 },
  });
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
  subnetId = await makeSubnet('10.0.1.0/24');
  groupId = await makeGroup('findme');
  peerId = await makeGroup('peer');
  listId = await makeList();
  plain = await makeEni({ SubnetId: await makeSubnet('10.0.2.0/24') });
  const id = await makeEni({
    Groups: [groupId],
    Description: 'find me',
    PrivateIpAddress: '10.0.1.99',
    SecondaryPrivateIpAddressCount: 1,
    TagSpecifications: [
      { ResourceType: 'network-interface', Tags: [{ Key: 'a/b', Value: 'find*me' }] },
    ],
  });
  await client.send(
    new ec2.AssignPrivateIpAddressesCommand({ NetworkInterfaceId: id, Ipv4PrefixCount: 1 }),
  );
  await attach(id, await launch('m5.large'), { DeviceIndex: 1 });
  const command = new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] });
  eni = (await client.send(command)).NetworkInterfaces?.[0] ?? {};
  attachment = eni.Attachment ?? {};
});
afterAll(() => api.close());

async function makeSubnet(CidrBlock: string): Promise<string> {
  const input = { VpcId: vpcId, CidrBlock, AvailabilityZone: 'us-east-1a' };
  return (await client.send(new ec2.CreateSubnetCommand(input))).Subnet?.SubnetId ?? '';
}

async function makeGroup(GroupName: string): Promise<string> {
  const input = { GroupName, VpcId: vpcId, Description: `of ${GroupName}` };
  return (await client.send(new ec2.CreateSecurityGroupCommand(input))).GroupId ?? '';
}

async function makeList(): Promise<string> {
  const input = { PrefixListName: 'l', AddressFamily: 'IPv4', MaxEntries: 1 };
  const made = await client.send(new ec2.CreateManagedPrefixListCommand(input));
  return made.PrefixList?.PrefixListId ?? '';
}

async function makeEni(input: Partial<ec2.CreateNetworkInterfaceCommandInput> = {}) {
  const command = new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnetId, ...input });
  return (await client.send(command)).NetworkInterface?.NetworkInterfaceId ?? '';
}

async function launch(InstanceType: ec2._InstanceType): Promise<string> {
  const command = new ec2.RunInstancesCommand({
    ImageId: 'ami-0123456789abcdef0',
    InstanceType,
    MinCount: 1,
    MaxCount: 1,
    SubnetId: subnetId,
  });
  return (await client.send(command)).Instances?.[0]?.InstanceId ?? '';
}

function attach(
  NetworkInterfaceId: string,
  InstanceId: string,
  at: { DeviceIndex: number; NetworkCardIndex?: number },
) {
  return client.send(
    new ec2.AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, ...at }),
  );
}

function failure(code: string, message?: RegExp): unknown {
  return expect.objectContaining({
    name: code,
    ...(message && { message: expect.stringMatching(message) }),
  });
}

async function find(Name: string, ...Values: string[]): Promise<(string | undefined)[]> {
  const Filters = [{ Name, Values }];
  const found = await client.send(new ec2.DescribeNetworkInterfacesCommand({ Filters }));
  return (found.NetworkInterfaces ?? []).map((each) => each.NetworkInterfaceId);
}

describe('DescribeNetworkInterfaces', () => {
  test.each<[string, () => string | undefined]>([
    ['network-interface-id', () => eni.NetworkInterfaceId],
    ['status', () => 'in-use'],
    ['subnet-id', () => subnetId],
    ['description', () => 'find ?e'],
    ['group-id', () => groupId],
    ['group-name', () => 'findme'],
    ['mac-address', () => eni.MacAddress],
    ['private-ip-address', () => '10.0.1.99'],
    ['private-dns-name', () => 'ip-10-0-1-99.ec2.internal'],
    ['addresses.private-ip-address', () => eni.PrivateIpAddresses?.[1]?.PrivateIpAddress],
    ['addresses.primary', () => 'false'],
    ['ipv4-prefixes.ipv4-prefix', () => eni.Ipv4Prefixes?.[0]?.Ipv4Prefix],
    ['attachment.attachment-id', () => attachment.AttachmentId],
    ['attachment.instance-id', () => attachment.InstanceId],
    ['attachment.instance-owner-id', () => '111122223333'],
    ['attachment.device-index', () => '1'],
    ['attachment.status', () => 'attached'],
    ['attachment.delete-on-termination', () => 'false'],
    ['attachment.attach-time', () => attachment.AttachTime?.toISOString()],
    ['tag:a/b', () => String.raw`find\*me`],
    ['tag-key', () => 'a/b'],
  ])('%s finds what has the value, and nothing else', async (name, value) => {
    const found = await find(name, value() ?? '');
    expect(found).toContain(eni.NetworkInterfaceId);
    expect(found).not.toContain(plain);
    expect(await find(name, 'no such value')).toEqual([]);
  });

  test.each<[string, () => string]>([
    ['vpc-id', () => vpcId],
    ['availability-zone', () => 'us-east-1a'],
    ['interface-type', () => 'interface'],
    ['owner-id', () => '111122223333'],
    ['requester-id', () => 'admin'],
    ['requester-managed', () => 'false'],
    ['source-dest-check', () => 'true'],
  ])('%s finds all that have the value', async (name, value) => {
    expect(await find(name, value())).toEqual(
      expect.arrayContaining([eni.NetworkInterfaceId, plain]),
    );
    expect(await find(name, 'no such value')).toEqual([]);
  });

  test.each([
    'association.public-ip',
    'association.ip-owner-id',
    'association.allocation-id',
    'association.association-id',
    'ipv6-addresses.ipv6-address',
  ])('%s is known, and finds nothing here', async (name) => {
    expect(await find(name, '*')).toEqual([]);
  });

  test('refuses filters that it does not know', async () => {
    await expect(find('colour', 'red')).rejects.toEqual(failure('InvalidParameterValue', /colour/));
  });
});

describe('DescribeSecurityGroups', () => {
  const groups = async (Name: string, Value: string): Promise<(string | undefined)[]> => {
    const Filters = [{ Name, Values: [Value] }];
    const found = await client.send(new ec2.DescribeSecurityGroupsCommand({ Filters }));
    return (found.SecurityGroups ?? []).map((group) => group.GroupId);
  };
  const values: readonly [string, () => string][] = [
    ['cidr', () => '192.0.2.0/24'],
    ['ipv6-cidr', () => '2001:db8::/32'],
    ['from-port', () => '4711'],
    ['to-port', () => '4712'],
    ['protocol', () => 'udp'],
    ['group-id', () => peerId],
    ['group-name', () => 'peer'],
    ['prefix-list-id', () => listId],
    ['user-id', () => '111122223333'],
  ];

  test.each([
    ['ip-permission', 'in-'],
    ['egress.ip-permission', 'out-'],
  ])('%s filters look at rules of their direction only', async (prefix, name) => {
    const id = await makeGroup(`${name}filtered`);
    const rule = {
      IpProtocol: 'udp',
      FromPort: 4711,
      ToPort: 4712,
      IpRanges: [{ CidrIp: '192.0.2.0/24' }],
      Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }],
      UserIdGroupPairs: [{ GroupId: peerId }],
      PrefixListIds: [{ PrefixListId: listId }],
    };
    const input = { GroupId: id, IpPermissions: [rule] };
    if (name === 'in-') await client.send(new ec2.AuthorizeSecurityGroupIngressCommand(input));
    else await client.send(new ec2.AuthorizeSecurityGroupEgressCommand(input));
    const other = prefix === 'ip-permission' ? 'egress.ip-permission' : 'ip-permission';
    for (const [filter, value] of values) {
      expect(await groups(`${prefix}.${filter}`, value()), filter).toContain(id);
      expect(await groups(`${other}.${filter}`, value()), filter).not.toContain(id);
    }
    await client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: id }));
  });

  test.each<[string, () => string]>([
    ['group-id', () => groupId],
    ['group-name', () => 'findme'],
    ['description', () => 'of findme'],
  ])('%s finds the group', async (name, value) => {
    expect(await groups(name, value())).toEqual([groupId]);
  });
});

describe('interface permissions', () => {
  const P = 'network-interface-permission';
  const grant = async (NetworkInterfaceId: string, AwsAccountId: string): Promise<string> => {
    const Permission = 'INSTANCE-ATTACH';
    const made = await client.send(
      new ec2.CreateNetworkInterfacePermissionCommand({
        NetworkInterfaceId,
        Permission,
        AwsAccountId,
      }),
    );
    return made.InterfacePermission?.NetworkInterfacePermissionId ?? '';
  };
  const revoke = (NetworkInterfacePermissionId: string, as = client) =>
    as.send(new ec2.DeleteNetworkInterfacePermissionCommand({ NetworkInterfacePermissionId }));
  const listed = async (Name: string, value: string): Promise<(string | undefined)[]> => {
    const Filters = [{ Name, Values: [value] }];
    const found = await client.send(
      new ec2.DescribeNetworkInterfacePermissionsCommand({ Filters }),
    );
    return (found.NetworkInterfacePermissions ?? []).map(
      (each) => each.NetworkInterfacePermissionId,
    );
  };

  test('are found by their filters, and taken back once', async () => {
    const id = await makeEni();
    const [first, second] = [await grant(id, '222222222222'), await grant(id, '333333333333')];
    expect(await listed(`${P}.network-interface-permission-id`, first)).toEqual([first]);
    expect(await listed(`${P}.network-interface-id`, id)).toEqual([first, second]);
    expect(await listed(`${P}.aws-account-id`, '333333333333')).toEqual([second]);
    expect(await listed(`${P}.permission`, 'EIP-ASSOCIATE')).toEqual([]);
    await expect(listed('permission', 'x')).rejects.toEqual(failure('InvalidParameterValue'));
    await expect(revoke(first, api.client(OTHER_KEY))).rejects.toEqual(
      failure('InvalidPermissionID.NotFound'),
    );
    expect((await revoke(first)).Return).toBe(true);
    await expect(revoke(first)).rejects.toEqual(failure('InvalidPermissionID.NotFound'));
    await expect(revoke('x')).rejects.toEqual(failure('InvalidPermissionID.Malformed'));
    expect(await listed(`${P}.network-interface-id`, id)).toEqual([second]);
  });
});

describe('limits', () => {
  test('rules times groups of an interface, when quotas let it get there', async () => {
    const fill = (GroupId: string, count: number, from = 1) => {
      const IpRanges = Array.from({ length: count }, (_, i) => ({ CidrIp: `${from + i}.0.0.0/8` }));
      return client.send(
        new ec2.AuthorizeSecurityGroupIngressCommand({
          GroupId,
          IpPermissions: [{ IpProtocol: '-1', IpRanges }],
        }),
      );
    };
    const [a, b] = [await makeGroup('full-a'), await makeGroup('full-b')];
    await fill(a, 6);
    await fill(b, 3);
    await makeEni({ Groups: [a, b] });
    await expect(fill(b, 1, 50)).rejects.toEqual(failure('RulesPerSecurityGroupLimitExceeded'));
    const c = await makeGroup('full-c');
    await fill(c, 4);
    await expect(makeEni({ Groups: [a, c] })).rejects.toEqual(
      failure('SecurityGroupsPerInterfaceLimitExceeded', /rules per network interface/),
    );
  });

  test('interfaces per network card', async () => {
    const { InstanceTypes } = await client.send(
      new ec2.DescribeInstanceTypesCommand({ InstanceTypes: ['c6in.32xlarge'] }),
    );
    const cards = InstanceTypes?.[0]?.NetworkInfo?.NetworkCards ?? [];
    expect(cards.length).toBe(2);
    const most = cards[1]?.MaximumNetworkInterfaces ?? 0;
    const instance = await launch('c6in.32xlarge');
    for (let i = 1; i <= most; i++)
      await attach(await makeEni(), instance, { DeviceIndex: i, NetworkCardIndex: 1 });
    await expect(
      attach(await makeEni(), instance, { DeviceIndex: most + 1, NetworkCardIndex: 1 }),
    ).rejects.toEqual(failure('AttachmentLimitExceeded', /network card 1/));
    await attach(await makeEni(), instance, { DeviceIndex: 1, NetworkCardIndex: 0 });
    await expect(
      attach(await makeEni(), instance, { DeviceIndex: 2, NetworkCardIndex: 2 }),
    ).rejects.toEqual(failure('InvalidParameterValue', /Network card index '2'/));
  });

  test('branches of all trunks of an instance together', async () => {
    const instance = await launch('m5.large'); // 9 branches
    const trunks = [
      await makeEni({ InterfaceType: 'trunk' }),
      await makeEni({ InterfaceType: 'trunk' }),
    ];
    for (const [i, trunk] of trunks.entries())
      await attach(trunk, instance, { DeviceIndex: i + 1 });
    const associate = async (n: number): Promise<unknown> =>
      client.send(
        new ec2.AssociateTrunkInterfaceCommand({
          BranchInterfaceId: await makeEni(),
          TrunkInterfaceId: trunks[n % 2],
          VlanId: n,
        }),
      );
    for (let n = 1; n <= 9; n++) await associate(n);
    await expect(associate(10)).rejects.toEqual(failure('AttachmentLimitExceeded', /m5\.large/));
  });
});
