import type {
  CreateSubnetRequest,
  CreateSubnetResult,
  DeleteSubnetRequest,
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
} from '@aws-sdk/client-ec2';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { cidrContains, cidrOverlaps, formatCidr, parseCidr, type Cidr } from '../../base/cidr.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { invalidValue, own, ownVpc, required, sees } from '../own.ts';
import { subnetBlock } from '../store/address-space.ts';
import { specifiedTags } from '../tags.ts';
import { subnetView } from '../views/network.ts';
import { zoneIdOf, zonesOf } from '../zones.ts';

const SHORTEST_PREFIX = 16;
const LONGEST_PREFIX = 28;

/** CreateSubnet. The zone defaults to the first of the region. */
export const createSubnet: Handler<CreateSubnetRequest, CreateSubnetResult> = (input, call) => {
  const { store } = call;
  const vpcId = required(input.VpcId, 'vpcId');
  const text = required(input.CidrBlock, 'cidrBlock');
  const availabilityZone = pickZone(input, call);
  const tags = specifiedTags(input.TagSpecifications, 'subnet', call.quotas);
  if (input.Ipv6CidrBlock !== undefined || input.Ipv6Native)
    throw new Ec2Error('UnsupportedOperation', 'IPv6 blocks of subnets are not supported yet.');
  return store.locks.hold({ exclusive: [vpcId] }, async () => {
    const block = checkBlock(call, ownVpc(call, vpcId), text);
    const subnet = await store.subnets.create({
      metadata: { name: newId(call.random, 'subnet') },
      spec: {
        account: call.accountId,
        vpcId,
        cidr: formatCidr(block),
        availabilityZone,
        mapPublicIpOnLaunch: false,
        tags,
      },
    });
    return { Subnet: subnetView(call, subnet) };
  });
};

function checkBlock(call: Call, vpc: Vpc, text: string): Cidr {
  const cidr = parseCidr(text);
  if (!cidr.ok || cidr.value.family !== 4)
    throw invalidValue(
      `Value (${text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
    );
  const block = cidr.value;
  const inVpc = vpc.spec.cidrBlocks.some((outer) => {
    const parsed = parseCidr(outer.cidr);
    return parsed.ok && cidrContains(parsed.value, block);
  });
  if (block.prefixBits < SHORTEST_PREFIX || block.prefixBits > LONGEST_PREFIX || !inVpc)
    throw new Ec2Error('InvalidSubnet.Range', `The CIDR '${text}' is invalid.`);
  const siblings = call.store.subnets.table.by('vpc', vpc.metadata.name);
  if (siblings.some((subnet) => cidrOverlaps(subnetBlock(subnet), block)))
    throw new Ec2Error(
      'InvalidSubnet.Conflict',
      `The CIDR '${text}' conflicts with another subnet`,
    );
  if (siblings.length >= call.quotas.subnetsPerVpc)
    throw new Ec2Error('SubnetLimitExceeded', 'The maximum number of subnets has been reached.');
  return block;
}

function pickZone(input: CreateSubnetRequest, call: Call): string {
  const zones = zonesOf(call.region);
  const { AvailabilityZone: name, AvailabilityZoneId: id } = input;
  const wanted = name ?? id;
  const zone = zones.find(
    (each) => wanted === undefined || wanted === (name ? each.name : each.id),
  );
  if (zone !== undefined) return zone.name;
  const names = zones.map((each) => each.name).join(', ');
  throw invalidValue(
    `Value (${wanted}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: ${names}.`,
  );
}

/** DeleteSubnet: refused while an interface is in it. */
export const deleteSubnet: Handler<DeleteSubnetRequest, void> = async (input, call) => {
  const { store } = call;
  const subnetId = required(input.SubnetId, 'subnetId');
  await store.locks.hold({ exclusive: [subnetId] }, async () => {
    own(call, store.subnets, subnetId);
    if (store.interfaces.table.count('subnet', subnetId) > 0)
      throw new Ec2Error(
        'DependencyViolation',
        `The subnet '${subnetId}' has dependencies and cannot be deleted.`,
      );
    await store.subnets.remove(subnetId);
  });
};

/** DescribeSubnets. */
export const describeSubnets: Handler<DescribeSubnetsRequest, DescribeSubnetsResult> = (
  input,
  call,
) => {
  const subnets = selectObjects(
    call.store.subnets,
    { ids: input.SubnetIds, filters: input.Filters },
    { table: subnetFilters(call), visible: (subnet) => sees(call, subnet) },
  );
  const page = paginate(subnets, input, { key: ({ metadata }) => metadata.name, range: [5, 1000] });
  return {
    Subnets: page.items.map((subnet) => subnetView(call, subnet)),
    NextToken: page.nextToken,
  };
};

function subnetFilters(call: Call): FilterTable<Subnet> {
  const cidr = ({ spec }: Subnet): string[] => [spec.cidr];
  const zone = ({ spec }: Subnet): string[] => [spec.availabilityZone];
  const defaultForAz = ({ spec }: Subnet): string[] => [
    String(call.store.vpcs.get(spec.vpcId)?.spec.isDefault ?? false),
  ];
  return {
    tags: ({ spec }) => spec.tags,
    indexed: { 'vpc-id': 'vpc' },
    filters: {
      'vpc-id': ({ spec }) => [spec.vpcId],
      'subnet-id': ({ metadata }) => [metadata.name],
      'subnet-arn': (subnet) => [subnetView(call, subnet).SubnetArn],
      'availability-zone': zone,
      availabilityZone: zone,
      'availability-zone-id': ({ spec }) => [zoneIdOf(spec.availabilityZone)],
      'cidr-block': cidr,
      cidr,
      cidrBlock: cidr,
      'default-for-az': defaultForAz,
      defaultForAz,
      state: () => ['available'],
      'owner-id': ({ spec }) => [spec.account],
      'available-ip-address-count': (subnet) => [String(call.store.addresses.available(subnet))],
      'map-public-ip-on-launch': ({ spec }) => [String(spec.mapPublicIpOnLaunch ?? false)],
      'ipv6-native': () => ['false'],
      'ipv6-cidr-block-association.ipv6-cidr-block': () => [],
      'ipv6-cidr-block-association.association-id': () => [],
      'ipv6-cidr-block-association.state': () => [],
    },
  };
}
