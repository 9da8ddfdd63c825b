import type {
  AssociateSubnetCidrBlockRequest,
  AssociateSubnetCidrBlockResult,
  DisassociateSubnetCidrBlockRequest,
  DisassociateSubnetCidrBlockResult,
} from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { newIpv6Block } from '../network/ipv6-only.ts';
import { own, ownVpc, required, sees } from '../own.ts';
import { subnetIpv6BlockView } from '../views/network.ts';
import { freeBlock } from './subnets.ts';

/** A subnet has at most one IPv6 block. */
const MAX_IPV6_BLOCKS = 1;

/** AssociateSubnetCidrBlock: an IPv6 block for a subnet. */
export const associateSubnetCidrBlock: Handler<
  AssociateSubnetCidrBlockRequest,
  AssociateSubnetCidrBlockResult
> = (input, call) => {
  const { store } = call;
  const subnetId = required(input.SubnetId, 'subnetId');
  const text = required(input.Ipv6CidrBlock, 'ipv6CidrBlock');
  const { vpcId } = own(call, store.subnets, subnetId).spec;
  return store.locks.hold({ exclusive: [vpcId, subnetId] }, async () => {
    const { spec } = own(call, store.subnets, subnetId);
    const block = newIpv6Block(call.random, freeBlock(call, ownVpc(call, vpcId), text, 6));
    if ((spec.ipv6CidrBlocks ?? []).length >= MAX_IPV6_BLOCKS)
      throw new Ec2Error(
        'CidrLimitExceeded',
        `This network ${subnetId} has met its maximum number of allowed CIDRs: ${MAX_IPV6_BLOCKS}`,
      );
    await store.subnets.update(subnetId, (subnet) => {
      const ipv6CidrBlocks = [...(subnet.spec.ipv6CidrBlocks ?? []), block];
      return { ...subnet, spec: { ...subnet.spec, ipv6CidrBlocks } };
    });
    return {
      SubnetId: subnetId,
      Ipv6CidrBlockAssociation: subnetIpv6BlockView(block, 'associating'),
    };
  });
};

/** DisassociateSubnetCidrBlock: refused while the block is in use. */
export const disassociateSubnetCidrBlock: Handler<
  DisassociateSubnetCidrBlockRequest,
  DisassociateSubnetCidrBlockResult
> = (input, call) => {
  const { store } = call;
  const associationId = required(input.AssociationId, 'associationId');
  const subnetId = subnetOfAssociation(call, associationId).metadata.name;
  return store.locks.hold({ exclusive: [subnetId] }, async () => {
    const subnet = subnetOfAssociation(call, associationId);
    const block = subnet.spec.ipv6CidrBlocks?.find((each) => each.associationId === associationId);
    if (block === undefined) throw notFound(ID_KINDS.subnetCidrAssociation, associationId);
    checkUnused(call, subnet, associationId);
    await store.subnets.update(subnetId, (current) => {
      const ipv6CidrBlocks = (current.spec.ipv6CidrBlocks ?? []).filter(
        (each) => each.associationId !== associationId,
      );
      return { ...current, spec: { ...current.spec, ipv6CidrBlocks } };
    });
    return {
      SubnetId: subnetId,
      Ipv6CidrBlockAssociation: subnetIpv6BlockView(block, 'disassociating'),
    };
  });
};

function subnetOfAssociation(call: Call, associationId: string): Subnet {
  const [subnet] = call.store.subnets.table.by('association', associationId);
  const isBlock = subnet?.spec.ipv6CidrBlocks?.some((each) => each.associationId === associationId);
  if (subnet === undefined || !isBlock || !sees(call, subnet))
    throw notFound(ID_KINDS.subnetCidrAssociation, associationId);
  return subnet;
}

function checkUnused({ store }: Call, { metadata, spec }: Subnet, associationId: string): void {
  const inUse = (why: string): Ec2Error =>
    new Ec2Error(
      'InvalidCidrBlock.InUse',
      `The subnet IPv6 CIDR block with association ID ${associationId} may not be disassociated, because ${why}.`,
    );
  if (spec.assignIpv6AddressOnCreation)
    throw inUse('its subnet has assign-ipv6-address-on-creation set to true');
  if (store.interfaces.table.by('subnet', metadata.name).some(hasIpv6))
    throw inUse('a network interface has an address of it');
}

function hasIpv6({ spec }: NetworkInterface): boolean {
  return [...(spec.ipv6Addresses ?? []), ...(spec.ipv6Prefixes ?? [])].length > 0;
}
