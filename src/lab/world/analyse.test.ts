import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../../vpc/testing.fake.ts';
import { analyse } from './analyse.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';
let subnetId = '';
let webGroup = '';
let dbGroup = '';
let web = '';
let db = '';

beforeAll(async () => {
  api = await startTestApi({ more: { analyse } });
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
  const subnet = { VpcId: vpcId, CidrBlock: '10.0.1.0/24', AvailabilityZone: 'us-east-1a' };
  const made = await client.send(new ec2.CreateSubnetCommand(subnet));
  subnetId = made.Subnet?.SubnetId ?? '';
  webGroup = await makeGroup('web');
  dbGroup = await makeGroup('db');
  web = await makeEni(webGroup);
  db = await makeEni(dbGroup);
  await authorize(dbGroup, {
    FromPort: 5432,
    ToPort: 5433,
    UserIdGroupPairs: [{ GroupId: webGroup }],
  });
});
afterAll(() => api.close());

async function makeGroup(GroupName: string): Promise<string> {
  const input = { GroupName, VpcId: vpcId, Description: 'd' };
  return (await client.send(new ec2.CreateSecurityGroupCommand(input))).GroupId ?? '';
}

async function makeEni(group: string): Promise<string> {
  const input = { SubnetId: subnetId, Groups: [group] };
  const made = await client.send(new ec2.CreateNetworkInterfaceCommand(input));
  return made.NetworkInterface?.NetworkInterfaceId ?? '';
}

function authorize(GroupId: string, rule: Partial<ec2.IpPermission>): Promise<unknown> {
  const IpPermissions = [{ IpProtocol: 'tcp', ...rule }];
  return client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
}

type Path = Partial<ec2.CreateNetworkInsightsPathCommandInput>;

async function makePath(input: Path = {}): Promise<string> {
  const made = await client.send(
    new ec2.CreateNetworkInsightsPathCommand({
      Source: web,
      ...(input.DestinationIp === undefined && { Destination: db }),
      Protocol: 'tcp',
      ClientToken: undefined,
      ...input,
    }),
  );
  return made.NetworkInsightsPath?.NetworkInsightsPathId ?? '';
}

async function run(input: Path): Promise<ec2.NetworkInsightsAnalysis> {
  const NetworkInsightsPathId = await makePath(input);
  const command = new ec2.StartNetworkInsightsAnalysisCommand({
    NetworkInsightsPathId,
    ClientToken: undefined,
  });
  return (await client.send(command)).NetworkInsightsAnalysis ?? {};
}

function failure(code: string, message?: RegExp): unknown {
  return expect.objectContaining({
    name: code,
    ...(message && { message: expect.stringMatching(message) }),
  });
}

