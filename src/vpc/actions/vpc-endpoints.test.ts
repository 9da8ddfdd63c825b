import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';
let subnets: string[] = [];
let groupId = '';

beforeAll(async () => {
  api = await startTestApi();
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
  subnets = [
    await makeSubnet('10.0.0.0/24', 'us-east-1a'),
    await makeSubnet('10.0.1.0/24', 'us-east-1b'),
    await makeSubnet('10.0.2.0/24', 'us-east-1a'),
  ];
  const group = { GroupName: 'g', Description: 'd', VpcId: vpcId };
  groupId = (await client.send(new ec2.CreateSecurityGroupCommand(group))).GroupId ?? '';
});
afterAll(() => api.close());

async function makeSubnet(CidrBlock: string, AvailabilityZone: string): Promise<string> {
  const command = new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock, AvailabilityZone });
  return (await client.send(command)).Subnet?.SubnetId ?? '';
}

async function makeTable(VpcId = vpcId): Promise<string> {
  const { RouteTable } = await client.send(new ec2.CreateRouteTableCommand({ VpcId }));
  return RouteTable?.RouteTableId ?? '';
}

const S3 = 'com.amazonaws.us-east-1.s3';
const STS = 'com.amazonaws.us-east-1.sts';

async function create(input: Partial<ec2.CreateVpcEndpointCommandInput>): Promise<ec2.VpcEndpoint> {
  const command = new ec2.CreateVpcEndpointCommand({ VpcId: vpcId, ServiceName: S3, ...input });
  return (await client.send(command)).VpcEndpoint ?? {};
}

const createInterface = (input: Partial<ec2.CreateVpcEndpointCommandInput> = {}) =>
  create({
    VpcEndpointType: 'Interface',
    ServiceName: STS,
    SubnetIds: [subnets[0] ?? ''],
    ...input,
  });

const modify = (input: ec2.ModifyVpcEndpointCommandInput) =>
  client.send(new ec2.ModifyVpcEndpointCommand(input));

async function show(id = ''): Promise<ec2.VpcEndpoint> {
  const command = new ec2.DescribeVpcEndpointsCommand({ VpcEndpointIds: [id] });
  return (await client.send(command)).VpcEndpoints?.[0] ?? {};
}

async function remove(...VpcEndpointIds: string[]): Promise<ec2.UnsuccessfulItem[]> {
  const command = new ec2.DeleteVpcEndpointsCommand({ VpcEndpointIds });
  return (await client.send(command)).Unsuccessful ?? [];
}

async function routesOf(RouteTableId: string): Promise<ec2.Route[]> {
  const command = new ec2.DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] });
  return (await client.send(command)).RouteTables?.[0]?.Routes ?? [];
}

async function enis(ids: readonly string[] = []): Promise<ec2.NetworkInterface[]> {
  const command = new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [...ids] });
  return (await client.send(command)).NetworkInterfaces ?? [];
}

function failure(name: string, message?: string | RegExp): unknown {
  return expect.objectContaining({
    name,
    ...(message !== undefined && { message: expect.stringMatching(message) }),
  });
}

