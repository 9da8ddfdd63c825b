import { ABSENT, exactly, having } from '../match.ts';
import { where, type Story } from '../story.ts';

/** Route tables, gateways, DHCP options and network ACLs. */
export const ROUTING: Story = {
  title: 'Routing, gateways and network ACLs',
  steps: [
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.100.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'a subnet',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.100.1.0/24' }],
      save: { subnet: 'Subnet.SubnetId' },
    },
    {
      name: 'CreateRouteTable answers a table with the local route',
      call: ['CreateRouteTable', { VpcId: '{vpc}' }],
      answers: {
        RouteTable: {
          RouteTableId: /^rtb-[0-9a-f]{17}$/,
          VpcId: '{vpc}',
          Associations: [],
          Tags: [],
          Routes: [{ DestinationCidrBlock: '10.100.0.0/16', GatewayId: 'local', State: 'active' }],
        },
      },
      save: { table: 'RouteTable.RouteTableId' },
    },
    {
      name: 'the main table',
      call: ['DescribeRouteTables', where({ 'vpc-id': '{vpc}', 'association.main': 'true' })],
      answers: { RouteTables: [{ Associations: [{ Main: true, SubnetId: ABSENT }] }] },
      save: {
        main: 'RouteTables.0.RouteTableId',
        mainAssociation: 'RouteTables.0.Associations.0.RouteTableAssociationId',
      },
    },
    {
      name: 'the main table is not deleted',
      call: ['DeleteRouteTable', { RouteTableId: '{main}' }],
      refused: ['DependencyViolation'],
    },
    {
      name: 'AssociateRouteTable gives a subnet a table of its own',
      call: ['AssociateRouteTable', { RouteTableId: '{table}', SubnetId: '{subnet}' }],
      answers: {
        AssociationId: /^rtbassoc-[0-9a-f]{17}$/,
        AssociationState: { State: 'associated' },
      },
      save: { association: 'AssociationId' },
    },
    {
      name: 'a table in use is not deleted',
      call: ['DeleteRouteTable', { RouteTableId: '{table}' }],
      refused: ['DependencyViolation'],
    },
    {
      name: 'a gateway',
      call: ['CreateInternetGateway'],
      answers: { InternetGateway: { InternetGatewayId: /^igw-/, Attachments: [] } },
      save: { gateway: 'InternetGateway.InternetGatewayId' },
    },
    {
      name: 'a route to a gateway that is not attached is refused',
      call: [
        'CreateRoute',
        { RouteTableId: '{table}', DestinationCidrBlock: '0.0.0.0/0', GatewayId: '{gateway}' },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'the gateway is attached',
      call: ['AttachInternetGateway', { InternetGatewayId: '{gateway}', VpcId: '{vpc}' }],
    },
    {
      name: 'twice it is refused',
      call: ['AttachInternetGateway', { InternetGatewayId: '{gateway}', VpcId: '{vpc}' }],
      refused: ['Resource.AlreadyAssociated'],
    },
    {
      name: 'gateways are found by attachment',
      call: ['DescribeInternetGateways', where({ 'attachment.vpc-id': '{vpc}' })],
      answers: {
        InternetGateways: [
          { InternetGatewayId: '{gateway}', Attachments: [{ VpcId: '{vpc}', State: 'available' }] },
        ],
      },
    },
    {
      name: 'a route to it',
      call: [
        'CreateRoute',
        { RouteTableId: '{table}', DestinationCidrBlock: '0.0.0.0/0', GatewayId: '{gateway}' },
      ],
      answers: { Return: true },
    },
    {
      name: 'the same destination again is refused',
      call: [
        'CreateRoute',
        { RouteTableId: '{table}', DestinationCidrBlock: '0.0.0.0/0', GatewayId: '{gateway}' },
      ],
      refused: ['RouteAlreadyExists', /0\.0\.0\.0\/0/],
    },
    {
      name: 'a route without a target lacks a parameter',
      call: ['CreateRoute', { RouteTableId: '{table}', DestinationCidrBlock: '10.0.0.0/8' }],
      refused: ['MissingParameter'],
    },
    {
      name: 'the local route is not replaced by another target of the same block',
      call: ['DeleteRoute', { RouteTableId: '{table}', DestinationCidrBlock: '10.100.0.0/16' }],
      refused: ['InvalidParameterValue', /local/],
    },
    {
      name: 'routes are found by gateway',
      call: ['DescribeRouteTables', where({ 'route.gateway-id': '{gateway}' })],
      answers: {
        RouteTables: [
          {
            RouteTableId: '{table}',
            Routes: having({ GatewayId: '{gateway}', Origin: 'CreateRoute', State: 'active' }),
            Associations: [{ SubnetId: '{subnet}', Main: false }],
          },
        ],
      },
    },
    {
      name: 'an interface as the next hop',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}' }],
      save: { eni: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'ReplaceRoute takes another target',
      call: [
        'ReplaceRoute',
        {
          RouteTableId: '{table}',
          DestinationCidrBlock: '0.0.0.0/0',
          NetworkInterfaceId: '{eni}',
        },
      ],
    },
    {
      name: 'a route to an interface without an instance is a black hole',
      call: ['DescribeRouteTables', { RouteTableIds: ['{table}'] }],
      answers: {
        RouteTables: [{ Routes: having({ NetworkInterfaceId: '{eni}', State: 'blackhole' }) }],
      },
    },
    {
      name: 'ReplaceRoute of what is not there is refused',
      call: [
        'ReplaceRoute',
        { RouteTableId: '{table}', DestinationCidrBlock: '10.9.0.0/16', GatewayId: '{gateway}' },
      ],
      refused: ['InvalidParameterValue', /route/],
    },
    {
      name: 'DeleteRoute takes it away',
      call: ['DeleteRoute', { RouteTableId: '{table}', DestinationCidrBlock: '0.0.0.0/0' }],
    },
    {
      name: 'a route that is not there is refused',
      call: ['DeleteRoute', { RouteTableId: '{table}', DestinationCidrBlock: '0.0.0.0/0' }],
      refused: [
        'InvalidRoute.NotFound',
        'no route with destination-cidr-block 0.0.0.0/0 in route table {table}',
      ],
    },
    {
      name: 'ReplaceRouteTableAssociation moves the subnet to the main table',
      call: [
        'ReplaceRouteTableAssociation',
        { AssociationId: '{association}', RouteTableId: '{main}' },
      ],
      answers: { NewAssociationId: /^rtbassoc-/, AssociationState: { State: 'associated' } },
      save: { association: 'NewAssociationId' },
    },
    {
      name: 'DisassociateRouteTable ends it',
      call: ['DisassociateRouteTable', { AssociationId: '{association}' }],
    },
    {
      name: 'the association is unknown',
      call: ['DisassociateRouteTable', { AssociationId: '{association}' }],
      refused: ['InvalidAssociationID.NotFound'],
    },
    {
      name: 'the main association stays',
      call: ['DisassociateRouteTable', { AssociationId: '{mainAssociation}' }],
      refused: ['InvalidParameterValue', /main/],
    },
    { name: 'the table goes', call: ['DeleteRouteTable', { RouteTableId: '{table}' }] },
    {
      name: 'a table that is gone is unknown',
      call: ['DescribeRouteTables', { RouteTableIds: ['{table}'] }],
      refused: ['InvalidRouteTableID.NotFound', "The routeTable ID '{table}' does not exist"],
    },
    {
      name: 'an attached gateway is not deleted',
      call: ['DeleteInternetGateway', { InternetGatewayId: '{gateway}' }],
      refused: ['DependencyViolation'],
    },
    {
      name: 'a gateway is detached',
      call: ['DetachInternetGateway', { InternetGatewayId: '{gateway}', VpcId: '{vpc}' }],
    },
    {
      name: 'once',
      call: ['DetachInternetGateway', { InternetGatewayId: '{gateway}', VpcId: '{vpc}' }],
      refused: ['Gateway.NotAttached'],
    },
    { name: 'and deleted', call: ['DeleteInternetGateway', { InternetGatewayId: '{gateway}' }] },
    {
      name: 'a deleted gateway is unknown',
      call: ['DeleteInternetGateway', { InternetGatewayId: '{gateway}' }],
      refused: [
        'InvalidInternetGatewayID.NotFound',
        "The internetGateway ID '{gateway}' does not exist",
      ],
    },
    {
      name: 'an egress-only gateway',
      call: ['CreateEgressOnlyInternetGateway', { VpcId: '{vpc}' }],
      answers: {
        EgressOnlyInternetGateway: {
          EgressOnlyInternetGatewayId: /^eigw-/,
          Attachments: [{ VpcId: '{vpc}', State: 'attached' }],
        },
      },
      save: { egress: 'EgressOnlyInternetGateway.EgressOnlyInternetGatewayId' },
    },
    {
      name: 'is deleted',
      call: ['DeleteEgressOnlyInternetGateway', { EgressOnlyInternetGatewayId: '{egress}' }],
      answers: { ReturnCode: true },
    },
    {
      name: 'DHCP options',
      call: [
        'CreateDhcpOptions',
        {
          DhcpConfigurations: [
            { Key: 'domain-name', Values: ['example.internal'] },
            { Key: 'domain-name-servers', Values: ['10.100.0.2', '10.100.0.3'] },
          ],
        },
      ],
      answers: {
        DhcpOptions: {
          DhcpOptionsId: /^dopt-/,
          DhcpConfigurations: exactly(
            { Key: 'domain-name', Values: [{ Value: 'example.internal' }] },
            {
              Key: 'domain-name-servers',
              Values: [{ Value: '10.100.0.2' }, { Value: '10.100.0.3' }],
            },
          ),
        },
      },
      save: { options: 'DhcpOptions.DhcpOptionsId' },
    },
    {
      name: 'an unknown option is refused',
      call: ['CreateDhcpOptions', { DhcpConfigurations: [{ Key: 'colour', Values: ['red'] }] }],
      refused: ['InvalidParameterValue', /colour/],
    },
    {
      name: 'options are associated',
      call: ['AssociateDhcpOptions', { DhcpOptionsId: '{options}', VpcId: '{vpc}' }],
    },
    {
      name: 'the VPC shows them',
      call: ['DescribeVpcs', where({ 'dhcp-options-id': '{options}' })],
      answers: { Vpcs: [{ VpcId: '{vpc}', DhcpOptionsId: '{options}' }] },
    },
    {
      name: 'options in use are not deleted',
      call: ['DeleteDhcpOptions', { DhcpOptionsId: '{options}' }],
      refused: ['DependencyViolation'],
    },
    {
      name: '`default` takes them away',
      call: ['AssociateDhcpOptions', { DhcpOptionsId: 'default', VpcId: '{vpc}' }],
    },
    { name: 'and they go', call: ['DeleteDhcpOptions', { DhcpOptionsId: '{options}' }] },
    {
      name: 'unknown options are refused',
      call: ['DescribeDhcpOptions', { DhcpOptionsIds: ['{options}'] }],
      refused: ['InvalidDhcpOptionID.NotFound'],
    },
    {
      name: 'a network ACL denies all at first',
      call: ['CreateNetworkAcl', { VpcId: '{vpc}' }],
      answers: {
        NetworkAcl: {
          NetworkAclId: /^acl-/,
          IsDefault: false,
          Entries: exactly(
            { RuleNumber: 32_767, Egress: true, RuleAction: 'deny', Protocol: '-1' },
            { RuleNumber: 32_767, Egress: false, CidrBlock: '0.0.0.0/0' },
          ),
          Associations: [],
        },
      },
      save: { acl: 'NetworkAcl.NetworkAclId' },
    },
    {
      name: 'an entry',
      call: [
        'CreateNetworkAclEntry',
        {
          NetworkAclId: '{acl}',
          RuleNumber: 100,
          Protocol: '6',
          RuleAction: 'allow',
          Egress: false,
          CidrBlock: '0.0.0.0/0',
          PortRange: { From: 443, To: 443 },
        },
      ],
    },
    {
      name: 'a number is taken once in a direction',
      call: [
        'CreateNetworkAclEntry',
        {
          NetworkAclId: '{acl}',
          RuleNumber: 100,
          Protocol: '-1',
          RuleAction: 'deny',
          Egress: false,
          CidrBlock: '10.0.0.0/8',
        },
      ],
      refused: ['NetworkAclEntryAlreadyExists'],
    },
    {
      name: 'a number above 32766 is refused',
      call: [
        'CreateNetworkAclEntry',
        {
          NetworkAclId: '{acl}',
          RuleNumber: 32_767,
          Protocol: '-1',
          RuleAction: 'deny',
          Egress: true,
          CidrBlock: '10.0.0.0/8',
        },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'ReplaceNetworkAclEntry replaces it',
      call: [
        'ReplaceNetworkAclEntry',
        {
          NetworkAclId: '{acl}',
          RuleNumber: 100,
          Protocol: '17',
          RuleAction: 'deny',
          Egress: false,
          CidrBlock: '10.0.0.0/8',
          PortRange: { From: 53, To: 53 },
        },
      ],
    },
    {
      name: 'ACLs are found by entry',
      call: [
        'DescribeNetworkAcls',
        where({ 'entry.rule-number': '100', 'entry.cidr': '10.0.0.0/8', 'vpc-id': '{vpc}' }),
      ],
      answers: {
        NetworkAcls: [
          {
            NetworkAclId: '{acl}',
            Entries: having({
              Protocol: '17',
              PortRange: { From: 53, To: 53 },
              RuleAction: 'deny',
            }),
          },
        ],
      },
    },
    {
      name: 'the default ACL has the subnet',
      call: ['DescribeNetworkAcls', where({ default: 'true', 'vpc-id': '{vpc}' })],
      answers: { NetworkAcls: [{ Associations: [{ SubnetId: '{subnet}' }] }] },
      save: {
        defaultAcl: 'NetworkAcls.0.NetworkAclId',
        aclAssociation: 'NetworkAcls.0.Associations.0.NetworkAclAssociationId',
      },
    },
    {
      name: 'the default ACL is not deleted',
      call: ['DeleteNetworkAcl', { NetworkAclId: '{defaultAcl}' }],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'ReplaceNetworkAclAssociation moves the subnet',
      call: [
        'ReplaceNetworkAclAssociation',
        { AssociationId: '{aclAssociation}', NetworkAclId: '{acl}' },
      ],
      answers: { NewAssociationId: /^aclassoc-/ },
      save: { aclAssociation: 'NewAssociationId' },
    },
    {
      name: 'an ACL in use is not deleted',
      call: ['DeleteNetworkAcl', { NetworkAclId: '{acl}' }],
      refused: ['DependencyViolation'],
    },
    {
      name: 'the subnet moves back',
      call: [
        'ReplaceNetworkAclAssociation',
        { AssociationId: '{aclAssociation}', NetworkAclId: '{defaultAcl}' },
      ],
    },
    {
      name: 'an entry is deleted',
      call: ['DeleteNetworkAclEntry', { NetworkAclId: '{acl}', RuleNumber: 100, Egress: false }],
    },
    {
      name: 'an entry that is not there is refused',
      call: ['DeleteNetworkAclEntry', { NetworkAclId: '{acl}', RuleNumber: 100, Egress: false }],
      refused: ['InvalidNetworkAclEntry.NotFound'],
    },
    { name: 'the ACL goes', call: ['DeleteNetworkAcl', { NetworkAclId: '{acl}' }] },
    {
      name: 'an ACL that is gone is unknown',
      call: ['DescribeNetworkAcls', { NetworkAclIds: ['{acl}'] }],
      refused: ['InvalidNetworkAclID.NotFound', "The networkAcl ID '{acl}' does not exist"],
    },
    {
      name: 'the interface goes',
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: '{eni}' }],
    },
    { name: 'the subnet goes', call: ['DeleteSubnet', { SubnetId: '{subnet}' }] },
    { name: 'and the VPC', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
  ],
};
