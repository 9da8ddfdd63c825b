import { isId } from '../base/ids.ts';
import { Ec2Error } from './error.ts';

/** How EC2 names, checks and misses one kind of id. The mixed spelling of ID and Id is AWS's. */
export interface IdKind {
  /** Without the hyphen. */
  readonly prefix: string;
  /** Type of the resource in tag specifications and DescribeTags. */
  readonly resourceType: string;
  readonly malformed: string;
  readonly notFound: string;
  /** As in "The subnet ID 'subnet-1' does not exist". */
  readonly noun: string;
  /** The whole text of `notFound`, where it is another than usual. */
  readonly missing?: (ids: string) => string;
}

/** Every kind of id that the VPC API makes (spec: ec2-surface 2.7). */
export const ID_KINDS = {
  vpc: kind('vpc', 'vpc', 'InvalidVpcID', 'vpc ID'),
  subnet: kind('subnet', 'subnet', 'InvalidSubnetID', 'subnet ID'),
  instance: kind('i', 'instance', 'InvalidInstanceID', 'instance ID'),
  group: {
    ...kind('sg', 'security-group', 'InvalidGroup', 'security group'),
    malformed: 'InvalidGroupId.Malformed',
  },
  rule: kind('sgr', 'security-group-rule', 'InvalidSecurityGroupRuleId', 'security group rule ID'),
  interface: {
    ...kind('eni', 'network-interface', 'InvalidNetworkInterfaceID', 'networkInterface ID'),
    malformed: 'InvalidNetworkInterfaceId.Malformed',
  },
  attachment: {
    ...kind('eni-attach', 'attachment', 'InvalidAttachmentID', 'attachment ID'),
    malformed: 'InvalidNetworkInterfaceAttachmentId.Malformed',
  },
  permission: kind(
    'eni-perm',
    'network-interface-permission',
    'InvalidPermissionID',
    'network interface permission ID',
  ),
  association: kind('trunk-assoc', 'association', 'InvalidAssociationID', 'association ID'),
  prefixList: {
    ...kind('pl', 'prefix-list', 'InvalidPrefixListID', 'prefix list ID'),
    malformed: 'InvalidPrefixListId.Malformed',
  },
  routeTable: {
    ...kind('rtb', 'route-table', 'InvalidRouteTableID', 'routeTable ID'),
    malformed: 'InvalidRouteTableId.Malformed',
  },
  routeTableAssociation: kind(
    'rtbassoc',
    'route-table-association',
    'InvalidAssociationID',
    'association ID',
  ),
  internetGateway: {
    ...kind('igw', 'internet-gateway', 'InvalidInternetGatewayID', 'internetGateway ID'),
    malformed: 'InvalidInternetGatewayId.Malformed',
  },
  egressOnlyInternetGateway: kind(
    'eigw',
    'egress-only-internet-gateway',
    'InvalidGatewayID',
    'eigw ID',
  ),
  elasticIp: kind('eipalloc', 'elastic-ip', 'InvalidAllocationID', 'allocation ID'),
  elasticIpAssociation: kind('eipassoc', 'association', 'InvalidAssociationID', 'association ID'),
  dhcpOptions: {
    ...kind('dopt', 'dhcp-options', 'InvalidDhcpOptionID', 'dhcpOption ID'),
    malformed: 'InvalidDhcpOptionsId.Malformed',
  },
  vpcEndpoint: kind('vpce', 'vpc-endpoint', 'InvalidVpcEndpointId', 'Vpc Endpoint Id'),
  instanceProfileAssociation: {
    ...kind('iip-assoc', 'association', 'InvalidAssociationID', 'association'),
    missing: (ids: string) => `An invalid association-id of '${ids}' was given`,
  },
  natGateway: {
    ...kind('nat', 'natgateway', 'NatGateway', 'NAT gateway'),
    malformed: 'NatGatewayMalformed',
    notFound: 'NatGatewayNotFound',
    missing: (ids: string) => `NatGateway ${ids} was not found`,
  },
  networkAcl: {
    ...kind('acl', 'network-acl', 'InvalidNetworkAclID', 'networkAcl ID'),
    malformed: 'InvalidNetworkAclId.Malformed',
  },
  networkAclAssociation: kind(
    'aclassoc',
    'network-acl-association',
    'InvalidAssociationID',
    'association ID',
  ),
  peering: kind(
    'pcx',
    'vpc-peering-connection',
    'InvalidVpcPeeringConnectionId',
    'vpcPeeringConnection ID',
  ),
  flowLog: kind('fl', 'vpc-flow-log', 'InvalidFlowLogId', 'flow log ID'),
  keyPair: {
    ...kind('key', 'key-pair', 'InvalidKeyPair', 'key pair ID'),
    malformed: 'InvalidParameterValue',
  },
  vpcCidrAssociation: kind(
    'vpc-cidr-assoc',
    'vpc-cidr-block-association',
    'InvalidVpcCidrBlockAssociationIdError',
    'vpc CIDR block association ID',
  ),
  subnetCidrAssociation: kind(
    'subnet-cidr-assoc',
    'subnet-cidr-block-association',
    'InvalidSubnetCidrBlockAssociationID',
    'subnet CIDR block association ID',
  ),
  subnetCidrReservation: kind(
    'scr',
    'subnet-cidr-reservation',
    'InvalidSubnetCidrReservationID',
    'subnet-cidr-reservation ID',
  ),
  /** Of EKS; such ids are never seen outside. */
  cluster: kind('eks', 'cluster', 'InvalidClusterID', 'cluster ID'),
  insightsPath: kind(
    'nip',
    'network-insights-path',
    'InvalidNetworkInsightsPathId',
    'network insights path ID',
  ),
  insightsAnalysis: kind(
    'nia',
    'network-insights-analysis',
    'InvalidNetworkInsightsAnalysisId',
    'network insights analysis ID',
  ),
} as const satisfies Readonly<Record<string, IdKind>>;

function kind(prefix: string, resourceType: string, code: string, noun: string): IdKind {
  return {
    prefix,
    resourceType,
    malformed: `${code}.Malformed`,
    notFound: `${code}.NotFound`,
    noun,
  };
}

/** Throws the `Malformed` error of the kind unless the id has its form. */
export function checkId(kind: IdKind, id: string): void {
  if (!isId(id, kind.prefix))
    throw new Ec2Error(kind.malformed, `Invalid id: "${id}" (expecting "${kind.prefix}-...")`);
}

/** The `NotFound` error of the kind. The VPC CNI reads the id out of the quotes: keep the form. */
export function notFound(kind: IdKind, ...ids: readonly string[]): Ec2Error {
  if (kind.missing !== undefined) return new Ec2Error(kind.notFound, kind.missing(ids.join(', ')));
  const text =
    ids.length === 1
      ? `The ${kind.noun} '${ids[0]}' does not exist`
      : `The ${kind.noun}s '${ids.join(', ')}' do not exist`;
  return new Ec2Error(kind.notFound, text);
}
