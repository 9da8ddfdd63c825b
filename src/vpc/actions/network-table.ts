import type { Handler } from '../context.ts';
import {
  createSubnetCidrReservation,
  deleteSubnetCidrReservation,
  getSubnetCidrReservations,
} from './cidr-reservations.ts';
import { createDefaultVpc, createVpc, deleteVpc } from './create-vpc.ts';
import { createDefaultSubnet } from './default-subnets.ts';
import { describeSubnets } from './describe-subnets.ts';
import { describeVpcs } from './describe-vpcs.ts';
import {
  associateDhcpOptions,
  createDhcpOptions,
  deleteDhcpOptions,
  describeDhcpOptions,
} from './dhcp-options.ts';
import {
  createEgressOnlyInternetGateway,
  deleteEgressOnlyInternetGateway,
  describeEgressOnlyInternetGateways,
} from './egress-only-gateways.ts';
import {
  attachInternetGateway,
  createInternetGateway,
  deleteInternetGateway,
  describeInternetGateways,
  detachInternetGateway,
} from './internet-gateways.ts';
import {
  createNetworkAclEntry,
  deleteNetworkAclEntry,
  replaceNetworkAclEntry,
} from './network-acl-entries.ts';
import {
  createNetworkAcl,
  deleteNetworkAcl,
  describeNetworkAcls,
  replaceNetworkAclAssociation,
} from './network-acls.ts';
import {
  associateRouteTable,
  disassociateRouteTable,
  replaceRouteTableAssociation,
} from './route-associations.ts';
import { createRouteTable, deleteRouteTable, describeRouteTables } from './route-tables.ts';
import { createRoute, deleteRoute, replaceRoute } from './routes.ts';
import { describeAccountAttributes } from './account-attributes.ts';
import { describeAddresses, describeAddressesAttribute } from './describe-elastic-ips.ts';
import {
  allocateAddress,
  associateAddress,
  disassociateAddress,
  releaseAddress,
} from './elastic-ips.ts';
import { createVpcPeeringConnection } from './create-peering.ts';
import { describeFlowLogs } from './describe-flow-logs.ts';
import { describeKeyPairs } from './describe-key-pairs.ts';
import { describeVpcPeeringConnections } from './describe-peerings.ts';
import { createFlowLogs, deleteFlowLogs } from './flow-logs.ts';
import { createKeyPair, deleteKeyPair, importKeyPair } from './key-pairs.ts';
import { modifyVpcPeeringConnectionOptions } from './peering-options.ts';
import {
  acceptVpcPeeringConnection,
  deleteVpcPeeringConnection,
  rejectVpcPeeringConnection,
} from './peerings.ts';
import { createNatGateway, deleteNatGateway, describeNatGateways } from './nat-gateways.ts';
import { modifySubnetAttribute } from './subnet-attributes.ts';
import { associateSubnetCidrBlock, disassociateSubnetCidrBlock } from './subnet-blocks.ts';
import { createSubnet, deleteSubnet } from './subnets.ts';
import { describeVpcAttribute, modifyVpcAttribute } from './vpc-attributes.ts';
import { describeVpcEndpoints, describeVpcEndpointServices } from './describe-vpc-endpoints.ts';
import { createVpcEndpoint, deleteVpcEndpoints, modifyVpcEndpoint } from './vpc-endpoints.ts';
import { associateVpcCidrBlock, disassociateVpcCidrBlock } from './vpc-blocks.ts';

