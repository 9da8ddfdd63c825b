import type {
  CreateDefaultVpcRequest,
  CreateDefaultVpcResult,
  CreateVpcRequest,
  CreateVpcResult,
  DeleteVpcRequest,
  Vpc as VpcView,
} from '@aws-sdk/client-ec2';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { formatCidr } from '../../base/cidr.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import type { Call, Handler } from '../context.ts';
import { provideIpv6Block, readVpcBlock, readVpcIpv6Block } from '../network/blocks.ts';
import { buildVpc, vpcsLock } from '../network/build-vpc.ts';
import { createDefaultVpcIn } from '../network/default-vpc.ts';
import { checkNoDependants, removeVpcParts } from '../network/dependants.ts';
import { ownVpc, required } from '../own.ts';
import { specifiedTags } from '../tags.ts';
import { vpcView } from '../views/network.ts';

/** CreateVpc, with its default group, main route table and default network ACL. */
export const createVpc: Handler<CreateVpcRequest, CreateVpcResult> = async (input, call) => {
  const cidr = formatCidr(readVpcBlock(required(input.CidrBlock, 'cidrBlock')));
  const instanceTenancy = readTenancy(input.InstanceTenancy);
  const tags = specifiedTags(input.TagSpecifications, 'vpc', call.quotas);
  const wantsIpv6 = input.AmazonProvidedIpv6CidrBlock || input.Ipv6CidrBlock !== undefined;
  const exclusive = [vpcsLock(call), ...(wantsIpv6 ? [IPV6_LOCK] : [])];
  return call.store.locks.hold({ exclusive }, async () => {
    const cidrBlocks = [{ associationId: newId(call.random, 'vpc-cidr-assoc'), cidr }];
    const ipv6 = ipv6Block(input, call);
    const ipv6CidrBlocks = ipv6 === undefined ? [] : [ipv6];
    const draft = { cidrBlocks, ipv6CidrBlocks, instanceTenancy, tags };
    return { Vpc: newVpcView(await buildVpc(call, draft)) };
  });
};

/** Held while an IPv6 block is chosen or checked, so that no two VPCs get the same. */
export const IPV6_LOCK = 'vpc-ipv6-blocks';

/** The IPv6 block that a request wants: one from us, one of the caller's own, or none. */
export function ipv6Block(
  input: Pick<CreateVpcRequest, 'AmazonProvidedIpv6CidrBlock' | 'Ipv6CidrBlock' | 'Ipv6Pool'>,
  call: Call,
): NonNullable<Vpc['spec']['ipv6CidrBlocks']>[number] | undefined {
  const { AmazonProvidedIpv6CidrBlock: provided, Ipv6CidrBlock: text, Ipv6Pool: pool } = input;
  if (provided && (text !== undefined || pool !== undefined))
    throw new Ec2Error(
      'InvalidParameterCombination',
      'The parameter amazonProvidedIpv6CidrBlock cannot be used with the parameter ipv6CidrBlock',
    );
  if (!provided && text === undefined) return undefined;
  const block = text === undefined ? provideIpv6Block(call) : readVpcIpv6Block(call, text);
  return compact<NonNullable<Vpc['spec']['ipv6CidrBlocks']>[number]>({
    associationId: newId(call.random, 'vpc-cidr-assoc'),
    cidr: formatCidr(block),
    pool: text === undefined ? undefined : (pool ?? text),
  });
}

function readTenancy(tenancy: string | undefined): 'default' | 'dedicated' {
  if (tenancy === undefined || tenancy === 'default') return 'default';
  if (tenancy === 'dedicated') return 'dedicated';
  throw new Ec2Error('UnsupportedTenancy', `The tenancy value ${tenancy} is not supported.`);
}

/** CreateDefaultVpc. */
export const createDefaultVpc: Handler<CreateDefaultVpcRequest, CreateDefaultVpcResult> = async (
  _input,
  call,
) => ({ Vpc: newVpcView(await createDefaultVpcIn(call)) });

/** The answer to a create says `pending`, as AWS does, though the VPC can be used at once. */
function newVpcView(vpc: Vpc): VpcView {
  return { ...vpcView(vpc), State: 'pending' };
}

/** DeleteVpc: refused while there is anything in it but what every VPC has. */
export const deleteVpc: Handler<DeleteVpcRequest, void> = async (input, call) => {
  const { store } = call;
  const vpcId = required(input.VpcId, 'vpcId');
  await store.locks.hold({ exclusive: [vpcId] }, async () => {
    ownVpc(call, vpcId);
    checkNoDependants(call, 'vpc', vpcId);
    await store.vpcs.remove(vpcId);
    await removeVpcParts(store, vpcId);
  });
};