describe('a gateway endpoint', () => {
  test('puts a route to the prefix list of its service into its tables', async () => {
    const [one, two] = [await makeTable(), await makeTable()];
    const made = await create({
      RouteTableIds: [one],
      TagSpecifications: [{ ResourceType: 'vpc-endpoint', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    const { VpcEndpointId = '' } = made;
    expect(made).toMatchObject({
      VpcEndpointId: expect.stringMatching(/^vpce-[0-9a-f]{17}$/),
      VpcEndpointType: 'Gateway',
      State: 'available',
      ServiceName: S3,
      RouteTableIds: [one],
      NetworkInterfaceIds: [],
      PrivateDnsEnabled: false,
      Tags: [{ Key: 'a', Value: 'b' }],
    });
    expect(JSON.parse(made.PolicyDocument ?? '')).toMatchObject({ Version: '2008-10-17' });
    const { PrefixLists } = await client.send(
      new ec2.DescribePrefixListsCommand({
        Filters: [{ Name: 'prefix-list-name', Values: [S3] }],
      }),
    );
    const route = {
      DestinationPrefixListId: PrefixLists?.[0]?.PrefixListId,
      GatewayId: VpcEndpointId,
      Origin: 'CreateRoute',
      State: 'active',
    };
    expect(await routesOf(one)).toContainEqual(route);
    await modify({ VpcEndpointId, AddRouteTableIds: [two], RemoveRouteTableIds: [one] });
    expect(await routesOf(one)).not.toContainEqual(route);
    expect(await routesOf(two)).toContainEqual(route);
    await expect(create({ RouteTableIds: [two] })).rejects.toEqual(
      failure('RouteAlreadyExists', /already has a route with destination-prefix-list-id pl-/),
    );
    expect(await remove(VpcEndpointId)).toEqual([]);
    expect(await routesOf(two)).not.toContainEqual(route);
  });

  test('forgets a table that is deleted, and can be changed after that', async () => {
    const [gone, other] = [await makeTable(), await makeTable()];
    const { VpcEndpointId = '' } = await create({ RouteTableIds: [gone, gone] });
    expect(await show(VpcEndpointId)).toMatchObject({ RouteTableIds: [gone] });
    await client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: gone }));
    expect(await show(VpcEndpointId)).toMatchObject({ RouteTableIds: [] });
    await modify({ VpcEndpointId, AddRouteTableIds: [other] });
    expect(await show(VpcEndpointId)).toMatchObject({ RouteTableIds: [other] });
    await remove(VpcEndpointId);
  });

  test('takes another policy, and the open one back', async () => {
    const PolicyDocument = '{"Version":"2012-10-17","Statement":[]}';
    const { VpcEndpointId } = await create({ PolicyDocument });
    expect((await show(VpcEndpointId)).PolicyDocument).toBe(PolicyDocument);
    await modify({ VpcEndpointId, ResetPolicy: true });
    expect((await show(VpcEndpointId)).PolicyDocument).toContain('"Principal":"*"');
  });

  test('is made once for a client token', async () => {
    const [one, two] = [await create({ ClientToken: 't' }), await create({ ClientToken: 't' })];
    expect(two).toEqual(one);
    await expect(create({ ClientToken: 't', PolicyDocument: '{}' })).rejects.toEqual(
      failure('IdempotentParameterMismatch'),
    );
  });
});

describe('an interface endpoint', () => {
  test('has an interface in each subnet, with its groups', async () => {
    const made = await createInterface({ SecurityGroupIds: [groupId] });
    const { VpcEndpointId = '', NetworkInterfaceIds = [] } = made;
    expect(made).toMatchObject({
      Groups: [{ GroupId: groupId, GroupName: 'g' }],
      SubnetIds: [subnets[0]],
      DnsEntries: [{ DnsName: `${VpcEndpointId}.sts.us-east-1.vpce.amazonaws.com` }],
    });
    expect(await enis(NetworkInterfaceIds)).toMatchObject([
      {
        InterfaceType: 'vpc_endpoint',
        Status: 'in-use',
        RequesterManaged: true,
        Description: `VPC Endpoint Interface ${VpcEndpointId}`,
        Groups: [{ GroupId: groupId }],
        SubnetId: subnets[0],
      },
    ]);
    await expect(
      client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: groupId })),
    ).rejects.toEqual(failure('DependencyViolation'));
    await remove(VpcEndpointId);
  });

  test('follows changes with its interfaces, and takes them along when it goes', async () => {
    const made = await createInterface({ SecurityGroupIds: [groupId] });
    const { VpcEndpointId = '' } = made;
    const other = { GroupName: 'other', Description: 'd', VpcId: vpcId };
    const { GroupId = '' } = await client.send(new ec2.CreateSecurityGroupCommand(other));
    await modify({
      VpcEndpointId,
      AddSubnetIds: [subnets[1] ?? ''],
      AddSecurityGroupIds: [GroupId],
      RemoveSecurityGroupIds: [groupId],
    });
    const grown = await show(VpcEndpointId);
    expect(grown.NetworkInterfaceIds).toHaveLength(2);
    for (const eni of await enis(grown.NetworkInterfaceIds))
      expect(eni.Groups?.map((each) => each.GroupId)).toEqual([GroupId]);
    await modify({ VpcEndpointId, RemoveSubnetIds: [subnets[0] ?? ''] });
    const [left] = await enis((await show(VpcEndpointId)).NetworkInterfaceIds);
    expect(left?.SubnetId).toBe(subnets[1]);
    await expect(modify({ VpcEndpointId, RemoveSecurityGroupIds: [GroupId] })).rejects.toEqual(
      failure('InvalidParameterValue'),
    );
    await remove(VpcEndpointId);
    await expect(enis([left?.NetworkInterfaceId ?? ''])).rejects.toEqual(
      failure('InvalidNetworkInterfaceID.NotFound'),
    );
  });

  test('has private names where the VPC can, and refuses them where it cannot', async () => {
    await expect(createInterface({ PrivateDnsEnabled: true })).rejects.toEqual(
      failure('InvalidParameter', /requires both enableDnsSupport and enableDnsHostnames/),
    );
    const EnableDnsHostnames = { Value: true };
    await client.send(new ec2.ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsHostnames }));
    const made = await createInterface({ PrivateDnsEnabled: true });
    expect(made.PrivateDnsEnabled).toBe(true);
    expect(made.DnsEntries?.[1]).toEqual({ DnsName: 'sts.us-east-1.amazonaws.com' });
    expect((await createInterface({ PrivateDnsEnabled: false })).PrivateDnsEnabled).toBe(false);
  });
});

