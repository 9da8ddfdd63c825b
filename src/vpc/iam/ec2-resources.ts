/**
 * On which resources an EC2 action acts, for authorisation (AWS: Service Authorization Reference of
 * EC2). A resource is `new <type>` for what the action makes, or `<member> <type>` for what a member
 * of the request names. Members are paths; lists are walked. A type of `*` follows from the id.
 * Actions that are not listed, such as Describe*, have no resource: their resource is `*`.
 */
const ROWS: Readonly<Record<string, string>> = {
  AcceptVpcPeeringConnection: 'VpcPeeringConnectionId vpc-peering-connection',
  AllocateAddress: 'new elastic-ip',
  AssignIpv6Addresses: 'NetworkInterfaceId network-interface',
  AssignPrivateIpAddresses: 'NetworkInterfaceId network-interface',
  AssociateAddress:
    'AllocationId elastic-ip, InstanceId instance, NetworkInterfaceId network-interface',
  AssociateDhcpOptions: 'DhcpOptionsId dhcp-options, VpcId vpc',
  AssociateIamInstanceProfile: 'InstanceId instance',
  AssociateRouteTable: 'RouteTableId route-table, SubnetId subnet, GatewayId internet-gateway',
  AssociateSecurityGroupVpc: 'GroupId security-group, VpcId vpc',
  AssociateSubnetCidrBlock: 'SubnetId subnet',
  AssociateTrunkInterface:
    'BranchInterfaceId network-interface, TrunkInterfaceId network-interface',
  AssociateVpcCidrBlock: 'VpcId vpc',
  AttachInternetGateway: 'InternetGatewayId internet-gateway, VpcId vpc',
  AttachNetworkInterface: 'InstanceId instance, NetworkInterfaceId network-interface',
  AuthorizeSecurityGroupEgress: 'GroupId security-group',
  AuthorizeSecurityGroupIngress: 'GroupId security-group, GroupName security-group-name',
  CreateDefaultSubnet: 'new subnet',
  CreateDefaultVpc: 'new vpc',
  CreateDhcpOptions: 'new dhcp-options',
  CreateEgressOnlyInternetGateway: 'new egress-only-internet-gateway, VpcId vpc',
  CreateFlowLogs: 'new vpc-flow-log, ResourceIds *',
  CreateInternetGateway: 'new internet-gateway',
  CreateKeyPair: 'new key-pair',
  CreateManagedPrefixList: 'new prefix-list',
  CreateNatGateway: 'new natgateway, SubnetId subnet, AllocationId elastic-ip',
  CreateNetworkAcl: 'new network-acl, VpcId vpc',
  CreateNetworkAclEntry: 'NetworkAclId network-acl',
  CreateNetworkInsightsPath: 'new network-insights-path, Source *, Destination *',
  CreateNetworkInterface: 'new network-interface, SubnetId subnet, Groups security-group',
  CreateNetworkInterfacePermission: 'NetworkInterfaceId network-interface',
  CreateRoute: 'RouteTableId route-table',
  CreateRouteTable: 'new route-table, VpcId vpc',
  CreateSecurityGroup: 'new security-group, VpcId vpc',
  CreateSubnet: 'new subnet, VpcId vpc',
  CreateSubnetCidrReservation: 'SubnetId subnet',
  CreateTags: 'Resources *',
  CreateVpc: 'new vpc',
  CreateVpcEndpoint:
    'new vpc-endpoint, VpcId vpc, RouteTableIds route-table, SubnetIds subnet, SecurityGroupIds security-group',
  CreateVpcPeeringConnection: 'new vpc-peering-connection, VpcId vpc',
  DeleteDhcpOptions: 'DhcpOptionsId dhcp-options',
  DeleteEgressOnlyInternetGateway: 'EgressOnlyInternetGatewayId egress-only-internet-gateway',
  DeleteFlowLogs: 'FlowLogIds vpc-flow-log',
  DeleteInternetGateway: 'InternetGatewayId internet-gateway',
  DeleteKeyPair: 'KeyPairId key-pair, KeyName key-pair-name',
  DeleteManagedPrefixList: 'PrefixListId prefix-list',
  DeleteNatGateway: 'NatGatewayId natgateway',
  DeleteNetworkAcl: 'NetworkAclId network-acl',
  DeleteNetworkAclEntry: 'NetworkAclId network-acl',
  DeleteNetworkInsightsAnalysis: 'NetworkInsightsAnalysisId network-insights-analysis',
  DeleteNetworkInsightsPath: 'NetworkInsightsPathId network-insights-path',
  DeleteNetworkInterface: 'NetworkInterfaceId network-interface',
  DeleteNetworkInterfacePermission: 'NetworkInterfacePermissionId network-interface',
  DeleteRoute: 'RouteTableId route-table',
  DeleteRouteTable: 'RouteTableId route-table',
  DeleteSecurityGroup: 'GroupId security-group, GroupName security-group-name',
  DeleteSubnet: 'SubnetId subnet',
  DeleteSubnetCidrReservation: 'SubnetCidrReservationId subnet-cidr-reservation',
  DeleteTags: 'Resources *',
  DeleteVpc: 'VpcId vpc',
  DeleteVpcEndpoints: 'VpcEndpointIds vpc-endpoint',
  DeleteVpcPeeringConnection: 'VpcPeeringConnectionId vpc-peering-connection',
  DetachInternetGateway: 'InternetGatewayId internet-gateway, VpcId vpc',
  DetachNetworkInterface: 'AttachmentId network-interface',
  DisassociateAddress: 'AssociationId elastic-ip',
  DisassociateIamInstanceProfile: 'AssociationId instance',
  DisassociateRouteTable: 'AssociationId route-table',
  DisassociateSecurityGroupVpc: 'GroupId security-group, VpcId vpc',
  DisassociateSubnetCidrBlock: 'AssociationId subnet',
  DisassociateTrunkInterface: 'AssociationId network-interface',
  DisassociateVpcCidrBlock: 'AssociationId vpc',
  ImportKeyPair: 'new key-pair',
  ModifyInstanceAttribute: 'InstanceId instance, Groups security-group',
  ModifyInstanceMetadataOptions: 'InstanceId instance',
  ModifyManagedPrefixList: 'PrefixListId prefix-list',
  ModifyNetworkInterfaceAttribute: 'NetworkInterfaceId network-interface, Groups security-group',
  ModifySecurityGroupRules: 'GroupId security-group',
  ModifySubnetAttribute: 'SubnetId subnet',
  ModifyVpcAttribute: 'VpcId vpc',
  ModifyVpcEndpoint:
    'VpcEndpointId vpc-endpoint, AddRouteTableIds route-table, AddSubnetIds subnet, AddSecurityGroupIds security-group',
  ModifyVpcPeeringConnectionOptions: 'VpcPeeringConnectionId vpc-peering-connection',
  RebootInstances: 'InstanceIds instance',
  RejectVpcPeeringConnection: 'VpcPeeringConnectionId vpc-peering-connection',
  ReleaseAddress: 'AllocationId elastic-ip',
  ReplaceNetworkAclAssociation: 'AssociationId network-acl, NetworkAclId network-acl',
  ReplaceNetworkAclEntry: 'NetworkAclId network-acl',
  ReplaceRoute: 'RouteTableId route-table',
  ReplaceRouteTableAssociation: 'AssociationId route-table, RouteTableId route-table',
  ResetNetworkInterfaceAttribute: 'NetworkInterfaceId network-interface',
  RestoreManagedPrefixListVersion: 'PrefixListId prefix-list',
  ReplaceIamInstanceProfileAssociation: 'AssociationId instance',
  RevokeSecurityGroupEgress: 'GroupId security-group',
  RevokeSecurityGroupIngress: 'GroupId security-group, GroupName security-group-name',
  RunInstances:
    'new instance, new network-interface, new volume, ImageId image, SubnetId subnet, ' +
    'SecurityGroupIds security-group, NetworkInterfaces.SubnetId subnet, ' +
    'NetworkInterfaces.Groups security-group, NetworkInterfaces.NetworkInterfaceId network-interface',
  StartInstances: 'InstanceIds instance',
  StartNetworkInsightsAnalysis:
    'new network-insights-analysis, NetworkInsightsPathId network-insights-path',
  StopInstances: 'InstanceIds instance',
  TerminateInstances: 'InstanceIds instance',
  UnassignIpv6Addresses: 'NetworkInterfaceId network-interface',
  UnassignPrivateIpAddresses: 'NetworkInterfaceId network-interface',
  UpdateSecurityGroupRuleDescriptionsEgress: 'GroupId security-group',
  UpdateSecurityGroupRuleDescriptionsIngress:
    'GroupId security-group, GroupName security-group-name',
};

