import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call } from '../context.ts';
import { ownAll } from '../own.ts';
import type { Addresses } from '../store/address-pool.ts';
import { isAmbiguous } from '../store/collection.ts';
import type { AddressWish } from './address-wish.ts';

/** What of an interface is decided before its addresses are. */
export type InterfaceDraft = Omit<
  NetworkInterface['spec'],
  'macAddress' | 'privateIps' | 'ipv6Addresses' | 'ipv4Prefixes' | 'ipv6Prefixes' | 'primaryIpv6'
>;

/** First octets of AWS's MAC addresses: locally administered, unicast. */
const MAC_FIRST_OCTETS = [0x02, 0x06, 0x0a, 0x0e] as const;

/**
 * Stores a new interface with addresses of its subnet. The caller holds the subnet and the groups.
 * INVARIANT: an address leaves the reservation only when the interface is in the index, or is
 * certainly not stored.
 */
export async function placeInterface(
  call: Call,
  options: {
    readonly id: string;
    readonly subnet: Subnet;
    readonly wish: AddressWish;
    readonly draft: InterfaceDraft;
  },
): Promise<NetworkInterface> {
  const { store } = call;
  const { id, subnet, wish, draft } = options;
  checkInterfaceQuota(call);
  const reservation = store.addresses.reserve(subnet, wish.request);
  try {
    const eni = await store.interfaces.create({
      metadata: { name: id },
      spec: {
        ...draft,
        macAddress: freshMac(call),
        ...addressFields(reservation.addresses, wish),
      },
    });
    reservation.release();
    return eni;
  } catch (error) {
    if (isAmbiguous(error)) reservation.quarantine();
    else reservation.release();
    throw error;
  }
}

type StoredAddresses = Pick<
  NetworkInterface['spec'],
  'privateIps' | 'ipv6Addresses' | 'ipv4Prefixes' | 'ipv6Prefixes' | 'primaryIpv6'
>;

/** Addresses as stored; lists that are empty are left out. */
function addressFields(got: Addresses, wish: AddressWish): StoredAddresses {
  return {
    privateIps: primaryFirst(got.ipv4, wish),
    ...(got.ipv6.length > 0 && { ipv6Addresses: got.ipv6 }),
    ...(got.ipv4Prefix.length > 0 && { ipv4Prefixes: got.ipv4Prefix }),
    ...(got.ipv6Prefix.length > 0 && { ipv6Prefixes: got.ipv6Prefix }),
    ...(wish.primaryIpv6 && { primaryIpv6: true }),
  };
}

/** Reserved are: what the caller named, then what we chose, of which the first is the primary. */
function primaryFirst(addresses: readonly string[], wish: AddressWish): readonly string[] {
  if (wish.primary !== undefined) return addresses;
  const secondary = wish.request.ipv4?.named?.length ?? 0;
  const named = addresses.slice(0, secondary);
  const [primary, ...others] = addresses.slice(secondary);
  return [...(primary === undefined ? [] : [primary]), ...named, ...others];
}

function checkInterfaceQuota(call: Call): void {
  const { interfaces } = call.store;
  const { interfacesPerRegion } = call.quotas;
  // Counting is for those who come near.
  if (interfaces.table.size < interfacesPerRegion) return;
  if (ownAll(call, interfaces).length >= interfacesPerRegion)
    throw new Ec2Error(
      'NetworkInterfaceLimitExceeded',
      'The maximum number of network interfaces has been reached.',
    );
}

function freshMac({ random, store }: Call): string {
  for (;;) {
    const [choice = 0, ...rest] = random.bytes(6);
    const octets = [MAC_FIRST_OCTETS[choice % MAC_FIRST_OCTETS.length] ?? 2, ...rest];
    const mac = octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
    if (store.interfaces.table.count('mac', mac) === 0) return mac;
  }
}
