import type { FakeKube } from '../../client.fake.ts';
import type { Informers } from '../../informer.ts';
import { INSTANCES } from '../instance.ts';
import { NETWORK_INTERFACES } from '../network-interface.ts';
import { ADDRESS_SLICES } from './address-slice.ts';
import { HostIndex } from './host-index.ts';
import { sliceNames, sliceOf } from './slice-of.ts';

/** Keeps the slices of an API in memory, as the writer of the VPC API does for a real one. */
export function keepSlices(kube: FakeKube, informers: Informers): void {
  const index = new HostIndex();
  const instances = informers.informer(INSTANCES);
  const write = (hosts: Iterable<string>): void => {
    for (const host of hosts)
      for (const name of sliceNames(host)) {
        const instance = instances.get({ name: host });
        const slice = instance && sliceOf(name, instance, index.of(host));
        if (slice) kube.seed(ADDRESS_SLICES, slice);
        else kube.drop(ADDRESS_SLICES, { name });
      }
  };
  informers
    .informer(NETWORK_INTERFACES)
    .subscribe(({ type, object }) =>
      write(type === 'deleted' ? index.delete(object.metadata.name) : index.set(object)),
    );
  instances.subscribe(({ object }) => write([object.metadata.name]));
}