describe('an analysis', () => {
  test('finds the path that rules admit, and names the rules', async () => {
    const analysis = await run({ DestinationPort: 5432 });
    expect(analysis).toMatchObject({
      Status: 'succeeded',
      NetworkPathFound: true,
      Explanations: [],
      NetworkInsightsAnalysisId: expect.stringMatching(/^nia-/),
    });
    expect(analysis.ForwardPathComponents).toMatchObject([
      {
        SequenceNumber: 1,
        Component: { Id: web },
        Vpc: { Id: vpcId },
        OutboundHeader: { Protocol: '6', DestinationPortRanges: [{ From: 5432, To: 5432 }] },
      },
      {
        SequenceNumber: 2,
        Component: { Id: webGroup },
        SecurityGroupRule: { Direction: 'egress', Cidr: '0.0.0.0/0', Protocol: 'all' },
      },
      {
        Component: { Id: dbGroup },
        SecurityGroupRule: {
          Direction: 'ingress',
          SecurityGroupId: webGroup,
          PortRange: { From: 5432, To: 5433 },
        },
      },
      { SequenceNumber: 4, Component: { Id: db }, InboundHeader: { Protocol: '6' } },
    ]);
    const stored = await client.send(
      new ec2.DescribeNetworkInsightsAnalysesCommand({
        NetworkInsightsPathId: analysis.NetworkInsightsPathId,
      }),
    );
    expect(stored.NetworkInsightsAnalyses).toEqual([analysis]);
  });

  test('without a port finds any port that passes', async () => {
    const analysis = await run({});
    expect(analysis.NetworkPathFound).toBe(true);
    const [first] = analysis.ForwardPathComponents ?? [];
    expect(first?.OutboundHeader?.DestinationPortRanges).toEqual([{ From: 5432, To: 5432 }]);
  });

  test.each<[string, () => Path]>([
    ['another port', () => ({ DestinationPort: 22 })],
    ['another protocol', () => ({ DestinationPort: 5432, Protocol: 'udp' })],
    ['the other way', () => ({ DestinationPort: 5432, Source: db, Destination: web })],
  ])('explains why %s is not reachable', async (_what, input) => {
    const analysis = await run(input());
    expect(analysis).toMatchObject({
      Status: 'succeeded',
      NetworkPathFound: false,
      ForwardPathComponents: [],
      StatusMessage: expect.stringMatching(/has no|only for/),
    });
    const receiver = input().Destination ?? db;
    expect(analysis.Explanations).toMatchObject([
      {
        ExplanationCode: 'ENI_SG_RULES_MISMATCH',
        Direction: 'ingress',
        NetworkInterface: { Id: receiver },
        SecurityGroups: [{ Id: receiver === db ? dbGroup : webGroup }],
      },
    ]);
  });

  test('follows a change of the rules, as it looks at things as they are', async () => {
    const blocked = await makeGroup('blocked');
    const source = await makeEni(blocked);
    const path = { Source: source, DestinationPort: 5432 };
    expect((await run(path)).NetworkPathFound).toBe(false);
    await authorize(dbGroup, {
      FromPort: 5432,
      ToPort: 5432,
      UserIdGroupPairs: [{ GroupId: blocked }],
    });
    expect((await run(path)).NetworkPathFound).toBe(true);
  });

  test('of an address outside the VPC needs a route', async () => {
    expect(await run({ DestinationIp: '203.0.113.9' })).toMatchObject({
      NetworkPathFound: false,
      Explanations: [
        { ExplanationCode: 'NO_ROUTE_TO_DESTINATION', Address: '203.0.113.9', Vpc: { Id: vpcId } },
      ],
    });
  });

  test('across VPCs needs a peering, a route to it and rules that say so', async () => {
    const made = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const peerVpc = made.Vpc?.VpcId ?? '';
    const subnet = await client.send(
      new ec2.CreateSubnetCommand({ VpcId: peerVpc, CidrBlock: '10.9.1.0/24' }),
    );
    const group = await client.send(
      new ec2.CreateSecurityGroupCommand({ VpcId: peerVpc, GroupName: 'p', Description: 'p' }),
    );
    const GroupId = group.GroupId ?? '';
    const far = await client.send(
      new ec2.CreateNetworkInterfaceCommand({
        SubnetId: subnet.Subnet?.SubnetId,
        Groups: [GroupId],
      }),
    );
    const path = { Destination: far.NetworkInterface?.NetworkInterfaceId, DestinationPort: 80 };
    const codes = async (): Promise<(string | undefined)[] | undefined> =>
      (await run(path)).Explanations?.map((each) => each.ExplanationCode);
    expect(await codes()).toEqual(['NO_ROUTE_TO_DESTINATION', 'ENI_SG_RULES_MISMATCH']);
    const asked = await client.send(
      new ec2.CreateVpcPeeringConnectionCommand({ VpcId: vpcId, PeerVpcId: peerVpc }),
    );
    const { VpcPeeringConnectionId } = asked.VpcPeeringConnection ?? {};
    await client.send(new ec2.AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId }));
    await authorize(GroupId, {
      FromPort: 80,
      ToPort: 80,
      UserIdGroupPairs: [{ GroupId: webGroup }],
    });
    expect(await codes()).toEqual(['NO_ROUTE_TO_DESTINATION']);
    const tables = await client.send(
      new ec2.DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpcId] }] }),
    );
    const RouteTableId = tables.RouteTables?.[0]?.RouteTableId;
    await client.send(
      new ec2.CreateRouteCommand({
        RouteTableId,
        DestinationCidrBlock: '10.9.0.0/16',
        VpcPeeringConnectionId,
      }),
    );
    const analysis = await run(path);
    expect(analysis.NetworkPathFound).toBe(true);
    expect(analysis.ForwardPathComponents?.map((part) => part.Component?.Id)).toEqual([
      web,
      webGroup,
      RouteTableId,
      GroupId,
      path.Destination,
    ]);
  });

  test('between instances looks at their primary interfaces', async () => {
    const launch = async (group: string): Promise<string> => {
      const made = await client.send(
        new ec2.RunInstancesCommand({
          ImageId: 'ami-0123456789abcdef0',
          MinCount: 1,
          MaxCount: 1,
          SubnetId: subnetId,
          SecurityGroupIds: [group],
        }),
      );
      return made.Instances?.[0]?.InstanceId ?? '';
    };
    const [a, b] = [await launch(webGroup), await launch(dbGroup)];
    const analysis = await run({ Source: a, Destination: b, DestinationPort: 5433 });
    expect(analysis.NetworkPathFound).toBe(true);
    expect(analysis.ForwardPathComponents?.[0]?.AttachedTo?.Id).toBe(a);
  });

  test('fails when an end is gone', async () => {
    const gone = await makeEni(webGroup);
    const NetworkInsightsPathId = await makePath({ Source: gone });
    const NetworkInterfaceId = gone;
    await client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    const made = await client.send(
      new ec2.StartNetworkInsightsAnalysisCommand({ NetworkInsightsPathId }),
    );
    expect(made.NetworkInsightsAnalysis).toMatchObject({
      Status: 'failed',
      StatusMessage: `The networkInterface ID '${gone}' does not exist`,
    });
  });
});

