import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Store } from '../store/store.ts';

/**
 * Takes the interfaces off a terminated instance: those marked for it are deleted, the others
 * detached. Branches of its trunks become available. The caller holds the instance.
 */
export async function releaseInterfaces(store: Store, instanceId: string): Promise<void> {
  for (const { metadata } of store.interfaces.table.by('instance', instanceId))
    await store.locks.hold({ exclusive: [metadata.name] }, () =>
      releaseInterface(store, metadata.name),
    );
}

async function releaseInterface(store: Store, id: string): Promise<void> {
  for (const branch of store.interfaces.table.by('trunk', id))
    await store.interfaces.update(branch.metadata.name, withoutTrunk);
  if (store.interfaces.get(id)?.spec.attachment?.deleteOnTermination)
    await store.interfaces.remove(id);
  else if (store.interfaces.get(id) !== undefined)
    await store.interfaces.update(id, withoutAttachment);
}

/** A branch whose association has ended. */
export function withoutTrunk({ spec, ...branch }: NetworkInterface): NetworkInterface {
  const { trunkAssociation: _ended, ...rest } = spec;
  return { ...branch, spec: rest };
}

function withoutAttachment({ spec, ...eni }: NetworkInterface): NetworkInterface {
  const { attachment: _ended, ...rest } = spec;
  return { ...eni, spec: rest };
}
