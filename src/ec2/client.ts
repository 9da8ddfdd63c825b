import type {
  AssignPrivateIpAddressesRequest,
  AssignPrivateIpAddressesResult,
  AssociateTrunkInterfaceRequest,
  AssociateTrunkInterfaceResult,
  AttachNetworkInterfaceRequest,
  AttachNetworkInterfaceResult,
  CreateNetworkInterfacePermissionRequest,
  CreateNetworkInterfaceRequest,
  CreateNetworkInterfaceResult,
  DeleteNetworkInterfaceRequest,
  DescribeInstancesRequest,
  DescribeInstancesResult,
  DescribeNetworkInterfacesRequest,
  DescribeNetworkInterfacesResult,
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  DetachNetworkInterfaceRequest,
  DisassociateTrunkInterfaceRequest,
  ModifyNetworkInterfaceAttributeRequest,
  UnassignPrivateIpAddressesRequest,
} from '@aws-sdk/client-ec2';

/**
 * EC2 as the controller and the agent use it (DESIGN: D5). Implemented over the AWS SDK in
 * `io/ec2-client.ts`. Failures throw `Ec2Error`.
 */
export interface Ec2Client {
  describeInstances(request: DescribeInstancesRequest): Promise<DescribeInstancesResult>;
  describeSubnets(request: DescribeSubnetsRequest): Promise<DescribeSubnetsResult>;
  describeSecurityGroups(
    request: DescribeSecurityGroupsRequest,
  ): Promise<DescribeSecurityGroupsResult>;
  describeNetworkInterfaces(
    request: DescribeNetworkInterfacesRequest,
  ): Promise<DescribeNetworkInterfacesResult>;
  createNetworkInterface(
    request: CreateNetworkInterfaceRequest,
  ): Promise<CreateNetworkInterfaceResult>;
  createNetworkInterfacePermission(
    request: CreateNetworkInterfacePermissionRequest,
  ): Promise<unknown>;
  attachNetworkInterface(
    request: AttachNetworkInterfaceRequest,
  ): Promise<AttachNetworkInterfaceResult>;
  detachNetworkInterface(request: DetachNetworkInterfaceRequest): Promise<unknown>;
  deleteNetworkInterface(request: DeleteNetworkInterfaceRequest): Promise<unknown>;
  modifyNetworkInterfaceAttribute(
    request: ModifyNetworkInterfaceAttributeRequest,
  ): Promise<unknown>;
  associateTrunkInterface(
    request: AssociateTrunkInterfaceRequest,
  ): Promise<AssociateTrunkInterfaceResult>;
  disassociateTrunkInterface(request: DisassociateTrunkInterfaceRequest): Promise<unknown>;
  assignPrivateIpAddresses(
    request: AssignPrivateIpAddressesRequest,
  ): Promise<AssignPrivateIpAddressesResult>;
  unassignPrivateIpAddresses(request: UnassignPrivateIpAddressesRequest): Promise<unknown>;
}
