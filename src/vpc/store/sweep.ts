import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { sweepClusterGroups } from '../eks/cluster-group.ts';
import { endAssociation, giveBackInterface, releaseInterfaces } from '../interfaces/release.ts';
import { isAbandoned } from '../managed/interfaces.ts';
import type { Store } from './store.ts';
import { sweepNetwork } from './sweep-network.ts';

/** Terminated instances are forgotten after an hour, as on AWS. */
const TERMINATED_KEPT_MS = 3_600_000;

/**
 * Finishes or removes what actions of several writes left behind when the process died between
 * them. Runs before the first request, so nothing it sees is work in progress:
 * - CreateVpc and DeleteVpc: parts without their VPC are removed;
 * - RunInstances: interfaces attached to an instance that does not exist are given back;
 * - CreateCluster and DeleteCluster: security groups without their cluster are removed;
 * - CreateNatGateway, CreateVpcEndpoint and their deletions: interfaces without owner are removed;
 * - TerminateInstances: interfaces of terminated instances are released, and branches of trunks
 *   that are gone become available.
 */
export async function sweep(
  store: Store,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): Promise<void> {
  await sweepNetwork(store, { log, clock });
  await sweepManaged(store, log);
  await sweepInterfaces(store, log);
  await sweepInstances(store, log, clock.nowMs());
  for (const group of await sweepClusterGroups(store))
    log.info('Removed the group of a cluster that is not there', { group });
}

async function sweepManaged(store: Store, log: Log): Promise<void> {
  for (const eni of store.interfaces.table.values()) {
    if (!isAbandoned(store, eni)) continue;
    log.info('Removed an interface whose owner is gone', { interface: eni.metadata.name });
    await store.interfaces.remove(eni.metadata.name);
  }
}

// Entries may be changed and removed while a map is walked; none are added here.
async function sweepInterfaces(store: Store, log: Log): Promise<void> {
  for (const eni of store.interfaces.table.values()) {
    const instanceId = eni.spec.attachment?.instanceId;
    if (instanceId === undefined || store.instances.get(instanceId) !== undefined) continue;
    log.info('Gave back an interface of a launch that was not finished', {
      interface: eni.metadata.name,
    });
    await giveBackInterface(store, eni);
  }
  for (const { metadata, spec } of store.interfaces.table.values()) {
    const trunkId = spec.trunkAssociation?.trunkInterfaceId;
    if (trunkId === undefined || store.interfaces.get(trunkId) !== undefined) continue;
    log.info('Ended the association with a trunk that is gone', { interface: metadata.name });
    await endAssociation(store, metadata.name, trunkId);
  }
}

async function sweepInstances(store: Store, log: Log, nowMs: number): Promise<void> {
  for (const { metadata, spec } of store.instances.table.values()) {
    if (spec.state !== 'terminated') continue;
    await releaseInterfaces(store, metadata.name);
    if (nowMs - Date.parse(spec.terminatedAt ?? '') < TERMINATED_KEPT_MS) continue;
    log.info('Forgot a terminated instance', { instance: metadata.name });
    await store.instances.remove(metadata.name);
  }
}
