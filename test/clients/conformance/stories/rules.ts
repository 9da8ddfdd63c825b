import { ABSENT, count, exactly } from '../match.ts';
import { where, type AnyStep, type Params, type Story } from '../story.ts';

const ANYWHERE = [{ CidrIp: '0.0.0.0/0' }];

/** AuthorizeSecurityGroupIngress of one permission. */
function authorize(permission: Params): readonly [string, Params] {
  return ['AuthorizeSecurityGroupIngress', { GroupId: '{group}', IpPermissions: [permission] }];
}

function tcp(from: number, to: number, more: Params = { IpRanges: ANYWHERE }): Params {
  return { IpProtocol: 'tcp', FromPort: from, ToPort: to, ...more };
}

interface Refusal {
  readonly what: string;
  readonly permission: Params;
  readonly refused: AnyStep['refused'];
}

const REFUSED: readonly Refusal[] = [
  {
    what: 'ports from high to low',
    permission: tcp(90, 80),
    refused: ['InvalidParameterValue'],
  },
  {
    what: 'a port above 65535',
    permission: tcp(80, 65_536),
    refused: ['InvalidParameterValue'],
  },
  {
    what: 'tcp without ports',
    permission: { IpProtocol: 'tcp', IpRanges: ANYWHERE },
    refused: [
      'InvalidParameterValue',
      'Invalid value for portRange. Must specify both from and to ports with TCP/UDP.',
    ],
  },
  {
    what: 'tcp with one port only',
    permission: { IpProtocol: 'udp', FromPort: 53, IpRanges: ANYWHERE },
    refused: [
      'InvalidParameterValue',
      'Invalid value for portRange. Must specify both from and to ports with TCP/UDP.',
    ],
  },
  {
    what: 'a malformed CIDR block',
    permission: tcp(80, 80, { IpRanges: [{ CidrIp: '10.0.0/8' }] }),
    refused: ['InvalidParameterValue', 'CIDR block 10.0.0/8 is malformed'],
  },
  {
    what: 'a bare address',
    permission: tcp(80, 80, { IpRanges: [{ CidrIp: '10.0.0.1' }] }),
    refused: ['InvalidParameterValue', 'CIDR block 10.0.0.1 is malformed'],
  },
  {
    what: 'a malformed IPv6 block',
    permission: tcp(80, 80, { Ipv6Ranges: [{ CidrIpv6: '2001:db8::/129' }] }),
    refused: ['InvalidParameterValue', 'CIDR block 2001:db8::/129 is malformed'],
  },
  {
    what: 'an unknown protocol',
    permission: { IpProtocol: 'carrier-pigeon', IpRanges: ANYWHERE },
    refused: ['InvalidParameterValue', /carrier-pigeon/],
  },
  {
    what: 'a protocol number above 255',
    permission: { IpProtocol: '256', IpRanges: ANYWHERE },
    refused: ['InvalidParameterValue', /256/],
  },
  {
    what: 'an ICMP code without a type',
    permission: { IpProtocol: 'icmp', FromPort: -1, ToPort: 4, IpRanges: ANYWHERE },
    refused: ['InvalidParameterValue'],
  },
  {
    what: 'a description with other characters',
    permission: tcp(80, 80, { IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'a^b' }] }),
    refused: ['InvalidParameterValue'],
  },
  {
    what: 'a description of 256 characters',
    permission: tcp(80, 80, { IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'x'.repeat(256) }] }),
    refused: ['InvalidParameterValue'],
  },
  {
    what: 'an unknown group',
    permission: tcp(80, 80, { UserIdGroupPairs: [{ GroupId: 'sg-0123456789abcdef0' }] }),
    refused: ['InvalidGroup.NotFound', "The security group 'sg-0123456789abcdef0' does not exist"],
  },
  {
    what: 'a malformed group id',
    permission: tcp(80, 80, { UserIdGroupPairs: [{ GroupId: 'group' }] }),
    refused: ['InvalidGroupId.Malformed'],
  },
  {
    what: 'an unknown prefix list',
    permission: tcp(80, 80, { PrefixListIds: [{ PrefixListId: 'pl-0123456789abcdef0' }] }),
    refused: ['InvalidPrefixListID.NotFound', /'?pl-0123456789abcdef0'? does not exist/],
  },
  {
    what: 'a malformed prefix list id',
    permission: tcp(80, 80, { PrefixListIds: [{ PrefixListId: 'list' }] }),
    refused: ['InvalidPrefixListId.Malformed'],
  },
];

