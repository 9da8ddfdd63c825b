import type { NetworkInterface } from '../network-interface.ts';

/**
 * Which interfaces each host has: those attached to its instance, and the branches of its trunks.
 * Every change answers the hosts that it concerns.
 */
export class HostIndex {
  readonly #interfaces = new Map<string, NetworkInterface>();
  readonly #byInstance = new Map<string, Set<string>>();
  readonly #byTrunk = new Map<string, Set<string>>();

  /** Takes in an interface as it is now. */
  set(item: NetworkInterface): ReadonlySet<string> {
    const id = item.metadata.name;
    const concerned = this.#forget(id);
    this.#interfaces.set(id, item);
    join(this.#byInstance, item.spec.attachment?.instanceId, id);
    join(this.#byTrunk, item.spec.trunkAssociation?.trunkInterfaceId, id);
    return this.#addHost(concerned, item);
  }

  /** Takes an interface out. */
  delete(id: string): ReadonlySet<string> {
    return this.#forget(id);
  }

  /** The interfaces of a host. */
  of(instanceId: string): readonly NetworkInterface[] {
    const attached = [...(this.#byInstance.get(instanceId) ?? [])];
    const branches = attached.flatMap((id) => [...(this.#byTrunk.get(id) ?? [])]);
    return [...attached, ...branches].flatMap((id) => this.#interfaces.get(id) ?? []);
  }

  #forget(id: string): Set<string> {
    const before = this.#interfaces.get(id);
    const concerned = new Set<string>();
    if (before === undefined) return concerned;
    this.#addHost(concerned, before);
    this.#interfaces.delete(id);
    leave(this.#byInstance, before.spec.attachment?.instanceId, id);
    leave(this.#byTrunk, before.spec.trunkAssociation?.trunkInterfaceId, id);
    return concerned;
  }

  #addHost(hosts: Set<string>, { spec }: NetworkInterface): Set<string> {
    const trunk = this.#interfaces.get(spec.trunkAssociation?.trunkInterfaceId ?? '');
    const host = spec.attachment?.instanceId ?? trunk?.spec.attachment?.instanceId;
    if (host !== undefined) hosts.add(host);
    return hosts;
  }
}

function join(index: Map<string, Set<string>>, key: string | undefined, id: string): void {
  if (key === undefined) return;
  const members = index.get(key) ?? new Set();
  index.set(key, members.add(id));
}

function leave(index: Map<string, Set<string>>, key: string | undefined, id: string): void {
  const members = index.get(key ?? '');
  if (!members?.delete(id)) return;
  if (members.size === 0) index.delete(key ?? '');
}
