import type { InternetGateway } from '../../api/vpc/internet-gateway.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { cidrAt, cidrOverlaps, cidrAround, formatCidr, type Cidr } from '../../base/cidr.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Place, Services } from '../context.ts';
import { findDefaultVpc } from '../own.ts';
import { creation, type Creation } from '../store/together.ts';
import { zonesOf } from '../zones.ts';
import { blocksOf, readBlock } from './blocks.ts';
import { buildVpc, vpcsLock, type VpcParts } from './build-vpc.ts';

/** The block of every default VPC, and the size of its subnets. */
const DEFAULT_BLOCK = '172.31.0.0/16';
const SUBNET_PREFIX = 20;
const SUBNET_IPV6_PREFIX = 64;

/**
 * Gives accounts a default VPC in regions, where they have none: 172.31.0.0/16, a /20 in each zone,
 * and a way to the internet. Run it before the first request; running it again changes nothing.
 */
export async function seedDefaultVpcs(
  services: Services,
  places: { readonly accountIds: readonly string[]; readonly regions: readonly string[] },
): Promise<void> {
  for (const accountId of places.accountIds)
    await Promise.all(
      places.regions.map((region) => ensureDefaultVpc({ ...services, accountId, region })),
    );
}

async function ensureDefaultVpc(place: Place): Promise<void> {
  await place.store.locks.hold({ exclusive: [vpcsLock(place)] }, async () => {
    if (findDefaultVpc(place) === undefined) await buildDefaultVpc(place);
  });
}

/** Makes the default VPC; refused when there is one. */
export function createDefaultVpcIn(place: Place): Promise<Vpc> {
  return place.store.locks.hold({ exclusive: [vpcsLock(place)] }, () => {
    if (findDefaultVpc(place) === undefined) return buildDefaultVpc(place);
    throw new Ec2Error(
      'DefaultVpcAlreadyExists',
      'A Default VPC already exists for this account in this region.',
    );
  });
}

function buildDefaultVpc(place: Place): Promise<Vpc> {
  const block = { associationId: newId(place.random, 'vpc-cidr-assoc'), cidr: DEFAULT_BLOCK };
  const draft = { cidrBlocks: [block], isDefault: true, enableDnsHostnames: true };
  return buildVpc(place, draft, (parts) => defaultParts(place, parts));
}

function defaultParts(place: Place, parts: VpcParts): readonly Creation[] {
  const { store, random, accountId: account, region } = place;
  const { vpc, routeTable } = parts;
  const vpcId = vpc.metadata.name;
  const gatewayId = newId(random, 'igw');
  const gateway: InternetGateway = {
    metadata: { name: gatewayId },
    spec: { account, region, vpcId, tags: {} },
  };
  const routes = [{ destination: '0.0.0.0/0', gatewayId }];
  const subnets = zonesOf(region).map(({ name }, i) =>
    defaultSubnet(place, parts, { zone: name, block: nthBlock(vpc, i) }),
  );
  return [
    creation(store.routeTables, { ...routeTable, spec: { ...routeTable.spec, routes } }),
    creation(store.internetGateways, gateway),
    ...subnets.map((subnet) => creation(store.subnets, subnet)),
  ];
}

/** A default subnet that is not yet written. */
export function defaultSubnet(
  { random, accountId }: Place,
  { vpc, networkAcl }: Pick<VpcParts, 'vpc' | 'networkAcl'>,
  { zone, block }: { readonly zone: string; readonly block: Cidr },
): Subnet {
  return {
    metadata: { name: newId(random, 'subnet') },
    spec: {
      account: accountId,
      vpcId: vpc.metadata.name,
      cidr: formatCidr(block),
      availabilityZone: zone,
      mapPublicIpOnLaunch: true,
      defaultForAz: true,
      networkAcl: {
        associationId: newId(random, 'aclassoc'),
        networkAclId: networkAcl.metadata.name,
      },
      tags: {},
    },
  };
}

function nthBlock(vpc: Vpc, n: number): Cidr {
  const block = readBlock(vpc.spec.cidrBlocks[0]?.cidr ?? '', 'cidrBlock', 4);
  const sizeBits = BigInt(32 - SUBNET_PREFIX);
  return cidrAround(cidrAt(block, BigInt(n) << sizeBits), SUBNET_PREFIX);
}

/** A free block of a default VPC: a /20 of IPv4, or a /64 of IPv6. */
export function freeDefaultBlock({ store }: Place, vpc: Vpc, family: 4 | 6): Cidr {
  const taken = store.subnets.table.by('vpc', vpc.metadata.name).flatMap(blocksOf);
  const [prefix, bits] = family === 4 ? [SUBNET_PREFIX, 32] : [SUBNET_IPV6_PREFIX, 128];
  const step = 1n << BigInt(bits - prefix);
  const outer = blocksOf(vpc).find((block) => block.family === family);
  const { first, last } = outer ?? { first: 0n, last: -1n };
  for (let at = first; at <= last; at += step) {
    const block = cidrAround({ family, value: at }, prefix);
    if (!taken.some((other) => cidrOverlaps(other, block))) return block;
  }
  throw new Ec2Error(
    'InsufficientCidrBlocks',
    `There is no free /${prefix} block in ${vpc.metadata.name}.`,
  );
}
