import type { Chance } from '../arbitrary/chance.ts';
import type { Ids } from './ids.ts';
import type { Parameters } from './parameters.ts';

/** Where requests get their values from. */
export interface Kitchen {
  readonly chance: Chance;
  readonly ids: Ids;
  /** Account and region, by which ids are kept. */
  readonly owner: string;
  /** An account's number: mostly the caller's. */
  readonly account: string;
}

/** Makes the parameters of a request that often succeeds. */
export type Recipe = (kitchen: Kitchen) => Parameters;

/** An id of a kind. */
export function id({ ids, owner }: Kitchen, kind: string): string {
  return ids.pick(owner, kind);
}

/** Makes a value, or none. */
export function some({ chance }: Kitchen, probability: number, make: () => unknown): unknown {
  return chance.happens(probability) ? make() : undefined;
}

/** One value or more. */
export function list(kitchen: Kitchen, most: number, make: () => unknown): readonly unknown[] {
  return Array.from({ length: 1 + kitchen.chance.below(most) }, make);
}

/** One id or more. */
export function ids(kitchen: Kitchen, kind: string, most = 3): readonly unknown[] {
  return list(kitchen, most, () => id(kitchen, kind));
}

const TEXTS = [
  'a',
  'b',
  'web',
  'db',
  '<x> & "y"',
  'é漢',
  ' padded ',
  '__proto__',
  'aws:reserved',
] as const;

function text({ chance }: Kitchen): string {
  return chance.pick(TEXTS);
}

/** Names of things that are unique in an account. */
function name({ chance }: Kitchen): string {
  return `name-${chance.below(12)}`;
}

/** Yes or no. */
export function flag({ chance }: Kitchen): boolean {
  return chance.happens(0.5);
}

function vpcBlock({ chance }: Kitchen): string {
  const bits = chance.pick([16, 16, 20, 24]);
  return `10.${chance.below(4)}.0.0/${bits}`;
}

function subnetBlock({ chance }: Kitchen): string {
  const bits = chance.pick([20, 24, 26, 28, 28]);
  return `10.${chance.below(4)}.${chance.pick([0, 16, 32, 48])}.${chance.pick([0, 0, 64, 128])}/${bits}`;
}

function address({ chance }: Kitchen): string {
  const last = chance.pick([0, 3, 4, 5, 6, 7, 10, 20, 64 + chance.below(20), 255]);
  return `10.${chance.below(4)}.${chance.pick([0, 16, 32])}.${last}`;
}

/** What is known to belong to an object, or what might. */
export function own(
  kitchen: Kitchen,
  subject: string,
  pattern: RegExp,
  other: () => string,
): string {
  const known = kitchen.chance.happens(0.8) ? kitchen.ids.related(subject, pattern) : undefined;
  return known ?? other();
}

/** An object of a kind, mostly in the VPC where most things are. */
export function near(kitchen: Kitchen, kind: string): string {
  const vpc = kitchen.ids.home(kitchen.owner, 'vpc');
  if (vpc === undefined || kitchen.chance.happens(0.3)) return id(kitchen, kind);
  return own(kitchen, vpc, new RegExp(`^${kind}-[0-9a-f]{17}$`), () => id(kitchen, kind));
}

/** One or two such objects. */
export function nearby(kitchen: Kitchen, kind: string): readonly unknown[] {
  return list(kitchen, 2, () => near(kitchen, kind));
}

function prefix({ chance }: Kitchen): string {
  return `10.${chance.below(4)}.${chance.pick([0, 16, 32])}.${chance.pick([16, 32, 240])}/28`;
}

function address6({ chance }: Kitchen): string {
  return `2600:1f00:${chance.below(16).toString(16)}::${chance.below(20).toString(16)}`;
}

function tags(kitchen: Kitchen, type: string): unknown {
  return some(kitchen, 0.2, () => [
    {
      ResourceType: type,
      Tag: list(kitchen, 2, () => ({ Key: text(kitchen), Value: text(kitchen) })),
    },
  ]);
}

/** Few tokens, so that they come again with the same and with other parameters. */
export function token(kitchen: Kitchen): unknown {
  return some(kitchen, 0.2, () => `token-${kitchen.chance.below(30)}`);
}

