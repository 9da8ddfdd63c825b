import type {
  CreateSubnetRequest,
  CreateSubnetResult,
  DeleteSubnetRequest,
} from '@aws-sdk/client-ec2';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { formatCidr } from '../../base/cidr.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { checkFree, readBlock, readSubnetBlock } from '../network/blocks.ts';
import { checkNoDependants } from '../network/dependants.ts';
import { aclAssociation } from '../network/subnet-acl.ts';
import { pickZone } from '../network/pick-zone.ts';
import { own, ownVpc, required } from '../own.ts';
import { specifiedTags } from '../tags.ts';
import { subnetView } from '../views/network.ts';

/** CreateSubnet. The zone defaults to the first of the region. */
export const createSubnet: Handler<CreateSubnetRequest, CreateSubnetResult> = (input, call) => {
  const { store } = call;
  const vpcId = required(input.VpcId, 'vpcId');
  if (input.Ipv6Native) refuseNative(input);
  const text = required(input.CidrBlock, 'cidrBlock');
  readBlock(text, 'cidrBlock', 4);
  const { name: availabilityZone } = pickZone(call, input);
  const tags = specifiedTags(input.TagSpecifications, 'subnet', call.quotas);
  return store.locks.hold({ exclusive: [vpcId] }, async () => {
    const vpc = ownVpc(call, vpcId);
    const cidr = freeBlock(call, vpc, text, 4);
    const ipv6 = input.Ipv6CidrBlock;
    const ipv6Cidr = ipv6 === undefined ? undefined : freeBlock(call, vpc, ipv6, 6);
    if (store.subnets.table.count('vpc', vpcId) >= call.quotas.subnetsPerVpc)
      throw new Ec2Error('SubnetLimitExceeded', 'The maximum number of subnets has been reached.');
    const subnet = await store.subnets.create({
      metadata: { name: newId(call.random, 'subnet') },
      spec: {
        account: call.accountId,
        vpcId,
        cidr,
        ipv6CidrBlocks: ipv6Cidr === undefined ? [] : [newIpv6Block(call, ipv6Cidr)],
        availabilityZone,
        mapPublicIpOnLaunch: false,
        ...aclAssociation(call, vpcId),
        tags,
      },
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

/** An IPv6 block as subnets store it. */
export function newIpv6Block(
  call: Call,
  cidr: string,
): { readonly associationId: string; readonly cidr: string } {
  return { associationId: newId(call.random, 'subnet-cidr-assoc'), cidr };
}

/** IPv6-only subnets: AWS's parameter errors first, then that we do not have them. */
function refuseNative({ CidrBlock: ipv4, Ipv6CidrBlock: ipv6 }: CreateSubnetRequest): never {
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
  throw new Ec2Error('UnsupportedOperation', 'IPv6-only subnets are not supported.');
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