describe('an endpoint', () => {
  test.each<[string, () => Partial<ec2.CreateVpcEndpointCommandInput>, string, RegExp?]>([
    [
      'a service of nobody',
      () => ({ ServiceName: 'com.example.s3' }),
      'InvalidServiceName',
      /does not exist/,
    ],
    [
      'a service of another region',
      () => ({ ServiceName: 'com.amazonaws.eu-west-1.s3' }),
      'InvalidServiceName',
    ],
    [
      'no gateway',
      () => ({ ServiceName: STS }),
      'InvalidParameter',
      /does not match available service types/,
    ],
    [
      'another type',
      () => ({ VpcEndpointType: 'GatewayLoadBalancer' as const }),
      'UnsupportedOperation',
    ],
    ['subnets for a gateway', () => ({ SubnetIds: subnets }), 'InvalidParameter'],
    ['an unknown VPC', () => ({ VpcId: 'vpc-0123456789abcdef0' }), 'InvalidVpcID.NotFound'],
    [
      'an unknown table',
      () => ({ RouteTableIds: ['rtb-0123456789abcdef0'] }),
      'InvalidRouteTableID.NotFound',
    ],
    [
      'two subnets of a zone',
      () => ({
        VpcEndpointType: 'Interface' as const,
        ServiceName: STS,
        SubnetIds: [subnets[0] ?? '', subnets[2] ?? ''],
      }),
      'DuplicateSubnetsInSameZone',
    ],
  ])('with %s is refused', async (_what, input, name, message) => {
    await expect(create(input())).rejects.toEqual(failure(name, message));
  });

  test('with a table of another VPC is refused', async () => {
    const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
    await expect(create({ RouteTableIds: [await makeTable(Vpc?.VpcId)] })).rejects.toEqual(
      failure('InvalidParameterValue', /does not belong to the VPC/),
    );
  });

  test('that nobody has is told apart when deleted, and an error when described', async () => {
    const id = 'vpce-0123456789abcdef0';
    expect(await remove(id)).toEqual([
      {
        ResourceId: id,
        Error: {
          Code: 'InvalidVpcEndpoint.NotFound',
          Message: `The Vpc Endpoint Id '${id}' does not exist`,
        },
      },
    ]);
    await expect(show(id)).rejects.toEqual(
      failure('InvalidVpcEndpointId.NotFound', `The Vpc Endpoint Id '${id}' does not exist`),
    );
  });

  test('is found by filters', async () => {
    const { VpcEndpointId = '' } = await create({});
    for (const [Name, value] of [
      ['vpc-endpoint-id', VpcEndpointId],
      ['vpc-id', vpcId],
      ['service-name', S3],
      ['vpc-endpoint-type', 'Gateway'],
      ['vpc-endpoint-state', 'available'],
    ] as const) {
      const of = (Values: string[]) =>
        client.send(new ec2.DescribeVpcEndpointsCommand({ Filters: [{ Name, Values }] }));
      const { VpcEndpoints = [] } = await of([value]);
      expect(
        VpcEndpoints.map((each) => each.VpcEndpointId),
        Name,
      ).toContain(VpcEndpointId);
      expect((await of(['x'])).VpcEndpoints).toEqual([]);
    }
  });
});