function zone({ chance, owner }: Kitchen): string {
  return `${owner.split('/')[1]}${chance.pick(['a', 'b', 'c', 'a', 'z'])}`;
}

const IPV4 = /^10\.\d+\.\d+\.\d+$/;
const WORLD = ['0.0.0.0/0', '10.0.0.0/8', '10.0.0.5/32', '192.168.7.9/24'] as const;
const WORLD6 = ['::/0', '2600:1f00::/32', 'fd00::1/64'] as const;

function permission(kitchen: Kitchen): unknown {
  const { chance } = kitchen;
  const port = chance.pick([22, 80, 443, 5432, 0, 65_535, 70_000, -1]);
  const protocol = chance.pick(['tcp', 'tcp', 'udp', 'icmp', '-1', '6', '47', 'icmpv6', 'sctp']);
  return {
    IpProtocol: protocol,
    FromPort: some(kitchen, 0.95, () => port),
    ToPort: some(kitchen, 0.95, () => port + chance.pick([0, 0, 10, -5])),
    IpRanges: some(kitchen, 0.5, () =>
      list(kitchen, 2, () => ({ CidrIp: chance.pick(WORLD), Description: text(kitchen) })),
    ),
    Ipv6Ranges: some(kitchen, 0.2, () => [{ CidrIpv6: chance.pick(WORLD6) }]),
    Groups: some(kitchen, 0.4, () => [
      { GroupId: near(kitchen, 'sg'), UserId: some(kitchen, 0.2, () => kitchen.account) },
    ]),
    PrefixListIds: some(kitchen, 0.15, () => [{ PrefixListId: id(kitchen, 'pl') }]),
  };
}

function permissions(kitchen: Kitchen): Parameters {
  return {
    GroupId: id(kitchen, 'sg'),
    IpPermissions: list(kitchen, 2, () => permission(kitchen)),
  };
}

function authorize(kitchen: Kitchen): Parameters {
  return { ...permissions(kitchen), TagSpecification: tags(kitchen, 'security-group-rule') };
}

function revoke(kitchen: Kitchen): Parameters {
  if (kitchen.chance.happens(0.4)) return permissions(kitchen);
  const group = id(kitchen, 'sg');
  return { GroupId: group, SecurityGroupRuleId: list(kitchen, 2, () => ruleOf(kitchen, group)) };
}

function ruleOf(kitchen: Kitchen, group: string): string {
  return own(kitchen, group, /^sgr-/, () => id(kitchen, 'sgr'));
}

function describeRules(kitchen: Kitchen): Parameters {
  const group = id(kitchen, 'sg');
  return {
    GroupId: group,
    SecurityGroupRuleDescription: some(kitchen, 0.7, () => [
      { SecurityGroupRuleId: ruleOf(kitchen, group), Description: text(kitchen) },
    ]),
    IpPermissions: some(kitchen, 0.3, () => [permission(kitchen)]),
  };
}

function modifyRules(kitchen: Kitchen): Parameters {
  const group = id(kitchen, 'sg');
  const rule = {
    IpProtocol: 'tcp',
    FromPort: 1,
    ToPort: kitchen.chance.pick([1, 2, 3]),
    CidrIpv4: kitchen.chance.pick(WORLD),
  };
  return {
    GroupId: group,
    SecurityGroupRule: [{ SecurityGroupRuleId: ruleOf(kitchen, group), SecurityGroupRule: rule }],
  };
}

function unassignment(kitchen: Kitchen): Parameters {
  const eni = id(kitchen, 'eni');
  return {
    NetworkInterfaceId: eni,
    ...(kitchen.chance.happens(0.7)
      ? {
          PrivateIpAddress: list(kitchen, 2, () => own(kitchen, eni, IPV4, () => address(kitchen))),
        }
      : { Ipv4Prefix: [own(kitchen, eni, /\/28$/, () => prefix(kitchen))] }),
  };
}

