import { ABSENT, count, exactly, having } from '../match.ts';
import { where, type Story } from '../story.ts';

const NO_SUCH = 'vpc-0123456789abcdef0';

/** CreateVpc to DeleteVpc, its attributes and its blocks. */
export const VPCS: Story = {
  title: 'VPCs',
  steps: [
    {
      name: 'every region starts with a default VPC',
      call: ['DescribeVpcs', where({ 'is-default': 'true' })],
      answers: {
        Vpcs: [
          {
            CidrBlock: '172.31.0.0/16',
            IsDefault: true,
            State: 'available',
            OwnerId: '{account}',
            InstanceTenancy: 'default',
            DhcpOptionsId: /^dopt-/,
          },
        ],
      },
      save: { default: 'Vpcs.0.VpcId', options: 'Vpcs.0.DhcpOptionsId' },
    },
    {
      name: 'a default VPC has a /20 per zone',
      call: ['DescribeSubnets', where({ 'vpc-id': '{default}' })],
      answers: {
        Subnets: having(
          { CidrBlock: '172.31.0.0/20', DefaultForAz: true, MapPublicIpOnLaunch: true },
          { CidrBlock: '172.31.16.0/20', AvailableIpAddressCount: 4091 },
        ),
      },
      varies: true,
    },
    {
      name: 'a second default VPC is refused',
      call: ['CreateDefaultVpc'],
      refused: ['DefaultVpcAlreadyExists'],
    },
    {
      name: 'a second default subnet in a zone is refused',
      call: ['CreateDefaultSubnet', { AvailabilityZone: '{region}a' }],
      refused: ['DefaultSubnetAlreadyExistsInAvailabilityZone'],
    },
    {
      name: 'CreateVpc answers the VPC with its block, pending',
      call: [
        'CreateVpc',
        {
          CidrBlock: '10.0.0.0/16',
          TagSpecifications: [
            { ResourceType: 'vpc', Tags: [{ Key: 'Name', Value: 'a <b> & "c" \' é' }] },
          ],
        },
      ],
      answers: {
        Vpc: {
          VpcId: /^vpc-[0-9a-f]{17}$/,
          State: 'pending',
          CidrBlock: '10.0.0.0/16',
          CidrBlockAssociationSet: [
            {
              AssociationId: /^vpc-cidr-assoc-[0-9a-f]{17}$/,
              CidrBlock: '10.0.0.0/16',
              CidrBlockState: { State: 'associated' },
            },
          ],
          Ipv6CidrBlockAssociationSet: [],
          DhcpOptionsId: '{options}',
          InstanceTenancy: 'default',
          IsDefault: false,
          OwnerId: '{account}',
          Tags: [{ Key: 'Name', Value: 'a <b> & "c" \' é' }],
        },
      },
      save: { vpc: 'Vpc.VpcId', primary: 'Vpc.CidrBlockAssociationSet.0.AssociationId' },
    },
    {
      name: 'the new VPC is available at once',
      call: ['DescribeVpcs', { VpcIds: ['{vpc}'] }],
      answers: { Vpcs: [{ VpcId: '{vpc}', State: 'available' }] },
    },
    {
      name: 'a block is stored in canonical form',
      call: ['CreateVpc', { CidrBlock: '10.9.8.7/16' }],
      answers: { Vpc: { CidrBlock: '10.9.0.0/16', Tags: ABSENT } },
      save: { second: 'Vpc.VpcId' },
    },
    ...['10.0.0.0/15', '10.0.0.0/29'].map((block) => ({
      name: `a VPC of ${block} is out of range`,
      call: ['CreateVpc', { CidrBlock: block }] as const,
      refused: ['InvalidVpc.Range', `The CIDR '${block}' is invalid.`] as const,
    })),
    {
      name: 'a malformed block is refused',
      call: ['CreateVpc', { CidrBlock: '10.0.0/16' }],
      refused: [
        'InvalidParameterValue',
        'Value (10.0.0/16) for parameter cidrBlock is invalid. This is not a valid CIDR block.',
      ],
    },
    {
      name: 'a VPC without any block is refused',
      call: ['CreateVpc', {}],
      refused: ['MissingParameter', /CidrBlock|cidrBlock/],
    },
    {
      name: 'an unknown tenancy is refused',
      call: ['CreateVpc', { CidrBlock: '10.5.0.0/16', InstanceTenancy: 'penthouse' }],
      refused: ['UnsupportedTenancy', /penthouse/],
    },
    {
      name: 'a tag specification of another type is refused',
      call: [
        'CreateVpc',
        {
          CidrBlock: '10.5.0.0/16',
          TagSpecifications: [{ ResourceType: 'subnet', Tags: [{ Key: 'a', Value: 'b' }] }],
        },
      ],
      refused: [
        'InvalidParameter',
        "'subnet' is not a valid taggable resource type for this operation.",
      ],
    },
    {
      name: 'a tag specification without tags is refused',
      call: [
        'CreateVpc',
        { CidrBlock: '10.5.0.0/16', TagSpecifications: [{ ResourceType: 'vpc', Tags: [] }] },
      ],
      refused: ['InvalidParameter', /Tag specification must have at least one tag/],
    },
    {
      name: 'DNS support is on and DNS host names are off in a new VPC',
      call: ['DescribeVpcAttribute', { VpcId: '{vpc}', Attribute: 'enableDnsSupport' }],
      answers: { VpcId: '{vpc}', EnableDnsSupport: { Value: true }, EnableDnsHostnames: ABSENT },
    },
    {
      name: 'ModifyVpcAttribute turns DNS host names on',
      call: ['ModifyVpcAttribute', { VpcId: '{vpc}', EnableDnsHostnames: { Value: true } }],
    },
    {
      name: 'DescribeVpcAttribute shows what was modified',
      call: ['DescribeVpcAttribute', { VpcId: '{vpc}', Attribute: 'enableDnsHostnames' }],
      answers: { EnableDnsHostnames: { Value: true }, EnableDnsSupport: ABSENT },
    },
    {
      name: 'one call of ModifyVpcAttribute changes one attribute',
      call: [
        'ModifyVpcAttribute',
        {
          VpcId: '{vpc}',
          EnableDnsHostnames: { Value: true },
          EnableDnsSupport: { Value: true },
        },
      ],
      refused: ['InvalidParameterCombination'],
    },
    {
      name: 'the default VPC has DNS host names',
      call: ['DescribeVpcAttribute', { VpcId: '{default}', Attribute: 'enableDnsHostnames' }],
      answers: { EnableDnsHostnames: { Value: true } },
    },
    {
      name: 'an unknown attribute is refused',
      call: ['DescribeVpcAttribute', { VpcId: '{vpc}', Attribute: 'enableMagic' }],
      refused: ['InvalidParameterValue', /enableMagic/],
    },
    {
      name: 'an unknown VPC id is named in the error',
      call: ['DescribeVpcs', { VpcIds: [NO_SUCH] }],
      refused: ['InvalidVpcID.NotFound', `The vpc ID '${NO_SUCH}' does not exist`],
    },
    {
      name: 'several unknown VPC ids are named together',
      call: ['DescribeVpcs', { VpcIds: [NO_SUCH, 'vpc-0123456789abcdef1'] }],
      refused: [
        'InvalidVpcID.NotFound',
        `The vpc IDs '${NO_SUCH}, vpc-0123456789abcdef1' do not exist`,
      ],
    },
    {
      name: 'an old id of eight digits is well-formed, but unknown',
      call: ['DescribeVpcs', { VpcIds: ['vpc-12345678'] }],
      refused: ['InvalidVpcID.NotFound', "The vpc ID 'vpc-12345678' does not exist"],
    },
    {
      name: 'an id of another kind is malformed',
      call: ['DescribeVpcs', { VpcIds: ['subnet-0123456789abcdef0'] }],
      refused: ['InvalidVpcID.Malformed'],
    },
    {
      name: 'an unknown id in a filter is an empty answer',
      call: ['DescribeVpcs', where({ 'vpc-id': NO_SUCH })],
      answers: { Vpcs: [] },
    },
    {
      name: 'a second block is associated',
      call: ['AssociateVpcCidrBlock', { VpcId: '{vpc}', CidrBlock: '10.1.0.0/16' }],
      answers: {
        VpcId: '{vpc}',
        CidrBlockAssociation: {
          AssociationId: /^vpc-cidr-assoc-/,
          CidrBlock: '10.1.0.0/16',
          CidrBlockState: { State: 'associating' },
        },
      },
      save: { more: 'CidrBlockAssociation.AssociationId' },
    },
    {
      name: 'DescribeVpcs finds a VPC by its second block',
      call: ['DescribeVpcs', where({ 'cidr-block-association.cidr-block': '10.1.0.0/16' })],
      answers: {
        Vpcs: [
          {
            VpcId: '{vpc}',
            CidrBlockAssociationSet: exactly(
              { CidrBlock: '10.0.0.0/16', CidrBlockState: { State: 'associated' } },
              { CidrBlock: '10.1.0.0/16', CidrBlockState: { State: 'associated' } },
            ),
          },
        ],
      },
    },
    {
      name: 'a block that overlaps one of the VPC is refused',
      call: ['AssociateVpcCidrBlock', { VpcId: '{vpc}', CidrBlock: '10.1.128.0/17' }],
      refused: ['InvalidVpc.Range'],
    },
    {
      name: 'a VPC takes five blocks',
      call: ['AssociateVpcCidrBlock', { VpcId: '{vpc}', CidrBlock: '10.2.0.0/16' }],
    },
    {
      name: 'a fourth block',
      call: ['AssociateVpcCidrBlock', { VpcId: '{vpc}', CidrBlock: '10.3.0.0/16' }],
    },
    {
      name: 'a fifth block',
      call: ['AssociateVpcCidrBlock', { VpcId: '{vpc}', CidrBlock: '10.4.0.0/16' }],
    },
    {
      name: 'a sixth block is refused',
      call: ['AssociateVpcCidrBlock', { VpcId: '{vpc}', CidrBlock: '10.5.0.0/16' }],
      refused: [
        'CidrLimitExceeded',
        'This network {vpc} has met its maximum number of allowed CIDRs: 5',
      ],
    },
    {
      name: 'a further block is disassociated',
      call: ['DisassociateVpcCidrBlock', { AssociationId: '{more}' }],
      answers: {
        VpcId: '{vpc}',
        CidrBlockAssociation: {
          CidrBlock: '10.1.0.0/16',
          CidrBlockState: { State: 'disassociating' },
        },
      },
    },
    {
      name: 'what was disassociated is unknown',
      call: ['DisassociateVpcCidrBlock', { AssociationId: '{more}' }],
      refused: [
        'InvalidVpcCidrBlockAssociationIdError.NotFound',
        "The vpc CIDR block association ID '{more}' does not exist",
      ],
    },
    {
      name: 'the primary block stays',
      call: ['DisassociateVpcCidrBlock', { AssociationId: '{primary}' }],
      refused: [
        'OperationNotPermitted',
        'The vpc CIDR block with association ID {primary} may not be disassociated. It is the primary IPv4 CIDR block of the VPC',
      ],
    },
    {
      name: 'Amazon provides a /56 of IPv6',
      call: ['AssociateVpcCidrBlock', { VpcId: '{vpc}', AmazonProvidedIpv6CidrBlock: true }],
      answers: {
        Ipv6CidrBlockAssociation: {
          AssociationId: /^vpc-cidr-assoc-/,
          Ipv6CidrBlockState: { State: 'associating' },
        },
      },
      save: { six: 'Ipv6CidrBlockAssociation.AssociationId' },
    },
    {
      name: 'the IPv6 block is associated, a /56',
      call: ['DescribeVpcs', { VpcIds: ['{vpc}'] }],
      answers: {
        Vpcs: [
          {
            Ipv6CidrBlockAssociationSet: [
              {
                AssociationId: '{six}',
                Ipv6CidrBlock: /^[0-9a-f]{4}:[0-9a-f:]+00::\/56$/,
                Ipv6CidrBlockState: { State: 'associated' },
                NetworkBorderGroup: '{region}',
              },
            ],
          },
        ],
      },
    },
    {
      name: 'an IPv6 block adds a rule for ::/0 to the untouched default group',
      call: ['DescribeSecurityGroups', where({ 'vpc-id': '{vpc}', 'group-name': 'default' })],
      answers: {
        SecurityGroups: [
          {
            IpPermissionsEgress: [
              {
                IpProtocol: '-1',
                IpRanges: [{ CidrIp: '0.0.0.0/0' }],
                Ipv6Ranges: [{ CidrIpv6: '::/0' }],
              },
            ],
          },
        ],
      },
    },
    {
      name: 'the IPv6 block is disassociated',
      call: ['DisassociateVpcCidrBlock', { AssociationId: '{six}' }],
      answers: { Ipv6CidrBlockAssociation: { Ipv6CidrBlockState: { State: 'disassociating' } } },
    },
    {
      name: 'a new VPC has a main route table with the local route',
      call: ['DescribeRouteTables', where({ 'vpc-id': '{second}' })],
      answers: {
        RouteTables: [
          {
            VpcId: '{second}',
            Associations: [{ Main: true, AssociationState: { State: 'associated' } }],
            Routes: [
              {
                DestinationCidrBlock: '10.9.0.0/16',
                GatewayId: 'local',
                Origin: 'CreateRouteTable',
                State: 'active',
              },
            ],
            Tags: [],
          },
        ],
      },
    },
    {
      name: 'a new VPC has a default network ACL',
      call: ['DescribeNetworkAcls', where({ 'vpc-id': '{second}' })],
      answers: { NetworkAcls: [{ IsDefault: true, Entries: count(4) }] },
    },
    {
      name: 'a VPC with a subnet has dependencies',
      call: ['CreateSubnet', { VpcId: '{second}', CidrBlock: '10.9.1.0/24' }],
      save: { subnet: 'Subnet.SubnetId' },
    },
    {
      name: 'a VPC with dependencies is not deleted',
      call: ['DeleteVpc', { VpcId: '{second}' }],
      refused: [
        'DependencyViolation',
        "The vpc '{second}' has dependencies and cannot be deleted.",
      ],
    },
    { name: 'without its subnet', call: ['DeleteSubnet', { SubnetId: '{subnet}' }] },
    { name: 'the VPC goes', call: ['DeleteVpc', { VpcId: '{second}' }] },
    {
      name: 'a deleted VPC is unknown',
      call: ['DeleteVpc', { VpcId: '{second}' }],
      refused: ['InvalidVpcID.NotFound', "The vpc ID '{second}' does not exist"],
    },
    {
      name: 'its default group went with it',
      call: ['DescribeSecurityGroups', where({ 'vpc-id': '{second}' })],
      answers: { SecurityGroups: [] },
    },
    {
      name: 'DeleteVpc without an id lacks a parameter',
      call: ['DeleteVpc', {}],
      refused: ['MissingParameter', 'The request must contain the parameter VpcId'],
    },
    { name: 'and the first VPC goes too', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
  ],
};
