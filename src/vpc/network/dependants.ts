import { Ec2Error } from '../../ec2/error.ts';
import type { Place } from '../context.ts';
import type { Store } from '../store/store.ts';
import { isLivePeering } from './peerings.ts';

/** One kind of thing that keeps another from being deleted; it answers how many there are. */
type Count = (place: Place, id: string) => number;

const others = (all: readonly unknown[]): number => Math.max(0, all.length - 1);

/**
 * What keeps a VPC from being deleted. Its default group, main route table and default network ACL
 * go with it.
 */
const OF_VPC: readonly Count[] = [
  ({ store }, id) => store.subnets.table.count('vpc', id),
  ({ store }, id) => store.interfaces.table.count('vpc', id),
  ({ store }, id) => store.internetGateways.table.count('vpc', id),
  ({ store }, id) => store.egressOnlyGateways.table.count('vpc', id),
  ({ store }, id) => store.vpcEndpoints.table.count('vpc', id),
  ({ store }, id) => others(store.groups.table.by('vpc', id)),
  ({ store }, id) => store.groups.table.count('associatedVpc', id),
  ({ store }, id) => others(store.routeTables.table.by('vpc', id)),
  ({ store }, id) => others(store.networkAcls.table.by('vpc', id)),
  (place, id) =>
    place.store.peerings.table.by('vpc', id).filter((each) => isLivePeering(place, each)).length,
];

/** What keeps a subnet from being deleted. Its reservations and associations go with it. */
const OF_SUBNET: readonly Count[] = [({ store }, id) => store.interfaces.table.count('subnet', id)];

/** What keeps a route table from being deleted. */
const OF_ROUTE_TABLE: readonly Count[] = [
  ({ store }, id) => store.subnets.table.count('routeTable', id),
  ({ store }, id) => store.vpcs.table.count('routeTable', id),
  ({ store }, id) => store.internetGateways.table.count('routeTable', id),
];

/** What keeps a network ACL from being deleted. */
const OF_NETWORK_ACL: readonly Count[] = [
  ({ store }, id) => store.subnets.table.count('networkAcl', id),
];

/** What keeps DHCP options from being deleted. */
const OF_DHCP_OPTIONS: readonly Count[] = [
  ({ store }, id) => store.vpcs.table.count('dhcpOptions', id),
];

const DEPENDANTS = {
  vpc: OF_VPC,
  subnet: OF_SUBNET,
  routeTable: OF_ROUTE_TABLE,
  'network ACL': OF_NETWORK_ACL,
  dhcpOptions: OF_DHCP_OPTIONS,
} as const;

/** Refuses to delete an object that others depend on. The caller holds the object exclusively. */
export function checkNoDependants(place: Place, noun: keyof typeof DEPENDANTS, id: string): void {
  if (DEPENDANTS[noun].some((count) => count(place, id) > 0)) throw dependencyViolation(noun, id);
}

/** `DependencyViolation` in AWS's words. */
export function dependencyViolation(noun: string, id: string): Ec2Error {
  return new Ec2Error(
    'DependencyViolation',
    `The ${noun} '${id}' has dependencies and cannot be deleted.`,
  );
}

/** Removes what goes with a VPC, after the VPC itself is gone; after a crash the sweep does. */
export async function removeVpcParts(store: Store, vpcId: string): Promise<void> {
  const parts = [store.groups, store.routeTables, store.networkAcls].flatMap((collection) =>
    collection.table.by('vpc', vpcId).map(({ metadata }) => ({ collection, name: metadata.name })),
  );
  await Promise.all(parts.map(({ collection, name }) => collection.remove(name)));
}
