import { count } from '../match.ts';
import { where, type AnyStep, type Story } from '../story.ts';

const DRY = {
  status: 412,
  refused: ['DryRunOperation', 'Request would have succeeded, but DryRun flag is set.'] as const,
};

/** The range of MaxResults of each list. */
const RANGES: readonly (readonly [action: string, least: number, most: number, params?: object])[] =
  [
    ['DescribeVpcs', 5, 1000],
    ['DescribeSubnets', 5, 1000],
    ['DescribeSecurityGroups', 5, 1000],
    ['DescribeSecurityGroupRules', 5, 1000],
    ['DescribeNetworkInterfaces', 5, 1000],
    ['DescribeInstances', 5, 1000],
    ['DescribeRouteTables', 5, 100],
    ['DescribeInstanceTypes', 5, 100],
    ['DescribeTrunkInterfaceAssociations', 5, 255],
    ['DescribeNetworkInterfacePermissions', 5, 255],
    ['DescribeManagedPrefixLists', 1, 100],
    ['DescribeStaleSecurityGroups', 5, 255, { VpcId: '{vpc}' }],
    ['GetSecurityGroupsForVpc', 5, 1000, { VpcId: '{vpc}' }],
  ];

const outOfRange: readonly AnyStep[] = RANGES.flatMap(([action, least, most, params]) =>
  [least - 1, most + 1].map((wrong): AnyStep => ({
    name: `${action} refuses MaxResults ${wrong}`,
    call: [action, { ...params, MaxResults: wrong }],
    refused: ['InvalidParameterValue', /maxResults/i],
  })),
);

/** Actions that change nothing when asked to try. */
const TRIED: readonly (readonly [action: string, params: object])[] = [
  ['CreateVpc', { CidrBlock: '10.91.0.0/16' }],
  ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.90.200.0/24' }],
  ['CreateSecurityGroup', { GroupName: 'dry', Description: 'dry', VpcId: '{vpc}' }],
  ['CreateNetworkInterface', { SubnetId: '{subnet}' }],
  ['CreateTags', { Resources: ['{vpc}'], Tags: [{ Key: 'a', Value: 'b' }] }],
  ['DeleteVpc', { VpcId: '{vpc}' }],
  ['DescribeSecurityGroups', {}],
  ['DescribeInstances', {}],
];

