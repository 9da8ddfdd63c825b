import type { Subnet } from '../../api/vpc/subnet.ts';
import { newId } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';

type Ipv6Block = NonNullable<Subnet['spec']['ipv6CidrBlocks']>[number];

/**
 * What goes with an IPv6-only subnet: every interface gets an address, and instances have names of
 * their ids, because there is no IPv4 address to name them after (AWS: resource-based naming).
 */
export const IPV6_ONLY = {
  ipv6Native: true,
  assignIpv6AddressOnCreation: true,
  hostnameType: 'resource-name',
} as const satisfies Partial<Subnet['spec']>;

/** An IPv6 block as subnets store it. */
export function newIpv6Block(random: Random, cidr: string): Ipv6Block {
  return { associationId: newId(random, 'subnet-cidr-assoc'), cidr };
}
