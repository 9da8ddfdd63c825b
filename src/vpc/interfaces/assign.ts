import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { Ec2Error, isEc2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import type { Call } from '../context.ts';
import { ownInterface } from '../managed/own-interface.ts';
import { invalidValue, own } from '../own.ts';
import type { Addresses, AddressRequest, Reservation } from '../store/address-pool.ts';
import type { AddressKind } from '../store/address-space.ts';
import { isAmbiguous } from '../store/collection.ts';
import { addressKey } from '../store/keys.ts';
import { attachedType, checkAddressLimit } from './address-limits.ts';

type Spec = NetworkInterface['spec'];

/** What an interface gets or gives back. */
export interface Assignment {
  readonly id: string;
  readonly request: AddressRequest;
  /** Secondary IPv4 addresses may be taken from other interfaces of the account. */
  readonly reassign?: boolean;
}

/**
 * Adds addresses and prefixes to an interface and answers what it got.
 * INVARIANT: an address that moves leaves its interface before it reaches the other, and is reserved
 * meanwhile: a crash in between frees it, and nobody ever shares it.
 */
export function assignAddresses(call: Call, wanted: Assignment): Promise<Addresses> {
  const { store } = call;
  const { id } = wanted;
  const { subnetId } = own(call, store.interfaces, id).spec;
  const holders = wanted.reassign ? holdersOf(call, wanted) : [];
  return store.locks.hold({ shared: [subnetId], exclusive: [id, ...holders] }, async () => {
    const eni = ownInterface(call, id);
    for (const holder of holders) checkHolder(call, holder, wanted);
    const reservation = reserve(call, eni, { ...wanted, holders });
    try {
      const added = withAddresses(eni.spec, reservation.addresses);
      checkAddressLimit(added, attachedType(store, added));
      for (const holder of holders) await release(call, holder, reservation.addresses);
      await store.interfaces.update(id, (current) => ({
        ...current,
        spec: withAddresses(current.spec, reservation.addresses),
      }));
      reservation.release();
    } catch (error) {
      if (isAmbiguous(error)) reservation.quarantine();
      else reservation.release();
      throw error;
    }
    return reservation.addresses;
  });
}

/** The other interfaces that have the named IPv4 addresses, or prefixes, now. */
function holdersOf(call: Call, { id, request }: Assignment): readonly string[] {
  const { table } = call.store.interfaces;
  const { vpcId } = own(call, call.store.interfaces, id).spec;
  const named = [...(request.ipv4?.named ?? []), ...(request.ipv4Prefix?.named ?? [])];
  const found = named.flatMap((text) => table.by('address', addressKey(vpcId, text)));
  return [...new Set(found.map(({ metadata }) => metadata.name))].filter((name) => name !== id);
}

function checkHolder(call: Call, holder: string, { request }: Assignment): void {
  const [primary = ''] = own(call, call.store.interfaces, holder).spec.privateIps;
  if (request.ipv4?.named?.includes(primary))
    throw invalidValue(
      `Address ${primary} is the primary address of ${holder} and cannot be moved.`,
    );
}

function reserve(
  { store }: Call,
  { spec }: NetworkInterface,
  { request, holders }: Assignment & { readonly holders: readonly string[] },
): Reservation {
  try {
    const subnet = store.subnets.must(spec.subnetId);
    return store.addresses.reserve(subnet, request, { takeFrom: holders });
  } catch (error) {
    if (isEc2Error(error, 'InvalidIPAddress.InUse'))
      throw new Ec2Error('Resource.AlreadyAssigned', error.message, { cause: error });
    throw error;
  }
}

async function release({ store }: Call, holder: string, gone: Addresses): Promise<void> {
  await store.interfaces.update(holder, (eni) => ({
    ...eni,
    spec: withoutAddresses(eni.spec, gone),
  }));
}

function withAddresses(spec: Spec, more: Addresses): Spec {
  return {
    ...spec,
    privateIps: [...spec.privateIps, ...more.ipv4],
    ...(more.ipv6.length > 0 && { ipv6Addresses: [...(spec.ipv6Addresses ?? []), ...more.ipv6] }),
    ...(more.ipv4Prefix.length > 0 && {
      ipv4Prefixes: [...(spec.ipv4Prefixes ?? []), ...more.ipv4Prefix],
    }),
    ...(more.ipv6Prefix.length > 0 && {
      ipv6Prefixes: [...(spec.ipv6Prefixes ?? []), ...more.ipv6Prefix],
    }),
  };
}

function withoutAddresses(spec: Spec, gone: Addresses): Spec {
  const keep = (before: readonly string[] | undefined, kind: AddressKind) => {
    const kept = before?.filter((each) => !gone[kind].includes(each));
    return kept?.length ? kept : undefined;
  };
  return compact<Spec>({
    ...spec,
    privateIps: keep(spec.privateIps, 'ipv4') ?? [],
    ipv6Addresses: keep(spec.ipv6Addresses, 'ipv6'),
    ipv4Prefixes: keep(spec.ipv4Prefixes, 'ipv4Prefix'),
    ipv6Prefixes: keep(spec.ipv6Prefixes, 'ipv6Prefix'),
  });
}

/** Takes addresses and prefixes off an interface: all or none, and never a primary address. */
export async function unassignAddresses(
  call: Call,
  { id, gone }: { readonly id: string; readonly gone: Addresses },
): Promise<void> {
  const { store } = call;
  await store.locks.hold({ exclusive: [id] }, async () => {
    ownInterface(call, id);
    await store.interfaces.update(id, (eni) => {
      checkUnassign(eni, gone);
      return { ...eni, spec: withoutAddresses(eni.spec, gone) };
    });
  });
}

/** What stays: without an IPv4 address, as in an IPv6-only subnet, the first one of IPv6. */
function primaries({ privateIps: [ipv4], ipv6Addresses, primaryIpv6 }: Spec) {
  const keepsIpv6 = primaryIpv6 === true || ipv4 === undefined;
  return { 'private IP': ipv4, IPv6: keepsIpv6 ? ipv6Addresses?.[0] : undefined };
}

function checkUnassign({ metadata, spec }: NetworkInterface, gone: Addresses): void {
  for (const [what, primary] of Object.entries(primaries(spec)))
    if (primary !== undefined && [...gone.ipv4, ...gone.ipv6].includes(primary))
      throw invalidValue(`The primary ${what} address ${primary} cannot be unassigned.`);
  const have: Readonly<Record<AddressKind, readonly string[] | undefined>> = {
    ipv4: spec.privateIps,
    ipv6: spec.ipv6Addresses,
    ipv4Prefix: spec.ipv4Prefixes,
    ipv6Prefix: spec.ipv6Prefixes,
  };
  for (const [kind, texts] of Object.entries(gone)) {
    const missing = texts.find((text) => !have[kind as AddressKind]?.includes(text));
    if (missing !== undefined)
      throw invalidValue(
        `Some of the specified addresses are not assigned to interface ${metadata.name}: ${missing}`,
      );
  }
}
