import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';

beforeAll(async () => {
  api = await startTestApi({ quotas: { subnetsPerVpc: 12, vpcsPerRegion: 20 } });
  client = api.client();
  const { Vpc } = await client.send(
    new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16', AmazonProvidedIpv6CidrBlock: true }),
  );
  vpcId = Vpc?.VpcId ?? '';
});
afterAll(() => api.close());

function failure(code: string, message?: string): unknown {
  return expect.objectContaining({ name: code, ...(message !== undefined && { message }) });
}

async function makeSubnet(CidrBlock: string, more: Partial<ec2.CreateSubnetRequest> = {}) {
  const made = await client.send(new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock, ...more }));
  return made.Subnet?.SubnetId ?? '';
}

async function show(id: string): Promise<ec2.Subnet> {
  const { Subnets } = await client.send(new ec2.DescribeSubnetsCommand({ SubnetIds: [id] }));
  return Subnets?.[0] ?? {};
}

/** The n-th /64 of the VPC. */
async function ipv6Block(n: number): Promise<string> {
  const { Vpcs } = await client.send(new ec2.DescribeVpcsCommand({ VpcIds: [vpcId] }));
  const text = Vpcs?.[0]?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock ?? '';
  const words = text.replace('::/56', '').split(':');
  while (words.length < 4) words.push('0');
  words[3] = (parseInt(words[3] ?? '0', 16) + n).toString(16);
  return `${words.join(':')}::/64`;
}

