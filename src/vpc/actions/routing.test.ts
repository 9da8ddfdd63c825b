import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OTHER_KEY, startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
const ids: Record<string, string> = {};

beforeAll(async () => {
  api = await startTestApi({
    quotas: { routeTablesPerVpc: 6, routesPerTable: 5, internetGatewaysPerRegion: 4 },
  });
  client = api.client();
  for (const [name, CidrBlock] of [
    ['vpc', '10.0.0.0/16'],
    ['otherVpc', '10.1.0.0/16'],
  ] as const) {
    const { Vpc } = await client.send(
      new ec2.CreateVpcCommand({ CidrBlock, AmazonProvidedIpv6CidrBlock: true }),
    );
    ids[name] = Vpc?.VpcId ?? '';
  }
  ids['subnet'] = await makeSubnet('10.0.0.0/24');
  ids['table'] = await makeTable();
  ids['otherTable'] = await makeTable(ids['otherVpc']);
  ids['gateway'] = await makeGateway();
  await attach(ids['gateway'], ids['vpc']);
});
afterAll(() => api.close());

function failure(code: string, message?: string): unknown {
  return expect.objectContaining({ name: code, ...(message !== undefined && { message }) });
}

async function makeSubnet(CidrBlock: string): Promise<string> {
  const made = await client.send(new ec2.CreateSubnetCommand({ VpcId: ids['vpc'], CidrBlock }));
  return made.Subnet?.SubnetId ?? '';
}

async function makeTable(VpcId = ids['vpc'], ClientToken?: string): Promise<string> {
  const made = await client.send(new ec2.CreateRouteTableCommand({ VpcId, ClientToken }));
  return made.RouteTable?.RouteTableId ?? '';
}

async function makeGateway(): Promise<string> {
  const made = await client.send(new ec2.CreateInternetGatewayCommand({}));
  return made.InternetGateway?.InternetGatewayId ?? '';
}

function attach(InternetGatewayId: string, VpcId: string | undefined) {
  return client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
}

async function tables(Filters: ec2.Filter[]): Promise<ec2.RouteTable[]> {
  const { RouteTables } = await client.send(new ec2.DescribeRouteTablesCommand({ Filters }));
  return RouteTables ?? [];
}

async function show(id = ids['table']): Promise<ec2.RouteTable> {
  return (await tables([{ Name: 'route-table-id', Values: [id ?? ''] }]))[0] ?? {};
}

type RouteInput = Omit<ec2.CreateRouteRequest, 'RouteTableId'> & { RouteTableId?: string };

function createRoute(input: RouteInput) {
  return client.send(new ec2.CreateRouteCommand({ RouteTableId: ids['table'], ...input }));
}

describe('route tables', () => {
  test('come with each VPC: a main table with local routes of both families', async () => {
    const [main, ...more] = await tables([
      { Name: 'vpc-id', Values: [ids['vpc'] ?? ''] },
      { Name: 'association.main', Values: ['true'] },
    ]);
    expect(more).toEqual([]);
    expect(main?.Associations).toMatchObject([
      { Main: true, AssociationState: { State: 'associated' } },
    ]);
    expect(main?.Routes).toMatchObject([
      { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local', State: 'active' },
      { GatewayId: 'local', Origin: 'CreateRouteTable' },
    ]);
    expect(main?.Routes?.[1]?.DestinationIpv6CidrBlock).toMatch(/::\/56$/);
    const RouteTableId = main?.RouteTableId;
    await expect(client.send(new ec2.DeleteRouteTableCommand({ RouteTableId }))).rejects.toEqual(
      failure(
        'DependencyViolation',
        `The routeTable '${RouteTableId}' has dependencies and cannot be deleted.`,
      ),
    );
  });

  test('are made once per client token', async () => {
    const first = await makeTable(ids['vpc'], 'token');
    expect(await makeTable(ids['vpc'], 'token')).toBe(first);
    await expect(makeTable(ids['otherVpc'], 'token')).rejects.toEqual(
      failure('IdempotentParameterMismatch'),
    );
    await client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: first }));
  });

  test('are tagged, listed by page, and unseen by others', async () => {
    await client.send(
      new ec2.CreateTagsCommand({
        Resources: [ids['table'] ?? ''],
        Tags: [{ Key: 'name', Value: 'x' }],
      }),
    );
    expect(await tables([{ Name: 'tag:name', Values: ['x'] }])).toMatchObject([
      { RouteTableId: ids['table'], Tags: [{ Key: 'name', Value: 'x' }] },
    ]);
    const there = api.client(OTHER_KEY);
    const RouteTableIds = [ids['table'] ?? ''];
    await expect(there.send(new ec2.DescribeRouteTablesCommand({ RouteTableIds }))).rejects.toEqual(
      failure('InvalidRouteTableID.NotFound'),
    );
    const page = await client.send(new ec2.DescribeRouteTablesCommand({ MaxResults: 5 }));
    expect(page.RouteTables?.length).toBe(4);
  });

  test('have a limit per VPC', async () => {
    const made: string[] = [];
    for (let i = 0; i < 4; i++) made.push(await makeTable());
    await expect(makeTable()).rejects.toEqual(failure('RouteTableLimitExceeded'));
    for (const RouteTableId of made)
      await client.send(new ec2.DeleteRouteTableCommand({ RouteTableId }));
  });
});

