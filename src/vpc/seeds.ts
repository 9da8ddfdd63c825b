import type { Account } from './auth/principal.ts';
import type { Services } from './context.ts';
import { seedNodeRole } from './iam/node-role.ts';
import { seedDefaultVpcs } from './network/default-vpc.ts';
import { REGIONS } from './zones.ts';

/**
 * What may exist before the first request: a default VPC in every region, as in a new account; the role
 * of Kubernetes nodes with its instance profile.
 */
export type Seed = 'default-vpcs' | 'node-role';

/** Brings the seeds about in each account; what exists already stays. */
export async function plantSeeds(
  services: Services,
  accounts: readonly Account[],
  seeds: readonly Seed[],
): Promise<void> {
  const accountIds = [...new Set(accounts.map(({ accountId }) => accountId))];
  const regions = [...new Set([services.homeRegion, ...REGIONS])];
  if (seeds.includes('default-vpcs')) await seedDefaultVpcs(services, { accountIds, regions });
  if (seeds.includes('node-role')) await seedNodeRole(services, accountIds);
}
