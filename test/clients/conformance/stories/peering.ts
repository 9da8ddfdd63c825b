import { exactly, having } from '../match.ts';
import { where, type Keys, type Story } from '../story.ts';

const OTHER: Keys = { accessKeyId: '{otherKey}', secretAccessKey: '{otherSecret}' };

/** Peered VPCs of two accounts, and the groups that name each other across them. */
export const PEERING: Story = {
  title: 'Peering and references between two accounts',
  server: 'two accounts',
  steps: [
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.1.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'a group',
      call: ['CreateSecurityGroup', { GroupName: 'web', Description: 'w', VpcId: '{vpc}' }],
      save: { web: 'GroupId' },
    },
    {
      name: 'a VPC of the other account',
      as: OTHER,
      call: ['CreateVpc', { CidrBlock: '10.2.0.0/16' }],
      answers: { Vpc: { OwnerId: '{other}' } },
      save: { peer: 'Vpc.VpcId' },
    },
    {
      name: 'a group of the other account',
      as: OTHER,
      call: ['CreateSecurityGroup', { GroupName: 'db', Description: 'd', VpcId: '{peer}' }],
      save: { db: 'GroupId' },
    },
    {
      name: 'accounts do not see the VPCs of others',
      call: ['DescribeVpcs', { VpcIds: ['{peer}'] }],
      refused: ['InvalidVpcID.NotFound', "The vpc ID '{peer}' does not exist"],
    },
    {
      name: 'nor do they change them',
      call: ['DeleteVpc', { VpcId: '{peer}' }],
      refused: ['InvalidVpcID.NotFound'],
    },
    {
      name: 'without a peering a group of another account is refused',
      call: [
        'AuthorizeSecurityGroupIngress',
        {
          GroupId: '{web}',
          IpPermissions: [
            {
              IpProtocol: 'tcp',
              FromPort: 80,
              ToPort: 80,
              UserIdGroupPairs: [{ GroupId: '{db}', UserId: '{other}' }],
            },
          ],
        },
      ],
      refused: ['InvalidGroup.NotFound'],
    },
    {
      name: 'a second VPC of the account',
      call: ['CreateVpc', { CidrBlock: '10.3.0.0/16' }],
      save: { second: 'Vpc.VpcId' },
    },
    {
      name: 'and a group in it',
      call: ['CreateSecurityGroup', { GroupName: 'far', Description: 'f', VpcId: '{second}' }],
      save: { far: 'GroupId' },
    },
    {
      name: 'a group of an own VPC without a peering is in another network',
      call: [
        'AuthorizeSecurityGroupIngress',
        {
          GroupId: '{web}',
          IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: '{far}' }] }],
        },
      ],
      refused: [
        'InvalidGroup.NotFound',
        'You have specified two resources that belong to different networks.',
      ],
    },
    {
      name: 'a peering waits for the other account',
      call: [
        'CreateVpcPeeringConnection',
        { VpcId: '{vpc}', PeerVpcId: '{peer}', PeerOwnerId: '{other}' },
      ],
      answers: {
        VpcPeeringConnection: {
          VpcPeeringConnectionId: /^pcx-[0-9a-f]{17}$/,
          Status: { Code: /^(initiating-request|pending-acceptance)$/ },
          RequesterVpcInfo: { VpcId: '{vpc}', OwnerId: '{account}', CidrBlock: '10.1.0.0/16' },
          AccepterVpcInfo: { VpcId: '{peer}', OwnerId: '{other}' },
        },
      },
      save: { pcx: 'VpcPeeringConnection.VpcPeeringConnectionId' },
    },
    {
      name: 'the requester does not accept it',
      call: ['AcceptVpcPeeringConnection', { VpcPeeringConnectionId: '{pcx}' }],
      refused: ['OperationNotPermitted'],
    },
    {
      name: 'the other account accepts it',
      as: OTHER,
      call: ['AcceptVpcPeeringConnection', { VpcPeeringConnectionId: '{pcx}' }],
      answers: { VpcPeeringConnection: { Status: { Code: /^(provisioning|active)$/ } } },
    },
    {
      name: 'once',
      as: OTHER,
      call: ['AcceptVpcPeeringConnection', { VpcPeeringConnectionId: '{pcx}' }],
      refused: ['InvalidStateTransition'],
    },
    ...(
      [
        ['requester-vpc-info.vpc-id', '{vpc}'],
        ['accepter-vpc-info.owner-id', '{other}'],
        ['accepter-vpc-info.cidr-block', '10.2.0.0/16'],
        ['status-code', 'active'],
      ] as const
    ).map(([filter, value]) => ({
      name: `peerings are found by ${filter}`,
      call: [
        'DescribeVpcPeeringConnections',
        where({ [filter]: value, 'vpc-peering-connection-id': '{pcx}' }),
      ] as const,
      answers: { VpcPeeringConnections: [{ Status: { Code: 'active' } }] },
    })),
    {
      name: 'a second peering of the two is refused, or is the first',
      call: [
        'CreateVpcPeeringConnection',
        { VpcId: '{vpc}', PeerVpcId: '{peer}', PeerOwnerId: '{other}' },
      ],
      refused: ['VpcPeeringConnectionAlreadyExists'],
    },
    {
      name: 'now a rule names the group of the other account',
      call: [
        'AuthorizeSecurityGroupIngress',
        {
          GroupId: '{web}',
          IpPermissions: [
            {
              IpProtocol: 'tcp',
              FromPort: 80,
              ToPort: 80,
              UserIdGroupPairs: [{ GroupId: '{db}', UserId: '{other}', Description: 'peer' }],
            },
          ],
        },
      ],
      answers: {
        SecurityGroupRules: [
          {
            ReferencedGroupInfo: {
              GroupId: '{db}',
              UserId: '{other}',
              VpcId: '{peer}',
              VpcPeeringConnectionId: '{pcx}',
              PeeringStatus: 'active',
            },
          },
        ],
      },
    },
    {
      name: 'DescribeSecurityGroups shows the peering',
      call: ['DescribeSecurityGroups', { GroupIds: ['{web}'] }],
      answers: {
        SecurityGroups: [
          {
            IpPermissions: [
              {
                UserIdGroupPairs: [
                  {
                    GroupId: '{db}',
                    UserId: '{other}',
                    VpcId: '{peer}',
                    VpcPeeringConnectionId: '{pcx}',
                    PeeringStatus: 'active',
                  },
                ],
              },
            ],
          },
        ],
      },
    },
    {
      name: 'DescribeSecurityGroupReferences tells who names a group',
      as: OTHER,
      call: ['DescribeSecurityGroupReferences', { GroupId: ['{db}'] }],
      answers: {
        SecurityGroupReferenceSet: [
          { GroupId: '{db}', ReferencingVpcId: '{vpc}', VpcPeeringConnectionId: '{pcx}' },
        ],
      },
    },
    {
      name: 'a route goes through the peering',
      call: ['DescribeRouteTables', where({ 'vpc-id': '{vpc}' })],
      save: { table: 'RouteTables.0.RouteTableId' },
    },
    {
      name: 'to the blocks of the peer',
      call: [
        'CreateRoute',
        {
          RouteTableId: '{table}',
          DestinationCidrBlock: '10.2.0.0/16',
          VpcPeeringConnectionId: '{pcx}',
        },
      ],
      answers: { Return: true },
    },
    {
      name: 'a group that is named across a peering can be deleted',
      as: OTHER,
      call: ['DeleteSecurityGroup', { GroupId: '{db}' }],
      answers: { Return: true },
    },
    {
      name: 'the rule stays, and is stale',
      call: ['DescribeStaleSecurityGroups', { VpcId: '{vpc}' }],
      answers: {
        StaleSecurityGroupSet: [
          {
            GroupId: '{web}',
            GroupName: 'web',
            VpcId: '{vpc}',
            StaleIpPermissions: [
              {
                IpProtocol: 'tcp',
                FromPort: 80,
                ToPort: 80,
                UserIdGroupPairs: [{ GroupId: '{db}', VpcPeeringConnectionId: '{pcx}' }],
              },
            ],
            StaleIpPermissionsEgress: [],
          },
        ],
      },
    },
    {
      name: 'the peering is deleted',
      call: ['DeleteVpcPeeringConnection', { VpcPeeringConnectionId: '{pcx}' }],
      answers: { Return: true },
    },
    {
      name: 'a deleted peering stays listed for a while',
      call: ['DescribeVpcPeeringConnections', { VpcPeeringConnectionIds: ['{pcx}'] }],
      answers: { VpcPeeringConnections: [{ Status: { Code: 'deleted' } }] },
    },
    {
      name: 'its routes are black holes',
      call: ['DescribeRouteTables', { RouteTableIds: ['{table}'] }],
      answers: {
        RouteTables: [{ Routes: having({ VpcPeeringConnectionId: '{pcx}', State: 'blackhole' }) }],
      },
    },
    {
      name: 'its references show it',
      call: ['DescribeSecurityGroups', { GroupIds: ['{web}'] }],
      answers: {
        SecurityGroups: [{ IpPermissions: [{ UserIdGroupPairs: [{ PeeringStatus: 'deleted' }] }] }],
      },
    },
    {
      name: 'an own peering can be rejected',
      call: ['CreateVpcPeeringConnection', { VpcId: '{vpc}', PeerVpcId: '{second}' }],
      save: { own: 'VpcPeeringConnection.VpcPeeringConnectionId' },
    },
    {
      name: 'which is final',
      call: ['RejectVpcPeeringConnection', { VpcPeeringConnectionId: '{own}' }],
      answers: { Return: true },
    },
    {
      name: 'a rejected peering is not accepted',
      call: ['AcceptVpcPeeringConnection', { VpcPeeringConnectionId: '{own}' }],
      refused: ['InvalidStateTransition'],
    },
    {
      name: 'an unknown peering is refused',
      call: ['AcceptVpcPeeringConnection', { VpcPeeringConnectionId: 'pcx-0123456789abcdef0' }],
      refused: ['InvalidVpcPeeringConnectionId.NotFound', /pcx-0123456789abcdef0/],
    },
    {
      name: 'a malformed peering id is refused',
      call: ['DescribeVpcPeeringConnections', { VpcPeeringConnectionIds: ['peering'] }],
      refused: ['InvalidVpcPeeringConnectionId.Malformed'],
    },
    {
      name: 'overlapping blocks do not peer',
      call: ['CreateVpc', { CidrBlock: '10.1.128.0/17' }],
      save: { overlap: 'Vpc.VpcId' },
    },
    {
      name: 'the peering is made',
      call: ['CreateVpcPeeringConnection', { VpcId: '{vpc}', PeerVpcId: '{overlap}' }],
      save: { failed: 'VpcPeeringConnection.VpcPeeringConnectionId' },
    },
    {
      name: 'and fails',
      call: ['DescribeVpcPeeringConnections', { VpcPeeringConnectionIds: ['{failed}'] }],
      answers: { VpcPeeringConnections: [{ Status: { Code: 'failed' } }] },
    },
    {
      name: 'a group is shared with a second VPC',
      call: ['AssociateSecurityGroupVpc', { GroupId: '{web}', VpcId: '{second}' }],
      answers: { State: /^associat(ing|ed)$/ },
    },
    {
      name: 'DescribeSecurityGroupVpcAssociations shows it',
      call: ['DescribeSecurityGroupVpcAssociations', where({ 'group-id': '{web}' })],
      answers: {
        SecurityGroupVpcAssociations: [
          { GroupId: '{web}', VpcId: '{second}', VpcOwnerId: '{account}', State: 'associated' },
        ],
      },
    },
    {
      name: 'GetSecurityGroupsForVpc lists it with its first VPC',
      call: ['GetSecurityGroupsForVpc', { VpcId: '{second}' }],
      answers: {
        SecurityGroupForVpcs: exactly(
          { GroupName: 'default', PrimaryVpcId: '{second}' },
          { GroupId: '{far}', Tags: [] },
          { GroupId: '{web}', PrimaryVpcId: '{vpc}' },
        ),
      },
    },
    {
      name: 'the default group is not shared',
      call: ['DescribeSecurityGroups', where({ 'vpc-id': '{vpc}', 'group-name': 'default' })],
      save: { default: 'SecurityGroups.0.GroupId' },
    },
    {
      name: 'with anyone',
      call: ['AssociateSecurityGroupVpc', { GroupId: '{default}', VpcId: '{second}' }],
      refused: ['InvalidParameterValue', /default/],
    },
    {
      name: 'a subnet of the second VPC',
      call: ['CreateSubnet', { VpcId: '{second}', CidrBlock: '10.3.1.0/24' }],
      save: { subnet: 'Subnet.SubnetId' },
    },
    {
      name: 'its interfaces wear the shared group',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', Groups: ['{web}'] }],
      answers: { NetworkInterface: { VpcId: '{second}', Groups: [{ GroupId: '{web}' }] } },
      save: { eni: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'while they do, it stays shared',
      call: ['DisassociateSecurityGroupVpc', { GroupId: '{web}', VpcId: '{second}' }],
      refused: ['DependencyViolation'],
    },
    {
      name: 'the interface goes',
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: '{eni}' }],
    },
    {
      name: 'then it is shared no more',
      call: ['DisassociateSecurityGroupVpc', { GroupId: '{web}', VpcId: '{second}' }],
      answers: { State: /^disassociat(ing|ed)$/ },
    },
  ],
};
