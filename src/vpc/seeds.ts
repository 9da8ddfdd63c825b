import type { Vpc } from '../api/vpc/vpc.ts';
import { newId } from '../base/ids.ts';
import type { Account } from './auth/authenticate.ts';
import type { Services } from './context.ts';
import { defaultGroup } from './actions/create-vpc.ts';
import { REGIONS, zonesOf } from './zones.ts';

/** What may exist before the first request: a default VPC in every region, as in a new account. */
export type Seed = 'default-vpcs';

const DEFAULT_BLOCK = '172.31.0.0/16';
/** A default subnet is a /20: the third octet grows in steps of 16. */
const SUBNET_STEP = 16;

/** Brings the seeds about in each account; what exists already stays. */
export async function plantSeeds(
  services: Services,
  accounts: readonly Account[],
  seeds: readonly Seed[],
): Promise<void> {
  if (!seeds.includes('default-vpcs')) return;
  const ids = new Set(accounts.map(({ accountId }) => accountId));
  for (const accountId of ids)
    for (const region of new Set([services.homeRegion, ...REGIONS]))
      await plantDefaultVpc({ ...services, accountId, region });
}

type Place = Services & { readonly accountId: string; readonly region: string };

async function plantDefaultVpc(place: Place): Promise<void> {
  const { store, accountId: account, region } = place;
  const existing = [...store.vpcs.table.values()].find(
    ({ spec }) => spec.isDefault && spec.account === account && spec.region === region,
  );
  const vpcId = existing?.metadata.name ?? (await createDefaultVpc(place)).metadata.name;
  const taken = new Set(
    store.subnets.table.by('vpc', vpcId).map(({ spec }) => spec.availabilityZone),
  );
  for (const [i, zone] of zonesOf(region).entries()) {
    if (taken.has(zone.name)) continue;
    await store.subnets.create({
      metadata: { name: newId(place.random, 'subnet') },
      spec: {
        account,
        vpcId,
        cidr: `172.31.${i * SUBNET_STEP}.0/20`,
        availabilityZone: zone.name,
        mapPublicIpOnLaunch: true,
        tags: {},
      },
    });
  }
}

/** As CreateVpc does it: the group first, which a sweep removes when its VPC never came. */
async function createDefaultVpc(place: Place): Promise<Vpc> {
  const { store, random, accountId: account, region } = place;
  const vpcId = newId(random, 'vpc');
  await store.groups.create(defaultGroup(place, vpcId));
  return store.vpcs.create({
    metadata: { name: vpcId },
    spec: {
      account,
      region,
      cidrBlocks: [{ associationId: newId(random, 'vpc-cidr-assoc'), cidr: DEFAULT_BLOCK }],
      isDefault: true,
      enableDnsSupport: true,
      enableDnsHostnames: true,
      tags: {},
    },
  });
}
