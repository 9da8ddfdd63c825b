import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { NETWORK_INTERFACES } from '../../api/vpc/network-interface.ts';
import { SUBNETS } from '../../api/vpc/subnet.ts';
import { startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';
let subnetId = '';
/** With the IPv6 block 2600:1f18:0:1::/64. */
let dualId = '';

beforeAll(async () => {
  api = await startTestApi();
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
  subnetId = await makeSubnet('10.0.1.0/24');
  dualId = await makeSubnet('10.0.2.0/24');
  await giveIpv6(dualId, '2600:1f18:0:1::/64');
});
afterAll(() => api.close());

async function makeSubnet(CidrBlock: string): Promise<string> {
  const made = await client.send(
    new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock, AvailabilityZone: 'us-east-1a' }),
  );
  return made.Subnet?.SubnetId ?? '';
}

async function giveIpv6(id: string, cidr: string, automatic = false): Promise<void> {
  const subnet = api.kube.peek(SUBNETS, { name: id });
  if (subnet === undefined) throw new Error('no subnet');
  const ipv6CidrBlocks = [{ associationId: 'subnet-cidr-assoc-0123456789abcdef0', cidr }];
  const spec = { ...subnet.spec, ipv6CidrBlocks, assignIpv6AddressOnCreation: automatic };
  await api.kube.replace(SUBNETS, { ...subnet, spec });
  await vi.waitFor(async () => {
    const eni = await makeEni({ SubnetId: id, Ipv6AddressCount: 1 });
    const NetworkInterfaceId = eni.NetworkInterfaceId ?? '';
    await client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
  });
}

type Input = Partial<ec2.CreateNetworkInterfaceCommandInput>;

async function makeEni(input: Input = {}): Promise<ec2.NetworkInterface> {
  const made = await client.send(
    new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnetId, ...input }),
  );
  if (made.NetworkInterface === undefined) throw new Error('no interface');
  return made.NetworkInterface;
}

async function makeId(input: Input = {}): Promise<string> {
  return (await makeEni(input)).NetworkInterfaceId ?? '';
}

async function readEni(id: string): Promise<ec2.NetworkInterface | undefined> {
  const command = new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] });
  return (await client.send(command)).NetworkInterfaces?.[0];
}

async function launch(InstanceType: ec2._InstanceType): Promise<string> {
  const made = await client.send(
    new ec2.RunInstancesCommand({
      ImageId: 'ami-0123456789abcdef0',
      InstanceType,
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnetId,
    }),
  );
  return made.Instances?.[0]?.InstanceId ?? '';
}

function failure(code: string, message?: RegExp): unknown {
  return expect.objectContaining({
    name: code,
    ...(message && { message: expect.stringMatching(message) }),
  });
}

const assign4 = (id: string, input: object) =>
  client.send(new ec2.AssignPrivateIpAddressesCommand({ NetworkInterfaceId: id, ...input }));
const unassign4 = (id: string, input: object) =>
  client.send(new ec2.UnassignPrivateIpAddressesCommand({ NetworkInterfaceId: id, ...input }));
const assign6 = (id: string, input: object) =>
  client.send(new ec2.AssignIpv6AddressesCommand({ NetworkInterfaceId: id, ...input }));
const unassign6 = (id: string, input: object) =>
  client.send(new ec2.UnassignIpv6AddressesCommand({ NetworkInterfaceId: id, ...input }));

