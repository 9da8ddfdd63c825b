import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OTHER_KEY, startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let subnetId = '';
let closedSubnetId = '';

beforeAll(async () => {
  api = await startTestApi({
    more: { seeds: ['default-vpcs'] },
    quotas: { elasticIpsPerRegion: 100 },
  });
  client = api.client();
  const { Subnets } = await client.send(new ec2.DescribeSubnetsCommand({}));
  subnetId = Subnets?.[0]?.SubnetId ?? '';
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const made = await client.send(
    new ec2.CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: '10.0.0.0/24' }),
  );
  closedSubnetId = made.Subnet?.SubnetId ?? '';
});
afterAll(() => api.close());

const PUBLIC = /^198\.18\.\d{1,3}\.\d{1,3}$/;

const allocate = (input: ec2.AllocateAddressCommandInput = {}) =>
  client.send(new ec2.AllocateAddressCommand(input));
const associate = (input: ec2.AssociateAddressCommandInput) =>
  client.send(new ec2.AssociateAddressCommand(input));
const disassociate = (input: ec2.DisassociateAddressCommandInput) =>
  client.send(new ec2.DisassociateAddressCommand(input));
const release = (input: ec2.ReleaseAddressCommandInput) =>
  client.send(new ec2.ReleaseAddressCommand(input));

async function describeAll(input: ec2.DescribeAddressesCommandInput): Promise<ec2.Address[]> {
  return (await client.send(new ec2.DescribeAddressesCommand(input))).Addresses ?? [];
}

async function makeEni(SubnetId = subnetId, count = 0): Promise<ec2.NetworkInterface> {
  const command = new ec2.CreateNetworkInterfaceCommand({
    SubnetId,
    SecondaryPrivateIpAddressCount: count,
  });
  return (await client.send(command)).NetworkInterface ?? {};
}

async function readEni(id: string | undefined): Promise<ec2.NetworkInterface> {
  const command = new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id ?? ''] });
  return (await client.send(command)).NetworkInterfaces?.[0] ?? {};
}

async function run(input: Partial<ec2.RunInstancesCommandInput>): Promise<string> {
  const command = new ec2.RunInstancesCommand({
    ImageId: 'ami-0123456789abcdef0',
    InstanceType: 'm5.large',
    MinCount: 1,
    MaxCount: 1,
    ...input,
  });
  return (await client.send(command)).Instances?.[0]?.InstanceId ?? '';
}

async function read(id: string): Promise<ec2.Instance> {
  const found = await client.send(new ec2.DescribeInstancesCommand({ InstanceIds: [id] }));
  return found.Reservations?.[0]?.Instances?.[0] ?? {};
}

function failure(name: string, message?: string | RegExp): unknown {
  return expect.objectContaining({
    name,
    ...(message !== undefined && { message: expect.stringMatching(message) }),
  });
}