function unassignment6(kitchen: Kitchen): Parameters {
  const eni = id(kitchen, 'eni');
  return {
    NetworkInterfaceId: eni,
    Ipv6Addresses: [own(kitchen, eni, /^[0-9a-f]+:[0-9a-f:]+$/, () => address6(kitchen))],
  };
}

/** A /64 of a VPC's /56, for a subnet that may or may not be of that VPC. */
function associateBlock6(kitchen: Kitchen): Parameters {
  const vpc = id(kitchen, 'vpc');
  const whole = own(kitchen, vpc, /::\/56$/, () => '2600:1f00:1::/56');
  const part = whole.replace(/00::\/56$/, `0${kitchen.chance.below(6)}::/64`);
  return {
    SubnetId: own(kitchen, vpc, /^subnet-/, () => id(kitchen, 'subnet')),
    Ipv6CidrBlock: part,
  };
}

/** A block of the subnet itself, cut down. */
function reservation(kitchen: Kitchen): Parameters {
  const subnet = id(kitchen, 'subnet');
  const outer = own(kitchen, subnet, /^10\.[\d.]+\/\d\d$/, () => subnetBlock(kitchen));
  return {
    SubnetId: subnet,
    Cidr: kitchen.chance.happens(0.7) ? outer.replace(/\/\d+$/, '/28') : prefix(kitchen),
    ReservationType: kitchen.chance.pick(['explicit', 'prefix']),
  };
}

function assignment(kitchen: Kitchen): Parameters {
  return kitchen.chance.pick<() => Parameters>([
    () => ({ SecondaryPrivateIpAddressCount: 1 + kitchen.chance.below(3) }),
    () => ({ PrivateIpAddress: list(kitchen, 2, () => address(kitchen)) }),
    () => ({ Ipv4PrefixCount: 1 }),
    () => ({ Ipv4Prefix: [prefix(kitchen)] }),
  ])();
}

function assignment6(kitchen: Kitchen): Parameters {
  return kitchen.chance.pick<() => Parameters>([
    () => ({ Ipv6AddressCount: 1 + kitchen.chance.below(2) }),
    () => ({ Ipv6Addresses: [address6(kitchen)] }),
    () => ({ Ipv6PrefixCount: 1 }),
  ])();
}

function newInterface(kitchen: Kitchen): Parameters {
  return {
    SubnetId: near(kitchen, 'subnet'),
    SecurityGroupId: some(kitchen, 0.5, () => nearby(kitchen, 'sg')),
    Description: some(kitchen, 0.3, () => text(kitchen)),
    PrivateIpAddress: some(kitchen, 0.15, () => address(kitchen)),
    SecondaryPrivateIpAddressCount: some(kitchen, 0.1, () => 1 + kitchen.chance.below(3)),
    Ipv6AddressCount: some(kitchen, 0.1, () => 1),
    Ipv4PrefixCount: some(kitchen, 0.05, () => 1),
    InterfaceType: some(kitchen, 0.35, () => kitchen.chance.pick(['trunk', 'trunk', 'branch'])),
    TagSpecification: tags(kitchen, 'network-interface'),
    ClientToken: token(kitchen),
  };
}

function launch(kitchen: Kitchen): Parameters {
  const { chance } = kitchen;
  const type = chance.pick(['m5.large', 'm5.large', 't3.micro', 'c5.4xlarge', 'moon.large']);
  return {
    ImageId: 'ami-0123456789abcdef0',
    InstanceType: type,
    MinCount: 1,
    MaxCount: chance.pick([1, 1, 2]),
    SubnetId: some(kitchen, 0.8, () => near(kitchen, 'subnet')),
    SecurityGroupId: some(kitchen, 0.3, () => nearby(kitchen, 'sg')),
    KeyName: some(kitchen, 0.1, () => name(kitchen)),
    NetworkInterface: some(kitchen, 0.15, () => [
      { DeviceIndex: 0, NetworkInterfaceId: id(kitchen, 'eni') },
    ]),
    TagSpecification: tags(kitchen, 'instance'),
    ClientToken: token(kitchen),
  };
}

