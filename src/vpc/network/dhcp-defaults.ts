import { createHash } from 'node:crypto';
import type { DhcpOptions } from '../../api/vpc/dhcp-options.ts';
import type { Place } from '../context.ts';

const ID_DIGITS = 17;

/**
 * The id of the options that new VPCs of the account and region use. It follows from the place, so
 * that two calls at once make one object.
 */
export function defaultDhcpOptionsId({ accountId, region }: Place): string {
  const digest = createHash('sha256').update(`dhcp-options\n${accountId}\n${region}`).digest('hex');
  return `dopt-${digest.slice(0, ID_DIGITS)}`;
}

/** Makes these options unless they exist. The caller holds their id. */
export async function ensureDefaultDhcpOptions(place: Place): Promise<void> {
  const { store, accountId, region } = place;
  const id = defaultDhcpOptionsId(place);
  if (store.dhcpOptions.get(id) !== undefined) return;
  const options: DhcpOptions = {
    metadata: { name: id },
    spec: {
      account: accountId,
      region,
      configurations: [
        { key: 'domain-name', values: [internalDomain(region)] },
        { key: 'domain-name-servers', values: ['AmazonProvidedDNS'] },
      ],
      tags: {},
    },
  };
  await store.dhcpOptions.create(options);
}

/** The domain of private names in a region. */
function internalDomain(region: string): string {
  return region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
}