describe('an address', () => {
  test('is allocated, described, and released', async () => {
    const made = await allocate({
      Domain: 'vpc',
      TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    expect(made).toMatchObject({
      AllocationId: expect.stringMatching(/^eipalloc-[0-9a-f]{17}$/),
      PublicIp: expect.stringMatching(PUBLIC),
      Domain: 'vpc',
      PublicIpv4Pool: 'amazon',
      NetworkBorderGroup: 'us-east-1',
    });
    const { AllocationId = '', PublicIp = '' } = made;
    for (const input of [{ AllocationIds: [AllocationId] }, { PublicIps: [PublicIp] }])
      expect(await describeAll(input)).toEqual([
        {
          AllocationId,
          PublicIp,
          Domain: 'vpc',
          PublicIpv4Pool: 'amazon',
          NetworkBorderGroup: 'us-east-1',
          Tags: [{ Key: 'a', Value: 'b' }],
        },
      ]);
    const attributes = await client.send(
      new ec2.DescribeAddressesAttributeCommand({ AllocationIds: [AllocationId] }),
    );
    expect(attributes.Addresses).toEqual([{ AllocationId, PublicIp }]);
    await release({ AllocationId });
    await expect(release({ AllocationId })).rejects.toEqual(
      failure('InvalidAllocationID.NotFound', `The allocation ID '${AllocationId}' does not exist`),
    );
    await expect(describeAll({ PublicIps: [PublicIp] })).rejects.toEqual(
      failure('InvalidAddress.NotFound', `Address '${PublicIp}' not found.`),
    );
  });

  test('may be one that the caller names, once', async () => {
    const Address = '198.18.7.7';
    expect(await allocate({ Address })).toMatchObject({ PublicIp: Address });
    await expect(allocate({ Address })).rejects.toEqual(failure('InvalidAddress.InUse'));
    await expect(allocate({ Address: 'x' })).rejects.toEqual(failure('InvalidParameterValue'));
    await release({ PublicIp: Address });
  });

  test('of another account cannot be seen or released', async () => {
    const { AllocationId = '', PublicIp } = await allocate();
    const other = api.client(OTHER_KEY);
    await expect(other.send(new ec2.ReleaseAddressCommand({ AllocationId }))).rejects.toEqual(
      failure('InvalidAllocationID.NotFound'),
    );
    await expect(other.send(new ec2.ReleaseAddressCommand({ PublicIp }))).rejects.toEqual(
      failure('InvalidAddress.NotFound'),
    );
    await release({ AllocationId });
  });

  test('is refused beyond the quota', async () => {
    const few = await startTestApi({ quotas: { elasticIpsPerRegion: 1 } });
    const send = () => few.client().send(new ec2.AllocateAddressCommand({}));
    await send();
    await expect(send()).rejects.toEqual(failure('AddressLimitExceeded'));
    await few.close();
  });

  test.each([
    [
      'both names',
      { AllocationId: 'eipalloc-1', PublicIp: '1.1.1.1' },
      'InvalidParameterCombination',
    ],
    ['no name', {}, 'MissingParameter'],
    ['a malformed id', { AllocationId: 'eip-1' }, 'InvalidAllocationID.Malformed'],
  ])('cannot be released with %s', async (_what, input, name) => {
    await expect(release(input)).rejects.toEqual(failure(name));
  });
});

describe('an association', () => {
  test('shows on the address and on the interface, and keeps the address from being released', async () => {
    const { AllocationId = '', PublicIp = '' } = await allocate();
    const eni = await makeEni();
    const { NetworkInterfaceId = '', PrivateIpAddress } = eni;
    const { AssociationId = '' } = await associate({ AllocationId, NetworkInterfaceId });
    expect(AssociationId).toMatch(/^eipassoc-/);
    expect(await describeAll({ AllocationIds: [AllocationId] })).toMatchObject([
      {
        AssociationId,
        NetworkInterfaceId,
        PrivateIpAddress,
        NetworkInterfaceOwnerId: '111122223333',
      },
    ]);
    const association = {
      AllocationId,
      AssociationId,
      PublicIp,
      PublicDnsName: `ec2-${PublicIp.replaceAll('.', '-')}.compute-1.amazonaws.com`,
      IpOwnerId: '111122223333',
    };
    expect(await readEni(NetworkInterfaceId)).toMatchObject({
      Association: association,
      PrivateIpAddresses: [{ Association: association }],
    });
    await expect(release({ AllocationId })).rejects.toEqual(
      failure('InvalidIPAddress.InUse', `Address ${PublicIp} is in use.`),
    );
    await disassociate({ AssociationId });
    expect((await readEni(NetworkInterfaceId)).Association).toBeUndefined();
    await expect(disassociate({ AssociationId })).rejects.toEqual(
      failure(
        'InvalidAssociationID.NotFound',
        `The association ID '${AssociationId}' does not exist`,
      ),
    );
    await release({ AllocationId });
  });

  test('is found by the filters of addresses and of interfaces', async () => {
    const { AllocationId, PublicIp = '' } = await allocate();
    const { NetworkInterfaceId, PrivateIpAddress = '' } = await makeEni();
    const { AssociationId = '' } = await associate({ AllocationId, NetworkInterfaceId });
    for (const [Name, value] of [
      ['public-ip', PublicIp],
      ['association-id', AssociationId],
      ['allocation-id', AllocationId],
      ['network-interface-id', NetworkInterfaceId],
      ['private-ip-address', PrivateIpAddress],
    ] as const)
      expect(await describeAll({ Filters: [{ Name, Values: [value ?? ''] }] }), Name).toMatchObject(
        [{ AllocationId }],
      );
    for (const [name, value] of [
      ['public-ip', PublicIp],
      ['association-id', AssociationId],
      ['allocation-id', AllocationId],
    ] as const) {
      const Filters = [{ Name: `association.${name}`, Values: [value ?? ''] }];
      const command = new ec2.DescribeNetworkInterfacesCommand({ Filters });
      const { NetworkInterfaces } = await client.send(command);
      expect(NetworkInterfaces, name).toMatchObject([{ NetworkInterfaceId }]);
    }
  });

  test('is about one private address, and ends with it or with the interface', async () => {
    const { AllocationId = '' } = await allocate();
    const eni = await makeEni(subnetId, 1);
    const { NetworkInterfaceId = '' } = eni;
    const second = eni.PrivateIpAddresses?.[1]?.PrivateIpAddress ?? '';
    await expect(
      associate({ AllocationId, NetworkInterfaceId, PrivateIpAddress: '10.9.9.9' }),
    ).rejects.toEqual(failure('InvalidParameterValue', /not assigned to interface/));
    await associate({ AllocationId, NetworkInterfaceId, PrivateIpAddress: second });
    const seen = await readEni(NetworkInterfaceId);
    expect(seen.Association).toBeUndefined();
    expect(seen.PrivateIpAddresses?.[1]?.Association).toMatchObject({ AllocationId });
    await client.send(
      new ec2.UnassignPrivateIpAddressesCommand({
        NetworkInterfaceId,
        PrivateIpAddresses: [second],
      }),
    );
    expect(
      (await describeAll({ AllocationIds: [AllocationId] }))[0]?.AssociationId,
    ).toBeUndefined();
    await associate({ AllocationId, NetworkInterfaceId });
    await client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    await release({ AllocationId });
  });

  test('moves when it is made anew, unless that is forbidden', async () => {
    const { AllocationId = '', PublicIp = '' } = await allocate();
    const [one, two] = [await makeEni(), await makeEni()];
    await associate({ AllocationId, NetworkInterfaceId: one.NetworkInterfaceId });
    const toTwo = { AllocationId, NetworkInterfaceId: two.NetworkInterfaceId };
    await expect(associate({ ...toTwo, AllowReassociation: false })).rejects.toEqual(
      failure('Resource.AlreadyAssociated', /^resource eipalloc-\w+ is already associated/),
    );
    await associate(toTwo);
    expect((await readEni(one.NetworkInterfaceId)).Association).toBeUndefined();
    expect((await readEni(two.NetworkInterfaceId)).Association).toMatchObject({ PublicIp });
    const more = await allocate();
    const again = { AllocationId: more.AllocationId, NetworkInterfaceId: two.NetworkInterfaceId };
    await expect(associate(again)).rejects.toEqual(failure('Resource.AlreadyAssociated'));
    await associate({ ...again, AllowReassociation: true });
    expect((await readEni(two.NetworkInterfaceId)).Association).toMatchObject({
      PublicIp: more.PublicIp,
    });
    await release({ AllocationId });
  });

  test('needs a network with an internet gateway', async () => {
    const { AllocationId } = await allocate();
    const { NetworkInterfaceId, VpcId } = await makeEni(closedSubnetId);
    await expect(associate({ AllocationId, NetworkInterfaceId })).rejects.toEqual(
      failure('Gateway.NotAttached', `Network ${VpcId} is not attached to any internet gateway`),
    );
  });

  test.each<[string, ec2.AssociateAddressCommandInput, string]>([
    ['no target', {}, 'MissingParameter'],
    [
      'two targets',
      { InstanceId: 'i-1', NetworkInterfaceId: 'eni-1' },
      'InvalidParameterCombination',
    ],
    ['an unknown instance', { InstanceId: 'i-0123456789abcdef0' }, 'InvalidInstanceID.NotFound'],
  ])('is refused with %s', async (_what, input, name) => {
    const { AllocationId } = await allocate();
    await expect(associate({ ...input, AllocationId })).rejects.toEqual(failure(name));
  });

  test('ends by its id or the address, not by both or neither', async () => {
    await expect(
      disassociate({ AssociationId: 'eipassoc-1', PublicIp: '1.1.1.1' }),
    ).rejects.toEqual(failure('InvalidParameterCombination'));
    await expect(disassociate({})).rejects.toEqual(failure('MissingParameter'));
  });
});

describe('the public address of an instance', () => {
  test('comes with a subnet that gives one, and is hidden while the instance is stopped', async () => {
    const id = await run({ SubnetId: subnetId });
    const { PublicIpAddress = '', PublicDnsName, NetworkInterfaces } = await read(id);
    expect(PublicIpAddress).toMatch(PUBLIC);
    expect(PublicDnsName).toMatch(/^ec2-198-18-\d+-\d+\.compute-1\.amazonaws\.com$/);
    expect(NetworkInterfaces?.[0]?.Association).toMatchObject({ IpOwnerId: 'amazon' });
    for (const Name of ['ip-address', 'network-interface.association.public-ip']) {
      const Filters = [{ Name, Values: [PublicIpAddress] }];
      const found = await client.send(new ec2.DescribeInstancesCommand({ Filters }));
      expect(found.Reservations?.[0]?.Instances?.[0]?.InstanceId).toBe(id);
    }
    await client.send(new ec2.StopInstancesCommand({ InstanceIds: [id] }));
    expect(await read(id)).not.toHaveProperty('PublicIpAddress');
    await client.send(new ec2.StartInstancesCommand({ InstanceIds: [id] }));
    expect((await read(id)).PublicIpAddress).toMatch(PUBLIC);
  });

  test('follows the launch before the subnet', async () => {
    const launch = (SubnetId: string, AssociatePublicIpAddress: boolean) =>
      run({ NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, AssociatePublicIpAddress }] });
    expect(await read(await launch(subnetId, false))).not.toHaveProperty('PublicIpAddress');
    expect((await read(await launch(closedSubnetId, true))).PublicIpAddress).toMatch(PUBLIC);
    const two = { SubnetId: subnetId, AssociatePublicIpAddress: true };
    const NetworkInterfaces = [0, 1].map((DeviceIndex) => ({ DeviceIndex, ...two }));
    await expect(run({ NetworkInterfaces })).rejects.toEqual(
      failure('InvalidParameterCombination', /multiple network interfaces/),
    );
  });

  test('is its Elastic IP, when it has one', async () => {
    const InstanceId = await run({ SubnetId: subnetId });
    const { AllocationId, PublicIp } = await allocate();
    await associate({ AllocationId, InstanceId });
    expect(await read(InstanceId)).toMatchObject({ PublicIpAddress: PublicIp });
    const Filters = [{ Name: 'instance-id', Values: [InstanceId] }];
    expect(await describeAll({ Filters })).toMatchObject([{ AllocationId, InstanceId }]);
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    expect(await describeAll({ Filters })).toEqual([]);
  });
});