/** Pagination, filters, dry runs and idempotency, which all actions share. */
export const LISTS: Story = {
  title: 'Pages, filters, dry runs and tokens',
  steps: [
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.90.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    ...Array.from({ length: 12 }, (_none, i): AnyStep => ({
      name: `subnet ${i + 1} of 12`,
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: `10.90.${i}.0/24` }],
      save: { subnet: 'Subnet.SubnetId' },
    })),
    {
      name: 'a page has MaxResults items and says that there are more',
      call: ['DescribeSubnets', { ...where({ 'vpc-id': '{vpc}' }), MaxResults: 5 }],
      answers: { Subnets: count(5), NextToken: /./ },
      save: { token: 'NextToken' },
      varies: true,
    },
    {
      name: 'the token gives the next page',
      call: [
        'DescribeSubnets',
        { ...where({ 'vpc-id': '{vpc}' }), MaxResults: 10, NextToken: '{token}' },
      ],
      answers: { Subnets: count(7) },
      varies: true,
    },
    {
      name: 'a made-up token is refused',
      call: ['DescribeSubnets', { MaxResults: 5, NextToken: 'made up' }],
      refused: ['InvalidNextToken', /made up/],
    },
    {
      name: 'without MaxResults all is answered',
      call: ['DescribeSubnets', where({ 'vpc-id': '{vpc}' })],
      answers: { Subnets: count(12) },
    },
    {
      name: 'the paginators of the clients see every subnet once',
      pages: ['DescribeSubnets', where({ 'vpc-id': '{vpc}' }), 5],
      answers: { Subnets: count(12) },
    },
    {
      name: 'the paginators see every type of instance',
      pages: ['DescribeInstanceTypes', where({ 'instance-type': 'm5.*' }), 5],
    },
    {
      name: 'the paginators see every rule',
      pages: ['DescribeSecurityGroupRules', {}, 5],
    },
    ...outOfRange,
    {
      name: 'an unknown filter is refused',
      call: ['DescribeVpcs', where({ colour: 'red' })],
      refused: ['InvalidParameterValue', "The filter 'colour' is invalid"],
    },
    {
      name: 'a filter has a name',
      call: ['DescribeVpcs', { Filters: [{ Values: ['x'] }] }],
      refused: ['MissingParameter'],
    },
    {
      name: '50 filters are taken',
      call: [
        'DescribeVpcs',
        { Filters: Array.from({ length: 50 }, () => ({ Name: 'vpc-id', Values: ['{vpc}'] })) },
      ],
      answers: { Vpcs: [{ VpcId: '{vpc}' }] },
    },
    {
      name: '51 filters are too many',
      call: [
        'DescribeVpcs',
        { Filters: Array.from({ length: 51 }, () => ({ Name: 'vpc-id', Values: ['{vpc}'] })) },
      ],
      refused: ['FilterLimitExceeded'],
    },
    {
      name: '201 values are too many',
      call: [
        'DescribeVpcs',
        where({ 'vpc-id': Array.from({ length: 201 }, (_none, i) => `${i}`) }),
      ],
      refused: ['FilterLimitExceeded'],
    },
    ...TRIED.map(([action, params]) => ({
      name: `a dry run of ${action}`,
      call: [action, { ...params, DryRun: true }] as const,
      ...DRY,
    })),
    {
      name: 'a dry run of what lacks a parameter is refused',
      call: ['CreateSubnet', { CidrBlock: '10.90.200.0/24', DryRun: true }],
      refused: ['MissingParameter'],
    },
    {
      name: 'dry runs left nothing',
      call: ['DescribeVpcs', where({ cidr: '10.91.0.0/16' })],
      answers: { Vpcs: [] },
    },
    {
      name: 'CreateNetworkInterface takes a client token',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', ClientToken: 'eni' }],
      answers: { ClientToken: 'eni' },
      save: { eni: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'the same token gives the same interface',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', ClientToken: 'eni' }],
      answers: { NetworkInterface: { NetworkInterfaceId: '{eni}' } },
    },
    {
      name: 'the same token with another request is refused',
      call: [
        'CreateNetworkInterface',
        { SubnetId: '{subnet}', ClientToken: 'eni', Description: 'other' },
      ],
      refused: ['IdempotentParameterMismatch'],
    },
    {
      name: 'a token has at most 64 characters',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', ClientToken: 'x'.repeat(65) }],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'RunInstances takes a client token',
      call: ['RunInstances', run('vm', 1)],
      answers: { Instances: [{ ClientToken: 'vm' }] },
      save: { vm: 'Instances.0.InstanceId' },
    },
    {
      name: 'the same token gives the same instance',
      call: ['RunInstances', run('vm', 1)],
      answers: { Instances: [{ InstanceId: '{vm}' }] },
    },
    {
      name: 'the same token for two instances is refused',
      call: ['RunInstances', run('vm', 2)],
      refused: ['IdempotentParameterMismatch'],
    },
    { name: 'the instance is terminated', call: ['TerminateInstances', { InstanceIds: ['{vm}'] }] },
    {
      name: 'the token of a terminated instance is used up',
      call: ['RunInstances', run('vm', 1)],
      refused: ['IdempotentInstanceTerminated'],
    },
    {
      name: 'an action of AWS that is not implemented says so',
      call: ['DescribeFpgaImages'],
      refused: ['UnsupportedOperation', /DescribeFpgaImages/],
    },
    {
      name: 'the interface goes',
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: '{eni}' }],
    },
  ],
};

function run(token: string, instances: number): Readonly<Record<string, unknown>> {
  return {
    ImageId: 'ami-0123456789abcdef0',
    InstanceType: 't3.micro',
    MinCount: instances,
    MaxCount: instances,
    SubnetId: '{subnet}',
    ClientToken: token,
  };
}