/** One permission, and the rule that it becomes. */
const KINDS: readonly (readonly [string, Params, Params])[] = [
  [
    'numbers for names of protocols',
    { IpProtocol: '6', FromPort: 1, ToPort: 2, IpRanges: ANYWHERE },
    { IpProtocol: 'tcp', FromPort: 1, ToPort: 2 },
  ],
  [
    '17 is udp',
    { IpProtocol: '17', FromPort: 1, ToPort: 2, IpRanges: ANYWHERE },
    { IpProtocol: 'udp' },
  ],
  [
    'all ICMP',
    { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, IpRanges: ANYWHERE },
    { IpProtocol: 'icmp', FromPort: -1, ToPort: -1 },
  ],
  [
    'ICMP by type and code',
    { IpProtocol: '1', FromPort: 8, ToPort: 0, IpRanges: ANYWHERE },
    { IpProtocol: 'icmp', FromPort: 8, ToPort: 0 },
  ],
  [
    'ICMPv6 without a type is all of it',
    { IpProtocol: '58', Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
    { IpProtocol: 'icmpv6', FromPort: -1, ToPort: -1, CidrIpv6: '::/0' },
  ],
  [
    'other protocols have all ports whatever is given',
    { IpProtocol: '50', FromPort: 7, ToPort: 8, IpRanges: ANYWHERE },
    { IpProtocol: '50', FromPort: -1, ToPort: -1 },
  ],
  [
    '-1 has all ports whatever is given',
    { IpProtocol: '-1', FromPort: 7, ToPort: 8, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
    { IpProtocol: '-1', FromPort: -1, ToPort: -1 },
  ],
  [
    'a block in canonical form',
    tcp(443, 443, { IpRanges: [{ CidrIp: '100.68.0.18/18' }] }),
    { CidrIpv4: '100.68.0.0/18' },
  ],
  [
    'an IPv6 block in canonical form',
    tcp(443, 443, { Ipv6Ranges: [{ CidrIpv6: '2001:DB8:0:0:1::/64' }] }),
    { CidrIpv6: '2001:db8::/64' },
  ],
  [
    'a description',
    tcp(444, 444, { IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'from (all) offices' }] }),
    { Description: 'from (all) offices' },
  ],
  [
    'itself',
    tcp(445, 445, { UserIdGroupPairs: [{ GroupId: '{group}' }] }),
    { ReferencedGroupInfo: { GroupId: '{group}', UserId: '{account}' } },
  ],
  ['port 0 to 65535', tcp(0, 65_535), { FromPort: 0, ToPort: 65_535 }],
];

