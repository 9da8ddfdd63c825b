import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCidr, cidrAt } from '../../base/cidr.ts';
import { formatIp } from '../../base/ip.ts';
import { startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';
let subnetId = '';
let cidr = '';

beforeAll(async () => {
  api = await startTestApi();
  client = api.client();
  const { Vpc: vpc } = await client.send(
    new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16', AmazonProvidedIpv6CidrBlock: true }),
  );
  vpcId = vpc?.VpcId ?? '';
  cidr = (vpc?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock ?? '').replace('/56', '/64');
  subnetId = (await makeSubnet()).SubnetId ?? '';
});
afterAll(() => api.close());

const failure = (code: string, message?: string): unknown =>
  expect.objectContaining({ name: code, ...(message !== undefined && { message }) });

/** The n-th address of the subnet. */
function addressAt(n: bigint): string {
  const block = parseCidr(cidr);
  return block.ok ? formatIp(cidrAt(block.value, n)) : '';
}

async function makeSubnet(more: Partial<ec2.CreateSubnetRequest> = {}): Promise<ec2.Subnet> {
  const input = { VpcId: vpcId, Ipv6CidrBlock: cidr, Ipv6Native: true, ...more };
  return (await client.send(new ec2.CreateSubnetCommand(input))).Subnet ?? {};
}

async function makeInterface(
  input: Partial<ec2.CreateNetworkInterfaceRequest> = {},
): Promise<ec2.NetworkInterface> {
  const made = await client.send(
    new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnetId, ...input }),
  );
  return made.NetworkInterface ?? {};
}

async function run(input: Partial<ec2.RunInstancesRequest>): Promise<ec2.Instance> {
  const { Instances } = await client.send(
    new ec2.RunInstancesCommand({
      ImageId: 'ami-12345678',
      InstanceType: 'm5.large',
      MinCount: 1,
      MaxCount: 1,
      ...input,
    }),
  );
  return Instances?.[0] ?? {};
}

async function idsWith(Name: string, value: string): Promise<(string | undefined)[]> {
  const { Subnets } = await client.send(
    new ec2.DescribeSubnetsCommand({
      Filters: [
        { Name, Values: [value] },
        { Name: 'vpc-id', Values: [vpcId] },
      ],
    }),
  );
  return (Subnets ?? []).map(({ SubnetId }) => SubnetId);
}