describe('routes', () => {
  test('go to gateways and interfaces, and are black holes when nothing is there', async () => {
    const GatewayId = ids['gateway'];
    await createRoute({ DestinationCidrBlock: '0.0.0.0/0', GatewayId });
    const made = await client.send(
      new ec2.CreateNetworkInterfaceCommand({ SubnetId: ids['subnet'] }),
    );
    const { NetworkInterfaceId } = made.NetworkInterface ?? {};
    await createRoute({ DestinationCidrBlock: '192.168.7.9/16', NetworkInterfaceId });
    expect((await show()).Routes?.slice(2)).toMatchObject([
      { DestinationCidrBlock: '0.0.0.0/0', GatewayId, State: 'active', Origin: 'CreateRoute' },
      { DestinationCidrBlock: '192.168.0.0/16', NetworkInterfaceId, State: 'blackhole' },
    ]);
    expect(await tables([{ Name: 'route.gateway-id', Values: [GatewayId ?? ''] }])).toHaveLength(1);
    expect(await tables([{ Name: 'route.state', Values: ['blackhole'] }])).toHaveLength(1);
  });

  test('to a running instance show it', async () => {
    const run = await client.send(
      new ec2.RunInstancesCommand({
        ImageId: 'ami-0123456789abcdef0',
        InstanceType: 'm5.large',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: ids['subnet'],
      }),
    );
    const InstanceId = run.Instances?.[0]?.InstanceId ?? '';
    await createRoute({ DestinationCidrBlock: '172.16.0.0/12', InstanceId });
    const route = (await show()).Routes?.at(-1);
    expect(route).toMatchObject({ InstanceId, State: 'active' });
    expect(route?.NetworkInterfaceId).toMatch(/^eni-/);
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    expect((await show()).Routes?.at(-1)).toMatchObject({ State: 'blackhole' });
    await client.send(
      new ec2.DeleteRouteCommand({
        RouteTableId: ids['table'],
        DestinationCidrBlock: '172.16.0.0/12',
      }),
    );
  });

  test.each<[string, () => RouteInput, string, string?]>([
    [
      'a second route to the same destination',
      () => ({ DestinationCidrBlock: '0.0.0.0/0', GatewayId: ids['gateway'] }),
      'RouteAlreadyExists',
      'The route identified by 0.0.0.0/0 already exists.',
    ],
    [
      'the block of the VPC',
      () => ({ DestinationCidrBlock: '10.0.0.0/16', GatewayId: ids['gateway'] }),
      'RouteAlreadyExists',
    ],
    [
      'a part of the VPC through a gateway',
      () => ({ DestinationCidrBlock: '10.0.5.0/24', GatewayId: ids['gateway'] }),
      'InvalidParameterValue',
    ],
    [
      'no block',
      () => ({ DestinationCidrBlock: 'x', GatewayId: ids['gateway'] }),
      'InvalidParameterValue',
      'Value (x) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.',
    ],
    ['no destination', () => ({ GatewayId: ids['gateway'] }), 'MissingParameter'],
    ['no target', () => ({ DestinationCidrBlock: '1.0.0.0/8' }), 'MissingParameter'],
    [
      'two destinations',
      () => ({
        DestinationCidrBlock: '1.0.0.0/8',
        DestinationIpv6CidrBlock: '::/0',
        GatewayId: ids['gateway'],
      }),
      'InvalidParameterCombination',
    ],
    [
      'two targets',
      () => ({ DestinationCidrBlock: '1.0.0.0/8', GatewayId: 'a', InstanceId: 'b' }),
      'InvalidParameterCombination',
    ],
    [
      'a gateway of another VPC',
      () => ({
        RouteTableId: ids['otherTable'],
        DestinationCidrBlock: '0.0.0.0/0',
        GatewayId: ids['gateway'],
      }),
      'InvalidParameterValue',
    ],
    [
      'an unknown gateway',
      () => ({ DestinationCidrBlock: '1.0.0.0/8', GatewayId: 'igw-00000000' }),
      'InvalidInternetGatewayID.NotFound',
    ],
    [
      'an unknown interface',
      () => ({ DestinationCidrBlock: '1.0.0.0/8', NetworkInterfaceId: 'eni-00000000' }),
      'InvalidNetworkInterfaceID.NotFound',
    ],
    [
      'a NAT gateway',
      () => ({ DestinationCidrBlock: '1.0.0.0/8', NatGatewayId: 'nat-1' }),
      'InvalidNatGatewayID.NotFound',
    ],
    [
      'an unknown prefix list',
      () => ({ DestinationPrefixListId: 'pl-00000000', GatewayId: ids['gateway'] }),
      'InvalidPrefixListID.NotFound',
    ],
    [
      'an unknown table',
      () => ({ RouteTableId: 'rtb-00000000', DestinationCidrBlock: '1.0.0.0/8', GatewayId: 'a' }),
      'InvalidRouteTableID.NotFound',
    ],
  ])('refuse %s', async (_name, input, code, message) => {
    await expect(createRoute(input())).rejects.toEqual(failure(code, message));
  });

  test('are replaced and deleted; local routes stay', async () => {
    const RouteTableId = ids['table'];
    const remove = (DestinationCidrBlock: string) =>
      client.send(new ec2.DeleteRouteCommand({ RouteTableId, DestinationCidrBlock }));
    const replace = (input: Omit<ec2.ReplaceRouteRequest, 'RouteTableId'>) =>
      client.send(new ec2.ReplaceRouteCommand({ RouteTableId, ...input }));
    await replace({ DestinationCidrBlock: '192.168.0.0/16', GatewayId: ids['gateway'] });
    expect((await show()).Routes?.at(-1)).toMatchObject({ GatewayId: ids['gateway'] });
    await expect(
      replace({ DestinationCidrBlock: '9.0.0.0/8', GatewayId: ids['gateway'] }),
    ).rejects.toEqual(
      failure(
        'InvalidParameterValue',
        "There is no route defined for '9.0.0.0/8' in the route table. Use CreateRoute instead.",
      ),
    );
    await remove('192.168.0.0/16');
    await expect(remove('192.168.0.0/16')).rejects.toEqual(
      failure(
        'InvalidRoute.NotFound',
        `no route with destination-cidr-block 192.168.0.0/16 in route table ${RouteTableId}`,
      ),
    );
    await expect(remove('10.0.0.0/16')).rejects.toEqual(failure('InvalidParameterValue'));
  });

  test('have a limit per table', async () => {
    const fill = async (): Promise<void> => {
      for (let i = 1; i < 10; i++)
        await createRoute({ DestinationCidrBlock: `2${i}.0.0.0/8`, GatewayId: ids['gateway'] });
    };
    await expect(fill()).rejects.toEqual(failure('RouteLimitExceeded'));
  });

  test('for IPv6 may lead to an egress-only gateway', async () => {
    const create = (ClientToken?: string) =>
      client.send(
        new ec2.CreateEgressOnlyInternetGatewayCommand({ VpcId: ids['vpc'], ClientToken }),
      );
    const made = await create('t');
    const again = await create('t');
    const { EgressOnlyInternetGatewayId = '', Attachments } = made.EgressOnlyInternetGateway ?? {};
    expect(again.EgressOnlyInternetGateway).toMatchObject({ EgressOnlyInternetGatewayId });
    expect(Attachments).toEqual([{ State: 'attached', VpcId: ids['vpc'] }]);
    const RouteTableId = await makeTable();
    await createRoute({
      RouteTableId,
      DestinationIpv6CidrBlock: '::/0',
      EgressOnlyInternetGatewayId,
    });
    await expect(
      createRoute({ RouteTableId, DestinationCidrBlock: '8.0.0.0/8', EgressOnlyInternetGatewayId }),
    ).rejects.toEqual(failure('InvalidParameterValue'));
    expect((await show(RouteTableId)).Routes?.at(-1)).toMatchObject({
      DestinationIpv6CidrBlock: '::/0',
      EgressOnlyInternetGatewayId,
      State: 'active',
    });
    const remove = () =>
      client.send(new ec2.DeleteEgressOnlyInternetGatewayCommand({ EgressOnlyInternetGatewayId }));
    expect((await remove()).ReturnCode).toBe(true);
    await expect(remove()).rejects.toEqual(failure('InvalidGatewayID.NotFound'));
    const left = await client.send(
      new ec2.DescribeEgressOnlyInternetGatewaysCommand({
        EgressOnlyInternetGatewayIds: [EgressOnlyInternetGatewayId],
      }),
    );
    expect(left.EgressOnlyInternetGateways).toEqual([]);
    expect((await show(RouteTableId)).Routes?.at(-1)).toMatchObject({ State: 'blackhole' });
    await client.send(new ec2.DeleteRouteTableCommand({ RouteTableId }));
  });
});

