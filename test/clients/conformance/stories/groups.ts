import { ABSENT, count, exactly } from '../match.ts';
import { where, type Story } from '../story.ts';

const NO_SUCH = 'sg-0123456789abcdef0';
const LONG = 'x'.repeat(256);

/** CreateSecurityGroup to DeleteSecurityGroup: names, descriptions, default rules, dependencies. */
export const GROUPS: Story = {
  title: 'Security groups',
  steps: [
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.30.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'a VPC has a default group: all from itself, all to anywhere',
      call: ['DescribeSecurityGroups', where({ 'vpc-id': '{vpc}' })],
      answers: {
        SecurityGroups: [
          {
            GroupName: 'default',
            Description: 'default VPC security group',
            OwnerId: '{account}',
            VpcId: '{vpc}',
            IpPermissions: [
              {
                IpProtocol: '-1',
                FromPort: ABSENT,
                ToPort: ABSENT,
                UserIdGroupPairs: [{ UserId: '{account}', GroupId: /^sg-/ }],
                IpRanges: [],
                Ipv6Ranges: [],
                PrefixListIds: [],
              },
            ],
            IpPermissionsEgress: [
              { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }], UserIdGroupPairs: [] },
            ],
            Tags: ABSENT,
          },
        ],
      },
      save: { default: 'SecurityGroups.0.GroupId' },
    },
    {
      name: 'the default group is not deleted',
      call: ['DeleteSecurityGroup', { GroupId: '{default}' }],
      refused: [
        'CannotDelete',
        'the specified group: "{default}" name: "default" cannot be deleted by a user',
      ],
    },
    {
      name: 'CreateSecurityGroup answers id, ARN and tags',
      call: [
        'CreateSecurityGroup',
        {
          GroupName: 'web servers._-:/()#,@[]+=&;{}!$*',
          Description: 'Front & back',
          VpcId: '{vpc}',
          TagSpecifications: [
            { ResourceType: 'security-group', Tags: [{ Key: 'team', Value: 'web' }] },
          ],
        },
      ],
      answers: {
        GroupId: /^sg-[0-9a-f]{17}$/,
        SecurityGroupArn: /^arn:aws:ec2:[^:]+:\d{12}:security-group\/sg-/,
        Tags: [{ Key: 'team', Value: 'web' }],
      },
      save: { group: 'GroupId' },
    },
    {
      name: 'a new group lets everything out and nothing in',
      call: ['DescribeSecurityGroups', { GroupIds: ['{group}'] }],
      answers: {
        SecurityGroups: [
          {
            GroupId: '{group}',
            GroupName: 'web servers._-:/()#,@[]+=&;{}!$*',
            Description: 'Front & back',
            SecurityGroupArn: /security-group/,
            IpPermissions: [],
            IpPermissionsEgress: [
              { IpProtocol: '-1', FromPort: ABSENT, IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
            ],
            Tags: [{ Key: 'team', Value: 'web' }],
          },
        ],
      },
    },
    {
      name: 'its one rule has -1 for all ports',
      call: ['DescribeSecurityGroupRules', where({ 'group-id': '{group}' })],
      answers: {
        SecurityGroupRules: [
          {
            SecurityGroupRuleId: /^sgr-[0-9a-f]{17}$/,
            GroupId: '{group}',
            GroupOwnerId: '{account}',
            IsEgress: true,
            IpProtocol: '-1',
            FromPort: -1,
            ToPort: -1,
            CidrIpv4: '0.0.0.0/0',
            SecurityGroupRuleArn: /:security-group-rule\/sgr-/,
            Tags: [],
          },
        ],
      },
    },
    {
      name: 'a name is taken once in a VPC',
      call: [
        'CreateSecurityGroup',
        { GroupName: 'web servers._-:/()#,@[]+=&;{}!$*', Description: 'x', VpcId: '{vpc}' },
      ],
      refused: [
        'InvalidGroup.Duplicate',
        "The security group 'web servers._-:/()#,@[]+=&;{}!$*' already exists for VPC '{vpc}'",
      ],
    },
    {
      name: 'the name `default` is reserved',
      call: ['CreateSecurityGroup', { GroupName: 'default', Description: 'x', VpcId: '{vpc}' }],
      refused: ['InvalidGroup.Reserved'],
    },
    ...(
      [
        ['a name that starts with sg-', { GroupName: 'sg-web', Description: 'x' }],
        ['a name of other characters', { GroupName: 'w^b', Description: 'x' }],
        ['a name of 256 characters', { GroupName: LONG, Description: 'x' }],
        ['a description of other characters', { GroupName: 'b', Description: 'x^y' }],
        ['a description of 256 characters', { GroupName: 'b', Description: LONG }],
      ] as const
    ).map(([what, params]) => ({
      name: `${what} is refused`,
      call: ['CreateSecurityGroup', { ...params, VpcId: '{vpc}' }] as const,
      refused: ['InvalidParameterValue'] as const,
    })),
    {
      name: 'CreateSecurityGroup without a description lacks a parameter',
      call: ['CreateSecurityGroup', { GroupName: 'b', VpcId: '{vpc}' }],
      refused: ['MissingParameter', 'The request must contain the parameter GroupDescription'],
    },
    {
      name: 'CreateSecurityGroup without a name lacks a parameter',
      call: ['CreateSecurityGroup', { Description: 'b', VpcId: '{vpc}' }],
      refused: ['MissingParameter', 'The request must contain the parameter GroupName'],
    },
    {
      name: 'an unknown VPC is refused',
      call: [
        'CreateSecurityGroup',
        { GroupName: 'b', Description: 'b', VpcId: 'vpc-0123456789abcdef0' },
      ],
      refused: ['InvalidVpcID.NotFound', "The vpc ID 'vpc-0123456789abcdef0' does not exist"],
    },
    {
      name: 'without a VPC the group is in the default VPC',
      call: ['CreateSecurityGroup', { GroupName: 'loose', Description: 'x' }],
      save: { loose: 'GroupId' },
    },
    {
      name: 'groups of the default VPC have names for ids',
      call: ['DescribeSecurityGroups', { GroupNames: ['loose'] }],
      answers: { SecurityGroups: [{ GroupId: '{loose}', GroupName: 'loose' }] },
    },
    {
      name: 'other groups do not',
      call: ['DescribeSecurityGroups', { GroupNames: ['web servers._-:/()#,@[]+=&;{}!$*'] }],
      refused: ['InvalidGroup.NotFound', /web servers/],
    },
    {
      name: 'DeleteSecurityGroup takes a name in the default VPC',
      call: ['DeleteSecurityGroup', { GroupName: 'loose' }],
      answers: { Return: true, GroupId: '{loose}' },
    },
    {
      name: 'an unknown group is named in the error',
      call: ['DescribeSecurityGroups', { GroupIds: [NO_SUCH] }],
      refused: ['InvalidGroup.NotFound', `The security group '${NO_SUCH}' does not exist`],
    },
    {
      name: 'an id of another kind is malformed',
      call: ['DescribeSecurityGroups', { GroupIds: ['vpc-0123456789abcdef0'] }],
      refused: ['InvalidGroupId.Malformed'],
    },
    {
      name: 'an unknown group is not deleted',
      call: ['DeleteSecurityGroup', { GroupId: NO_SUCH }],
      refused: ['InvalidGroup.NotFound', `The security group '${NO_SUCH}' does not exist`],
    },
    {
      name: 'a malformed group id is not deleted',
      call: ['DeleteSecurityGroup', { GroupId: 'sg-xyz' }],
      refused: ['InvalidGroupId.Malformed'],
    },
    {
      name: 'a second group',
      call: ['CreateSecurityGroup', { GroupName: 'db', Description: 'db', VpcId: '{vpc}' }],
      answers: { Tags: ABSENT },
      save: { db: 'GroupId' },
    },
    {
      name: 'it lets the first one in',
      call: [
        'AuthorizeSecurityGroupIngress',
        {
          GroupId: '{db}',
          IpPermissions: [
            {
              IpProtocol: 'tcp',
              FromPort: 5432,
              ToPort: 5432,
              UserIdGroupPairs: [{ GroupId: '{group}', Description: 'from web' }],
            },
          ],
        },
      ],
      answers: {
        Return: true,
        SecurityGroupRules: [
          {
            SecurityGroupRuleId: /^sgr-/,
            GroupId: '{db}',
            IsEgress: false,
            IpProtocol: 'tcp',
            FromPort: 5432,
            ToPort: 5432,
            ReferencedGroupInfo: { GroupId: '{group}', UserId: '{account}' },
            Description: 'from web',
          },
        ],
      },
    },
    {
      name: 'a group that a rule of another one names is not deleted',
      call: ['DeleteSecurityGroup', { GroupId: '{group}' }],
      refused: ['DependencyViolation', 'resource {group} has a dependent object'],
    },
    ...(
      [
        ['ip-permission.group-id', '{group}'],
        ['ip-permission.from-port', '5432'],
        ['ip-permission.to-port', '5432'],
        ['ip-permission.protocol', 'tcp'],
        ['ip-permission.user-id', '{account}'],
        ['ip-permission.group-name', 'web servers*'],
        ['description', 'db'],
        ['group-name', 'db'],
        ['group-id', '{db}'],
      ] as const
    ).map(([filter, value]) => ({
      name: `DescribeSecurityGroups finds groups by ${filter}`,
      call: [
        'DescribeSecurityGroups',
        where({ [filter]: value, 'vpc-id': '{vpc}', 'group-name': 'db' }),
      ] as const,
      answers: { SecurityGroups: [{ GroupId: '{db}' }] },
    })),
    {
      name: 'DescribeSecurityGroups finds groups by egress.ip-permission.cidr',
      call: [
        'DescribeSecurityGroups',
        where({ 'egress.ip-permission.cidr': '0.0.0.0/0', 'vpc-id': '{vpc}' }),
      ],
      answers: { SecurityGroups: count(3) },
    },
    {
      name: 'GetSecurityGroupsForVpc lists the groups of the VPC',
      call: ['GetSecurityGroupsForVpc', { VpcId: '{vpc}' }],
      answers: {
        SecurityGroupForVpcs: exactly(
          { GroupId: '{default}', PrimaryVpcId: '{vpc}', OwnerId: '{account}' },
          { GroupId: '{group}', Description: 'Front & back' },
          { GroupId: '{db}', GroupName: 'db' },
        ),
      },
    },
    {
      name: 'a subnet',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.30.1.0/24' }],
      save: { subnet: 'Subnet.SubnetId' },
    },
    {
      name: 'an interface wears the second group',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', Groups: ['{db}'] }],
      save: { eni: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'a group that an interface wears is not deleted',
      call: ['DeleteSecurityGroup', { GroupId: '{db}' }],
      refused: ['DependencyViolation', 'resource {db} has a dependent object'],
    },
    {
      name: 'the interface goes',
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: '{eni}' }],
    },
    {
      name: 'then the group goes',
      call: ['DeleteSecurityGroup', { GroupId: '{db}' }],
      answers: { Return: true, GroupId: '{db}' },
    },
    {
      name: 'its rules went with it',
      call: ['DescribeSecurityGroupRules', where({ 'group-id': '{db}' })],
      answers: { SecurityGroupRules: [] },
    },
    { name: 'now the first group goes', call: ['DeleteSecurityGroup', { GroupId: '{group}' }] },
    { name: 'the subnet goes', call: ['DeleteSubnet', { SubnetId: '{subnet}' }] },
    { name: 'and the VPC', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
  ],
};
