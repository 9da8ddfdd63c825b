import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NETWORK_INTERFACES } from '../../api/vpc/network-interface.ts';
import { createFakeKube } from '../../api/client.fake.ts';
import { startTestApi, type TestApi } from '../testing.fake.ts';

const kube = createFakeKube();
let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';
let subnetId = '';

async function start(): Promise<void> {
  api = await startTestApi({ kube, quotas: { elasticIpsPerRegion: 50 } });
  client = api.client();
}

beforeAll(async () => {
  await start();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
  subnetId = await makeSubnet(vpcId, '10.0.0.0/24');
  const made = await client.send(new ec2.CreateInternetGatewayCommand({}));
  const { InternetGatewayId } = made.InternetGateway ?? {};
  await client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId: vpcId }));
});
afterAll(() => api.close());

async function makeSubnet(VpcId: string, CidrBlock: string): Promise<string> {
  const { Subnet } = await client.send(new ec2.CreateSubnetCommand({ VpcId, CidrBlock }));
  return Subnet?.SubnetId ?? '';
}

async function allocate(): Promise<string> {
  return (await client.send(new ec2.AllocateAddressCommand({}))).AllocationId ?? '';
}

async function create(input: Partial<ec2.CreateNatGatewayCommandInput>): Promise<ec2.NatGateway> {
  const command = new ec2.CreateNatGatewayCommand({ SubnetId: subnetId, ...input });
  return (await client.send(command)).NatGateway ?? {};
}

const remove = (NatGatewayId = '') =>
  client.send(new ec2.DeleteNatGatewayCommand({ NatGatewayId }));

async function show(input: ec2.DescribeNatGatewaysCommandInput): Promise<ec2.NatGateway[]> {
  return (await client.send(new ec2.DescribeNatGatewaysCommand(input))).NatGateways ?? [];
}

function failure(name: string, message?: string | RegExp): unknown {
  return expect.objectContaining({
    name,
    ...(message !== undefined && { message: expect.stringMatching(message) }),
  });
}