describe('a path', () => {
  test('is described, and deleted after its analyses', async () => {
    const analysis = await run({ DestinationPort: 1 });
    const { NetworkInsightsPathId, NetworkInsightsAnalysisId } = analysis;
    const found = await client.send(
      new ec2.DescribeNetworkInsightsPathsCommand({
        Filters: [{ Name: 'destination-port', Values: ['1'] }],
      }),
    );
    expect(found.NetworkInsightsPaths).toMatchObject([
      { NetworkInsightsPathId, Source: web, Destination: db, Protocol: 'tcp', DestinationPort: 1 },
    ]);
    const remove = () =>
      client.send(new ec2.DeleteNetworkInsightsPathCommand({ NetworkInsightsPathId }));
    await expect(remove()).rejects.toEqual(failure('AnalysisExistsForNetworkInsightsPath'));
    await client.send(new ec2.DeleteNetworkInsightsAnalysisCommand({ NetworkInsightsAnalysisId }));
    expect((await remove()).NetworkInsightsPathId).toBe(NetworkInsightsPathId);
    await expect(remove()).rejects.toEqual(failure('InvalidNetworkInsightsPathId.NotFound'));
  });

  test.each<[string, Path, string]>([
    ['an unknown interface', { Source: 'eni-01234567' }, 'InvalidNetworkInterfaceID.NotFound'],
    ['a gateway', { Source: 'igw-01234567' }, 'InvalidParameterValue'],
    ['a port that is none', { DestinationPort: 65_536 }, 'InvalidParameterValue'],
    ['a protocol that is none', { Protocol: 'icmp' as 'tcp' }, 'InvalidParameterValue'],
    ['a foreign source address', { SourceIp: '10.0.1.254' }, 'InvalidParameterValue'],
    ['no address', { DestinationIp: 'x' }, 'InvalidParameterValue'],
    ['no destination', { Destination: undefined }, 'MissingParameter'],
  ])('is refused with %s', async (_what, input, code) => {
    await expect(makePath(input)).rejects.toEqual(failure(code));
  });

  test('is made once per token', async () => {
    const ids = await Promise.all([1, 2, 3].map(() => makePath({ ClientToken: 'path-token' })));
    expect(new Set(ids).size).toBe(1);
  });
});

test('a server without an evaluator says so', async () => {
  const bare = await startTestApi({ kube: api.kube });
  const command = new ec2.StartNetworkInsightsAnalysisCommand({
    NetworkInsightsPathId: await makePath(),
  });
  await expect(bare.client().send(command)).rejects.toEqual(failure('UnsupportedOperation'));
  await bare.close();
});