describe('an IPv6-only subnet', () => {
  test('has no IPv4 block, no IPv4 addresses to give, and gives everyone an IPv6 address', async () => {
    const { Subnets } = await client.send(
      new ec2.DescribeSubnetsCommand({ SubnetIds: [subnetId] }),
    );
    expect(Subnets).toMatchObject([
      {
        State: 'available',
        Ipv6Native: true,
        AssignIpv6AddressOnCreation: true,
        MapPublicIpOnLaunch: false,
        AvailableIpAddressCount: 0,
        Ipv6CidrBlockAssociationSet: [{ Ipv6CidrBlock: cidr }],
        PrivateDnsNameOptionsOnLaunch: { HostnameType: 'resource-name' },
      },
    ]);
    expect(Subnets?.[0]).not.toHaveProperty('CidrBlock');
  });

  test('is found by what it is', async () => {
    const { Subnet } = await client.send(
      new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '10.0.77.0/24' }),
    );
    expect(await idsWith('ipv6-native', 'true')).toEqual([subnetId]);
    expect(await idsWith('ipv6-native', 'false')).toEqual([Subnet?.SubnetId]);
    expect(await idsWith('cidr-block', '10.0.77.0/24')).toEqual([Subnet?.SubnetId]);
    expect(await idsWith('cidr-block', '*')).toEqual([Subnet?.SubnetId]);
    expect(await idsWith('available-ip-address-count', '0')).toEqual([subnetId]);
    expect(await idsWith('ipv6-cidr-block-association.ipv6-cidr-block', cidr)).toEqual([subnetId]);
  });

  test('shares its block with no other subnet', async () => {
    await expect(makeSubnet()).rejects.toEqual(failure('InvalidSubnet.Conflict'));
    await expect(makeSubnet({ Ipv6Native: false, CidrBlock: '10.0.78.0/24' })).rejects.toEqual(
      failure('InvalidSubnet.Conflict'),
    );
  });

  test.each<[Partial<ec2.CreateSubnetRequest>, string]>([
    [{ Ipv6CidrBlock: '' }, 'InvalidParameterValue'],
    [{ Ipv6CidrBlock: '10.0.79.0/24' }, 'InvalidParameterValue'],
    [{ Ipv6CidrBlock: '2001:db8::/64' }, 'InvalidSubnet.Range'],
    [{ Ipv6Native: false }, 'MissingParameter'],
  ])('is not made with %j', async (input, code) => {
    await expect(makeSubnet(input)).rejects.toEqual(failure(code));
  });

  test.each<Partial<ec2.ModifySubnetAttributeRequest>>([
    { MapPublicIpOnLaunch: { Value: true } },
    { AssignIpv6AddressOnCreation: { Value: false } },
    { EnableResourceNameDnsARecordOnLaunch: { Value: true } },
    { PrivateDnsHostnameTypeOnLaunch: 'ip-name' },
  ])('refuses %j', async (input) => {
    await expect(
      client.send(new ec2.ModifySubnetAttributeCommand({ SubnetId: subnetId, ...input })),
    ).rejects.toEqual(failure('InvalidParameterValue'));
  });

  test('takes other attributes, and keeps its block', async () => {
    const modify = new ec2.ModifySubnetAttributeCommand({
      SubnetId: subnetId,
      EnableDns64: { Value: true },
    });
    await client.send(modify);
    const { Subnets } = await client.send(
      new ec2.DescribeSubnetsCommand({ SubnetIds: [subnetId] }),
    );
    expect(Subnets).toMatchObject([{ EnableDns64: true, AssignIpv6AddressOnCreation: true }]);
    const AssociationId = Subnets?.[0]?.Ipv6CidrBlockAssociationSet?.[0]?.AssociationId;
    await expect(
      client.send(new ec2.DisassociateSubnetCidrBlockCommand({ AssociationId })),
    ).rejects.toEqual(failure('InvalidCidrBlock.InUse'));
  });

  test('has no place for a NAT gateway', async () => {
    await expect(
      client.send(
        new ec2.CreateNatGatewayCommand({ SubnetId: subnetId, ConnectivityType: 'private' }),
      ),
    ).rejects.toEqual(failure('InvalidParameterValue'));
  });

  test('can be the default of a zone, once the default VPC has IPv6', async () => {
    const zone = 'us-east-1b';
    await client.send(new ec2.CreateDefaultVpcCommand({}));
    const filters = [
      { Name: 'default-for-az', Values: ['true'] },
      { Name: 'availability-zone', Values: [zone] },
    ];
    const { Subnets: [old] = [] } = await client.send(
      new ec2.DescribeSubnetsCommand({ Filters: filters }),
    );
    await client.send(new ec2.DeleteSubnetCommand({ SubnetId: old?.SubnetId }));
    const create = new ec2.CreateDefaultSubnetCommand({ AvailabilityZone: zone, Ipv6Native: true });
    await expect(client.send(create)).rejects.toEqual(failure('InsufficientCidrBlocks'));
    await client.send(
      new ec2.AssociateVpcCidrBlockCommand({
        VpcId: old?.VpcId,
        AmazonProvidedIpv6CidrBlock: true,
      }),
    );
    const { Subnet } = await client.send(create);
    expect(Subnet).toMatchObject({ DefaultForAz: true, Ipv6Native: true, AvailabilityZone: zone });
    expect(Subnet?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock).toMatch(/::\/64$/);
    expect(Subnet).not.toHaveProperty('CidrBlock');
  });
});

