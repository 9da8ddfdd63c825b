import type { CreateVpcRequest, CreateVpcResult, DeleteVpcRequest } from '@aws-sdk/client-ec2';
import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { formatCidr, parseCidr } from '../../base/cidr.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { invalidValue, ownVpc, required, seesVpc } from '../own.ts';
import { defaultEgressRule } from '../rules/defaults.ts';
import { isAmbiguous } from '../store/collection.ts';
import { specifiedTags, type Tags } from '../tags.ts';
import { vpcView } from '../views/network.ts';

const SHORTEST_PREFIX = 16;
const LONGEST_PREFIX = 28;

/**
 * Makes a VPC and its default group. The group is written first: after a crash it refers to no VPC
 * and the sweep removes it, while a VPC without a default group could not be repaired unseen.
 */
export const createVpc: Handler<CreateVpcRequest, CreateVpcResult> = async (input, call) => {
  const { store } = call;
  const cidr = parseVpcBlock(required(input.CidrBlock, 'cidrBlock'));
  refuseUnsupported(input);
  const tags = specifiedTags(input.TagSpecifications, 'vpc', call.quotas);
  return store.locks.hold({ exclusive: [`vpcs:${call.accountId}/${call.region}`] }, async () => {
    checkVpcQuota(call);
    const vpcId = newId(call.random, 'vpc');
    const group = await store.groups.create(defaultGroup(call, vpcId));
    try {
      return { Vpc: vpcView(await store.vpcs.create(newVpc(call, { vpcId, cidr, tags }))) };
    } catch (error) {
      if (!isAmbiguous(error)) await store.groups.remove(group.metadata.name);
      throw error;
    }
  });
};

function newVpc(
  call: Call,
  { vpcId, cidr, tags }: { vpcId: string; cidr: string; tags: Tags },
): Vpc {
  return {
    metadata: { name: vpcId },
    spec: {
      account: call.accountId,
      region: call.region,
      cidrBlocks: [{ associationId: newId(call.random, 'vpc-cidr-assoc'), cidr }],
      isDefault: false,
      enableDnsSupport: true,
      enableDnsHostnames: false,
      tags,
    },
  };
}

/** Deletes a VPC that has nothing in it but its default group. */
export const deleteVpc: Handler<DeleteVpcRequest, void> = async (input, call) => {
  const { store } = call;
  const vpcId = required(input.VpcId, 'vpcId');
  await store.locks.hold({ exclusive: [vpcId] }, async () => {
    ownVpc(call, vpcId);
    const groups = store.groups.table.by('vpc', vpcId);
    const others = groups.filter((group) => group.spec.groupName !== 'default');
    if (others.length > 0 || store.subnets.table.count('vpc', vpcId) > 0)
      throw new Ec2Error(
        'DependencyViolation',
        `The vpc '${vpcId}' has dependencies and cannot be deleted.`,
      );
    await store.vpcs.remove(vpcId);
    for (const group of groups) await store.groups.remove(group.metadata.name);
  });
};

function parseVpcBlock(text: string): string {
  const cidr = parseCidr(text);
  if (!cidr.ok || cidr.value.family !== 4)
    throw invalidValue(
      `Value (${text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
    );
  if (cidr.value.prefixBits < SHORTEST_PREFIX || cidr.value.prefixBits > LONGEST_PREFIX)
    throw new Ec2Error('InvalidVpc.Range', `The CIDR '${text}' is invalid.`);
  return formatCidr(cidr.value);
}

function refuseUnsupported(input: CreateVpcRequest): void {
  if (input.AmazonProvidedIpv6CidrBlock || input.Ipv6CidrBlock !== undefined)
    throw new Ec2Error('UnsupportedOperation', 'IPv6 blocks of VPCs are not supported yet.');
  if (input.InstanceTenancy !== undefined && input.InstanceTenancy !== 'default')
    throw new Ec2Error('UnsupportedTenancy', `Tenancy ${input.InstanceTenancy} is not supported.`);
}

function checkVpcQuota(call: Call): void {
  const own = [...call.store.vpcs.table.values()].filter((vpc) => seesVpc(call, vpc));
  if (own.length >= call.quotas.vpcsPerRegion)
    throw new Ec2Error('VpcLimitExceeded', 'The maximum number of VPCs has been reached.');
}

/** The `default` group that every VPC has: all traffic among its members in, all traffic out. */
export function defaultGroup(
  call: Pick<Call, 'random' | 'accountId'>,
  vpcId: string,
): SecurityGroup {
  const groupId = newId(call.random, 'sg');
  return {
    metadata: { name: groupId },
    spec: {
      account: call.accountId,
      vpcId,
      groupName: 'default',
      description: 'default VPC security group',
      rules: [
        defaultEgressRule(call.random),
        {
          ruleId: newId(call.random, 'sgr'),
          isEgress: false,
          ipProtocol: '-1',
          referencedGroupId: groupId,
          referencedAccount: call.accountId,
        },
      ],
      tags: {},
    },
  };
}
