import type { KubeObject } from '../../api/meta.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { isListed } from '../actions/nat-gateways.ts';
import { isForgotten } from '../network/peerings.ts';
import type { Collection } from './collection.ts';
import type { Store } from './store.ts';

type OfVpc = KubeObject & { readonly spec: { readonly vpcId?: string } };

/**
 * Removes parts of VPCs that do not exist: a VPC is written after its parts and deleted before them
 * (CreateVpc, CreateDefaultVpc, DeleteVpc). An internet gateway that is attached to such a VPC was
 * made with it; nothing else can attach one. Then reservations of subnets that do not exist, and
 * peerings that ended long ago.
 */
export async function sweepNetwork(
  store: Store,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): Promise<void> {
  const { groups, routeTables, networkAcls, subnets, internetGateways } = store;
  const isOrphan = ({ spec }: OfVpc): boolean =>
    spec.vpcId !== undefined && store.vpcs.get(spec.vpcId) === undefined;
  await removeWhere(groups, (group) => group.spec.groupName === 'default' && isOrphan(group), log);
  await removeWhere(routeTables, isOrphan, log);
  await removeWhere(networkAcls, isOrphan, log);
  await removeWhere(subnets, isOrphan, log);
  await removeWhere(internetGateways, isOrphan, log);
  await removeWhere(
    store.cidrReservations,
    ({ spec }) => store.subnets.get(spec.subnetId) === undefined,
    log,
  );
  await removeWhere(store.natGateways, (gateway) => !isListed({ clock }, gateway), log);
  await removeWhere(store.peerings, (peering) => isForgotten({ clock }, peering), log);
}

// Entries may be removed while a map is walked; none are added here.
async function removeWhere<T extends KubeObject>(
  collection: Collection<T>,
  isLeft: (object: T) => boolean,
  log: Log,
): Promise<void> {
  for (const object of collection.table.values()) {
    if (!isLeft(object)) continue;
    log.info('Removed what an unfinished action left behind', { name: object.metadata.name });
    await collection.remove(object.metadata.name);
  }
}
