import type { CreateDefaultSubnetRequest, CreateDefaultSubnetResult } from '@aws-sdk/client-ec2';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { must } from '../../base/assert.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { defaultSubnet, freeDefaultBlock } from '../network/default-vpc.ts';
import { pickZone } from '../network/pick-zone.ts';
import { defaultAcl } from '../network/subnet-acl.ts';
import { findDefaultVpc, required } from '../own.ts';
import { subnetView } from '../views/network.ts';

/** CreateDefaultSubnet: the default subnet of a zone, in the default VPC. */
export const createDefaultSubnet: Handler<CreateDefaultSubnetRequest, CreateDefaultSubnetResult> = (
  input,
  call,
) => {
  const { store } = call;
  required(input.AvailabilityZone ?? input.AvailabilityZoneId, 'availabilityZone');
  const { name: zone } = pickZone(call, input);
  if (input.Ipv6Native)
    throw new Ec2Error('UnsupportedOperation', 'IPv6-only subnets are not supported.');
  const vpcId = theDefaultVpc(call).metadata.name;
  return store.locks.hold({ exclusive: [vpcId] }, async () => {
    const vpc = theDefaultVpc(call);
    const existing = store.subnets.table
      .by('vpc', vpcId)
      .find(({ spec }) => spec.defaultForAz && spec.availabilityZone === zone);
    if (existing !== undefined)
      throw new Ec2Error(
        'DefaultSubnetAlreadyExistsInAvailabilityZone',
        `'${existing.metadata.name}' is already the default subnet in ${zone}.`,
      );
    const networkAcl = must(defaultAcl(call, vpcId), () => `VPC ${vpcId} has no default ACL`);
    const block = freeDefaultBlock(call, vpc);
    const subnet = defaultSubnet(call, { vpc, networkAcl }, { zone, block });
    return { Subnet: subnetView(call, await store.subnets.create(subnet)) };
  });
};

function theDefaultVpc(call: Call): Vpc {
  const vpc = findDefaultVpc(call);
  if (vpc !== undefined) return vpc;
  throw new Ec2Error(
    'DefaultVpcDoesNotExist',
    'No default VPC exists for this account in this region.',
  );
}
