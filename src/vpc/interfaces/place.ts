import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call } from '../context.ts';
import { invalidValue } from '../own.ts';
import { isAmbiguous } from '../store/collection.ts';

/** Which addresses a request wants for a new interface. */
export interface AddressWish {
  /** Of the caller's choice. */
  readonly primary: string | undefined;
  readonly secondary: readonly string[];
  /** Secondary addresses of our choice. */
  readonly secondaryCount: number;
}

/** What of an interface is decided before its addresses are. */
export type InterfaceDraft = Omit<NetworkInterface['spec'], 'macAddress' | 'privateIps'>;

/** Most secondary addresses of one request. */
const MAX_SECONDARY = 49;
/** First octets of AWS's MAC addresses: locally administered, unicast. */
const MAC_FIRST_OCTETS = [0x02, 0x06, 0x0a, 0x0e] as const;

interface AddressFields {
  readonly PrivateIpAddress?: string | undefined;
  readonly PrivateIpAddresses?:
    | readonly {
        readonly Primary?: boolean | undefined;
        readonly PrivateIpAddress?: string | undefined;
      }[]
    | undefined;
  readonly SecondaryPrivateIpAddressCount?: number | undefined;
}

/** Reads the address parameters that CreateNetworkInterface and RunInstances share. */
export function addressWish(input: AddressFields): AddressWish {
  const listed = input.PrivateIpAddresses ?? [];
  const primaries = listed.filter((each) => each.Primary);
  const primary = input.PrivateIpAddress ?? primaries[0]?.PrivateIpAddress;
  const count = input.SecondaryPrivateIpAddressCount ?? 0;
  if (primaries.length > (input.PrivateIpAddress === undefined ? 1 : 0))
    throw new Ec2Error(
      'InvalidParameterCombination',
      'Only one primary private IP address can be specified.',
    );
  if (!Number.isInteger(count) || count < 0 || count + listed.length > MAX_SECONDARY)
    throw invalidValue(
      `Value ( ${count} ) for parameter secondaryPrivateIpAddressCount is invalid.`,
    );
  const secondary = listed.filter((each) => !each.Primary);
  return {
    primary,
    secondary: secondary.flatMap((each) => each.PrivateIpAddress ?? []),
    secondaryCount: count,
  };
}

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
  const wanted = [...(wish.primary === undefined ? [] : [wish.primary]), ...wish.secondary];
  const chosen = wish.secondaryCount + (wish.primary === undefined ? 1 : 0);
  const reservation = store.addresses.reserve(subnet, { wanted, count: chosen });
  try {
    const eni = await store.interfaces.create({
      metadata: { name: id },
      spec: {
        ...draft,
        macAddress: freshMac(call),
        privateIps: primaryFirst(reservation.addresses, wish),
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

/** Reserved are: what the caller named, then what we chose, of which the first is the primary. */
function primaryFirst(addresses: readonly string[], wish: AddressWish): string[] {
  if (wish.primary !== undefined) return [...addresses];
  const named = addresses.slice(0, wish.secondary.length);
  const [primary = '', ...others] = addresses.slice(wish.secondary.length);
  return [primary, ...named, ...others];
}

function checkInterfaceQuota({ store, quotas, accountId }: Call): void {
  const { table } = store.interfaces;
  if (table.size < quotas.interfacesPerRegion) return;
  const own = [...table.values()].filter(({ spec }) => spec.account === accountId);
  if (own.length >= quotas.interfacesPerRegion)
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
