import type { SubnetCidrReservation } from '../../api/vpc/subnet-cidr-reservation.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { parseCidr, type Cidr } from '../../base/cidr.ts';
import { familyOf, isPrefixKind, type AddressKind } from './address-space.ts';
import type { Table } from './table.ts';

/** The blocks of a subnet from which we choose nothing of a kind; callers may still name them. */
export type KeptBack = (subnet: Subnet, kind: AddressKind) => readonly Cidr[];

/**
 * Reservations of subnets (AWS: subnet CIDR reservations): `explicit` blocks are for addresses that
 * callers name, `prefix` blocks for delegated prefixes too, but not for single addresses.
 */
export function reservedBlocks(reservations: Table<SubnetCidrReservation>): KeptBack {
  return ({ metadata }, kind) =>
    reservations.by('subnet', metadata.name).flatMap(({ spec }) => {
      const block = parseCidr(spec.cidr);
      const isFor = isPrefixKind(kind) && spec.reservationType === 'prefix';
      return block.ok && block.value.family === familyOf(kind) && !isFor ? [block.value] : [];
    });
}