describe('a public gateway', () => {
  test('has an interface and the address; deleting it gives both back', async () => {
    const AllocationId = await allocate();
    const made = await create({
      AllocationId,
      TagSpecifications: [{ ResourceType: 'natgateway', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    const { NatGatewayId = '', NatGatewayAddresses: [address] = [] } = made;
    expect(made).toMatchObject({
      NatGatewayId: expect.stringMatching(/^nat-[0-9a-f]{17}$/),
      State: 'available',
      ConnectivityType: 'public',
      VpcId: vpcId,
      SubnetId: subnetId,
      Tags: [{ Key: 'a', Value: 'b' }],
      NatGatewayAddresses: [{ AllocationId, IsPrimary: true, Status: 'succeeded' }],
    });
    const NetworkInterfaceIds = [address?.NetworkInterfaceId ?? ''];
    const describeEni = new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds });
    expect((await client.send(describeEni)).NetworkInterfaces).toMatchObject([
      {
        InterfaceType: 'nat_gateway',
        Status: 'in-use',
        RequesterManaged: true,
        SourceDestCheck: false,
        Description: `Interface for NAT Gateway ${NatGatewayId}`,
        PrivateIpAddress: address?.PrivateIp,
        Association: { AllocationId, PublicIp: address?.PublicIp },
      },
    ]);
    const deleteEni = new ec2.DeleteNetworkInterfaceCommand({
      NetworkInterfaceId: NetworkInterfaceIds[0],
    });
    await expect(client.send(deleteEni)).rejects.toEqual(
      failure('InvalidParameterValue', /is currently in use\.$/),
    );
    await expect(client.send(new ec2.DeleteSubnetCommand({ SubnetId: subnetId }))).rejects.toEqual(
      failure('DependencyViolation'),
    );
    expect((await remove(NatGatewayId)).NatGatewayId).toBe(NatGatewayId);
    await remove(NatGatewayId);
    expect(await show({ NatGatewayIds: [NatGatewayId] })).toMatchObject([
      { State: 'deleted', DeleteTime: expect.any(Date), NatGatewayAddresses: [{ AllocationId }] },
    ]);
    await expect(client.send(describeEni)).rejects.toEqual(
      failure('InvalidNetworkInterfaceID.NotFound'),
    );
    await client.send(new ec2.ReleaseAddressCommand({ AllocationId }));
  });

  test('takes an address that nobody uses', async () => {
    const AllocationId = await allocate();
    await create({ AllocationId });
    await expect(create({ AllocationId })).rejects.toEqual(failure('Resource.AlreadyAssociated'));
    const left = kube.peekAll(NETWORK_INTERFACES).filter(({ spec }) => spec.managedBy);
    expect(left).toHaveLength(1);
  });

  test('keeps its interface and its address, whoever wants to change them', async () => {
    const AllocationId = await allocate();
    const { NatGatewayId, NatGatewayAddresses: [at] = [] } = await create({ AllocationId });
    const { NetworkInterfaceId, AssociationId } = at ?? {};
    const { NetworkInterface } = await client.send(
      new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnetId }),
    );
    const other = NetworkInterface?.NetworkInterfaceId;
    const free = await allocate();
    const ofEni = { NetworkInterfaceId };
    const refused = [
      () =>
        client.send(new ec2.AssociateAddressCommand({ AllocationId, NetworkInterfaceId: other })),
      () => client.send(new ec2.AssociateAddressCommand({ AllocationId: free, ...ofEni })),
      () => client.send(new ec2.DisassociateAddressCommand({ AssociationId })),
      () => client.send(new ec2.ReleaseAddressCommand({ AllocationId })),
      () =>
        client.send(
          new ec2.AssignPrivateIpAddressesCommand({ ...ofEni, SecondaryPrivateIpAddressCount: 1 }),
        ),
      () =>
        client.send(
          new ec2.ModifyNetworkInterfaceAttributeCommand({
            ...ofEni,
            SourceDestCheck: { Value: true },
          }),
        ),
    ];
    for (const attempt of refused)
      await expect(attempt()).rejects.toEqual(
        failure('AuthFailure', 'You do not have permission to access the specified resource.'),
      );
    const [same] = await show({ NatGatewayIds: [NatGatewayId ?? ''] });
    expect(same?.NatGatewayAddresses).toEqual([at]);
    await remove(NatGatewayId);
    await client.send(new ec2.ReleaseAddressCommand({ AllocationId }));
  });

  test('fails in a network without an internet gateway', async () => {
    const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
    const SubnetId = await makeSubnet(Vpc?.VpcId ?? '', '10.1.0.0/24');
    expect(await create({ SubnetId, AllocationId: await allocate() })).toMatchObject({
      State: 'failed',
      FailureCode: 'Gateway.NotAttached',
      FailureMessage: `Network ${Vpc?.VpcId} has no Internet gateway attached`,
    });
  });

  test('is made once for a client token', async () => {
    const input = { AllocationId: await allocate(), ClientToken: 'once' };
    const [one, two] = [await create(input), await create(input)];
    expect(two).toEqual(one);
    await expect(create({ ...input, PrivateIpAddress: '10.0.0.9' })).rejects.toEqual(
      failure('IdempotentParameterMismatch'),
    );
  });
});

describe('a private gateway', () => {
  test('has no address, and the private one that the caller wants', async () => {
    const made = await create({ ConnectivityType: 'private', PrivateIpAddress: '10.0.0.77' });
    expect(made.NatGatewayAddresses).toMatchObject([{ PrivateIp: '10.0.0.77' }]);
    expect(made.NatGatewayAddresses?.[0]).not.toHaveProperty('PublicIp');
  });

  test.each<[string, () => Promise<Partial<ec2.CreateNatGatewayCommandInput>>, string]>([
    ['no allocation', () => Promise.resolve({}), 'MissingParameter'],
    [
      'an allocation, though private',
      async () => ({ ConnectivityType: 'private', AllocationId: await allocate() }),
      'InvalidParameterCombination',
    ],
    [
      'another type',
      () => Promise.resolve({ ConnectivityType: 'x' as 'private' }),
      'InvalidParameterValue',
    ],
    [
      'an unknown allocation',
      () => Promise.resolve({ AllocationId: 'eipalloc-0123456789abcdef0' }),
      'InvalidAllocationID.NotFound',
    ],
    [
      'an unknown subnet',
      async () => ({ AllocationId: await allocate(), SubnetId: 'subnet-0123456789abcdef0' }),
      'InvalidSubnetID.NotFound',
    ],
    [
      'a taken private address',
      () => Promise.resolve({ ConnectivityType: 'private', PrivateIpAddress: '10.0.0.77' }),
      'InvalidIPAddress.InUse',
    ],
    [
      'a whole region for itself',
      () => Promise.resolve({ AvailabilityMode: 'regional' }),
      'UnsupportedOperation',
    ],
  ])('or one with %s is refused', async (_what, input, name) => {
    await expect(create(await input())).rejects.toEqual(failure(name));
  });
});

