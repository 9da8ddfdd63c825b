import { createFakeKube } from '../../src/api/client.fake.ts';
import { createChance } from '../arbitrary/chance.ts';
import { encodeForm, pairsOf, type Parameters } from '../fuzz/parameters.ts';
import {
  ACCOUNTS,
  REGIONS,
  createSteppedClock,
  keyOf,
  openWorld,
  randomFrom,
  type World,
} from '../fuzz/world.ts';
import { sign } from '../vpc/sign.ts';

/** The answer to a describe of objects that have no tags, and as few parts as they can have. */
export interface GoldenAnswer {
  /** Its file; that of an action, or of a special case of one. */
  readonly name: string;
  readonly action: string;
  readonly xml: string;
}

const REQUEST_ID = '00000000-0000-4000-8000-000000000000';
const [HOME, ELSEWHERE] = REGIONS;

/** Sends a request in a region; answers the body, throws when it is an error. */
type Send = (action: string, parameters?: Parameters, region?: string) => Promise<string>;

function sender({ dispatch, clock }: World): Send {
  return async (action, parameters = {}, region = HOME) => {
    const form = pairsOf({ Action: action, Version: '2016-11-15', ...parameters });
    const body = new TextEncoder().encode(encodeForm(form));
    const signed = sign(keyOf(ACCOUNTS[0]), { body, host: 'ec2', region, nowMs: clock.nowMs() });
    const headers = new Map(Object.entries(signed));
    const request = { method: 'POST', path: '/', query: '', headers, body };
    const answer = await dispatch(request, REQUEST_ID);
    if (answer.status !== 200) throw new Error(`${action}: ${answer.body}`);
    return answer.body;
  };
}

/** The first id of a kind in an answer. */
function idIn(xml: string, kind: string): string {
  const [id] = new RegExp(`\\b${kind}-[0-9a-f]{17}\\b`).exec(xml) ?? [];
  if (id === undefined) throw new Error(`No ${kind} in ${xml}`);
  return id;
}

/** Makes an object and answers its id. */
async function make(
  send: Send,
  kind: string,
  [action, parameters]: readonly [string, Parameters?],
): Promise<string> {
  return idIn(await send(action, parameters), kind);
}

/** Objects by what they are called below. */
type Objects = Readonly<Record<string, string>>;

async function network(send: Send): Promise<Objects> {
  const vpc = await make(send, 'vpc', ['CreateVpc', { CidrBlock: '10.0.0.0/16' }]);
  const far = await make(send, 'vpc', ['CreateVpc', { CidrBlock: '10.1.0.0/16' }]);
  const place = { VpcId: vpc, CidrBlock: '10.0.0.0/24', AvailabilityZone: 'us-east-1a' };
  const subnet = await make(send, 'subnet', ['CreateSubnet', place]);
  const of = { VpcId: vpc };
  const group = { ...of, GroupName: 'web', GroupDescription: 'web' };
  return {
    vpc,
    far,
    subnet,
    sg: await make(send, 'sg', ['CreateSecurityGroup', group]),
    rtb: await make(send, 'rtb', ['CreateRouteTable', of]),
    acl: await make(send, 'acl', ['CreateNetworkAcl', of]),
    igw: await make(send, 'igw', ['CreateInternetGateway']),
    eigw: await make(send, 'eigw', ['CreateEgressOnlyInternetGateway', of]),
    pcx: await make(send, 'pcx', ['CreateVpcPeeringConnection', { ...of, PeerVpcId: far }]),
    dopt: await make(send, 'dopt', [
      'CreateDhcpOptions',
      { DhcpConfiguration: [{ Key: 'domain-name', Value: ['example'] }] },
    ]),
  };
}

async function hosts(send: Send, { subnet = '', sg = '' }: Objects): Promise<Objects> {
  const launch = { ImageId: 'ami-0123456789abcdef0', InstanceType: 'm5.large', SubnetId: subnet };
  const one = { ...launch, MinCount: 1, MaxCount: 1 };
  const instance = await make(send, 'i', ['RunInstances', one]);
  const dead = await make(send, 'i', ['RunInstances', one]);
  await send('TerminateInstances', { InstanceId: [dead] });
  const place = { SubnetId: subnet, SecurityGroupId: [sg] };
  const eni = (type?: string): Promise<string> =>
    make(send, 'eni', ['CreateNetworkInterface', { ...place, InterfaceType: type }]);
  const [free, trunk, branch] = [await eni(), await eni('trunk'), await eni()];
  const pair = { TrunkInterfaceId: trunk, BranchInterfaceId: branch, VlanId: 1 };
  await send('AssociateTrunkInterface', pair);
  const grant = { NetworkInterfaceId: free, AwsAccountId: ACCOUNTS[1] };
  await send('CreateNetworkInterfacePermission', { ...grant, Permission: 'INSTANCE-ATTACH' });
  return { instance, dead, free, trunk, branch };
}

