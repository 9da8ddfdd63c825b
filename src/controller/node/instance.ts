import type { InstanceNetworkInterface } from '@aws-sdk/client-ec2';
import type { GroupId, InstanceId, SubnetId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { ControllerDeps } from '../deps.ts';

/** What EC2 says about the instance behind a node. */
export interface LoadedInstance {
  readonly instanceId: InstanceId;
  readonly instanceType: string;
  readonly subnetId: SubnetId;
  readonly subnetCidr: string;
  /** '' when the subnet has no IPv6 range. */
  readonly subnetV6Cidr: string;
  /** Groups of the primary interface. */
  readonly groupIds: readonly GroupId[];
  readonly interfaces: readonly InstanceNetworkInterface[];
}

/** Reads an instance and its subnet. */
export async function loadInstance(
  { ec2 }: Pick<ControllerDeps, 'ec2'>,
  instanceId: InstanceId,
): Promise<LoadedInstance> {
  const described = await ec2.describeInstances({ InstanceIds: [instanceId] });
  const instance = described.Reservations?.[0]?.Instances?.[0];
  if (!instance) {
    const message = `The instance ID '${instanceId}' does not exist`;
    throw new Ec2Error('InvalidInstanceID.NotFound', message);
  }
  const { InstanceType = '', SubnetId = '', PrivateIpAddress, NetworkInterfaces = [] } = instance;
  const primary = NetworkInterfaces.find((each) => each.PrivateIpAddress === PrivateIpAddress);
  return {
    instanceId,
    instanceType: InstanceType,
    subnetId: SubnetId,
    ...(await loadSubnet(ec2, SubnetId)),
    groupIds: (primary?.Groups ?? []).map(({ GroupId = '' }) => GroupId),
    interfaces: NetworkInterfaces,
  };
}

async function loadSubnet(
  ec2: ControllerDeps['ec2'],
  subnetId: string,
): Promise<Pick<LoadedInstance, 'subnetCidr' | 'subnetV6Cidr'>> {
  const described = await ec2.describeSubnets({ SubnetIds: [subnetId] });
  const subnet = described.Subnets?.[0];
  return {
    subnetCidr: subnet?.CidrBlock ?? '',
    subnetV6Cidr: subnet?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock ?? '',
  };
}
