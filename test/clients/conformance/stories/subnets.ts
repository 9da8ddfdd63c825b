import { ABSENT, exactly } from '../match.ts';
import { where, type Story } from '../story.ts';

const NO_SUCH = 'subnet-0123456789abcdef0';

/** CreateSubnet to DeleteSubnet, their attributes, IPv6 blocks and reservations. */
export const SUBNETS: Story = {
  title: 'Subnets',
  steps: [
    {
      name: 'a VPC with IPv6',
      call: ['CreateVpc', { CidrBlock: '10.20.0.0/16', AmazonProvidedIpv6CidrBlock: true }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'CreateSubnet answers the subnet; five addresses are reserved',
      call: [
        'CreateSubnet',
        {
          VpcId: '{vpc}',
          CidrBlock: '10.20.1.0/24',
          AvailabilityZone: '{region}b',
          TagSpecifications: [{ ResourceType: 'subnet', Tags: [{ Key: 'tier', Value: 'app' }] }],
        },
      ],
      answers: {
        Subnet: {
          SubnetId: /^subnet-[0-9a-f]{17}$/,
          VpcId: '{vpc}',
          State: 'available',
          CidrBlock: '10.20.1.0/24',
          AvailableIpAddressCount: 251,
          AvailabilityZone: '{region}b',
          AvailabilityZoneId: /az\d$/,
          DefaultForAz: false,
          MapPublicIpOnLaunch: false,
          AssignIpv6AddressOnCreation: false,
          Ipv6CidrBlockAssociationSet: [],
          Ipv6Native: false,
          EnableDns64: false,
          PrivateDnsNameOptionsOnLaunch: {
            HostnameType: 'ip-name',
            EnableResourceNameDnsARecord: false,
            EnableResourceNameDnsAAAARecord: false,
          },
          SubnetArn: /^arn:aws:ec2:[^:]+:\d{12}:subnet\/subnet-/,
          OwnerId: '{account}',
          Tags: [{ Key: 'tier', Value: 'app' }],
        },
      },
      save: { subnet: 'Subnet.SubnetId', zoneId: 'Subnet.AvailabilityZoneId' },
    },
    {
      name: 'an untagged subnet has no tag list',
      call: [
        'CreateSubnet',
        { VpcId: '{vpc}', CidrBlock: '10.20.2.0/28', AvailabilityZoneId: '{zoneId}' },
      ],
      answers: {
        Subnet: { AvailableIpAddressCount: 11, AvailabilityZone: '{region}b', Tags: ABSENT },
      },
      save: { small: 'Subnet.SubnetId' },
    },
    {
      name: 'a block outside the VPC is refused',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.21.0.0/24' }],
      refused: ['InvalidSubnet.Range', "The CIDR '10.21.0.0/24' is invalid."],
    },
    {
      name: 'a block smaller than /28 is refused',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.20.3.0/29' }],
      refused: ['InvalidSubnet.Range', "The CIDR '10.20.3.0/29' is invalid."],
    },
    {
      name: 'a malformed block is refused',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.20.3' }],
      refused: [
        'InvalidParameterValue',
        'Value (10.20.3) for parameter cidrBlock is invalid. This is not a valid CIDR block.',
      ],
    },
    {
      name: 'a block that overlaps another subnet conflicts',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.20.1.128/25' }],
      refused: [
        'InvalidSubnet.Conflict',
        "The CIDR '10.20.1.128/25' conflicts with another subnet",
      ],
    },
    {
      name: 'a zone of another region is refused with the list of zones',
      call: [
        'CreateSubnet',
        { VpcId: '{vpc}', CidrBlock: '10.20.4.0/24', AvailabilityZone: 'ap-south-9z' },
      ],
      refused: [
        'InvalidParameterValue',
        /^Value \(ap-south-9z\) for parameter availabilityZone is invalid\. Subnets can currently only be created in the following availability zones: /,
      ],
      varies: true,
    },
    {
      name: 'an unknown VPC is refused',
      call: ['CreateSubnet', { VpcId: 'vpc-0123456789abcdef0', CidrBlock: '10.20.4.0/24' }],
      refused: ['InvalidVpcID.NotFound', "The vpc ID 'vpc-0123456789abcdef0' does not exist"],
    },
    {
      name: 'a malformed VPC id is refused',
      call: ['CreateSubnet', { VpcId: 'vpc-xyz', CidrBlock: '10.20.4.0/24' }],
      refused: ['InvalidVpcID.Malformed'],
    },
    {
      name: 'CreateSubnet without a VPC lacks a parameter',
      call: ['CreateSubnet', { CidrBlock: '10.20.4.0/24' }],
      refused: ['MissingParameter', 'The request must contain the parameter VpcId'],
    },
    {
      name: 'DescribeSubnets finds subnets by VPC and zone',
      call: ['DescribeSubnets', where({ 'vpc-id': '{vpc}', 'availability-zone': '{region}b' })],
      answers: { Subnets: exactly({ SubnetId: '{subnet}' }, { SubnetId: '{small}' }) },
    },
    ...['cidr-block', 'cidr', 'cidrBlock'].map((filter) => ({
      name: `DescribeSubnets finds a subnet by ${filter}`,
      call: ['DescribeSubnets', where({ [filter]: '10.20.1.0/24' })] as const,
      answers: { Subnets: [{ SubnetId: '{subnet}' }] },
    })),
    ...['default-for-az', 'defaultForAz'].map((filter) => ({
      name: `DescribeSubnets tells default subnets by ${filter}`,
      call: ['DescribeSubnets', where({ [filter]: 'true', 'vpc-id': '{vpc}' })] as const,
      answers: { Subnets: [] },
    })),
    {
      name: 'filters take wildcards and are joined by AND',
      call: ['DescribeSubnets', where({ 'cidr-block': '10.20.?.0/*', 'tag:tier': ['x', 'app'] })],
      answers: { Subnets: [{ SubnetId: '{subnet}' }] },
    },
    {
      name: 'filters are case-sensitive',
      call: ['DescribeSubnets', where({ 'tag:tier': 'App' })],
      answers: { Subnets: [] },
    },
    {
      name: 'a backslash escapes a wildcard',
      call: ['DescribeSubnets', where({ 'cidr-block': '10.20.\\?.0/24' })],
      answers: { Subnets: [] },
    },
    {
      name: 'MapPublicIpOnLaunch is modified',
      call: [
        'ModifySubnetAttribute',
        { SubnetId: '{subnet}', MapPublicIpOnLaunch: { Value: true } },
      ],
    },
    {
      name: 'one call of ModifySubnetAttribute changes one attribute',
      call: [
        'ModifySubnetAttribute',
        {
          SubnetId: '{subnet}',
          MapPublicIpOnLaunch: { Value: true },
          AssignIpv6AddressOnCreation: { Value: true },
        },
      ],
      refused: ['InvalidParameterCombination'],
    },
    {
      name: 'IPv6 addresses on creation need an IPv6 block',
      call: [
        'ModifySubnetAttribute',
        { SubnetId: '{small}', AssignIpv6AddressOnCreation: { Value: true } },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'an unknown subnet is named in the error',
      call: ['ModifySubnetAttribute', { SubnetId: NO_SUCH, MapPublicIpOnLaunch: { Value: true } }],
      refused: ['InvalidSubnetID.NotFound', `The subnet ID '${NO_SUCH}' does not exist`],
    },
    {
      name: 'DescribeSubnets shows and finds what was modified',
      call: ['DescribeSubnets', where({ 'map-public-ip-on-launch': 'true', 'vpc-id': '{vpc}' })],
      answers: { Subnets: [{ SubnetId: '{subnet}', MapPublicIpOnLaunch: true }] },
    },
    {
      name: 'the VPC tells its IPv6 block',
      call: ['DescribeVpcs', { VpcIds: ['{vpc}'] }],
      save: { block: 'Vpcs.0.Ipv6CidrBlockAssociationSet.0.Ipv6CidrBlock' },
    },
    {
      name: 'an IPv6 block that is not of the VPC is refused',
      call: [
        'AssociateSubnetCidrBlock',
        { SubnetId: '{subnet}', Ipv6CidrBlock: '2001:db8:1:100::/64' },
      ],
      refused: ['InvalidSubnet.Range'],
    },
    {
      name: 'a subnet without an IPv6 block has none to disassociate',
      call: [
        'DisassociateSubnetCidrBlock',
        { AssociationId: 'subnet-cidr-assoc-0123456789abcdef0' },
      ],
      refused: ['InvalidSubnetCidrBlockAssociationID.NotFound'],
    },
    {
      name: 'a range is reserved',
      call: [
        'CreateSubnetCidrReservation',
        {
          SubnetId: '{subnet}',
          Cidr: '10.20.1.128/28',
          ReservationType: 'prefix',
          Description: 'for pods',
        },
      ],
      answers: {
        SubnetCidrReservation: {
          SubnetCidrReservationId: /^scr-[0-9a-f]{17}$/,
          SubnetId: '{subnet}',
          Cidr: '10.20.1.128/28',
          ReservationType: 'prefix',
          OwnerId: '{account}',
          Description: 'for pods',
        },
      },
      save: { reservation: 'SubnetCidrReservation.SubnetCidrReservationId' },
    },
    {
      name: 'a reservation outside the subnet is refused',
      call: [
        'CreateSubnetCidrReservation',
        { SubnetId: '{subnet}', Cidr: '10.20.9.0/28', ReservationType: 'prefix' },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'an unknown type of reservation is refused',
      call: [
        'CreateSubnetCidrReservation',
        { SubnetId: '{subnet}', Cidr: '10.20.1.32/28', ReservationType: 'table for two' },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'GetSubnetCidrReservations lists by family',
      call: ['GetSubnetCidrReservations', { SubnetId: '{subnet}' }],
      answers: {
        SubnetIpv4CidrReservations: [{ SubnetCidrReservationId: '{reservation}' }],
        SubnetIpv6CidrReservations: [],
      },
    },
    {
      name: 'a reservation is deleted',
      call: ['DeleteSubnetCidrReservation', { SubnetCidrReservationId: '{reservation}' }],
      answers: { DeletedSubnetCidrReservation: { SubnetCidrReservationId: '{reservation}' } },
    },
    {
      name: 'a deleted reservation is unknown',
      call: ['DeleteSubnetCidrReservation', { SubnetCidrReservationId: '{reservation}' }],
      refused: ['InvalidSubnetCidrReservationID.NotFound'],
    },
    {
      name: 'an interface uses the subnet',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}' }],
      save: { eni: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'each interface takes one of the available addresses',
      call: ['DescribeSubnets', where({ 'available-ip-address-count': '250' })],
      answers: { Subnets: [{ SubnetId: '{subnet}', AvailableIpAddressCount: 250 }] },
    },
    {
      name: 'a subnet with an interface is not deleted',
      call: ['DeleteSubnet', { SubnetId: '{subnet}' }],
      refused: [
        'DependencyViolation',
        "The subnet '{subnet}' has dependencies and cannot be deleted.",
      ],
    },
    { name: 'without it', call: ['DeleteNetworkInterface', { NetworkInterfaceId: '{eni}' }] },
    { name: 'it is', call: ['DeleteSubnet', { SubnetId: '{subnet}' }] },
    {
      name: 'a deleted subnet is unknown',
      call: ['DescribeSubnets', { SubnetIds: ['{subnet}'] }],
      refused: ['InvalidSubnetID.NotFound', "The subnet ID '{subnet}' does not exist"],
    },
    { name: 'the other subnet goes', call: ['DeleteSubnet', { SubnetId: '{small}' }] },
    { name: 'and the VPC', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
  ],
};