describe('gateways', () => {
  test('are found by filters', async () => {
    const { NatGatewayId = '' } = await create({ ConnectivityType: 'private' });
    for (const [Name, value] of [
      ['nat-gateway-id', NatGatewayId],
      ['subnet-id', subnetId],
      ['vpc-id', vpcId],
      ['state', 'available'],
    ] as const) {
      const found = await show({ Filter: [{ Name, Values: [value] }] });
      expect(
        found.map((each) => each.NatGatewayId),
        Name,
      ).toContain(NatGatewayId);
      expect(await show({ Filter: [{ Name, Values: ['x'] }] })).toEqual([]);
    }
  });

  test('that nobody has are errors', async () => {
    const NatGatewayId = 'nat-0123456789abcdef0';
    const gone = failure('NatGatewayNotFound', `NatGateway ${NatGatewayId} was not found`);
    await expect(remove(NatGatewayId)).rejects.toEqual(gone);
    await expect(show({ NatGatewayIds: [NatGatewayId] })).rejects.toEqual(gone);
    await expect(remove('nat-x')).rejects.toEqual(failure('NatGatewayMalformed'));
  });

  test('take routes, which are black holes without them', async () => {
    const { NatGatewayId = '' } = await create({ ConnectivityType: 'private' });
    const { RouteTable } = await client.send(new ec2.CreateRouteTableCommand({ VpcId: vpcId }));
    const { RouteTableId = '' } = RouteTable ?? {};
    const route = { RouteTableId, DestinationCidrBlock: '0.0.0.0/0', NatGatewayId };
    await client.send(new ec2.CreateRouteCommand(route));
    const routeState = async (): Promise<unknown> => {
      const Filters = [{ Name: 'route.nat-gateway-id', Values: [NatGatewayId] }];
      const { RouteTables } = await client.send(new ec2.DescribeRouteTablesCommand({ Filters }));
      return RouteTables?.[0]?.Routes?.find((each) => each.NatGatewayId === NatGatewayId)?.State;
    };
    expect(await routeState()).toBe('active');
    await remove(NatGatewayId);
    expect(await routeState()).toBe('blackhole');
    const again = { ...route, DestinationCidrBlock: '8.0.0.0/8' };
    await expect(client.send(new ec2.CreateRouteCommand(again))).rejects.toEqual(
      failure('InvalidNatGatewayID.NotFound', `The natGateway ID '${NatGatewayId}' does not exist`),
    );
  });

  test('that were not finished leave no interface behind after a restart', async () => {
    const { NatGatewayId = '' } = await create({ ConnectivityType: 'private' });
    const before = kube.peekAll(NETWORK_INTERFACES).find((e) => e.spec.managedBy === NatGatewayId);
    const { name } = before?.metadata ?? { name: '' };
    await kube.create(NETWORK_INTERFACES, {
      metadata: { name: 'eni-0aaaaaaaaaaaaaaaa' },
      spec: { ...before!.spec, managedBy: 'nat-0aaaaaaaaaaaaaaaa', privateIps: ['10.0.0.200'] },
    });
    await api.close();
    await start();
    const names = kube.peekAll(NETWORK_INTERFACES).map(({ metadata }) => metadata.name);
    expect(names).toContain(name);
    expect(names).not.toContain('eni-0aaaaaaaaaaaaaaaa');
  });
});
