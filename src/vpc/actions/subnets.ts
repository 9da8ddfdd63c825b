import type {
  CreateSubnetRequest,
  CreateSubnetResult,
  DeleteSubnetRequest,
} from '@aws-sdk/client-ec2';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { formatCidr } from '../../base/cidr.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import type { Call, Handler } from '../context.ts';
import { checkFree, readBlock, readSubnetBlock } from '../network/blocks.ts';
import { checkNoDependants } from '../network/dependants.ts';
import { IPV6_ONLY, newIpv6Block } from '../network/ipv6-only.ts';
import { aclAssociation } from '../network/subnet-acl.ts';
import { pickZone } from '../network/pick-zone.ts';
import { own, ownVpc, required } from '../own.ts';
import { specifiedTags } from '../tags.ts';
import { subnetView } from '../views/network.ts';

/** CreateSubnet. The zone defaults to the first of the region. */
export const createSubnet: Handler<CreateSubnetRequest, CreateSubnetResult> = (input, call) => {
  const { store } = call;
  const vpcId = required(input.VpcId, 'vpcId');
  checkFamilies(input);
  const { name: availabilityZone } = pickZone(call, input);
  const tags = specifiedTags(input.TagSpecifications, 'subnet', call.quotas);
  return store.locks.hold({ exclusive: [vpcId] }, async () => {
    const vpc = ownVpc(call, vpcId);
    const { CidrBlock: ipv4, Ipv6CidrBlock: ipv6 } = input;
    const cidr = ipv4 === undefined ? ipv4 : freeBlock(call, vpc, ipv4, 4);
    const ipv6Cidr = ipv6 === undefined ? ipv6 : freeBlock(call, vpc, ipv6, 6);
    if (store.subnets.table.count('vpc', vpcId) >= call.quotas.subnetsPerVpc)
      throw new Ec2Error('SubnetLimitExceeded', 'The maximum number of subnets has been reached.');
    const subnet = await store.subnets.create({
      metadata: { name: newId(call.random, 'subnet') },
      spec: compact<Subnet['spec']>({
        account: call.accountId,
        vpcId,
        cidr,
        ...(input.Ipv6Native && IPV6_ONLY),
        ipv6CidrBlocks: ipv6Cidr === undefined ? [] : [newIpv6Block(call.random, ipv6Cidr)],
        availabilityZone,
        mapPublicIpOnLaunch: false,
        ...aclAssociation(call, vpcId),
        tags,
      }),
    });
    return { Subnet: subnetView(call, subnet) };
  });
};

/** A block of the VPC that no subnet has; in canonical form. */
export function freeBlock(call: Call, vpc: Vpc, text: string, family: 4 | 6): string {
  const block = readSubnetBlock(vpc, text, family);
  checkFree(call, vpc.metadata.name, block, text);
  return formatCidr(block);
}

/** An IPv4 block, or an IPv6 block alone for a subnet that is IPv6 only. */
function checkFamilies(input: CreateSubnetRequest): void {
  const { CidrBlock: ipv4, Ipv6CidrBlock: ipv6, Ipv6Native: isNative } = input;
  if (!isNative) {
    readBlock(required(ipv4, 'cidrBlock'), 'cidrBlock', 4);
    return;
  }
  if (ipv6 === undefined)
    throw new Ec2Error(
      'MissingParameter',
      "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.",
    );
  if (ipv4 !== undefined)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.',
    );
}

/** DeleteSubnet: refused while an interface is in it. Its reservations go with it. */
export const deleteSubnet: Handler<DeleteSubnetRequest, void> = async (input, call) => {
  const { store } = call;
  const subnetId = required(input.SubnetId, 'subnetId');
  await store.locks.hold({ exclusive: [subnetId] }, async () => {
    own(call, store.subnets, subnetId);
    checkNoDependants(call, 'subnet', subnetId);
    await store.subnets.remove(subnetId);
    for (const { metadata } of store.cidrReservations.table.by('subnet', subnetId))
      await store.cidrReservations.remove(metadata.name);
  });
};
