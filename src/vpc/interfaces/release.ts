import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { isEc2Error } from '../../ec2/error.ts';
import type { Store } from '../store/store.ts';

/**
 * Takes the interfaces off a terminated instance: those marked for it are deleted, the others
 * detached. Branches of its trunks become available. The instance is stored as terminated, so
 * nothing can be attached to it any more; the caller holds no lock, as interfaces are locked here.
 */
export async function releaseInterfaces(store: Store, instanceId: string): Promise<void> {
  for (const { metadata } of store.interfaces.table.by('instance', instanceId))
    await store.locks.hold({ exclusive: [metadata.name] }, () =>
      releaseInterface(store, metadata.name, instanceId),
    );
}

async function releaseInterface(store: Store, id: string, instanceId: string): Promise<void> {
  const attachment = store.interfaces.get(id)?.spec.attachment;
  if (attachment?.instanceId !== instanceId) return;
  for (const branch of store.interfaces.table.by('trunk', id))
    await endAssociation(store, branch.metadata.name, id);
  if (attachment.deleteOnTermination) await store.interfaces.remove(id);
  else await store.interfaces.update(id, withoutAttachment);
}

/** Makes a branch of a trunk that goes away available; it may have gone itself meanwhile. */
export async function endAssociation(store: Store, id: string, trunkId: string): Promise<void> {
  try {
    await store.interfaces.update(id, (branch) => withoutTrunk(branch, trunkId));
  } catch (error) {
    if (!isEc2Error(error, store.interfaces.idKind.notFound)) throw error;
  }
}

function withoutTrunk(branch: NetworkInterface, trunkId: string): NetworkInterface {
  const { trunkAssociation, ...spec } = branch.spec;
  return trunkAssociation?.trunkInterfaceId === trunkId ? { ...branch, spec } : branch;
}

function withoutAttachment({ spec, ...eni }: NetworkInterface): NetworkInterface {
  const { attachment: _ended, ...rest } = spec;
  return { ...eni, spec: rest };
}

/**
 * Undoes what a launch did to interfaces of an instance that is not stored: those made for it are
 * deleted, those that existed before are detached.
 */
export async function giveBackInterfaces(store: Store, instanceId: string): Promise<void> {
  for (const eni of store.interfaces.table.by('instance', instanceId))
    await giveBackInterface(store, eni);
}

/** The same for one interface. */
export async function giveBackInterface(store: Store, eni: NetworkInterface): Promise<void> {
  const { name } = eni.metadata;
  if (eni.spec.attachment?.existedBefore) await store.interfaces.update(name, withoutAttachment);
  else await store.interfaces.remove(name);
}
