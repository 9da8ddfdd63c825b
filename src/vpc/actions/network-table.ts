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
import { modifySubnetAttribute } from './subnet-attributes.ts';
import { associateSubnetCidrBlock, disassociateSubnetCidrBlock } from './subnet-blocks.ts';
import { createSubnet, deleteSubnet } from './subnets.ts';
import { describeVpcAttribute, modifyVpcAttribute } from './vpc-attributes.ts';
import { associateVpcCidrBlock, disassociateVpcCidrBlock } from './vpc-blocks.ts';

/** The actions around VPCs, subnets, routing and peering. */
export const NETWORK_ACTIONS: Readonly<Record<string, Handler>> = {
  AssociateDhcpOptions: associateDhcpOptions,
  AssociateRouteTable: associateRouteTable,
  AssociateSubnetCidrBlock: associateSubnetCidrBlock,
  AssociateVpcCidrBlock: associateVpcCidrBlock,
  AttachInternetGateway: attachInternetGateway,
  CreateDefaultSubnet: createDefaultSubnet,
  CreateDefaultVpc: createDefaultVpc,
  CreateDhcpOptions: createDhcpOptions,
  CreateEgressOnlyInternetGateway: createEgressOnlyInternetGateway,
  CreateInternetGateway: createInternetGateway,
  CreateNetworkAcl: createNetworkAcl,
  CreateNetworkAclEntry: createNetworkAclEntry,
  CreateRoute: createRoute,
  CreateRouteTable: createRouteTable,
  CreateSubnet: createSubnet,
  CreateSubnetCidrReservation: createSubnetCidrReservation,
  CreateVpc: createVpc,
  DeleteDhcpOptions: deleteDhcpOptions,
  DeleteEgressOnlyInternetGateway: deleteEgressOnlyInternetGateway,
  DeleteInternetGateway: deleteInternetGateway,
  DeleteNetworkAcl: deleteNetworkAcl,
  DeleteNetworkAclEntry: deleteNetworkAclEntry,
  DeleteRoute: deleteRoute,
  DeleteRouteTable: deleteRouteTable,
  DeleteSubnet: deleteSubnet,
  DeleteSubnetCidrReservation: deleteSubnetCidrReservation,
  DeleteVpc: deleteVpc,
  DescribeDhcpOptions: describeDhcpOptions,
  DescribeEgressOnlyInternetGateways: describeEgressOnlyInternetGateways,
  DescribeInternetGateways: describeInternetGateways,
  DescribeNetworkAcls: describeNetworkAcls,
  DescribeRouteTables: describeRouteTables,
  DescribeSubnets: describeSubnets,
  DescribeVpcAttribute: describeVpcAttribute,
  DescribeVpcs: describeVpcs,
  DetachInternetGateway: detachInternetGateway,
  DisassociateRouteTable: disassociateRouteTable,
  DisassociateSubnetCidrBlock: disassociateSubnetCidrBlock,
  DisassociateVpcCidrBlock: disassociateVpcCidrBlock,
  GetSubnetCidrReservations: getSubnetCidrReservations,
  ModifySubnetAttribute: modifySubnetAttribute,
  ModifyVpcAttribute: modifyVpcAttribute,
  ReplaceNetworkAclAssociation: replaceNetworkAclAssociation,
  ReplaceNetworkAclEntry: replaceNetworkAclEntry,
  ReplaceRoute: replaceRoute,
  ReplaceRouteTableAssociation: replaceRouteTableAssociation,
};
