import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { newId } from '../../base/ids.ts';
import { interfaceDraft } from '../actions/create-interface.ts';
import type { Call } from '../context.ts';
import { addressWish } from '../interfaces/address-wish.ts';
import { placeInterface } from '../interfaces/place.ts';
import type { Store } from '../store/store.ts';
import { byName } from '../store/table.ts';

/**
 * Interfaces that belong to a NAT gateway or a VPC endpoint. They are written before their owner and
 * removed after it is deleted; the sweep at start-up removes those of owners that are not there.
 */
export async function makeManagedInterface(
  call: Call,
  subnet: Subnet,
  options: {
    readonly ownerId: string;
    readonly type: 'nat_gateway' | 'vpc_endpoint';
    readonly description: string;
    readonly groups: readonly string[];
    readonly privateIp?: string | undefined;
  },
): Promise<NetworkInterface> {
  const { ownerId, type, description, groups, privateIp } = options;
  return placeInterface(call, {
    id: newId(call.random, 'eni'),
    subnet,
    wish: addressWish({ PrivateIpAddress: privateIp, Ipv6AddressCount: 0 }, subnet),
    draft: {
      ...interfaceDraft(call, subnet, { groups, description, tags: {} }),
      interfaceType: type,
      sourceDestCheck: type !== 'nat_gateway',
      requesterManaged: true,
      managedBy: ownerId,
    },
  });
}

/** The interfaces of an owner, by name. */
export function managedInterfaces(store: Store, ownerId: string): readonly NetworkInterface[] {
  return byName(store.interfaces.table.by('managedBy', ownerId));
}

/** Removes the interfaces of an owner that is deleted, or was never made. */
export async function removeManagedInterfaces(store: Store, ownerId: string): Promise<void> {
  for (const { metadata } of managedInterfaces(store, ownerId))
    await store.interfaces.remove(metadata.name);
}

/** Whether the owner of an interface is gone, so that the interface must go too. */
export function isAbandoned(store: Store, { spec }: NetworkInterface): boolean {
  const { managedBy: ownerId } = spec;
  if (ownerId === undefined) return false;
  const isServed = store.natGateways.get(ownerId)?.spec.state === 'available';
  return !isServed && store.vpcEndpoints.get(ownerId) === undefined;
}
