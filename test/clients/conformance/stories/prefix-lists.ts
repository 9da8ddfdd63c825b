import { count, exactly } from '../match.ts';
import { where, type Story } from '../story.ts';

/** Managed prefix lists: entries, versions, use in rules. */
export const PREFIX_LISTS: Story = {
  title: 'Prefix lists',
  steps: [
    {
      name: 'CreateManagedPrefixList answers the list',
      call: [
        'CreateManagedPrefixList',
        {
          PrefixListName: 'offices',
          AddressFamily: 'IPv4',
          MaxEntries: 3,
          Entries: [{ Cidr: '192.0.2.0/24', Description: 'Berlin' }, { Cidr: '198.51.100.7/32' }],
          TagSpecifications: [{ ResourceType: 'prefix-list', Tags: [{ Key: 'a', Value: 'b' }] }],
        },
      ],
      answers: {
        PrefixList: {
          PrefixListId: /^pl-[0-9a-f]{17}$/,
          PrefixListName: 'offices',
          AddressFamily: 'IPv4',
          MaxEntries: 3,
          Version: 1,
          State: 'create-complete',
          OwnerId: '{account}',
          PrefixListArn: /:prefix-list\/pl-/,
          Tags: [{ Key: 'a', Value: 'b' }],
        },
      },
      save: { list: 'PrefixList.PrefixListId' },
    },
    {
      name: 'the list is complete at once',
      call: ['DescribeManagedPrefixLists', { PrefixListIds: ['{list}'] }],
      answers: { PrefixLists: [{ State: 'create-complete', Version: 1 }] },
    },
    ...(['prefix-list-id', 'prefix-list-name', 'owner-id'] as const).map((filter) => ({
      name: `lists are found by ${filter}`,
      call: [
        'DescribeManagedPrefixLists',
        where({
          'prefix-list-name': 'offices',
          [filter]: {
            'prefix-list-id': '{list}',
            'prefix-list-name': 'off*',
            'owner-id': '{account}',
          }[filter],
        }),
      ] as const,
      answers: { PrefixLists: [{ PrefixListId: '{list}' }] },
    })),
    {
      name: 'GetManagedPrefixListEntries lists the blocks',
      call: ['GetManagedPrefixListEntries', { PrefixListId: '{list}' }],
      answers: {
        Entries: exactly(
          { Cidr: '192.0.2.0/24', Description: 'Berlin' },
          { Cidr: '198.51.100.7/32' },
        ),
      },
    },
    {
      name: 'entries change with the current version',
      call: [
        'ModifyManagedPrefixList',
        {
          PrefixListId: '{list}',
          CurrentVersion: 1,
          AddEntries: [{ Cidr: '203.0.113.0/24' }],
          RemoveEntries: [{ Cidr: '198.51.100.7/32' }],
        },
      ],
      answers: { PrefixList: { PrefixListId: '{list}', State: 'modify-complete' } },
    },
    {
      name: 'which makes a new version',
      call: ['DescribeManagedPrefixLists', { PrefixListIds: ['{list}'] }],
      answers: { PrefixLists: [{ Version: 2, State: 'modify-complete' }] },
    },
    {
      name: 'an old version is refused',
      call: [
        'ModifyManagedPrefixList',
        { PrefixListId: '{list}', CurrentVersion: 1, AddEntries: [{ Cidr: '10.0.0.0/8' }] },
      ],
      refused: ['PrefixListVersionMismatch'],
    },
    {
      name: 'old versions can be read',
      call: ['GetManagedPrefixListEntries', { PrefixListId: '{list}', TargetVersion: 1 }],
      answers: { Entries: exactly({ Cidr: '192.0.2.0/24' }, { Cidr: '198.51.100.7/32' }) },
    },
    {
      name: 'a fourth entry is too many',
      call: [
        'ModifyManagedPrefixList',
        {
          PrefixListId: '{list}',
          CurrentVersion: 2,
          AddEntries: [{ Cidr: '10.0.0.0/8' }, { Cidr: '11.0.0.0/8' }],
        },
      ],
      refused: ['PrefixListMaxEntriesExceeded'],
    },
    {
      name: 'an entry of the other family is refused',
      call: [
        'ModifyManagedPrefixList',
        { PrefixListId: '{list}', CurrentVersion: 2, AddEntries: [{ Cidr: '2001:db8::/32' }] },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'RestoreManagedPrefixListVersion makes a version of an old one',
      call: [
        'RestoreManagedPrefixListVersion',
        { PrefixListId: '{list}', PreviousVersion: 1, CurrentVersion: 2 },
      ],
      answers: { PrefixList: { PrefixListId: '{list}', State: 'restore-complete' } },
    },
    {
      name: 'with its entries',
      call: ['GetManagedPrefixListEntries', { PrefixListId: '{list}' }],
      answers: { Entries: exactly({ Cidr: '192.0.2.0/24' }, { Cidr: '198.51.100.7/32' }) },
    },
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.95.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'a group',
      call: ['CreateSecurityGroup', { GroupName: 'g', Description: 'g', VpcId: '{vpc}' }],
      save: { group: 'GroupId' },
    },
    {
      name: 'a rule names the list',
      call: [
        'AuthorizeSecurityGroupIngress',
        {
          GroupId: '{group}',
          IpPermissions: [
            {
              IpProtocol: 'tcp',
              FromPort: 443,
              ToPort: 443,
              PrefixListIds: [{ PrefixListId: '{list}', Description: 'staff' }],
            },
          ],
        },
      ],
      answers: { SecurityGroupRules: [{ PrefixListId: '{list}', Description: 'staff' }] },
    },
    {
      name: 'groups are found by ip-permission.prefix-list-id',
      call: ['DescribeSecurityGroups', where({ 'ip-permission.prefix-list-id': '{list}' })],
      answers: { SecurityGroups: [{ GroupId: '{group}' }] },
    },
    {
      name: 'GetManagedPrefixListAssociations tells who uses the list',
      call: ['GetManagedPrefixListAssociations', { PrefixListId: '{list}' }],
      answers: { PrefixListAssociations: [{ ResourceId: '{group}', ResourceOwner: '{account}' }] },
    },
    {
      name: 'a list counts as its greatest size, so it cannot outgrow the quota of a group',
      call: ['ModifyManagedPrefixList', { PrefixListId: '{list}', MaxEntries: 61 }],
      refused: ['RulesPerSecurityGroupLimitExceeded'],
    },
    {
      name: 'size and entries do not change in one call',
      call: [
        'ModifyManagedPrefixList',
        {
          PrefixListId: '{list}',
          MaxEntries: 10,
          CurrentVersion: 3,
          AddEntries: [{ Cidr: '10.0.0.0/8' }],
        },
      ],
      refused: ['InvalidParameterCombination'],
    },
    {
      name: 'the size by itself does',
      call: ['ModifyManagedPrefixList', { PrefixListId: '{list}', MaxEntries: 10 }],
      answers: { PrefixList: { MaxEntries: 10 } },
    },
    {
      name: 'a list in use is not deleted',
      call: ['DeleteManagedPrefixList', { PrefixListId: '{list}' }],
      refused: ['DependencyViolation'],
    },
    { name: 'the group goes', call: ['DeleteSecurityGroup', { GroupId: '{group}' }] },
    {
      name: 'then the list goes',
      call: ['DeleteManagedPrefixList', { PrefixListId: '{list}' }],
      answers: { PrefixList: { PrefixListId: '{list}', State: 'delete-complete' } },
    },
    {
      name: 'and is unknown',
      call: ['GetManagedPrefixListEntries', { PrefixListId: '{list}' }],
      refused: ['InvalidPrefixListID.NotFound'],
    },
    ...(
      [
        ['a family that nobody has', { AddressFamily: 'IPv5' }, 'InvalidParameterValue'],
        ['no room', { MaxEntries: 0 }, 'InvalidParameterValue'],
        [
          'more entries than it says',
          { MaxEntries: 1, Entries: [{ Cidr: '10.0.0.0/8' }, { Cidr: '11.0.0.0/8' }] },
          'PrefixListMaxEntriesExceeded',
        ],
        ['a malformed block', { Entries: [{ Cidr: '10.0/8' }] }, 'InvalidParameterValue'],
        [
          'the same block twice',
          { Entries: [{ Cidr: '10.0.0.0/8' }, { Cidr: '10.0.0.0/8' }] },
          'InvalidParameterValue',
        ],
        ['a reserved name', { PrefixListName: 'com.amazonaws.x' }, 'InvalidParameterValue'],
      ] as const
    ).map(([what, params, code]) => ({
      name: `a list of ${what} is refused`,
      call: [
        'CreateManagedPrefixList',
        { PrefixListName: 'x', AddressFamily: 'IPv4', MaxEntries: 5, ...params },
      ] as const,
      refused: [code] as const,
    })),
    {
      name: 'a list without a name lacks a parameter',
      call: ['CreateManagedPrefixList', { AddressFamily: 'IPv4', MaxEntries: 5 }],
      refused: ['MissingParameter', 'The request must contain the parameter PrefixListName'],
    },
    {
      name: 'a malformed id is refused',
      call: ['DescribeManagedPrefixLists', { PrefixListIds: ['list'] }],
      refused: ['InvalidPrefixListId.Malformed'],
    },
    { name: 'the VPC goes', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
    {
      name: 'no list is left',
      call: ['DescribeManagedPrefixLists', where({ 'owner-id': '{account}' })],
      answers: { PrefixLists: count(0) },
    },
  ],
};
