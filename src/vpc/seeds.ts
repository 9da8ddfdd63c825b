import type { Account } from './auth/principal.ts';
import type { Services } from './context.ts';
import { seedDefaultVpcs } from './network/default-vpc.ts';
import { REGIONS } from './zones.ts';

/** What may exist before the first request: a default VPC in every region, as in a new account. */
export type Seed = 'default-vpcs';

/** Brings the seeds about in each account; what exists already stays. */
export async function plantSeeds(
  services: Services,
  accounts: readonly Account[],
  seeds: readonly Seed[],
): Promise<void> {
  if (!seeds.includes('default-vpcs')) return;
  await seedDefaultVpcs(services, {
    accountIds: [...new Set(accounts.map(({ accountId }) => accountId))],
    regions: [...new Set([services.homeRegion, ...REGIONS])],
  });
}
