import type {
  AssociateVpcCidrBlockRequest,
  AssociateVpcCidrBlockResult,
  DisassociateVpcCidrBlockRequest,
  DisassociateVpcCidrBlockResult,
} from '@aws-sdk/client-ec2';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { cidrContains, cidrOverlaps, formatCidr, parseCidr } from '../../base/cidr.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { allowAllEntries, areUntouchedEntries } from '../network/acl-defaults.ts';
import { blocksOf, mayJoin, readVpcBlock } from '../network/blocks.ts';
import { overlapsPeer } from '../network/peering-blocks.ts';
import { ownVpc, required, sees } from '../own.ts';
import { ipv6EgressRule, isUntouchedEgress } from '../rules/defaults.ts';
import { vpcBlockView, vpcIpv6BlockView } from '../views/network.ts';
import { ipv6Block, IPV6_LOCK } from './create-vpc.ts';

/** AssociateVpcCidrBlock: one more IPv4 block, or an IPv6 block. */
export const associateVpcCidrBlock: Handler<
  AssociateVpcCidrBlockRequest,
  AssociateVpcCidrBlockResult
> = (input, call) => {
  const vpcId = required(input.VpcId, 'vpcId');
  return call.store.locks.hold({ exclusive: [vpcId, IPV6_LOCK] }, async () => {
    const vpc = ownVpc(call, vpcId);
    const { CidrBlock: text } = input;
    if (text !== undefined) return { VpcId: vpcId, ...(await addIpv4(call, vpc, text)) };
    checkCount(vpc, vpc.spec.ipv6CidrBlocks, call.quotas.ipv6CidrBlocksPerVpc);
    const block = required(ipv6Block(input, call), 'cidrBlock or amazonProvidedIpv6CidrBlock');
    await openDefaults(call, vpcId);
    await call.store.vpcs.update(vpcId, (current) => {
      const ipv6CidrBlocks = [...(current.spec.ipv6CidrBlocks ?? []), block];
      return { ...current, spec: { ...current.spec, ipv6CidrBlocks } };
    });
    const view = vpcIpv6BlockView(call.region, block, 'associating');
    return { VpcId: vpcId, Ipv6CidrBlockAssociation: view };
  });
};

async function addIpv4(call: Call, vpc: Vpc, text: string): Promise<AssociateVpcCidrBlockResult> {
  const cidr = readVpcBlock(text);
  checkCount(vpc, vpc.spec.cidrBlocks, call.quotas.cidrBlocksPerVpc);
  const [primary] = blocksOf(vpc);
  if (blocksOf(vpc).some((other) => cidrOverlaps(other, cidr)))
    throw new Ec2Error(
      'InvalidVpc.Range',
      `The CIDR '${text}' conflicts with another CIDR of the VPC.`,
    );
  if (overlapsPeer(call, vpc, cidr))
    throw new Ec2Error(
      'InvalidVpc.Range',
      `The CIDR '${text}' conflicts with a CIDR of a peered VPC.`,
    );
  if (primary !== undefined && !mayJoin(primary, cidr))
    throw new Ec2Error(
      'InvalidVpc.Range',
      `The CIDR '${text}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a publicly-routable CIDR.`,
    );
  const block = { associationId: newId(call.random, 'vpc-cidr-assoc'), cidr: formatCidr(cidr) };
  await call.store.vpcs.update(vpc.metadata.name, (current) => {
    const cidrBlocks = [...current.spec.cidrBlocks, block];
    return { ...current, spec: { ...current.spec, cidrBlocks } };
  });
  return { CidrBlockAssociation: vpcBlockView(block, 'associating') };
}

function checkCount(vpc: Vpc, blocks: readonly unknown[] | undefined, most: number): void {
  if ((blocks ?? []).length >= most)
    throw new Ec2Error(
      'CidrLimitExceeded',
      `This network ${vpc.metadata.name} has met its maximum number of allowed CIDRs: ${most}`,
    );
}

/**
 * Lets IPv6 out of the default group, and through the default network ACL, unless somebody has
 * changed them (spec: ec2-surface 3.2). Runs before the VPC gets its block: when it is cut short,
 * nothing that counts has happened.
 */
async function openDefaults({ store, random }: Call, vpcId: string): Promise<void> {
  const [group] = store.groups.table.by('name', `${vpcId}/default`);
  const acl = store.networkAcls.table.by('vpc', vpcId).find(({ spec }) => spec.isDefault);
  if (group !== undefined)
    await store.groups.update(group.metadata.name, (current) => {
      if (!isUntouchedEgress(current.spec.rules)) return current;
      const rules = [...current.spec.rules, ipv6EgressRule(random)];
      return { ...current, spec: { ...current.spec, rules } };
    });
  if (acl !== undefined)
    await store.networkAcls.update(acl.metadata.name, (current) => {
      if (!areUntouchedEntries(current.spec.entries)) return current;
      const entries = [...current.spec.entries, ...allowAllEntries(6)];
      return { ...current, spec: { ...current.spec, entries } };
    });
}

/** DisassociateVpcCidrBlock: refused for the primary block, and while a subnet is in the block. */
export const disassociateVpcCidrBlock: Handler<
  DisassociateVpcCidrBlockRequest,
  DisassociateVpcCidrBlockResult
> = (input, call) => {
  const { store } = call;
  const associationId = required(input.AssociationId, 'associationId');
  const vpcId = vpcOfAssociation(call, associationId).metadata.name;
  return store.locks.hold({ exclusive: [vpcId] }, async () => {
    const vpc = vpcOfAssociation(call, associationId);
    const { cidrBlocks, ipv6CidrBlocks = [] } = vpc.spec;
    if (cidrBlocks[0]?.associationId === associationId)
      throw new Ec2Error(
        'OperationNotPermitted',
        `The vpc CIDR block with association ID ${associationId} may not be disassociated. It is the primary IPv4 CIDR block of the VPC`,
      );
    const isIt = (block: { readonly associationId: string }): boolean =>
      block.associationId === associationId;
    const ipv4 = cidrBlocks.find(isIt);
    const ipv6 = ipv6CidrBlocks.find(isIt);
    checkUnused(call, vpcId, (ipv4 ?? ipv6)?.cidr ?? '');
    await store.vpcs.update(vpcId, (current) => ({
      ...current,
      spec: {
        ...current.spec,
        cidrBlocks: current.spec.cidrBlocks.filter((block) => !isIt(block)),
        ipv6CidrBlocks: (current.spec.ipv6CidrBlocks ?? []).filter((block) => !isIt(block)),
      },
    }));
    return {
      VpcId: vpcId,
      CidrBlockAssociation: ipv4 && vpcBlockView(ipv4, 'disassociating'),
      Ipv6CidrBlockAssociation: ipv6 && vpcIpv6BlockView(call.region, ipv6, 'disassociating'),
    };
  });
};

function vpcOfAssociation(call: Call, associationId: string): Vpc {
  const kind = ID_KINDS.vpcCidrAssociation;
  const [vpc] = call.store.vpcs.table.by('association', associationId);
  if (vpc === undefined || !sees(call, vpc)) throw notFound(kind, associationId);
  return vpc;
}

function checkUnused({ store }: Call, vpcId: string, text: string): void {
  const block = parseCidr(text);
  const subnets = store.subnets.table.by('vpc', vpcId);
  if (block.ok && subnets.flatMap(blocksOf).some((inner) => cidrContains(block.value, inner)))
    throw new Ec2Error(
      'InvalidCidrBlock.InUse',
      `The vpc '${vpcId}' currently has a subnet within CIDR block ${text}`,
    );
}