const PUBLIC_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH me';

async function parts(send: Send, objects: Objects): Promise<Objects> {
  const { vpc = '', far = '', subnet = '', sg = '', igw = '', free = '', branch = '' } = objects;
  const open = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443 };
  const rule = { ...open, IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
  await send('AuthorizeSecurityGroupIngress', { GroupId: sg, IpPermissions: [rule] });
  await send('AttachInternetGateway', { InternetGatewayId: igw, VpcId: vpc });
  await send('AssociateSecurityGroupVpc', { GroupId: sg, VpcId: far });
  await send('ImportKeyPair', { KeyName: 'me', PublicKeyMaterial: btoa(PUBLIC_KEY) });
  const list = { PrefixListName: 'empty', MaxEntries: 3, AddressFamily: 'IPv4' };
  const logs = { LogDestinationType: 's3', LogDestination: 'arn:aws:s3:::logs' };
  const watched = { ResourceId: [vpc], ResourceType: 'VPC', TrafficType: 'ALL' };
  const ends = { Source: free, Destination: branch, Protocol: 'tcp', DestinationPort: 80 };
  const nip = await make(send, 'nip', ['CreateNetworkInsightsPath', { ...ends, ClientToken: 'p' }]);
  const question = { NetworkInsightsPathId: nip, ClientToken: 'a' };
  const reserved = { SubnetId: subnet, Cidr: '10.0.0.128/28', ReservationType: 'explicit' };
  await send('CreateSubnetCidrReservation', reserved);
  const s3 = { VpcId: vpc, ServiceName: 'com.amazonaws.us-east-1.s3' };
  return {
    nip,
    pl: await make(send, 'pl', ['CreateManagedPrefixList', list]),
    fl: await make(send, 'fl', ['CreateFlowLogs', { ...watched, ...logs }]),
    nia: await make(send, 'nia', ['StartNetworkInsightsAnalysis', question]),
    eipalloc: await make(send, 'eipalloc', ['AllocateAddress', { Domain: 'vpc' }]),
    nat: await make(send, 'nat', [
      'CreateNatGateway',
      { SubnetId: subnet, ConnectivityType: 'private' },
    ]),
    vpce: await make(send, 'vpce', ['CreateVpcEndpoint', s3]),
  };
}

/** Name of the file, action, and what it is asked for. */
type Question = readonly [name: string, parameters?: Parameters];

function filter(name: string, value: unknown): Parameters {
  return { Filter: [{ Name: name, Value: [value] }] };
}

