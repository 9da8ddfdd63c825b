import { count, exactly } from '../match.ts';
import type { Story } from '../story.ts';

/** Secondary addresses, prefixes and IPv6 of interfaces. */
export const ADDRESSES: Story = {
  title: 'Addresses and prefixes',
  steps: [
    {
      name: 'a VPC with IPv6',
      call: ['CreateVpc', { CidrBlock: '10.60.0.0/16', AmazonProvidedIpv6CidrBlock: true }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'its IPv6 block',
      call: ['DescribeVpcs', { VpcIds: ['{vpc}'] }],
      answers: { Vpcs: [{ Ipv6CidrBlockAssociationSet: [{ Ipv6Pool: 'Amazon' }] }] },
      save: { block: 'Vpcs.0.Ipv6CidrBlockAssociationSet.0.Ipv6CidrBlock' },
    },
    {
      name: 'an IPv6 block of a subnet is a /64, or another multiple of four',
      call: [
        'CreateSubnet',
        { VpcId: '{vpc}', CidrBlock: '10.60.9.0/24', Ipv6CidrBlock: '{block}1' },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'a subnet of 16 addresses',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.60.1.0/28' }],
      answers: { Subnet: { AvailableIpAddressCount: 11 } },
      save: { tiny: 'Subnet.SubnetId' },
    },
    {
      name: 'a subnet of 256',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.60.2.0/24' }],
      save: { subnet: 'Subnet.SubnetId' },
    },
    {
      name: 'an interface with two secondary addresses, the primary one first',
      call: [
        'CreateNetworkInterface',
        {
          SubnetId: '{subnet}',
          PrivateIpAddresses: [
            { PrivateIpAddress: '10.60.2.21', Primary: false },
            { PrivateIpAddress: '10.60.2.20', Primary: true },
            { PrivateIpAddress: '10.60.2.22', Primary: false },
          ],
        },
      ],
      answers: {
        NetworkInterface: {
          PrivateIpAddress: '10.60.2.20',
          PrivateIpAddresses: [
            { Primary: true, PrivateIpAddress: '10.60.2.20' },
            { Primary: false, PrivateIpAddress: '10.60.2.21' },
            { Primary: false, PrivateIpAddress: '10.60.2.22' },
          ],
        },
      },
      save: { eni: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'two primary addresses are refused',
      call: [
        'CreateNetworkInterface',
        {
          SubnetId: '{subnet}',
          PrivateIpAddresses: [
            { PrivateIpAddress: '10.60.2.30', Primary: true },
            { PrivateIpAddress: '10.60.2.31', Primary: true },
          ],
        },
      ],
      refused: ['InvalidParameterCombination'],
    },
    {
      name: 'an interface with secondary addresses of our choice',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', SecondaryPrivateIpAddressCount: 3 }],
      answers: { NetworkInterface: { PrivateIpAddresses: count(4) } },
      save: { other: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'AssignPrivateIpAddresses answers the new address',
      call: [
        'AssignPrivateIpAddresses',
        { NetworkInterfaceId: '{eni}', PrivateIpAddresses: ['10.60.2.40'] },
      ],
      answers: {
        NetworkInterfaceId: '{eni}',
        AssignedPrivateIpAddresses: [{ PrivateIpAddress: '10.60.2.40' }],
      },
    },
    {
      name: 'AssignPrivateIpAddresses chooses addresses',
      call: [
        'AssignPrivateIpAddresses',
        { NetworkInterfaceId: '{eni}', SecondaryPrivateIpAddressCount: 2 },
      ],
      answers: { AssignedPrivateIpAddresses: count(2) },
    },
    {
      name: 'an address outside the subnet is refused',
      call: [
        'AssignPrivateIpAddresses',
        { NetworkInterfaceId: '{eni}', PrivateIpAddresses: ['10.60.1.5'] },
      ],
      refused: ['InvalidParameterValue', /10\.60\.1\.5/],
    },
    {
      name: 'an address of another interface is refused',
      call: [
        'AssignPrivateIpAddresses',
        { NetworkInterfaceId: '{other}', PrivateIpAddresses: ['10.60.2.40'] },
      ],
      refused: ['Resource.AlreadyAssigned', /10\.60\.2\.40/],
    },
    {
      name: 'unless reassignment is allowed',
      call: [
        'AssignPrivateIpAddresses',
        {
          NetworkInterfaceId: '{other}',
          PrivateIpAddresses: ['10.60.2.40'],
          AllowReassignment: true,
        },
      ],
      answers: { AssignedPrivateIpAddresses: [{ PrivateIpAddress: '10.60.2.40' }] },
    },
    {
      name: 'a primary address is never reassigned',
      call: [
        'AssignPrivateIpAddresses',
        {
          NetworkInterfaceId: '{other}',
          PrivateIpAddresses: ['10.60.2.20'],
          AllowReassignment: true,
        },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'addresses and a count do not go together',
      call: [
        'AssignPrivateIpAddresses',
        {
          NetworkInterfaceId: '{eni}',
          PrivateIpAddresses: ['10.60.2.50'],
          SecondaryPrivateIpAddressCount: 1,
        },
      ],
      refused: ['InvalidParameterCombination'],
    },
    {
      name: 'UnassignPrivateIpAddresses gives an address back',
      call: [
        'UnassignPrivateIpAddresses',
        { NetworkInterfaceId: '{other}', PrivateIpAddresses: ['10.60.2.40'] },
      ],
    },
    {
      name: 'an address that is not assigned is refused',
      call: [
        'UnassignPrivateIpAddresses',
        { NetworkInterfaceId: '{other}', PrivateIpAddresses: ['10.60.2.40'] },
      ],
      refused: ['InvalidParameterValue', /10\.60\.2\.40/],
    },
    {
      name: 'the primary address stays',
      call: [
        'UnassignPrivateIpAddresses',
        { NetworkInterfaceId: '{eni}', PrivateIpAddresses: ['10.60.2.20'] },
      ],
      refused: ['InvalidParameterValue', /10\.60\.2\.20/],
    },
    {
      name: 'a prefix is a /28',
      call: ['AssignPrivateIpAddresses', { NetworkInterfaceId: '{eni}', Ipv4PrefixCount: 1 }],
      answers: { AssignedIpv4Prefixes: [{ Ipv4Prefix: /^10\.60\.2\.\d+\/28$/ }] },
      save: { prefix: 'AssignedIpv4Prefixes.0.Ipv4Prefix' },
    },
    {
      name: 'the prefix is shown',
      call: ['DescribeNetworkInterfaces', { NetworkInterfaceIds: ['{eni}'] }],
      answers: {
        NetworkInterfaces: [
          { Ipv4Prefixes: [{ Ipv4Prefix: '{prefix}' }], PrivateIpAddresses: count(5) },
        ],
      },
    },
    {
      name: 'a prefix of another length is refused',
      call: [
        'AssignPrivateIpAddresses',
        { NetworkInterfaceId: '{eni}', Ipv4Prefixes: ['10.60.2.64/27'] },
      ],
      refused: ['InvalidParameterValue', /10\.60\.2\.64\/27/],
    },
    {
      name: 'a prefix that is taken is refused',
      call: [
        'AssignPrivateIpAddresses',
        { NetworkInterfaceId: '{other}', Ipv4Prefixes: ['{prefix}'] },
      ],
      refused: ['Resource.AlreadyAssigned'],
    },
    {
      name: 'a prefix is given back',
      call: [
        'UnassignPrivateIpAddresses',
        { NetworkInterfaceId: '{eni}', Ipv4Prefixes: ['{prefix}'] },
      ],
    },
    {
      name: 'a prefix that is not assigned is refused',
      call: [
        'UnassignPrivateIpAddresses',
        { NetworkInterfaceId: '{eni}', Ipv4Prefixes: ['{prefix}'] },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'a subnet runs out of addresses',
      call: ['CreateNetworkInterface', { SubnetId: '{tiny}', SecondaryPrivateIpAddressCount: 11 }],
      refused: [
        'InsufficientFreeAddressesInSubnet',
        /does not have enough free addresses|insufficient|not enough free/i,
      ],
    },
    {
      name: 'a subnet runs out of prefixes',
      call: ['CreateNetworkInterface', { SubnetId: '{tiny}', Ipv4PrefixCount: 1 }],
      refused: ['InsufficientCidrBlocks'],
    },
    {
      name: 'IPv6 addresses need an IPv6 block',
      call: ['AssignIpv6Addresses', { NetworkInterfaceId: '{eni}', Ipv6AddressCount: 1 }],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'an IPv6 block of an own subnet',
      call: [
        'CreateVpc',
        {
          CidrBlock: '10.61.0.0/16',
          Ipv6CidrBlock: '2001:db8:{hex}:1a00::/56',
          Ipv6Pool: 'ipv6pool-ec2-0123456789abcdef0',
        },
      ],
      save: { sixVpc: 'Vpc.VpcId' },
    },
    {
      name: 'a subnet with an IPv6 block',
      call: [
        'CreateSubnet',
        { VpcId: '{sixVpc}', CidrBlock: '10.61.1.0/24', Ipv6CidrBlock: '2001:db8:{hex}:1a01::/64' },
      ],
      answers: {
        Subnet: {
          Ipv6CidrBlockAssociationSet: [
            {
              AssociationId: /^subnet-cidr-assoc-/,
              Ipv6CidrBlock: '2001:db8:{hex}:1a01::/64',
              Ipv6CidrBlockState: { State: 'associated' },
            },
          ],
        },
      },
      save: {
        sixSubnet: 'Subnet.SubnetId',
        association: 'Subnet.Ipv6CidrBlockAssociationSet.0.AssociationId',
      },
    },
    {
      name: 'an interface with two IPv6 addresses of our choice',
      call: ['CreateNetworkInterface', { SubnetId: '{sixSubnet}', Ipv6AddressCount: 2 }],
      answers: { NetworkInterface: { Ipv6Addresses: count(2) } },
      save: { six: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'AssignIpv6Addresses answers new addresses only',
      call: [
        'AssignIpv6Addresses',
        { NetworkInterfaceId: '{six}', Ipv6Addresses: ['2001:DB8:{hex}:1a01:0::99'] },
      ],
      answers: {
        NetworkInterfaceId: '{six}',
        AssignedIpv6Addresses: ['2001:db8:{hex}:1a01::99'],
      },
    },
    {
      name: 'an IPv6 address outside the subnet is refused',
      call: [
        'AssignIpv6Addresses',
        { NetworkInterfaceId: '{six}', Ipv6Addresses: ['2001:db8:{hex}:1a02::99'] },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'an IPv6 prefix is a /80',
      call: ['AssignIpv6Addresses', { NetworkInterfaceId: '{six}', Ipv6PrefixCount: 1 }],
      answers: { AssignedIpv6Prefixes: [/^2001:db8:[0-9a-f]+:1a01:.*\/80$/] },
    },
    {
      name: 'UnassignIpv6Addresses answers what it took',
      call: [
        'UnassignIpv6Addresses',
        { NetworkInterfaceId: '{six}', Ipv6Addresses: ['2001:db8:{hex}:1a01::99'] },
      ],
      answers: {
        NetworkInterfaceId: '{six}',
        UnassignedIpv6Addresses: ['2001:db8:{hex}:1a01::99'],
      },
    },
    {
      name: 'an interface is found by its IPv6 address',
      call: [
        'DescribeNetworkInterfaces',
        {
          Filters: [
            { Name: 'ipv6-addresses.ipv6-address', Values: ['2001:db8:{hex}:1a01:*'] },
            { Name: 'vpc-id', Values: ['{sixVpc}'] },
          ],
        },
      ],
      answers: { NetworkInterfaces: [{ Ipv6Addresses: count(2), Ipv6Prefixes: count(1) }] },
    },
    {
      name: 'an IPv6 block in use is not disassociated',
      call: ['DisassociateSubnetCidrBlock', { AssociationId: '{association}' }],
      refused: ['InvalidCidrBlock.InUse'],
    },
    ...['{eni}', '{other}', '{six}'].map((id) => ({
      name: `the interface ${id.slice(1, -1)} goes`,
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: id }] as const,
    })),
    {
      name: 'the addresses are free again',
      call: ['DescribeSubnets', { SubnetIds: ['{subnet}', '{sixSubnet}', '{tiny}'] }],
      answers: {
        Subnets: exactly(
          { SubnetId: '{subnet}', AvailableIpAddressCount: 251 },
          { SubnetId: '{sixSubnet}', AvailableIpAddressCount: 251 },
          { SubnetId: '{tiny}', AvailableIpAddressCount: 11 },
        ),
      },
    },
    {
      name: 'a free IPv6 block is disassociated',
      call: ['DisassociateSubnetCidrBlock', { AssociationId: '{association}' }],
      answers: { Ipv6CidrBlockAssociation: { Ipv6CidrBlockState: { State: 'disassociating' } } },
    },
    ...['{subnet}', '{tiny}', '{sixSubnet}'].map((id) => ({
      name: `the subnet ${id.slice(1, -1)} goes`,
      call: ['DeleteSubnet', { SubnetId: id }] as const,
    })),
    { name: 'the VPC goes', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
    { name: 'and the other one', call: ['DeleteVpc', { VpcId: '{sixVpc}' }] },
  ],
};