/** The actions around VPCs, subnets, routing and peering. */
export const NETWORK_ACTIONS: Readonly<Record<string, Handler>> = {
  AcceptVpcPeeringConnection: acceptVpcPeeringConnection,
  AllocateAddress: allocateAddress,
  AssociateAddress: associateAddress,
  AssociateDhcpOptions: associateDhcpOptions,
  AssociateRouteTable: associateRouteTable,
  AssociateSubnetCidrBlock: associateSubnetCidrBlock,
  AssociateVpcCidrBlock: associateVpcCidrBlock,
  AttachInternetGateway: attachInternetGateway,
  CreateDefaultSubnet: createDefaultSubnet,
  CreateDefaultVpc: createDefaultVpc,
  CreateDhcpOptions: createDhcpOptions,
  CreateEgressOnlyInternetGateway: createEgressOnlyInternetGateway,
  CreateFlowLogs: createFlowLogs,
  CreateInternetGateway: createInternetGateway,
  CreateKeyPair: createKeyPair,
  CreateNatGateway: createNatGateway,
  CreateNetworkAcl: createNetworkAcl,
  CreateNetworkAclEntry: createNetworkAclEntry,
  CreateRoute: createRoute,
  CreateRouteTable: createRouteTable,
  CreateSubnet: createSubnet,
  CreateSubnetCidrReservation: createSubnetCidrReservation,
  CreateVpc: createVpc,
  CreateVpcEndpoint: createVpcEndpoint,
  CreateVpcPeeringConnection: createVpcPeeringConnection,
  DeleteDhcpOptions: deleteDhcpOptions,
  DeleteEgressOnlyInternetGateway: deleteEgressOnlyInternetGateway,
  DeleteFlowLogs: deleteFlowLogs,
  DeleteInternetGateway: deleteInternetGateway,
  DeleteKeyPair: deleteKeyPair,
  DeleteNatGateway: deleteNatGateway,
  DeleteNetworkAcl: deleteNetworkAcl,
  DeleteNetworkAclEntry: deleteNetworkAclEntry,
  DeleteRoute: deleteRoute,
  DeleteRouteTable: deleteRouteTable,
  DeleteSubnet: deleteSubnet,
  DeleteSubnetCidrReservation: deleteSubnetCidrReservation,
  DeleteVpc: deleteVpc,
  DeleteVpcEndpoints: deleteVpcEndpoints,
  DeleteVpcPeeringConnection: deleteVpcPeeringConnection,
  DescribeAccountAttributes: describeAccountAttributes,
  DescribeAddresses: describeAddresses,
  DescribeAddressesAttribute: describeAddressesAttribute,
  DescribeDhcpOptions: describeDhcpOptions,
  DescribeEgressOnlyInternetGateways: describeEgressOnlyInternetGateways,
  DescribeFlowLogs: describeFlowLogs,
  DescribeInternetGateways: describeInternetGateways,
  DescribeKeyPairs: describeKeyPairs,
  DescribeNatGateways: describeNatGateways,
  DescribeNetworkAcls: describeNetworkAcls,
  DescribeRouteTables: describeRouteTables,
  DescribeSubnets: describeSubnets,
  DescribeVpcAttribute: describeVpcAttribute,
  DescribeVpcEndpoints: describeVpcEndpoints,
  DescribeVpcEndpointServices: describeVpcEndpointServices,
  DescribeVpcPeeringConnections: describeVpcPeeringConnections,
  DescribeVpcs: describeVpcs,
  DetachInternetGateway: detachInternetGateway,
  DisassociateAddress: disassociateAddress,
  DisassociateRouteTable: disassociateRouteTable,
  DisassociateSubnetCidrBlock: disassociateSubnetCidrBlock,
  DisassociateVpcCidrBlock: disassociateVpcCidrBlock,
  GetSubnetCidrReservations: getSubnetCidrReservations,
  ImportKeyPair: importKeyPair,
  ModifySubnetAttribute: modifySubnetAttribute,
  ModifyVpcAttribute: modifyVpcAttribute,
  ModifyVpcEndpoint: modifyVpcEndpoint,
  ModifyVpcPeeringConnectionOptions: modifyVpcPeeringConnectionOptions,
  RejectVpcPeeringConnection: rejectVpcPeeringConnection,
  ReleaseAddress: releaseAddress,
  ReplaceNetworkAclAssociation: replaceNetworkAclAssociation,
  ReplaceNetworkAclEntry: replaceNetworkAclEntry,
  ReplaceRoute: replaceRoute,
  ReplaceRouteTableAssociation: replaceRouteTableAssociation,
};