/** Every describe of tiers A and B. A word after a dot tells special cases of an action apart. */
function questions(of: Objects): readonly Question[] {
  const vpc = filter('vpc-id', of['vpc']);
  return [
    ['DescribeAccountAttributes'],
    ['DescribeAddresses'],
    ['DescribeAvailabilityZones', { ZoneName: ['us-east-1a'] }],
    ['DescribeDhcpOptions', { DhcpOptionsId: [of['dopt']] }],
    ['DescribeEgressOnlyInternetGateways'],
    ['DescribeFlowLogs'],
    ['DescribeIamInstanceProfileAssociations'],
    ['DescribeInstanceAttribute', { InstanceId: of['instance'], Attribute: 'groupSet' }],
    ['DescribeInstanceStatus', { InstanceId: [of['instance']] }],
    ['DescribeInstanceTypeOfferings', filter('instance-type', 'm5.large')],
    ['DescribeInstanceTypes', { InstanceType: ['m5.large'] }],
    ['DescribeInstances', { InstanceId: [of['instance']] }],
    ['DescribeInstances.terminated', { InstanceId: [of['dead']] }],
    ['DescribeInternetGateways'],
    ['DescribeKeyPairs'],
    ['DescribeManagedPrefixLists', { PrefixListId: [of['pl']] }],
    ['DescribeNatGateways'],
    ['DescribeNetworkAcls', { NetworkAclId: [of['acl']] }],
    ['DescribeNetworkInsightsAnalyses'],
    ['DescribeNetworkInsightsPaths'],
    [
      'DescribeNetworkInterfaceAttribute',
      { NetworkInterfaceId: of['free'], Attribute: 'groupSet' },
    ],
    ['DescribeNetworkInterfacePermissions'],
    ['DescribeNetworkInterfaces', { NetworkInterfaceId: [of['free']] }],
    ['DescribeNetworkInterfaces.branch', { NetworkInterfaceId: [of['branch']] }],
    ['DescribePrefixLists', filter('prefix-list-name', 'com.amazonaws.us-east-1.s3')],
    ['DescribeRegions', { RegionName: [HOME] }],
    ['DescribeRouteTables', vpc],
    ['DescribeSecurityGroupReferences', { GroupId: [of['sg']] }],
    ['DescribeSecurityGroupRules', filter('group-id', of['sg'])],
    ['DescribeSecurityGroupVpcAssociations'],
    ['DescribeSecurityGroups', { GroupId: [of['sg']] }],
    ['DescribeStaleSecurityGroups', { VpcId: of['vpc'] }],
    ['DescribeSubnets', vpc],
    ['DescribeTags'],
    ['DescribeTrunkInterfaceAssociations'],
    ['DescribeVpcAttribute', { VpcId: of['vpc'], Attribute: 'enableDnsSupport' }],
    ['DescribeVpcEndpointServices', { ServiceName: ['com.amazonaws.us-east-1.s3'] }],
    ['DescribeVpcEndpoints'],
    ['DescribeVpcPeeringConnections'],
    ['DescribeVpcs', { VpcId: [of['vpc']] }],
    ['GetManagedPrefixListAssociations', { PrefixListId: of['pl'] }],
    ['GetManagedPrefixListEntries', { PrefixListId: of['pl'] }],
    ['GetSecurityGroupsForVpc', { VpcId: of['vpc'] }],
    ['GetSubnetCidrReservations', { SubnetId: of['subnet'] }],
  ];
}

/** Describes that list what an account has, for one that has nothing. */
const LISTS = [
  'DescribeAddresses',
  'DescribeEgressOnlyInternetGateways',
  'DescribeFlowLogs',
  'DescribeIamInstanceProfileAssociations',
  'DescribeInstanceStatus',
  'DescribeInstances',
  'DescribeInternetGateways',
  'DescribeKeyPairs',
  'DescribeNatGateways',
  'DescribeNetworkAcls',
  'DescribeNetworkInsightsAnalyses',
  'DescribeNetworkInsightsPaths',
  'DescribeNetworkInterfacePermissions',
  'DescribeNetworkInterfaces',
  'DescribeRouteTables',
  'DescribeSecurityGroupRules',
  'DescribeSecurityGroupVpcAssociations',
  'DescribeSecurityGroups',
  'DescribeSubnets',
  'DescribeTags',
  'DescribeTrunkInterfaceAssociations',
  'DescribeVpcEndpoints',
  'DescribeVpcPeeringConnections',
  'DescribeVpcs',
] as const;

/** What our server answers. */
export interface GoldenAnswers {
  readonly bare: readonly GoldenAnswer[];
  /** Where there is nothing to list. */
  readonly none: readonly GoldenAnswer[];
}

/** Plays the same requests each time, with the same clock and the same randomness. */
export async function goldenAnswers(): Promise<GoldenAnswers> {
  const clock = createSteppedClock();
  const kube = createFakeKube({ clock });
  const world = await openWorld(kube, clock, randomFrom(createChance(1)));
  const send = sender(world);
  let objects = await network(send);
  objects = { ...objects, ...(await hosts(send, objects)) };
  objects = { ...objects, ...(await parts(send, objects)) };
  const bare: GoldenAnswer[] = [];
  for (const [name, parameters] of questions(objects)) {
    const [action = ''] = name.split('.');
    bare.push({ name, action, xml: await send(action, parameters) });
  }
  const none = LISTS.map(async (action) => {
    return { name: action, action, xml: await send(action, {}, ELSEWHERE) };
  });
  const answers = { bare, none: await Promise.all(none) };
  world.stop();
  return answers;
}