function aclEntry(kitchen: Kitchen): Parameters {
  const { chance } = kitchen;
  return {
    NetworkAclId: id(kitchen, 'acl'),
    RuleNumber: chance.pick([1, 10, 100, 32_766, 40_000]),
    Protocol: chance.pick(['-1', '6', '17', '1']),
    RuleAction: chance.pick(['allow', 'deny']),
    Egress: flag(kitchen),
    CidrBlock: chance.pick(WORLD),
    PortRange: some(kitchen, 0.7, () => ({ From: 1, To: chance.pick([1, 80, 65_535]) })),
    Icmp: some(kitchen, 0.3, () => ({ Type: -1, Code: -1 })),
  };
}

function route(kitchen: Kitchen): Parameters {
  const { chance } = kitchen;
  const targets: readonly Parameters[] = [
    { GatewayId: id(kitchen, 'igw') },
    { NetworkInterfaceId: id(kitchen, 'eni') },
    { InstanceId: id(kitchen, 'i') },
    { VpcPeeringConnectionId: id(kitchen, 'pcx') },
    { EgressOnlyInternetGatewayId: id(kitchen, 'eigw') },
  ];
  return { ...routeKey(kitchen), ...chance.pick(targets) };
}

function routeKey(kitchen: Kitchen): Parameters {
  const { chance } = kitchen;
  const destinations: readonly Parameters[] = [
    { DestinationCidrBlock: chance.pick(['0.0.0.0/0', '10.9.0.0/16', '10.0.0.0/8']) },
    { DestinationIpv6CidrBlock: '::/0' },
    { DestinationPrefixListId: id(kitchen, 'pl') },
  ];
  return { RouteTableId: id(kitchen, 'rtb'), ...chance.pick(destinations) };
}

function entries(kitchen: Kitchen): unknown {
  return list(kitchen, 3, () => ({ Cidr: vpcBlock(kitchen), Description: text(kitchen) }));
}

function modifyInterface(kitchen: Kitchen): Parameters {
  const changes: readonly Parameters[] = [
    { Description: { Value: text(kitchen) } },
    { SourceDestCheck: { Value: flag(kitchen) } },
    { SecurityGroupId: nearby(kitchen, 'sg') },
    { Attachment: { AttachmentId: id(kitchen, 'eni-attach'), DeleteOnTermination: flag(kitchen) } },
  ];
  return { NetworkInterfaceId: id(kitchen, 'eni'), ...kitchen.chance.pick(changes) };
}

function modifyVpc(kitchen: Kitchen): Parameters {
  const attribute = kitchen.chance.pick(['EnableDnsSupport', 'EnableDnsHostnames']);
  return { VpcId: id(kitchen, 'vpc'), [attribute]: { Value: flag(kitchen) } };
}

function modifySubnet(kitchen: Kitchen): Parameters {
  const attribute = kitchen.chance.pick(['MapPublicIpOnLaunch', 'AssignIpv6AddressOnCreation']);
  return { SubnetId: id(kitchen, 'subnet'), [attribute]: { Value: flag(kitchen) } };
}

function modifyInstance(kitchen: Kitchen): Parameters {
  const changes: readonly Parameters[] = [
    { GroupId: nearby(kitchen, 'sg') },
    { DisableApiTermination: { Value: kitchen.chance.happens(0.2) } },
    { InstanceType: { Value: kitchen.chance.pick(['m5.xlarge', 't3.micro']) } },
    { SourceDestCheck: { Value: flag(kitchen) } },
  ];
  return { InstanceId: id(kitchen, 'i'), ...kitchen.chance.pick(changes) };
}

const KINDS = ['vpc', 'subnet', 'sg', 'eni', 'i', 'rtb', 'igw', 'acl', 'pl', 'sgr', 'pcx'] as const;

function tagging(kitchen: Kitchen): Parameters {
  return {
    ResourceId: list(kitchen, 2, () => id(kitchen, kitchen.chance.pick(KINDS))),
    Tag: list(kitchen, 2, () => ({ Key: text(kitchen), Value: text(kitchen) })),
  };
}

function newPeering(kitchen: Kitchen): Parameters {
  return {
    VpcId: id(kitchen, 'vpc'),
    PeerVpcId: id(kitchen, 'vpc'),
    PeerOwnerId: some(kitchen, 0.3, () => kitchen.account),
  };
}

