import type { KubeClient } from '../../api/client.ts';
import type { Informer, Informers } from '../../api/informer.ts';
import { versionOf } from '../../api/meta.ts';
import { ADDRESS_SLICES, type AddressSlice } from '../../api/vpc/slices/address-slice.ts';
import { INSTANCES, type Instance } from '../../api/vpc/instance.ts';
import { NETWORK_INTERFACES } from '../../api/vpc/network-interface.ts';
import type { Clock } from '../../base/clock.ts';
import { sameJson } from '../../base/json.ts';
import type { Log } from '../../base/log.ts';
import { createWorkQueue, type WorkQueue } from '../../base/work-queue.ts';
import { HostIndex } from '../../api/vpc/slices/host-index.ts';
import { hostOfSlice, sliceNames, sliceOf } from '../../api/vpc/slices/slice-of.ts';

/** What the distributor needs. */
export interface DistributorDeps {
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether this process is the one that writes. Others keep their index fresh, for their turn. */
  readonly leads: () => boolean;
}

/**
 * Keeps the AddressSlices of all hosts equal to what interfaces and instances say (docs/design/
 * distribution.md). Level triggered: a host that something happened to is derived anew, so that
 * whatever came in between costs one write.
 */
export class Distributor {
  readonly #deps: DistributorDeps;
  readonly #hosts = new HostIndex();
  readonly #instances: Informer<Instance>;
  readonly #slices: Informer<AddressSlice>;
  readonly #queue: WorkQueue;
  /** What we wrote and the informer has not reported yet. */
  readonly #written = new Map<string, AddressSlice>();
  #unsubscribe: readonly (() => void)[] = [];

  constructor(deps: DistributorDeps) {
    const { informers, clock, log } = deps;
    this.#deps = deps;
    this.#instances = informers.informer(INSTANCES);
    this.#slices = informers.informer(ADDRESS_SLICES);
    // One at a time: an address leaves the slice of its old host before it comes into another.
    this.#queue = createWorkQueue({
      name: 'address-slices',
      clock,
      log,
      run: (name) => this.#write(name),
    });
  }

  /** Follows what changes from now on; all that is there counts as changed. */
  async start(): Promise<void> {
    const interfaces = this.#deps.informers.informer(NETWORK_INTERFACES);
    const sources = [interfaces, this.#instances, this.#slices];
    await Promise.all(sources.map(({ synced }) => synced));
    const ask = (hosts: Iterable<string>): void => {
      for (const host of hosts) for (const name of sliceNames(host)) this.#queue.add(name);
    };
    this.#unsubscribe = [
      interfaces.subscribe(({ type, object }) =>
        ask(
          type === 'deleted' ? this.#hosts.delete(object.metadata.name) : this.#hosts.set(object),
        ),
      ),
      this.#instances.subscribe(({ object }) => ask([object.metadata.name])),
      this.#slices.subscribe(({ object }) => {
        const { name } = object.metadata;
        const written = this.#written.get(name);
        if (written && versionOf(written) <= versionOf(object)) this.#written.delete(name);
        this.#queue.add(name);
      }),
    ];
  }

  /** Looks at every slice, at the beginning of a term: earlier writers may have left some behind. */
  resync(): void {
    const hosts = this.#instances.list().flatMap(({ metadata }) => sliceNames(metadata.name));
    const known = this.#slices.list().map(({ metadata }) => metadata.name);
    for (const name of [...hosts, ...known]) this.#queue.add(name);
  }

  /** Stops; resolves when no write is under way. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#queue.close();
  }

  async #write(name: string): Promise<undefined> {
    if (!this.#deps.leads()) return undefined;
    const host = hostOfSlice(name);
    const instance = this.#instances.get({ name: host });
    const wanted = instance && sliceOf(name, instance, this.#hosts.of(host));
    const known = this.#written.get(name) ?? this.#slices.get({ name });
    try {
      await this.#make(known, wanted);
    } catch (error) {
      // Somebody else wrote: what they wrote is what to start from.
      await this.#reread(name);
      throw error;
    }
    return undefined;
  }

  async #make(known: AddressSlice | undefined, wanted: AddressSlice | undefined): Promise<void> {
    const { kube } = this.#deps;
    if (wanted === undefined) {
      if (known === undefined) return;
      const { name } = known.metadata;
      await kube.delete(ADDRESS_SLICES, { name });
      this.#written.delete(name);
    } else if (known === undefined) {
      this.#note(await kube.create(ADDRESS_SLICES, wanted));
    } else if (!sameJson(known.spec, wanted.spec)) {
      const metadata = { ...known.metadata, ...wanted.metadata };
      this.#note(await kube.replace(ADDRESS_SLICES, { ...known, ...wanted, metadata }));
    }
  }

  #note(slice: AddressSlice): void {
    this.#written.set(slice.metadata.name, slice);
  }

  async #reread(name: string): Promise<void> {
    const stored = await this.#deps.kube.get(ADDRESS_SLICES, { name });
    if (stored) this.#note(stored);
    else this.#written.delete(name);
  }
}