describe('an interface in an IPv6-only subnet', () => {
  test('has an IPv6 address and none of IPv4', async () => {
    const made = await makeInterface();
    expect(made).toMatchObject({
      Ipv6Native: true,
      PrivateIpAddresses: [],
      Ipv6Addresses: [{ Ipv6Address: made.Ipv6Address, IsPrimaryIpv6: false }],
    });
    expect(made).not.toHaveProperty('PrivateIpAddress');
    expect(made).not.toHaveProperty('PrivateDnsName');
    const { NetworkInterfaces } = await client.send(
      new ec2.DescribeNetworkInterfacesCommand({
        Filters: [{ Name: 'ipv6-addresses.ipv6-address', Values: [made.Ipv6Address ?? ''] }],
      }),
    );
    expect(NetworkInterfaces).toMatchObject([{ NetworkInterfaceId: made.NetworkInterfaceId }]);
  });

  test.each(['private-ip-address', 'addresses.private-ip-address', 'addresses.primary'])(
    'is not found by %s',
    async (Name) => {
      const { NetworkInterfaces } = await client.send(
        new ec2.DescribeNetworkInterfacesCommand({
          Filters: [
            { Name, Values: ['*'] },
            { Name: 'subnet-id', Values: [subnetId] },
          ],
        }),
      );
      expect(NetworkInterfaces).toEqual([]);
    },
  );

  test('takes the caller’s address, and more of them', async () => {
    const address = addressAt(200n);
    const named = await makeInterface({ Ipv6Addresses: [{ Ipv6Address: address }] });
    expect(named.Ipv6Address).toBe(address);
    const many = await makeInterface({ Ipv6AddressCount: 3, EnablePrimaryIpv6: true });
    expect(many.Ipv6Addresses?.map(({ IsPrimaryIpv6 }) => IsPrimaryIpv6)).toEqual([
      true,
      false,
      false,
    ]);
    const delegated = await makeInterface({ Ipv6PrefixCount: 1 });
    expect(delegated.Ipv6Prefixes).toHaveLength(1);
    expect(delegated.Ipv6Addresses).toHaveLength(1);
    expect((await makeInterface({ Ipv6AddressCount: 0 })).Ipv6Addresses).toHaveLength(1);
  });

  test.each<[string, Partial<ec2.CreateNetworkInterfaceRequest>]>([
    ['privateIpAddress', { PrivateIpAddress: '10.0.0.9' }],
    ['privateIpAddresses', { PrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.9' }] }],
    ['secondaryPrivateIpAddressCount', { SecondaryPrivateIpAddressCount: 1 }],
    ['ipv4Prefix', { Ipv4Prefixes: [{ Ipv4Prefix: '10.0.0.16/28' }] }],
    ['ipv4PrefixCount', { Ipv4PrefixCount: 1 }],
  ])('is refused with %s', async (parameter, input) => {
    await expect(makeInterface(input)).rejects.toEqual(
      failure(
        'InvalidParameterCombination',
        `The parameter ${parameter} cannot be specified for the IPv6-only subnet '${subnetId}'.`,
      ),
    );
  });

  test('gets no IPv4 address later, and keeps its first of IPv6', async () => {
    const { NetworkInterfaceId: id, Ipv6Address: first = '' } = await makeInterface();
    for (const more of [{ SecondaryPrivateIpAddressCount: 1 }, { Ipv4PrefixCount: 1 }])
      await expect(
        client.send(new ec2.AssignPrivateIpAddressesCommand({ NetworkInterfaceId: id, ...more })),
      ).rejects.toEqual(
        failure(
          'InvalidParameterValue',
          `The subnet '${subnetId}' does not have an IPv4 CIDR block.`,
        ),
      );
    const { AssignedIpv6Addresses = [] } = await client.send(
      new ec2.AssignIpv6AddressesCommand({ NetworkInterfaceId: id, Ipv6AddressCount: 1 }),
    );
    const unassign = (address: string) =>
      client.send(
        new ec2.UnassignIpv6AddressesCommand({ NetworkInterfaceId: id, Ipv6Addresses: [address] }),
      );
    await expect(unassign(first)).rejects.toEqual(failure('InvalidParameterValue'));
    expect(await unassign(AssignedIpv6Addresses[0] ?? '')).toMatchObject({
      UnassignedIpv6Addresses: AssignedIpv6Addresses,
    });
  });

  test('carries no Elastic IP address', async () => {
    const { NetworkInterfaceId } = await makeInterface();
    const { AllocationId } = await client.send(new ec2.AllocateAddressCommand({}));
    await expect(
      client.send(new ec2.AssociateAddressCommand({ AllocationId, NetworkInterfaceId })),
    ).rejects.toEqual(failure('InvalidParameterValue'));
  });

  test.each<[Partial<ec2.CreateNetworkInterfaceRequest>, string]>([
    [{ Ipv6AddressCount: 50 }, 'PrivateIpAddressLimitExceeded'],
    [{ Ipv6PrefixCount: 50 }, 'PrivateIpAddressLimitExceeded'],
    [{ Ipv6AddressCount: -1 }, 'InvalidParameterValue'],
  ])('is refused with too many addresses: %j', async (input, code) => {
    await expect(makeInterface(input)).rejects.toEqual(failure(code));
  });

  test('is made once per client token', async () => {
    const token = { ClientToken: 'native-once' };
    const first = await makeInterface(token);
    expect((await makeInterface(token)).Ipv6Address).toBe(first.Ipv6Address);
  });

  test('is in the way of deleting the subnet', async () => {
    await expect(client.send(new ec2.DeleteSubnetCommand({ SubnetId: subnetId }))).rejects.toEqual(
      failure('DependencyViolation'),
    );
  });
});

describe('an instance in an IPv6-only subnet', () => {
  test('has an IPv6 address, and a name of its id', async () => {
    const instance = await run({ SubnetId: subnetId });
    const name = `${instance.InstanceId}.ec2.internal`;
    expect(instance).toMatchObject({
      PrivateDnsName: name,
      Ipv6Address: instance.NetworkInterfaces?.[0]?.Ipv6Addresses?.[0]?.Ipv6Address,
      NetworkInterfaces: [{ PrivateDnsName: name, PrivateIpAddresses: [] }],
    });
    expect(instance.Ipv6Address).toMatch(/^fd/);
    expect(instance).not.toHaveProperty('PrivateIpAddress');
    expect(instance.NetworkInterfaces?.[0]).not.toHaveProperty('PrivateIpAddress');
    const { Reservations } = await client.send(
      new ec2.DescribeInstancesCommand({ Filters: [{ Name: 'private-dns-name', Values: [name] }] }),
    );
    expect(Reservations?.[0]?.Instances).toMatchObject([{ InstanceId: instance.InstanceId }]);
  });

  test.each<[string, Partial<ec2.RunInstancesRequest>, string]>([
    ['a Xen instance', { InstanceType: 't2.micro' }, 'Unsupported'],
    ['the default type', { InstanceType: undefined }, 'Unsupported'],
    ['an IPv4 address', { PrivateIpAddress: '10.0.0.9' }, 'InvalidParameterCombination'],
  ])('is not %s', async (_name, input, code) => {
    await expect(run({ SubnetId: subnetId, ...input })).rejects.toEqual(failure(code));
  });

  test('has no public IPv4 address', async () => {
    const nic = { DeviceIndex: 0, SubnetId: subnetId, AssociatePublicIpAddress: true };
    await expect(run({ NetworkInterfaces: [nic] })).rejects.toEqual(
      failure('InvalidParameterCombination'),
    );
  });

  test('may have an interface with IPv4 as its second one', async () => {
    const { Subnet } = await client.send(
      new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '10.0.80.0/24' }),
    );
    const nics = [subnetId, Subnet?.SubnetId].map((SubnetId, DeviceIndex) => ({
      DeviceIndex,
      SubnetId,
    }));
    const instance = await run({ NetworkInterfaces: nics });
    expect(instance).not.toHaveProperty('PrivateIpAddress');
    expect(instance.NetworkInterfaces?.[1]?.PrivateIpAddress).toMatch(/^10\.0\.80\./);
  });
});