const peering: Recipe = (kitchen) => ({ VpcPeeringConnectionId: id(kitchen, 'pcx') });
const ofVpc: Recipe = (kitchen) => ({ VpcId: id(kitchen, 'vpc') });
const ofInterface: Recipe = (kitchen) => ({ NetworkInterfaceId: id(kitchen, 'eni') });
const ofInstances: Recipe = (kitchen) => ({ InstanceId: ids(kitchen, 'i', 2) });
const nothing: Recipe = () => ({});

/** Every action that changes something, or that reads by more than ids and filters. */
export const RECIPES: Readonly<Record<string, Recipe>> = {
  AcceptVpcPeeringConnection: peering,
  AssignIpv6Addresses: (k) => ({ ...ofInterface(k), ...assignment6(k) }),
  AssignPrivateIpAddresses: (k) => ({
    ...ofInterface(k),
    ...assignment(k),
    AllowReassignment: some(k, 0.3, () => flag(k)),
  }),
  AssociateAddress: (k) => ({
    AllocationId: id(k, 'eipalloc'),
    NetworkInterfaceId: near(k, 'eni'),
  }),
  AssociateDhcpOptions: (k) => ({
    ...ofVpc(k),
    DhcpOptionsId: k.chance.happens(0.2) ? 'default' : id(k, 'dopt'),
  }),
  AssociateRouteTable: (k) => ({
    RouteTableId: id(k, 'rtb'),
    ...(k.chance.happens(0.8) ? { SubnetId: id(k, 'subnet') } : { GatewayId: id(k, 'igw') }),
  }),
  AssociateSecurityGroupVpc: (k) => ({ ...ofVpc(k), GroupId: id(k, 'sg') }),
  AssociateSubnetCidrBlock: associateBlock6,
  AssociateTrunkInterface: (k) => ({
    TrunkInterfaceId: id(k, k.chance.happens(0.9) ? 'trunk' : 'eni'),
    BranchInterfaceId: near(k, 'eni'),
    VlanId: k.chance.pick([1, 2, 3, 4, 5, 4094, 4095, 0]),
    ClientToken: token(k),
  }),
  AssociateVpcCidrBlock: (k) => ({
    ...ofVpc(k),
    ...(k.chance.happens(0.5) ? { AmazonProvidedIpv6CidrBlock: true } : { CidrBlock: vpcBlock(k) }),
  }),
  AttachInternetGateway: (k) => ({ ...ofVpc(k), InternetGatewayId: id(k, 'igw') }),
  AttachNetworkInterface: (k) => ({
    NetworkInterfaceId: near(k, k.chance.happens(0.3) ? 'trunk' : 'eni'),
    InstanceId: near(k, 'i'),
    DeviceIndex: k.chance.pick([0, 1, 1, 2, 3, 20]),
  }),
  AuthorizeSecurityGroupEgress: authorize,
  AuthorizeSecurityGroupIngress: authorize,
  CreateDefaultSubnet: (k) => ({ AvailabilityZone: zone(k) }),
  CreateDefaultVpc: nothing,
  CreateDhcpOptions: (k) => ({
    DhcpConfiguration: [{ Key: 'domain-name', Value: [text(k)] }],
    TagSpecification: tags(k, 'dhcp-options'),
  }),
  CreateEgressOnlyInternetGateway: (k) => ({ ...ofVpc(k), ClientToken: token(k) }),
  CreateFlowLogs: (k) => ({
    ResourceId: ids(k, k.chance.pick(['vpc', 'subnet', 'eni']), 2),
    ResourceType: k.chance.pick(['VPC', 'Subnet', 'NetworkInterface']),
    TrafficType: k.chance.pick(['ALL', 'ACCEPT', 'REJECT']),
    LogDestinationType: 's3',
    LogDestination: 'arn:aws:s3:::bucket',
    ClientToken: token(k),
  }),
  CreateInternetGateway: (k) => ({ TagSpecification: tags(k, 'internet-gateway') }),
  CreateKeyPair: (k) => ({ KeyName: name(k), KeyType: 'ed25519' }),
  CreateManagedPrefixList: (k) => ({
    PrefixListName: name(k),
    MaxEntries: k.chance.pick([3, 10, 10]),
    AddressFamily: k.chance.pick(['IPv4', 'IPv4', 'IPv6']),
    Entry: some(k, 0.5, () => entries(k)),
    ClientToken: token(k),
  }),
  CreateNatGateway: (k) => ({ SubnetId: near(k, 'subnet'), AllocationId: id(k, 'eipalloc') }),
  CreateNetworkAcl: (k) => ({ ...ofVpc(k), TagSpecification: tags(k, 'network-acl') }),
  CreateNetworkAclEntry: aclEntry,
  CreateNetworkInsightsPath: (k) => ({
    Source: id(k, k.chance.pick(['eni', 'i'])),
    Destination: id(k, k.chance.pick(['eni', 'i', 'igw'])),
    Protocol: k.chance.pick(['tcp', 'udp']),
    DestinationPort: some(k, 0.7, () => 443),
    ClientToken: `path-${k.chance.below(1000)}`,
  }),
  CreateNetworkInterface: newInterface,
  CreateNetworkInterfacePermission: (k) => ({
    ...ofInterface(k),
    AwsAccountId: k.account,
    Permission: k.chance.pick(['INSTANCE-ATTACH', 'EIP-ASSOCIATE']),
  }),
  CreateRoute: route,
  CreateRouteTable: (k) => ({ ...ofVpc(k), ClientToken: token(k) }),
  CreateSecurityGroup: (k) => ({
    ...ofVpc(k),
    GroupName: name(k),
    GroupDescription: text(k),
    TagSpecification: tags(k, 'security-group'),
  }),
  CreateSubnet: (k) => ({
    ...ofVpc(k),
    CidrBlock: subnetBlock(k),
    AvailabilityZone: some(k, 0.5, () => zone(k)),
    TagSpecification: tags(k, 'subnet'),
  }),
  CreateSubnetCidrReservation: reservation,
  CreateTags: tagging,
  CreateVpc: (k) => ({
    CidrBlock: vpcBlock(k),
    AmazonProvidedIpv6CidrBlock: some(k, 0.3, () => flag(k)),
    TagSpecification: tags(k, 'vpc'),
  }),
  CreateVpcPeeringConnection: newPeering,
  DeleteDhcpOptions: (k) => ({ DhcpOptionsId: id(k, 'dopt') }),
  DeleteEgressOnlyInternetGateway: (k) => ({ EgressOnlyInternetGatewayId: id(k, 'eigw') }),
  DeleteFlowLogs: (k) => ({ FlowLogId: ids(k, 'fl', 2) }),
  DeleteInternetGateway: (k) => ({ InternetGatewayId: id(k, 'igw') }),
  DeleteKeyPair: (k) =>
    k.chance.happens(0.5) ? { KeyName: name(k) } : { KeyPairId: id(k, 'key') },
  DeleteManagedPrefixList: (k) => ({ PrefixListId: id(k, 'pl') }),
  DeleteNatGateway: (k) => ({ NatGatewayId: id(k, 'nat') }),
  DeleteNetworkAcl: (k) => ({ NetworkAclId: id(k, 'acl') }),
  DeleteNetworkAclEntry: (k) => ({
    NetworkAclId: id(k, 'acl'),
    RuleNumber: k.chance.pick([1, 10, 100]),
    Egress: flag(k),
  }),
  DeleteNetworkInsightsAnalysis: (k) => ({ NetworkInsightsAnalysisId: id(k, 'nia') }),
  DeleteNetworkInsightsPath: (k) => ({ NetworkInsightsPathId: id(k, 'nip') }),
  DeleteNetworkInterface: ofInterface,
  DeleteNetworkInterfacePermission: (k) => ({
    NetworkInterfacePermissionId: id(k, 'eni-perm'),
    Force: some(k, 0.5, () => flag(k)),
  }),
  DeleteRoute: routeKey,
  DeleteRouteTable: (k) => ({ RouteTableId: id(k, 'rtb') }),
  DeleteSecurityGroup: (k) => ({ GroupId: id(k, 'sg') }),
  DeleteSubnet: (k) => ({ SubnetId: id(k, 'subnet') }),
  DeleteSubnetCidrReservation: (k) => ({ SubnetCidrReservationId: id(k, 'scr') }),
  DeleteTags: (k) => ({ ...tagging(k) }),
  DeleteVpc: ofVpc,
  DeleteVpcPeeringConnection: peering,
  DescribeInstanceAttribute: (k) => ({
    InstanceId: id(k, 'i'),
    Attribute: k.chance.pick(['instanceType', 'groupSet', 'sourceDestCheck', 'userData']),
  }),
  DescribeNetworkInterfaceAttribute: (k) => ({
    ...ofInterface(k),
    Attribute: k.chance.pick(['description', 'groupSet', 'sourceDestCheck', 'attachment']),
  }),
  DescribeSecurityGroupReferences: (k) => ({ GroupId: ids(k, 'sg') }),
  DescribeStaleSecurityGroups: ofVpc,
  DescribeVpcAttribute: (k) => ({
    ...ofVpc(k),
    Attribute: k.chance.pick(['enableDnsSupport', 'enableDnsHostnames']),
  }),
  DetachInternetGateway: (k) => ({ ...ofVpc(k), InternetGatewayId: id(k, 'igw') }),
  DetachNetworkInterface: (k) => ({
    AttachmentId: id(k, 'eni-attach'),
    Force: some(k, 0.3, () => flag(k)),
  }),
  DisassociateAddress: (k) => ({ AssociationId: id(k, 'eipassoc') }),
  DisassociateRouteTable: (k) => ({ AssociationId: id(k, 'rtbassoc') }),
  DisassociateSecurityGroupVpc: (k) => ({ ...ofVpc(k), GroupId: id(k, 'sg') }),
  DisassociateSubnetCidrBlock: (k) => ({ AssociationId: id(k, 'subnet-cidr-assoc') }),
  DisassociateTrunkInterface: (k) => ({ AssociationId: id(k, 'trunk-assoc') }),
  DisassociateVpcCidrBlock: (k) => ({ AssociationId: id(k, 'vpc-cidr-assoc') }),
  GetManagedPrefixListAssociations: (k) => ({ PrefixListId: id(k, 'pl') }),
  GetManagedPrefixListEntries: (k) => ({
    PrefixListId: id(k, 'pl'),
    TargetVersion: some(k, 0.3, () => 1 + k.chance.below(3)),
  }),
  GetSecurityGroupsForVpc: ofVpc,
  GetSubnetCidrReservations: (k) => ({ SubnetId: id(k, 'subnet') }),
  ImportKeyPair: (k) => ({ KeyName: name(k), PublicKeyMaterial: PUBLIC_KEY }),
  ModifyInstanceAttribute: modifyInstance,
  ModifyInstanceMetadataOptions: (k) => ({
    InstanceId: id(k, 'i'),
    HttpTokens: k.chance.pick(['required', 'optional', 'maybe']),
  }),
  ModifyManagedPrefixList: (k) => ({
    PrefixListId: id(k, 'pl'),
    ...(k.chance.happens(0.2)
      ? { MaxEntries: k.chance.pick([2, 20]) }
      : { CurrentVersion: k.chance.pick([1, 1, 2, 3]), AddEntry: [{ Cidr: vpcBlock(k) }] }),
    RemoveEntry: some(k, 0.2, () => [{ Cidr: vpcBlock(k) }]),
  }),
  ModifyNetworkInterfaceAttribute: modifyInterface,
  ModifySecurityGroupRules: modifyRules,
  ModifySubnetAttribute: modifySubnet,
  ModifyVpcAttribute: modifyVpc,
  ModifyVpcPeeringConnectionOptions: (k) => ({
    ...peering(k),
    RequesterPeeringConnectionOptions: { AllowDnsResolutionFromRemoteVpc: flag(k) },
  }),
  RebootInstances: ofInstances,
  RejectVpcPeeringConnection: peering,
  ReleaseAddress: (k) => ({ AllocationId: id(k, 'eipalloc') }),
  ReplaceNetworkAclAssociation: (k) => ({
    AssociationId: id(k, 'aclassoc'),
    NetworkAclId: id(k, 'acl'),
  }),
  ReplaceNetworkAclEntry: aclEntry,
  ReplaceRoute: route,
  ReplaceRouteTableAssociation: (k) => ({
    AssociationId: id(k, 'rtbassoc'),
    RouteTableId: id(k, 'rtb'),
  }),
  ResetNetworkInterfaceAttribute: (k) => ({ ...ofInterface(k), SourceDestCheck: 'true' }),
  RestoreManagedPrefixListVersion: (k) => ({
    PrefixListId: id(k, 'pl'),
    PreviousVersion: 1,
    CurrentVersion: 1 + k.chance.below(4),
  }),
  RevokeSecurityGroupEgress: revoke,
  RevokeSecurityGroupIngress: revoke,
  RunInstances: launch,
  StartInstances: ofInstances,
  StartNetworkInsightsAnalysis: (k) => ({
    NetworkInsightsPathId: id(k, 'nip'),
    ClientToken: `analysis-${k.chance.below(1000)}`,
  }),
  StopInstances: ofInstances,
  TerminateInstances: ofInstances,
  UnassignIpv6Addresses: unassignment6,
  UnassignPrivateIpAddresses: unassignment,
  UpdateSecurityGroupRuleDescriptionsEgress: describeRules,
  UpdateSecurityGroupRuleDescriptionsIngress: describeRules,
};

