import type { CreateDefaultSubnetRequest, CreateDefaultSubnetResult } from '@aws-sdk/client-ec2';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { must } from '../../base/assert.ts';
import { formatCidr } from '../../base/cidr.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { defaultSubnet, freeDefaultBlock } from '../network/default-vpc.ts';
import { IPV6_ONLY, newIpv6Block } from '../network/ipv6-only.ts';
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
    const family = input.Ipv6Native ? 6 : 4;
    const block = freeDefaultBlock(call, vpc, family);
    const subnet = defaultSubnet(call, { vpc, networkAcl }, { zone, block });
    const made = family === 6 ? ipv6Only(call, subnet, formatCidr(block)) : subnet;
    return { Subnet: subnetView(call, await store.subnets.create(made)) };
  });
};

function ipv6Only({ random }: Call, { metadata, spec }: Subnet, cidr: string): Subnet {
  const { cidr: _none, ...rest } = spec;
  const ipv6CidrBlocks = [newIpv6Block(random, cidr)];
  return { metadata, spec: { ...rest, ...IPV6_ONLY, ipv6CidrBlocks, mapPublicIpOnLaunch: false } };
}

function theDefaultVpc(call: Call): Vpc {
  const vpc = findDefaultVpc(call);
  if (vpc !== undefined) return vpc;
  throw new Ec2Error(
    'DefaultVpcDoesNotExist',
    'No default VPC exists for this account in this region.',
  );
}