/** A resource of an action: one that it makes, or one that a member of the request names. */
export type ResourceRow =
  | { readonly kind: 'new'; readonly type: string }
  | { readonly kind: 'named'; readonly path: readonly string[]; readonly type: string };

const parsed = new Map<string, readonly ResourceRow[]>();

/** The resources of an action; undefined when it has none. */
export function resourceRows(action: string): readonly ResourceRow[] | undefined {
  const known = parsed.get(action);
  if (known !== undefined) return known;
  if (!Object.hasOwn(ROWS, action)) return undefined;
  const rows = (ROWS[action] ?? '').split(', ').map(parseRow);
  parsed.set(action, rows);
  return rows;
}

function parseRow(text: string): ResourceRow {
  const [source = '', type = ''] = text.split(' ');
  return source === 'new'
    ? { kind: 'new', type }
    : { kind: 'named', path: source.split('.'), type };
}

/** What a path of members leads to in a request; lists are walked, absent members skipped. */
export function valuesAt(input: unknown, path: readonly string[]): readonly string[] {
  if (Array.isArray(input)) return input.flatMap((each) => valuesAt(each, path));
  const [name, ...rest] = path;
  if (name === undefined) return typeof input === 'string' && input !== '' ? [input] : [];
  if (input === null || typeof input !== 'object') return [];
  return valuesAt((input as Readonly<Record<string, unknown>>)[name], rest);
}
