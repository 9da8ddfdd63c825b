import type { VpcConfigRequest } from '@aws-sdk/client-eks';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Call } from '../context.ts';
import { sees } from '../own.ts';
import { invalidParameter } from './errors.ts';

/** Checks subnets and groups of a new cluster; answers their VPC. */
export function checkNetwork(call: Call, network: VpcConfigRequest | undefined): string {
  const subnets = (network?.subnetIds ?? []).map((id) => findSubnet(call, id));
  const [first] = subnets;
  if (first === undefined) throw invalidParameter('resourcesVpcConfig.subnetIds: no subnets');
  const { vpcId } = first.spec;
  if (subnets.some(({ spec }) => spec.vpcId !== vpcId))
    throw invalidParameter('Subnets specified must be in the same VPC');
  if (new Set(subnets.map(({ spec }) => spec.availabilityZone)).size < 2)
    throw invalidParameter('Subnets specified must be in at least two different AZs');
  for (const id of network?.securityGroupIds ?? []) checkGroup(call, id, vpcId);
  return vpcId;
}

function findSubnet(call: Call, id: string): Subnet {
  const subnet = call.store.subnets.get(id);
  if (subnet !== undefined && sees(call, subnet)) return subnet;
  throw invalidParameter(`The subnet ID '${id}' does not exist`);
}

function checkGroup(call: Call, id: string, vpcId: string): void {
  const group = call.store.groups.get(id);
  if (group === undefined || !sees(call, group) || group.spec.vpcId !== vpcId)
    throw invalidParameter(`The security group '${id}' does not exist in VPC '${vpcId}'`);
}