describe('creating interfaces with IPv6 addresses and prefixes', () => {
  test('gives as many of each as the request counts', async () => {
    const eni = await makeEni({
      SubnetId: dualId,
      Ipv4PrefixCount: 2,
      Ipv6AddressCount: 2,
      EnablePrimaryIpv6: true,
    });
    expect(eni.Ipv6Addresses).toMatchObject([
      { Ipv6Address: expect.stringMatching(/^2600:1f18:0:1:/), IsPrimaryIpv6: true },
      { IsPrimaryIpv6: false },
    ]);
    expect(eni.Ipv6Address).toBe(eni.Ipv6Addresses?.[0]?.Ipv6Address);
    expect(eni.Ipv4Prefixes).toHaveLength(2);
    for (const { Ipv4Prefix } of eni.Ipv4Prefixes ?? [])
      expect(Ipv4Prefix).toMatch(/^10\.0\.2\.(\d+)\/28$/);
    const [prefix] = (await makeEni({ SubnetId: dualId, Ipv6PrefixCount: 1 })).Ipv6Prefixes ?? [];
    expect(prefix?.Ipv6Prefix).toMatch(/^2600:1f18:0:1:[^/]*\/80$/);
  });

  test('gives what the request names, in canonical form', async () => {
    const named = await makeEni({
      SubnetId: dualId,
      Ipv4Prefixes: [{ Ipv4Prefix: '10.0.2.224/28' }],
      Ipv6Addresses: [{ Ipv6Address: '2600:1F18:0:1:0:0:0:beef' }],
    });
    expect(named.Ipv4Prefixes).toEqual([{ Ipv4Prefix: '10.0.2.224/28' }]);
    expect(named.Ipv6Addresses).toMatchObject([{ Ipv6Address: '2600:1f18:0:1::beef' }]);
  });

  test('a subnet can give an IPv6 address by itself', async () => {
    const id = await makeSubnet('10.0.3.0/24');
    await giveIpv6(id, '2600:1f18:0:3::/64', true);
    expect((await makeEni({ SubnetId: id })).Ipv6Addresses).toHaveLength(1);
    expect((await makeEni({ SubnetId: id, Ipv6AddressCount: 0 })).Ipv6Addresses).toEqual([]);
    expect((await makeEni({ SubnetId: id, Ipv6PrefixCount: 1 })).Ipv6Addresses).toEqual([]);
  });

  test.each<[string, Input, string, RegExp]>([
    ['no IPv6 block', { Ipv6AddressCount: 1 }, 'InvalidParameterValue', /IPv6 CIDR block/],
    [
      'an address and a count',
      { Ipv6AddressCount: 1, Ipv6Addresses: [{ Ipv6Address: '2600::1' }] },
      'InvalidParameterCombination',
      /ipv6Address/,
    ],
    [
      'IPv4 prefixes with secondary addresses',
      { Ipv4PrefixCount: 1, SecondaryPrivateIpAddressCount: 1 },
      'InvalidParameterCombination',
      /IPv4 prefixes/,
    ],
    [
      'IPv6 prefixes with addresses',
      { Ipv6PrefixCount: 1, Ipv6AddressCount: 1 },
      'InvalidParameterCombination',
      /IPv6 prefixes/,
    ],
    ['a prefix count of -1', { Ipv4PrefixCount: -1 }, 'InvalidParameterValue', /-1/],
    [
      'a prefix of another length',
      { Ipv4Prefixes: [{ Ipv4Prefix: '10.0.1.32/27' }] },
      'InvalidParameterValue',
      /Invalid IPv4 prefix/,
    ],
    [
      'the reserved prefix',
      { Ipv4Prefixes: [{ Ipv4Prefix: '10.0.1.0/28' }] },
      'InvalidParameterValue',
      /reserved/,
    ],
    [
      'a prefix elsewhere',
      { Ipv4Prefixes: [{ Ipv4Prefix: '10.0.9.16/28' }] },
      'InvalidParameterValue',
      /range/,
    ],
    [
      'a reserved IPv6 address',
      { SubnetId: 'dual', Ipv6Addresses: [{ Ipv6Address: '2600:1f18:0:1::3' }] },
      'InvalidParameterValue',
      /reserved/,
    ],
    [
      'an IPv6 address elsewhere',
      { SubnetId: 'dual', Ipv6Addresses: [{ Ipv6Address: '2600:1f18:0:2::9' }] },
      'InvalidParameterValue',
      /range/,
    ],
    [
      'a TCP timeout of 59 s',
      { ConnectionTrackingSpecification: { TcpEstablishedTimeout: 59 } },
      'InvalidParameterValue',
      /TcpEstablishedTimeout/,
    ],
  ])('refuses %s', async (_what, input, code, message) => {
    const SubnetId = input.SubnetId === 'dual' ? dualId : subnetId;
    await expect(makeEni({ ...input, SubnetId })).rejects.toEqual(failure(code, message));
  });
});

