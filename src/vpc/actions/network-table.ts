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
import { modifySubnetAttribute } from './subnet-attributes.ts';
import { associateSubnetCidrBlock, disassociateSubnetCidrBlock } from './subnet-blocks.ts';
import { createSubnet, deleteSubnet } from './subnets.ts';
import { describeVpcAttribute, modifyVpcAttribute } from './vpc-attributes.ts';
import { associateVpcCidrBlock, disassociateVpcCidrBlock } from './vpc-blocks.ts';

/** The actions around VPCs, subnets, routing and peering. */
export const NETWORK_ACTIONS: Readonly<Record<string, Handler>> = {
  AssociateDhcpOptions: associateDhcpOptions,
  AssociateSubnetCidrBlock: associateSubnetCidrBlock,
  AssociateVpcCidrBlock: associateVpcCidrBlock,
  CreateDefaultSubnet: createDefaultSubnet,
  CreateDefaultVpc: createDefaultVpc,
  CreateDhcpOptions: createDhcpOptions,
  CreateSubnet: createSubnet,
  CreateSubnetCidrReservation: createSubnetCidrReservation,
  CreateVpc: createVpc,
  DeleteDhcpOptions: deleteDhcpOptions,
  DeleteSubnet: deleteSubnet,
  DeleteSubnetCidrReservation: deleteSubnetCidrReservation,
  DeleteVpc: deleteVpc,
  DescribeDhcpOptions: describeDhcpOptions,
  DescribeSubnets: describeSubnets,
  DescribeVpcAttribute: describeVpcAttribute,
  DescribeVpcs: describeVpcs,
  DisassociateSubnetCidrBlock: disassociateSubnetCidrBlock,
  DisassociateVpcCidrBlock: disassociateVpcCidrBlock,
  GetSubnetCidrReservations: getSubnetCidrReservations,
  ModifySubnetAttribute: modifySubnetAttribute,
  ModifyVpcAttribute: modifyVpcAttribute,
};