const PUBLIC_KEY = Buffer.from(
  `ssh-ed25519 ${Buffer.concat([
    Buffer.from([0, 0, 0, 11]),
    Buffer.from('ssh-ed25519'),
    Buffer.from([0, 0, 0, 32]),
    Buffer.alloc(32, 7),
  ]).toString('base64')} me`,
).toString('base64');

/** Kind of id in the parameter of a describe that takes ids, by the parameter's name. */
const ID_KIND: Readonly<Record<string, string>> = {
  VpcId: 'vpc',
  SubnetId: 'subnet',
  GroupId: 'sg',
  SecurityGroupRuleId: 'sgr',
  NetworkInterfaceId: 'eni',
  InstanceId: 'i',
  RouteTableId: 'rtb',
  InternetGatewayId: 'igw',
  EgressOnlyInternetGatewayId: 'eigw',
  DhcpOptionsId: 'dopt',
  NetworkAclId: 'acl',
  VpcPeeringConnectionId: 'pcx',
  PrefixListId: 'pl',
  FlowLogId: 'fl',
  KeyPairId: 'key',
  NetworkInsightsPathId: 'nip',
  NetworkInsightsAnalysisId: 'nia',
  AssociationId: 'trunk-assoc',
  NetworkInterfacePermissionId: 'eni-perm',
  AllocationId: 'eipalloc',
  NatGatewayId: 'nat',
  VpcEndpointId: 'vpce',
};
const FILTERS = [
  'vpc-id',
  'subnet-id',
  'group-id',
  'tag:a',
  'tag-key',
  'tag:constructor',
  'status',
  'state',
  'x',
];

/** A describe by what the model says that it takes: ids, filters and pages. */
export function describeRecipe(wireNames: ReadonlySet<string>): Recipe {
  const kinds = Object.entries(ID_KIND).filter(([parameter]) => wireNames.has(parameter));
  return (k) => ({
    ...Object.fromEntries(
      kinds.map(([parameter, kind]) => [parameter, some(k, 0.3, () => ids(k, kind, 2))]),
    ),
    Filter: wireNames.has('Filter')
      ? some(k, 0.4, () =>
          list(k, 2, () => ({
            Name: k.chance.pick(FILTERS),
            Value: list(k, 2, () => k.chance.pick(['*', 'a', 'available', id(k, 'vpc'), '?['])),
          })),
        )
      : undefined,
    MaxResults: wireNames.has('MaxResults')
      ? some(k, 0.2, () => k.chance.pick([5, 10, 4]))
      : undefined,
    NextToken: wireNames.has('NextToken') ? some(k, 0.05, () => 'bogus') : undefined,
  });
}