describe('associations of route tables', () => {
  const associate = (RouteTableId: string | undefined, SubnetId: string) =>
    client.send(new ec2.AssociateRouteTableCommand({ RouteTableId, SubnetId }));
  const replace = (AssociationId: string, RouteTableId: string | undefined) =>
    client.send(new ec2.ReplaceRouteTableAssociationCommand({ AssociationId, RouteTableId }));
  const drop = (AssociationId: string) =>
    client.send(new ec2.DisassociateRouteTableCommand({ AssociationId }));

  test('are made once, replaced under a new id, and end', async () => {
    const SubnetId = await makeSubnet('10.0.20.0/24');
    const { AssociationId = '', AssociationState } = await associate(ids['table'], SubnetId);
    expect(AssociationState?.State).toBe('associated');
    expect((await associate(ids['table'], SubnetId)).AssociationId).toBe(AssociationId);
    const other = await makeTable();
    await expect(associate(other, SubnetId)).rejects.toEqual(failure('Resource.AlreadyAssociated'));
    await expect(
      client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: ids['table'] })),
    ).rejects.toEqual(failure('DependencyViolation'));
    expect((await replace(AssociationId, ids['table'])).NewAssociationId).toBe(AssociationId);
    const { NewAssociationId = '' } = await replace(AssociationId, other);
    expect(NewAssociationId).not.toBe(AssociationId);
    expect(await tables([{ Name: 'association.subnet-id', Values: [SubnetId] }])).toMatchObject([
      { RouteTableId: other, Associations: [{ SubnetId, Main: false }] },
    ]);
    await expect(drop(AssociationId)).rejects.toEqual(failure('InvalidAssociationID.NotFound'));
    await drop(NewAssociationId);
    expect((await show(other)).Associations).toEqual([]);
    await client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: other }));
  });

  test('of the main table can be replaced but not ended', async () => {
    const before = await tables([
      { Name: 'vpc-id', Values: [ids['otherVpc'] ?? ''] },
      { Name: 'association.main', Values: ['true'] },
    ]);
    const id = before[0]?.Associations?.[0]?.RouteTableAssociationId ?? '';
    await expect(drop(id)).rejects.toEqual(
      failure(
        'InvalidParameterValue',
        `cannot disassociate the main route table association ${id}`,
      ),
    );
    await expect(replace(id, ids['table'])).rejects.toEqual(failure('InvalidParameterValue'));
    await replace(id, ids['otherTable']);
    expect((await show(ids['otherTable'])).Associations).toMatchObject([{ Main: true }]);
    expect((await show(before[0]?.RouteTableId)).Associations).toEqual([]);
    await client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: before[0]?.RouteTableId }));
  });

  test('join only what is of one VPC', async () => {
    await expect(associate(ids['otherTable'], ids['subnet'] ?? '')).rejects.toEqual(
      failure('InvalidParameterValue'),
    );
    await expect(associate(ids['table'], 'subnet-00000000')).rejects.toEqual(
      failure('InvalidSubnetID.NotFound'),
    );
    await expect(associate('rtb-00000000', ids['subnet'] ?? '')).rejects.toEqual(
      failure('InvalidRouteTableID.NotFound'),
    );
    await expect(drop('rtbassoc-00000000')).rejects.toEqual(
      failure('InvalidAssociationID.NotFound'),
    );
  });

  test('with a gateway are seen, and keep the gateway attached', async () => {
    const made = await client.send(
      new ec2.AssociateRouteTableCommand({
        RouteTableId: ids['table'],
        GatewayId: ids['gateway'],
      }),
    );
    expect((await show()).Associations).toMatchObject([{ GatewayId: ids['gateway'] }]);
    const detach = () =>
      client.send(
        new ec2.DetachInternetGatewayCommand({
          InternetGatewayId: ids['gateway'],
          VpcId: ids['vpc'],
        }),
      );
    await expect(detach()).rejects.toEqual(failure('DependencyViolation'));
    await drop(made.AssociationId ?? '');
    await detach();
    expect((await show()).Routes?.[2]).toMatchObject({ State: 'blackhole' });
    await attach(ids['gateway'] ?? '', ids['vpc']);
  });
});