describe('delegated prefixes and single addresses', () => {
  test('never overlap: a prefix with a used address is not free, and the other way round', async () => {
    const id = await makeId({ PrivateIpAddress: '10.0.1.100' });
    await expect(assign4(id, { Ipv4Prefixes: ['10.0.1.96/28'] })).rejects.toEqual(
      failure('Resource.AlreadyAssigned'),
    );
    const { AssignedIpv4Prefixes } = await assign4(id, { Ipv4Prefixes: ['10.0.1.112/28'] });
    expect(AssignedIpv4Prefixes).toEqual([{ Ipv4Prefix: '10.0.1.112/28' }]);
    await expect(makeEni({ PrivateIpAddress: '10.0.1.120' })).rejects.toEqual(
      failure('InvalidIPAddress.InUse'),
    );
    await unassign4(id, { Ipv4Prefixes: ['10.0.1.112/28'] });
    expect((await makeEni({ PrivateIpAddress: '10.0.1.120' })).PrivateIpAddress).toBe('10.0.1.120');
  });

  test('count against free addresses, and run out', async () => {
    const SubnetId = await makeSubnet('10.0.4.0/26');
    const id = await makeId({ SubnetId, PrivateIpAddress: '10.0.4.4' });
    await assign4(id, { Ipv4PrefixCount: 2 });
    const found = await client.send(new ec2.DescribeSubnetsCommand({ SubnetIds: [SubnetId] }));
    expect(found.Subnets?.[0]?.AvailableIpAddressCount).toBe(64 - 5 - 1 - 32);
    await expect(assign4(id, { Ipv4PrefixCount: 1 })).rejects.toEqual(
      failure('InsufficientCidrBlocks', /does not have enough free cidr blocks/),
    );
    await unassign4(id, { Ipv4Prefixes: ['10.0.4.16/28'] });
    expect((await assign4(id, { Ipv4PrefixCount: 1 })).AssignedIpv4Prefixes).toEqual([
      { Ipv4Prefix: '10.0.4.16/28' },
    ]);
  });
});

describe('assigning IPv6 addresses', () => {
  test('answers the new ones, and takes them back', async () => {
    const id = await makeId({ SubnetId: dualId });
    const first = await assign6(id, { Ipv6AddressCount: 2 });
    const second = await assign6(id, { Ipv6Addresses: ['2600:1f18:0:1::cafe'] });
    expect(first.AssignedIpv6Addresses).toHaveLength(2);
    expect(second.AssignedIpv6Addresses).toEqual(['2600:1f18:0:1::cafe']);
    const prefixes = await assign6(id, { Ipv6PrefixCount: 1 });
    expect(prefixes.AssignedIpv6Prefixes).toHaveLength(1);
    expect((await readEni(id))?.Ipv6Addresses).toHaveLength(3);
    const Ipv6Addresses = [...(first.AssignedIpv6Addresses ?? []), '2600:1f18:0:1:0::cafe'];
    const gone = await unassign6(id, { Ipv6Addresses });
    expect(gone.UnassignedIpv6Addresses).toContain('2600:1f18:0:1::cafe');
    await unassign6(id, { Ipv6Prefixes: prefixes.AssignedIpv6Prefixes });
    expect(await readEni(id)).toMatchObject({ Ipv6Addresses: [], Ipv6Prefixes: [] });
  });

  test.each([
    ['nothing', {}, 'MissingParameter'],
    [
      'addresses and prefixes',
      { Ipv6AddressCount: 1, Ipv6PrefixCount: 1 },
      'InvalidParameterCombination',
    ],
    ['no IPv6 address', { Ipv6Addresses: ['10.0.2.9'] }, 'InvalidParameterValue'],
    ['one in use', { Ipv6Addresses: ['2600:1f18:0:1::5e5'] }, 'Resource.AlreadyAssigned'],
  ])('refuses %s', async (_what, input, code) => {
    const id = await makeId({ SubnetId: dualId });
    if (code === 'Resource.AlreadyAssigned') await assign6(id, input);
    await expect(assign6(id, input)).rejects.toEqual(failure(code));
  });

  test('refuses to unassign what is not there, or is primary', async () => {
    const id = await makeId({
      SubnetId: dualId,
      Ipv6Addresses: [{ Ipv6Address: '2600:1f18:0:1::aaaa' }],
    });
    await expect(unassign6(id, { Ipv6Addresses: ['2600:1f18:0:1::bbbb'] })).rejects.toEqual(
      failure('InvalidParameterValue', /not assigned/),
    );
    await expect(unassign6(id, { Ipv6Addresses: ['x'] })).rejects.toEqual(
      failure('InvalidParameterValue'),
    );
    await client.send(
      new ec2.ModifyNetworkInterfaceAttributeCommand({
        NetworkInterfaceId: id,
        EnablePrimaryIpv6: true,
      }),
    );
    await expect(unassign6(id, { Ipv6Addresses: ['2600:1f18:0:1::aaaa'] })).rejects.toEqual(
      failure('InvalidParameterValue', /primary/),
    );
  });

  test('is found by its filters', async () => {
    const id = await makeId({ SubnetId: dualId });
    await assign6(id, { Ipv6Addresses: ['2600:1f18:0:1::f00d'] });
    const Filters = [{ Name: 'ipv6-addresses.ipv6-address', Values: ['*::f00d'] }];
    const found = await client.send(new ec2.DescribeNetworkInterfacesCommand({ Filters }));
    expect(found.NetworkInterfaces?.map((eni) => eni.NetworkInterfaceId)).toEqual([id]);
  });
});

