import { where, type AnyStep, type Story } from '../story.ts';

function groups(...numbers: readonly number[]): readonly AnyStep[] {
  return numbers.map((number) => ({
    name: `group ${number}`,
    call: ['CreateSecurityGroup', { GroupName: `g${number}`, Description: 'g', VpcId: '{vpc}' }],
    save: { [`g${number}`]: 'GroupId' },
  }));
}

function rule(port: number): Readonly<Record<string, unknown>> {
  return { IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
}

/** Every limit that a few calls reach, on a server with small quotas. */
export const QUOTAS: Story = {
  title: 'Quotas',
  server: 'small quotas',
  steps: [
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.1.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    { name: 'a second one', call: ['CreateVpc', { CidrBlock: '10.2.0.0/16' }] },
    {
      name: 'VPCs of a region are limited',
      call: ['CreateVpc', { CidrBlock: '10.3.0.0/16' }],
      refused: ['VpcLimitExceeded', 'The maximum number of VPCs has been reached.'],
    },
    {
      name: 'a subnet',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.1.1.0/24' }],
      save: { subnet: 'Subnet.SubnetId' },
    },
    {
      name: 'a second subnet',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.1.2.0/24' }],
    },
    {
      name: 'subnets of a VPC are limited',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.1.3.0/24' }],
      refused: ['SubnetLimitExceeded'],
    },
    ...groups(1, 2, 3),
    {
      name: 'groups of a region are limited, the default ones included',
      call: ['CreateSecurityGroup', { GroupName: 'g4', Description: 'g', VpcId: '{vpc}' }],
      refused: ['SecurityGroupLimitExceeded'],
    },
    {
      name: 'groups of an interface are limited',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', Groups: ['{g1}', '{g2}', '{g3}'] }],
      refused: ['SecurityGroupsPerInterfaceLimitExceeded'],
    },
    {
      name: 'rules of a group',
      call: [
        'AuthorizeSecurityGroupIngress',
        { GroupId: '{g1}', IpPermissions: [rule(1), rule(2), rule(3)] },
      ],
    },
    {
      name: 'are limited',
      call: ['AuthorizeSecurityGroupIngress', { GroupId: '{g1}', IpPermissions: [rule(4)] }],
      refused: [
        'RulesPerSecurityGroupLimitExceeded',
        'The maximum number of rules per security group has been reached.',
      ],
    },
    {
      name: 'per direction',
      call: ['AuthorizeSecurityGroupEgress', { GroupId: '{g1}', IpPermissions: [rule(4)] }],
    },
    {
      name: 'and per family',
      call: [
        'AuthorizeSecurityGroupIngress',
        {
          GroupId: '{g1}',
          IpPermissions: [
            { IpProtocol: 'tcp', FromPort: 1, ToPort: 1, Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
          ],
        },
      ],
    },
    {
      name: 'a reference to a group counts in both families',
      call: [
        'AuthorizeSecurityGroupIngress',
        {
          GroupId: '{g1}',
          IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: '{g2}' }] }],
        },
      ],
      refused: ['RulesPerSecurityGroupLimitExceeded'],
    },
    {
      name: 'a prefix list',
      call: [
        'CreateManagedPrefixList',
        { PrefixListName: 'l', AddressFamily: 'IPv4', MaxEntries: 4 },
      ],
      save: { list: 'PrefixList.PrefixListId' },
    },
    {
      name: 'counts as its greatest size',
      call: [
        'AuthorizeSecurityGroupIngress',
        {
          GroupId: '{g2}',
          IpPermissions: [{ IpProtocol: '-1', PrefixListIds: [{ PrefixListId: '{list}' }] }],
        },
      ],
      refused: ['RulesPerSecurityGroupLimitExceeded'],
    },
    ...[1, 2, 3].map((number): AnyStep => ({
      name: `interface ${number}`,
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}' }],
    })),
    {
      name: 'interfaces of a region are limited',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}' }],
      refused: ['NetworkInterfaceLimitExceeded'],
    },
    {
      name: 'a route table besides the main one',
      call: ['CreateRouteTable', { VpcId: '{vpc}' }],
      save: { table: 'RouteTable.RouteTableId' },
    },
    {
      name: 'route tables of a VPC are limited',
      call: ['CreateRouteTable', { VpcId: '{vpc}' }],
      refused: ['RouteTableLimitExceeded'],
    },
    {
      name: 'a gateway',
      call: ['CreateInternetGateway'],
      save: { gateway: 'InternetGateway.InternetGatewayId' },
    },
    {
      name: 'is attached',
      call: ['AttachInternetGateway', { InternetGatewayId: '{gateway}', VpcId: '{vpc}' }],
    },
    ...[1, 2].map((number): AnyStep => ({
      name: `route ${number}`,
      call: [
        'CreateRoute',
        {
          RouteTableId: '{table}',
          DestinationCidrBlock: `192.168.${number}.0/24`,
          GatewayId: '{gateway}',
        },
      ],
    })),
    {
      name: 'routes of a table are limited',
      call: [
        'CreateRoute',
        { RouteTableId: '{table}', DestinationCidrBlock: '192.168.3.0/24', GatewayId: '{gateway}' },
      ],
      refused: ['RouteLimitExceeded'],
    },
    {
      name: 'what was refused is not there',
      call: ['DescribeVpcs', where({ cidr: '10.3.0.0/16' })],
      answers: { Vpcs: [] },
    },
  ],
};