test('services are listed, with the types of their endpoints', async () => {
  const list = (input: ec2.DescribeVpcEndpointServicesCommandInput) =>
    client.send(new ec2.DescribeVpcEndpointServicesCommand(input));
  expect((await list({})).ServiceNames).toContain('com.amazonaws.us-east-1.ecr.api');
  const gateways = await list({ Filters: [{ Name: 'service-type', Values: ['Gateway'] }] });
  expect(gateways.ServiceNames).toEqual([S3, 'com.amazonaws.us-east-1.dynamodb']);
  const { ServiceDetails } = await list({ ServiceNames: [S3] });
  expect(ServiceDetails?.map((each) => each.ServiceType?.[0]?.ServiceType)).toEqual([
    'Gateway',
    'Interface',
  ]);
  await expect(list({ ServiceNames: ['x'] })).rejects.toEqual(failure('InvalidServiceName'));
});

describe('parts of the other type', () => {
  test('are refused later as at the creation', async () => {
    const gateway = await create({});
    const faced = await createInterface();
    const table = await makeTable();
    const refusals: readonly Omit<ec2.ModifyVpcEndpointCommandInput, 'VpcEndpointId'>[] = [
      { AddSubnetIds: subnets.slice(0, 1) },
      { AddSecurityGroupIds: [groupId] },
    ];
    for (const parts of refusals)
      await expect(
        modify({ VpcEndpointId: gateway.VpcEndpointId, ...parts }),
      ).rejects.toMatchObject({ name: 'InvalidParameter' });
    await expect(
      modify({ VpcEndpointId: faced.VpcEndpointId, AddRouteTableIds: [table] }),
    ).rejects.toMatchObject({
      name: 'InvalidParameter',
      message: `Endpoints of type Interface cannot have ${table}.`,
    });
    expect((await routesOf(table)).map(({ GatewayId }) => GatewayId)).toEqual(['local']);
    await remove(gateway.VpcEndpointId ?? '', faced.VpcEndpointId ?? '');
  });
});

test('an endpoint that cannot have an interface in one of the subnets stays as it was', async () => {
  const faced = await createInterface();
  const full = await makeSubnet('10.0.9.0/28', 'us-east-1b');
  const free = await makeSubnet('10.0.8.0/28', 'us-east-1c');
  const fill = new ec2.CreateNetworkInterfaceCommand({
    SubnetId: full,
    SecondaryPrivateIpAddressCount: 10,
  });
  const { NetworkInterface } = await client.send(fill);
  const VpcEndpointId = faced.VpcEndpointId;
  await expect(modify({ VpcEndpointId, AddSubnetIds: [free, full] })).rejects.toMatchObject({
    name: 'InsufficientFreeAddressesInSubnet',
  });
  const after = await show(VpcEndpointId);
  expect(after.SubnetIds).toEqual(faced.SubnetIds);
  expect(after.NetworkInterfaceIds).toEqual(faced.NetworkInterfaceIds);
  const { NetworkInterfaceId } = NetworkInterface ?? {};
  await client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
  await modify({ VpcEndpointId, AddSubnetIds: [free, full] });
  expect((await show(VpcEndpointId)).NetworkInterfaceIds).toHaveLength(3);
  await remove(VpcEndpointId ?? '');
});