describe('limits of the instance type', () => {
  test('count addresses and prefixes of each family together', async () => {
    const instance = await launch('t3.small'); // 4 addresses per interface
    const id = await makeId({ SubnetId: dualId, SecondaryPrivateIpAddressCount: 1 });
    await client.send(
      new ec2.AttachNetworkInterfaceCommand({
        NetworkInterfaceId: id,
        InstanceId: instance,
        DeviceIndex: 1,
      }),
    );
    await assign4(id, { Ipv4PrefixCount: 1 });
    await assign4(id, { SecondaryPrivateIpAddressCount: 1 });
    const limit = failure('PrivateIpAddressLimitExceeded');
    await expect(assign4(id, { Ipv4PrefixCount: 1 })).rejects.toEqual(limit);
    await assign6(id, { Ipv6AddressCount: 4 });
    await expect(assign6(id, { Ipv6PrefixCount: 1 })).rejects.toEqual(limit);
  });
});

describe('AllowReassignment', () => {
  test('moves secondary addresses from other interfaces, and only with leave', async () => {
    const [from, to] = [await makeId({ SubnetId: dualId }), await makeId({ SubnetId: dualId })];
    await assign4(from, { PrivateIpAddresses: ['10.0.2.200', '10.0.2.201'] });
    const move = { PrivateIpAddresses: ['10.0.2.200'] };
    await expect(assign4(to, move)).rejects.toEqual(failure('Resource.AlreadyAssigned'));
    const { AssignedPrivateIpAddresses } = await assign4(to, { ...move, AllowReassignment: true });
    expect(AssignedPrivateIpAddresses).toEqual([{ PrivateIpAddress: '10.0.2.200' }]);
    const addresses = (await readEni(from))?.PrivateIpAddresses?.map((a) => a.PrivateIpAddress);
    expect(addresses?.slice(1)).toEqual(['10.0.2.201']);
    const primary = (await readEni(from))?.PrivateIpAddress ?? '';
    await expect(
      assign4(to, { PrivateIpAddresses: [primary], AllowReassignment: true }),
    ).rejects.toEqual(failure('InvalidParameterValue', /primary/));
  });

  test('at the same time from two sides gives the address to one', async () => {
    const [from, a, b] = [await makeId(), await makeId(), await makeId()];
    await assign4(from, { PrivateIpAddresses: ['10.0.1.240'] });
    const move = { PrivateIpAddresses: ['10.0.1.240'], AllowReassignment: true };
    await Promise.allSettled([assign4(a, move), assign4(b, move)]);
    const holders = api.kube
      .peekAll(NETWORK_INTERFACES)
      .filter(({ spec }) => spec.privateIps.includes('10.0.1.240'));
    expect(holders).toHaveLength(1);
  });
});

test('timeouts of connection tracking are set at creation and later', async () => {
  const id = await makeId({ ConnectionTrackingSpecification: { TcpEstablishedTimeout: 350 } });
  await client.send(
    new ec2.ModifyNetworkInterfaceAttributeCommand({
      NetworkInterfaceId: id,
      ConnectionTrackingSpecification: { UdpStreamTimeout: 60 },
    }),
  );
  expect((await readEni(id))?.ConnectionTrackingConfiguration).toEqual({
    TcpEstablishedTimeout: 350,
    UdpStreamTimeout: 60,
  });
});