/** Authorize, revoke, modify and describe rules, with everything that is refused. */
export const RULES: Story = {
  title: 'Rules',
  steps: [
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.40.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'a group',
      call: ['CreateSecurityGroup', { GroupName: 'g', Description: 'g', VpcId: '{vpc}' }],
      save: { group: 'GroupId' },
    },
    ...REFUSED.map(({ what, permission, refused }) => ({
      name: `${what} is refused`,
      call: authorize(permission),
      ...(refused && { refused }),
    })),
    {
      name: 'an empty request lacks its permissions',
      call: ['AuthorizeSecurityGroupIngress', { GroupId: '{group}' }],
      refused: ['MissingParameter'],
    },
    {
      name: 'a permission without a source adds nothing and is refused',
      call: authorize({ IpProtocol: 'tcp', FromPort: 1, ToPort: 1 }),
      refused: ['MissingParameter'],
    },
    {
      name: 'rules of an unknown group are refused',
      call: [
        'AuthorizeSecurityGroupIngress',
        { GroupId: 'sg-0123456789abcdef0', IpPermissions: [tcp(1, 1)] },
      ],
      refused: [
        'InvalidGroup.NotFound',
        "The security group 'sg-0123456789abcdef0' does not exist",
      ],
    },
    {
      name: 'nothing of what was refused is there',
      call: ['DescribeSecurityGroups', { GroupIds: ['{group}'] }],
      answers: { SecurityGroups: [{ IpPermissions: [] }] },
    },
    ...KINDS.map(([what, permission, rule]) => ({
      name: `AuthorizeSecurityGroupIngress takes ${what}`,
      call: authorize(permission),
      answers: { Return: true, SecurityGroupRules: [{ IsEgress: false, Tags: ABSENT, ...rule }] },
    })),
    {
      name: 'the same rule again is a duplicate',
      call: authorize(tcp(0, 65_535)),
      refused: [
        'InvalidPermission.Duplicate',
        'the specified rule "peer: 0.0.0.0/0, TCP, from port: 0, to port: 65535, ALLOW" already exists',
      ],
    },
    {
      name: 'a description does not make another rule',
      call: authorize(
        tcp(0, 65_535, { IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'again' }] }),
      ),
      refused: ['InvalidPermission.Duplicate'],
    },
    {
      name: 'a block in another form is the same rule',
      call: authorize(tcp(443, 443, { IpRanges: [{ CidrIp: '100.68.63.255/18' }] })),
      refused: ['InvalidPermission.Duplicate'],
    },
    {
      name: 'one duplicate undoes the whole request',
      call: authorize(tcp(0, 65_535, { IpRanges: [{ CidrIp: '192.0.2.0/24' }, ...ANYWHERE] })),
      refused: ['InvalidPermission.Duplicate'],
    },
    {
      name: 'nothing of it is there',
      call: [
        'DescribeSecurityGroups',
        where({ 'group-id': '{group}', 'ip-permission.cidr': '192.0.2.0/24' }),
      ],
      answers: { SecurityGroups: [] },
    },
    {
      name: 'a second group',
      call: ['CreateSecurityGroup', { GroupName: 'h', Description: 'h', VpcId: '{vpc}' }],
      save: { second: 'GroupId' },
    },
    {
      name: 'several sources make several rules, with the tags of the request',
      call: [
        'AuthorizeSecurityGroupIngress',
        {
          GroupId: '{second}',
          IpPermissions: [
            tcp(80, 81, {
              IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'a' }, { CidrIp: '11.0.0.0/8' }],
              Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }],
              UserIdGroupPairs: [{ GroupId: '{group}' }],
            }),
          ],
          TagSpecifications: [
            { ResourceType: 'security-group-rule', Tags: [{ Key: 'for', Value: 'http' }] },
          ],
        },
      ],
      answers: {
        SecurityGroupRules: exactly(
          { CidrIpv4: '10.0.0.0/8', Description: 'a', Tags: [{ Key: 'for', Value: 'http' }] },
          { CidrIpv4: '11.0.0.0/8', Description: ABSENT, CidrIpv6: ABSENT },
          { CidrIpv6: '2001:db8::/32' },
          { ReferencedGroupInfo: { GroupId: '{group}' }, Tags: [{ Key: 'for', Value: 'http' }] },
        ),
      },
      save: {
        rule: 'SecurityGroupRules.0.SecurityGroupRuleId',
        other: 'SecurityGroupRules.1.SecurityGroupRuleId',
      },
    },
    {
      name: 'DescribeSecurityGroups groups them by protocol and ports',
      call: ['DescribeSecurityGroups', { GroupIds: ['{second}'] }],
      answers: {
        SecurityGroups: [
          {
            IpPermissions: [
              {
                IpProtocol: 'tcp',
                FromPort: 80,
                ToPort: 81,
                IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'a' }, { CidrIp: '11.0.0.0/8' }],
                Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }],
                UserIdGroupPairs: [{ GroupId: '{group}', UserId: '{account}' }],
              },
            ],
          },
        ],
      },
    },
    {
      name: 'rules are found by tag',
      call: ['DescribeSecurityGroupRules', where({ 'tag:for': 'http', 'group-id': '{second}' })],
      answers: { SecurityGroupRules: count(4) },
    },
    {
      name: 'rules are found by id in a filter',
      call: ['DescribeSecurityGroupRules', where({ 'security-group-rule-id': '{rule}' })],
      answers: { SecurityGroupRules: [{ CidrIpv4: '10.0.0.0/8' }] },
    },
    {
      name: 'rules are described by id',
      call: ['DescribeSecurityGroupRules', { SecurityGroupRuleIds: ['{rule}'] }],
      answers: {
        SecurityGroupRules: [{ SecurityGroupRuleId: '{rule}', FromPort: 80, ToPort: 81 }],
      },
    },
    {
      name: 'an unknown rule is named in the error',
      call: ['DescribeSecurityGroupRules', { SecurityGroupRuleIds: ['sgr-0123456789abcdef0'] }],
      refused: [
        'InvalidSecurityGroupRuleId.NotFound',
        "The security group rule ID 'sgr-0123456789abcdef0' does not exist",
      ],
    },
    {
      name: 'a malformed rule id is refused',
      call: ['DescribeSecurityGroupRules', { SecurityGroupRuleIds: ['rule'] }],
      refused: ['InvalidSecurityGroupRuleId.Malformed'],
    },
    {
      name: 'a malformed group id in the filter is refused',
      call: ['DescribeSecurityGroupRules', where({ 'group-id': 'foobar' })],
      refused: ['InvalidGroupId.Malformed', "The security group ID 'foobar' is malformed"],
    },
    {
      name: 'ModifySecurityGroupRules keeps the id of the rule',
      call: modify('{rule}', {
        IpProtocol: 'udp',
        FromPort: 53,
        ToPort: 53,
        CidrIpv4: '10.1.0.0/16',
        Description: 'dns',
      }),
      answers: { Return: true },
    },
    {
      name: 'and what it says is new',
      call: ['DescribeSecurityGroupRules', { SecurityGroupRuleIds: ['{rule}'] }],
      answers: {
        SecurityGroupRules: [
          { IpProtocol: 'udp', FromPort: 53, CidrIpv4: '10.1.0.0/16', Description: 'dns' },
        ],
      },
    },
    {
      name: 'a rule without a protocol is refused',
      call: modify('{rule}', { CidrIpv4: '10.1.0.0/16' }),
      refused: [
        'InvalidParameterValue',
        "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.",
      ],
    },
    {
      name: 'a rule of tcp without ports is refused',
      call: modify('{rule}', { IpProtocol: 'tcp', CidrIpv4: '10.1.0.0/16' }),
      refused: [
        'InvalidParameterValue',
        'Invalid value for portRange. Must specify both from and to ports with TCP/UDP.',
      ],
    },
    {
      name: 'a rule without a source is refused',
      call: modify('{rule}', { IpProtocol: 'tcp', FromPort: 1, ToPort: 1 }),
      refused: [
        'MissingParameter',
        'The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId',
      ],
    },
    {
      name: 'a rule with two sources is refused',
      call: modify('{rule}', {
        IpProtocol: 'tcp',
        FromPort: 1,
        ToPort: 1,
        CidrIpv4: '10.1.0.0/16',
        CidrIpv6: '::/0',
      }),
      refused: [
        'InvalidParameterCombination',
        'Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified',
      ],
    },
    {
      name: 'a rule that becomes another one is a duplicate',
      call: modify('{rule}', {
        IpProtocol: 'tcp',
        FromPort: 80,
        ToPort: 81,
        CidrIpv4: '11.0.0.0/8',
      }),
      refused: ['InvalidPermission.Duplicate'],
    },
    {
      name: 'the kind of its source stays',
      call: modify('{rule}', {
        IpProtocol: 'tcp',
        FromPort: 80,
        ToPort: 81,
        ReferencedGroupId: '{group}',
      }),
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'a rule of another group is not modified',
      call: [
        'ModifySecurityGroupRules',
        {
          GroupId: '{group}',
          SecurityGroupRules: [
            {
              SecurityGroupRuleId: '{rule}',
              SecurityGroupRule: { IpProtocol: '-1', CidrIpv4: '10.1.0.0/16' },
            },
          ],
        },
      ],
      refused: ['InvalidSecurityGroupRuleId.NotFound'],
    },
    {
      name: 'descriptions are updated by permission',
      call: [
        'UpdateSecurityGroupRuleDescriptionsIngress',
        {
          GroupId: '{second}',
          IpPermissions: [
            tcp(80, 81, { IpRanges: [{ CidrIp: '11.0.0.0/8', Description: 'updated' }] }),
          ],
        },
      ],
      answers: { Return: true },
    },
    {
      name: 'descriptions are updated by rule id',
      call: [
        'UpdateSecurityGroupRuleDescriptionsIngress',
        {
          GroupId: '{second}',
          SecurityGroupRuleDescriptions: [{ SecurityGroupRuleId: '{rule}', Description: 'by id' }],
        },
      ],
      answers: { Return: true },
    },
    {
      name: 'both are seen',
      call: ['DescribeSecurityGroupRules', { SecurityGroupRuleIds: ['{rule}', '{other}'] }],
      answers: {
        SecurityGroupRules: exactly({ Description: 'by id' }, { Description: 'updated' }),
      },
    },
    {
      name: 'the description of a rule that is not there is not updated',
      call: [
        'UpdateSecurityGroupRuleDescriptionsIngress',
        {
          GroupId: '{second}',
          IpPermissions: [tcp(9, 9, { IpRanges: [{ CidrIp: '11.0.0.0/8', Description: 'x' }] })],
        },
      ],
      refused: ['InvalidPermission.NotFound'],
    },
    {
      name: 'a revoke that does not match is refused',
      call: ['RevokeSecurityGroupIngress', { GroupId: '{second}', IpPermissions: [tcp(80, 80)] }],
      refused: [
        'InvalidPermission.NotFound',
        'The specified rule does not exist in this security group.',
      ],
    },
    {
      name: 'a revoke is all or nothing',
      call: [
        'RevokeSecurityGroupIngress',
        {
          GroupId: '{second}',
          IpPermissions: [
            tcp(80, 81, { IpRanges: [{ CidrIp: '11.0.0.0/8' }, { CidrIp: '12.0.0.0/8' }] }),
          ],
        },
      ],
      refused: ['InvalidPermission.NotFound'],
    },
    {
      name: 'a revoke ignores descriptions and answers the rules',
      call: [
        'RevokeSecurityGroupIngress',
        {
          GroupId: '{second}',
          IpPermissions: [
            tcp(80, 81, { IpRanges: [{ CidrIp: '11.0.0.0/8', Description: 'who' }] }),
          ],
        },
      ],
      answers: {
        Return: true,
        UnknownIpPermissions: ABSENT,
        RevokedSecurityGroupRules: [
          { SecurityGroupRuleId: '{other}', CidrIpv4: '11.0.0.0/8', FromPort: 80 },
        ],
      },
    },
    {
      name: 'a revoke takes rule ids',
      call: [
        'RevokeSecurityGroupIngress',
        { GroupId: '{second}', SecurityGroupRuleIds: ['{rule}'] },
      ],
      answers: { Return: true, RevokedSecurityGroupRules: [{ SecurityGroupRuleId: '{rule}' }] },
    },
    {
      name: 'a revoked rule is unknown',
      call: [
        'RevokeSecurityGroupIngress',
        { GroupId: '{second}', SecurityGroupRuleIds: ['{rule}'] },
      ],
      refused: ['InvalidSecurityGroupRuleId.NotFound'],
    },
    {
      name: 'the egress rule of a new group can be revoked',
      call: [
        'RevokeSecurityGroupEgress',
        { GroupId: '{second}', IpPermissions: [{ IpProtocol: '-1', IpRanges: ANYWHERE }] },
      ],
      answers: { RevokedSecurityGroupRules: [{ IsEgress: true, CidrIpv4: '0.0.0.0/0' }] },
    },
    {
      name: 'and another one authorized',
      call: [
        'AuthorizeSecurityGroupEgress',
        {
          GroupId: '{second}',
          IpPermissions: [tcp(5432, 5432, { UserIdGroupPairs: [{ GroupId: '{group}' }] })],
        },
      ],
      answers: { SecurityGroupRules: [{ IsEgress: true, FromPort: 5432 }] },
    },
    {
      name: 'egress rules are found by egress.ip-permission.group-id',
      call: ['DescribeSecurityGroups', where({ 'egress.ip-permission.group-id': '{group}' })],
      answers: { SecurityGroups: [{ GroupId: '{second}' }] },
    },
    {
      name: 'in a default VPC a revoke without effect answers what it did not find',
      call: ['DescribeSecurityGroups', { GroupNames: ['default'] }],
      save: { default: 'SecurityGroups.0.GroupId' },
    },
    {
      name: 'instead of an error',
      call: ['RevokeSecurityGroupIngress', { GroupId: '{default}', IpPermissions: [tcp(80, 80)] }],
      answers: { Return: true, UnknownIpPermissions: [{ IpProtocol: 'tcp', FromPort: 80 }] },
    },
    { name: 'the second group goes', call: ['DeleteSecurityGroup', { GroupId: '{second}' }] },
    {
      name: 'a group that names itself goes',
      call: ['DeleteSecurityGroup', { GroupId: '{group}' }],
    },
    { name: 'and the VPC', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
  ],
};

/** ModifySecurityGroupRules of one rule of the second group. */
function modify(id: string, rule: Params): readonly [string, Params] {
  const change = { SecurityGroupRuleId: id, SecurityGroupRule: rule };
  return ['ModifySecurityGroupRules', { GroupId: '{second}', SecurityGroupRules: [change] }];
}