describe('internet gateways', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    [
      'attaching twice',
      () => attach(ids['gateway'] ?? '', ids['vpc']),
      'Resource.AlreadyAssociated',
    ],
    [
      'a second one for a VPC',
      async () => attach(await makeGateway(), ids['vpc']),
      'InvalidParameterValue',
    ],
    ['an unknown VPC', () => attach(ids['gateway'] ?? '', 'vpc-00000000'), 'InvalidVpcID.NotFound'],
    [
      'an unknown gateway',
      () => attach('igw-00000000', ids['vpc']),
      'InvalidInternetGatewayID.NotFound',
    ],
    ['a malformed id', () => attach('igw-x', ids['vpc']), 'InvalidInternetGatewayId.Malformed'],
    [
      'detaching from another VPC',
      () =>
        client.send(
          new ec2.DetachInternetGatewayCommand({
            InternetGatewayId: ids['gateway'],
            VpcId: ids['otherVpc'],
          }),
        ),
      'Gateway.NotAttached',
    ],
    [
      'deleting an attached one',
      () =>
        client.send(new ec2.DeleteInternetGatewayCommand({ InternetGatewayId: ids['gateway'] })),
      'DependencyViolation',
    ],
    [
      'deleting a VPC that has one',
      () => client.send(new ec2.DeleteVpcCommand({ VpcId: ids['vpc'] })),
      'DependencyViolation',
    ],
  ])('refuse %s', async (_name, act, code) => {
    await expect(act()).rejects.toEqual(failure(code));
  });

  test('are found by their attachment, and limited', async () => {
    const { InternetGateways } = await client.send(
      new ec2.DescribeInternetGatewaysCommand({
        Filters: [
          { Name: 'attachment.vpc-id', Values: [ids['vpc'] ?? ''] },
          { Name: 'attachment.state', Values: ['available'] },
        ],
      }),
    );
    expect(InternetGateways).toMatchObject([
      {
        InternetGatewayId: ids['gateway'],
        Attachments: [{ State: 'available', VpcId: ids['vpc'] }],
      },
    ]);
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) await makeGateway();
    };
    await expect(fill()).rejects.toEqual(failure('InternetGatewayLimitExceeded'));
  });
});