describe('creating subnets', () => {
  test('shows what was asked for and what follows', async () => {
    const Ipv6CidrBlock = await ipv6Block(1);
    const id = await makeSubnet('10.0.1.0/24', {
      Ipv6CidrBlock,
      AvailabilityZoneId: 'use1-az2',
      TagSpecifications: [{ ResourceType: 'subnet', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    expect(await show(id)).toMatchObject({
      CidrBlock: '10.0.1.0/24',
      AvailabilityZone: 'us-east-1b',
      AvailableIpAddressCount: 251,
      DefaultForAz: false,
      Ipv6Native: false,
      Ipv6CidrBlockAssociationSet: [{ Ipv6CidrBlock, Ipv6CidrBlockState: { State: 'associated' } }],
      Tags: [{ Key: 'a', Value: 'b' }],
    });
    const { NetworkAcls } = await client.send(
      new ec2.DescribeNetworkAclsCommand({
        Filters: [{ Name: 'association.subnet-id', Values: [id] }],
      }),
    );
    expect(NetworkAcls).toMatchObject([{ IsDefault: true, VpcId: vpcId }]);
  });

  test.each<[string, Partial<ec2.CreateSubnetRequest>, string, string?]>([
    [
      'a block outside the VPC',
      { CidrBlock: '10.1.0.0/24' },
      'InvalidSubnet.Range',
      "The CIDR '10.1.0.0/24' is invalid.",
    ],
    ['a block larger than the VPC', { CidrBlock: '10.0.0.0/15' }, 'InvalidSubnet.Range'],
    ['a /29', { CidrBlock: '10.0.2.0/29' }, 'InvalidSubnet.Range'],
    [
      'a taken block',
      { CidrBlock: '10.0.1.128/25' },
      'InvalidSubnet.Conflict',
      "The CIDR '10.0.1.128/25' conflicts with another subnet",
    ],
    [
      'no block',
      { CidrBlock: '1000.1.0.0/20' },
      'InvalidParameterValue',
      'Value (1000.1.0.0/20) for parameter cidrBlock is invalid. This is not a valid CIDR block.',
    ],
    ['nothing', { CidrBlock: undefined }, 'MissingParameter'],
    ['IPv6 of another VPC', { Ipv6CidrBlock: '2001:db8::/64' }, 'InvalidSubnet.Range'],
    [
      'an unknown zone',
      { AvailabilityZone: 'mars-1a' },
      'InvalidParameterValue',
      'Value (mars-1a) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f.',
    ],
    ['an unknown VPC', { VpcId: 'vpc-00000000' }, 'InvalidVpcID.NotFound'],
    [
      'IPv6 only, without a block',
      { Ipv6Native: true, CidrBlock: undefined },
      'MissingParameter',
      "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.",
    ],
    [
      'IPv6 only, with an IPv4 block',
      { Ipv6Native: true, Ipv6CidrBlock: '1080::1:200C:417A/112' },
      'InvalidParameterCombination',
      'When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.',
    ],
  ])('refuses %s', async (_name, input, code, message) => {
    const command = { VpcId: vpcId, CidrBlock: '10.0.9.0/24', ...input };
    await expect(client.send(new ec2.CreateSubnetCommand(command))).rejects.toEqual(
      failure(code, message),
    );
  });

  test('refuses an IPv6 block that another subnet has', async () => {
    const Ipv6CidrBlock = await ipv6Block(1);
    await expect(makeSubnet('10.0.9.0/24', { Ipv6CidrBlock })).rejects.toEqual(
      failure('InvalidSubnet.Conflict'),
    );
  });
});

describe('attributes of a subnet', () => {
  const modify = (SubnetId: string, input: Partial<ec2.ModifySubnetAttributeRequest>) =>
    client.send(new ec2.ModifySubnetAttributeCommand({ SubnetId, ...input }));

  test.each<[Partial<ec2.ModifySubnetAttributeRequest>, object]>([
    [{ MapPublicIpOnLaunch: { Value: true } }, { MapPublicIpOnLaunch: true }],
    [{ MapPublicIpOnLaunch: { Value: false } }, { MapPublicIpOnLaunch: false }],
    [{ AssignIpv6AddressOnCreation: { Value: true } }, { AssignIpv6AddressOnCreation: true }],
    [{ EnableDns64: { Value: true } }, { EnableDns64: true }],
    [
      { EnableResourceNameDnsARecordOnLaunch: { Value: true } },
      { PrivateDnsNameOptionsOnLaunch: { EnableResourceNameDnsARecord: true } },
    ],
    [
      { EnableResourceNameDnsAAAARecordOnLaunch: { Value: true } },
      { PrivateDnsNameOptionsOnLaunch: { EnableResourceNameDnsAAAARecord: true } },
    ],
    [
      { PrivateDnsHostnameTypeOnLaunch: 'resource-name' },
      { PrivateDnsNameOptionsOnLaunch: { HostnameType: 'resource-name' } },
    ],
  ])('%j gives %j', async (input, shown) => {
    const { Subnets } = await client.send(
      new ec2.DescribeSubnetsCommand({ Filters: [{ Name: 'tag:a', Values: ['b'] }] }),
    );
    const id = Subnets?.[0]?.SubnetId ?? '';
    await modify(id, input);
    expect(await show(id)).toMatchObject(shown);
  });

  test('are refused two at once, without IPv6, and for unknown subnets', async () => {
    const id = await makeSubnet('10.0.3.0/24');
    const yes = { Value: true };
    await expect(modify(id, { MapPublicIpOnLaunch: yes, EnableDns64: yes })).rejects.toEqual(
      failure('InvalidParameterCombination'),
    );
    await expect(modify(id, {})).rejects.toEqual(failure('InvalidParameterCombination'));
    await expect(modify(id, { AssignIpv6AddressOnCreation: yes })).rejects.toEqual(
      failure('InvalidParameterValue'),
    );
    await expect(modify('subnet-00000000', { EnableDns64: yes })).rejects.toEqual(
      failure('InvalidSubnetID.NotFound'),
    );
  });
});

describe('IPv6 blocks of a subnet', () => {
  test('come and go unless they are in use', async () => {
    const id = await makeSubnet('10.0.4.0/24');
    const associate = async (n: number) =>
      client.send(
        new ec2.AssociateSubnetCidrBlockCommand({
          SubnetId: id,
          Ipv6CidrBlock: await ipv6Block(n),
        }),
      );
    const made = await associate(4);
    expect(made.Ipv6CidrBlockAssociation?.Ipv6CidrBlockState?.State).toBe('associating');
    await expect(associate(5)).rejects.toEqual(failure('CidrLimitExceeded'));
    const { AssociationId = '' } = made.Ipv6CidrBlockAssociation ?? {};
    expect(AssociationId).toMatch(/^subnet-cidr-assoc-/);
    const found = await client.send(
      new ec2.DescribeSubnetsCommand({
        Filters: [{ Name: 'ipv6-cidr-block-association.association-id', Values: [AssociationId] }],
      }),
    );
    expect(found.Subnets?.map(({ SubnetId }) => SubnetId)).toEqual([id]);
    const assign = (Value: boolean) =>
      client.send(
        new ec2.ModifySubnetAttributeCommand({
          SubnetId: id,
          AssignIpv6AddressOnCreation: { Value },
        }),
      );
    const drop = () => client.send(new ec2.DisassociateSubnetCidrBlockCommand({ AssociationId }));
    await assign(true);
    await expect(drop()).rejects.toEqual(
      failure(
        'InvalidCidrBlock.InUse',
        `The subnet IPv6 CIDR block with association ID ${AssociationId} may not be disassociated, because its subnet has assign-ipv6-address-on-creation set to true.`,
      ),
    );
    await assign(false);
    expect((await drop()).Ipv6CidrBlockAssociation?.Ipv6CidrBlockState?.State).toBe(
      'disassociating',
    );
    await expect(drop()).rejects.toEqual(failure('InvalidSubnetCidrBlockAssociationID.NotFound'));
    expect((await show(id)).Ipv6CidrBlockAssociationSet).toEqual([]);
  });
});

describe('reservations', () => {
  test('are listed by family, filtered, tagged and deleted', async () => {
    const SubnetId = await makeSubnet('10.0.5.0/24', { Ipv6CidrBlock: await ipv6Block(6) });
    const reserve = (Cidr: string, type: string, id = SubnetId) =>
      client.send(
        new ec2.CreateSubnetCidrReservationCommand({
          SubnetId: id,
          Cidr,
          ReservationType: type as ec2.SubnetCidrReservationType,
          Description: 'kept',
          TagSpecifications: [
            { ResourceType: 'subnet-cidr-reservation', Tags: [{ Key: 'k', Value: 'v' }] },
          ],
        }),
      );
    const first = await reserve('10.0.5.16/28', 'prefix');
    expect(first.SubnetCidrReservation).toMatchObject({
      Cidr: '10.0.5.16/28',
      ReservationType: 'prefix',
      Description: 'kept',
      Tags: [{ Key: 'k', Value: 'v' }],
    });
    await reserve((await ipv6Block(6)).replace('/64', '/80'), 'explicit');
    const list = (Filters?: ec2.Filter[]) =>
      client.send(new ec2.GetSubnetCidrReservationsCommand({ SubnetId, Filters }));
    const all = await list();
    expect(all.SubnetIpv4CidrReservations).toHaveLength(1);
    expect(all.SubnetIpv6CidrReservations).toHaveLength(1);
    const prefixes = await list([{ Name: 'reservationType', Values: ['prefix'] }]);
    expect(prefixes.SubnetIpv6CidrReservations).toEqual([]);
    await expect(reserve('10.0.6.0/28', 'prefix')).rejects.toEqual(
      failure(
        'InvalidParameterValue',
        'Reservation CIDR should be within subnet CIDR block (10.0.5.0/24)',
      ),
    );
    await expect(reserve('10.0.5.24/29', 'explicit')).rejects.toEqual(
      failure(
        'InvalidParameterValue',
        'Reservation CIDR 10.0.5.24/29 has overlap with existing reserved CIDR block',
      ),
    );
    await expect(reserve('10.0.5.64/28', 'other')).rejects.toEqual(
      failure('InvalidParameterValue'),
    );
    const { SubnetCidrReservationId } = first.SubnetCidrReservation ?? {};
    const remove = () =>
      client.send(new ec2.DeleteSubnetCidrReservationCommand({ SubnetCidrReservationId }));
    expect((await remove()).DeletedSubnetCidrReservation?.Cidr).toBe('10.0.5.16/28');
    await expect(remove()).rejects.toEqual(failure('InvalidSubnetCidrReservationID.NotFound'));
  });

  test('go with their subnet', async () => {
    const SubnetId = await makeSubnet('10.0.7.0/24');
    const made = await client.send(
      new ec2.CreateSubnetCidrReservationCommand({
        SubnetId,
        Cidr: '10.0.7.128/25',
        ReservationType: 'explicit',
      }),
    );
    await client.send(new ec2.DeleteSubnetCommand({ SubnetId }));
    const { SubnetCidrReservationId } = made.SubnetCidrReservation ?? {};
    await expect(
      client.send(new ec2.DeleteSubnetCidrReservationCommand({ SubnetCidrReservationId })),
    ).rejects.toEqual(failure('InvalidSubnetCidrReservationID.NotFound'));
  });
});

describe('reserved blocks', () => {
  const place = (SubnetId: string, more: Partial<ec2.CreateNetworkInterfaceRequest> = {}) =>
    client.send(new ec2.CreateNetworkInterfaceCommand({ SubnetId, ...more }));
  const reserve = (SubnetId: string, Cidr: string, ReservationType: 'prefix' | 'explicit') =>
    client.send(new ec2.CreateSubnetCidrReservationCommand({ SubnetId, Cidr, ReservationType }));

  test('are left alone unless an address is named', async () => {
    const SubnetId = await makeSubnet('10.0.8.0/28');
    await reserve(SubnetId, '10.0.8.8/29', 'explicit');
    const chosen = new Set<string | undefined>();
    for (let i = 0; i < 4; i++)
      chosen.add((await place(SubnetId)).NetworkInterface?.PrivateIpAddress);
    expect(chosen).toEqual(new Set(['10.0.8.4', '10.0.8.5', '10.0.8.6', '10.0.8.7']));
    await expect(place(SubnetId)).rejects.toEqual(failure('InsufficientFreeAddressesInSubnet'));
    const named = await place(SubnetId, { PrivateIpAddress: '10.0.8.9' });
    expect(named.NetworkInterface?.PrivateIpAddress).toBe('10.0.8.9');
  });

  test('for prefixes give prefixes, but no single addresses', async () => {
    const SubnetId = await makeSubnet('10.0.10.0/26');
    await reserve(SubnetId, '10.0.10.16/28', 'prefix');
    await reserve(SubnetId, '10.0.10.32/28', 'explicit');
    const made = await place(SubnetId, { Ipv4PrefixCount: 1 });
    expect(made.NetworkInterface?.Ipv4Prefixes).toEqual([{ Ipv4Prefix: '10.0.10.16/28' }]);
    await expect(place(SubnetId, { Ipv4PrefixCount: 1 })).rejects.toEqual(
      failure('InsufficientCidrBlocks'),
    );
  });
});

test('the number of subnets in a VPC is limited', async () => {
  const make = async (): Promise<void> => {
    for (let i = 100; i < 120; i++) await makeSubnet(`10.0.${i}.0/24`);
  };
  await expect(make()).rejects.toEqual(failure('SubnetLimitExceeded'));
});

describe('DHCP options', () => {
  const create = (Key: string, ...Values: string[]) =>
    client.send(new ec2.CreateDhcpOptionsCommand({ DhcpConfigurations: [{ Key, Values }] }));

  test('are made, associated, found, and deleted when no VPC uses them', async () => {
    const { DhcpOptions } = await create('domain-name-servers', '10.0.0.2', 'AmazonProvidedDNS');
    const DhcpOptionsId = DhcpOptions?.DhcpOptionsId ?? '';
    const associate = (id: string) =>
      client.send(new ec2.AssociateDhcpOptionsCommand({ VpcId: vpcId, DhcpOptionsId: id }));
    await associate(DhcpOptionsId);
    const byFilter = await client.send(
      new ec2.DescribeVpcsCommand({
        Filters: [{ Name: 'dhcp-options-id', Values: [DhcpOptionsId] }],
      }),
    );
    expect(byFilter.Vpcs?.map(({ VpcId }) => VpcId)).toEqual([vpcId]);
    const found = await client.send(
      new ec2.DescribeDhcpOptionsCommand({ Filters: [{ Name: 'value', Values: ['10.0.0.2'] }] }),
    );
    expect(found.DhcpOptions).toMatchObject([{ DhcpOptionsId }]);
    const remove = () => client.send(new ec2.DeleteDhcpOptionsCommand({ DhcpOptionsId }));
    await expect(remove()).rejects.toEqual(failure('DependencyViolation'));
    await associate('default');
    await remove();
    await expect(remove()).rejects.toEqual(failure('InvalidDhcpOptionID.NotFound'));
    await expect(associate('dopt-x')).rejects.toEqual(failure('InvalidDhcpOptionsId.Malformed'));
  });

  test.each<[string, string[]]>([
    ['netbios-node-type', ['0']],
    ['netbios-node-type', ['1', '2']],
    ['domain-name-servers', ['nowhere']],
    ['domain-name-servers', ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5']],
    ['ntp-servers', []],
    ['unknown-option', ['x']],
  ])('refuse %s = %j', async (key, values) => {
    await expect(create(key, ...values)).rejects.toEqual(failure('InvalidParameterValue'));
  });
});
