import type { EniId, GroupId, InstanceId, SubnetId } from '../../base/ids.ts';
import type { Ledger } from '../branch-pool/ledger.ts';

/** A node whose trunk is up and whose ledger is complete: pods on it can get branches. */
export interface ManagedNode {
  readonly name: string;
  readonly instanceId: InstanceId;
  readonly trunkId: EniId;
  readonly subnetId: SubnetId;
  readonly subnetCidr: string;
  /** '' when the subnet has no IPv6 range. */
  readonly subnetV6Cidr: string;
  /** Groups of the primary interface: for pods that ask for a branch and match no policy. */
  readonly instanceGroups: readonly GroupId[];
  readonly ledger: Ledger;
  /** When its Node object was first found missing; such a node takes no pods. */
  readonly missingSinceMs?: number;
}

/** The nodes in the controller's memory, by instance: a name can pass to another instance. */
export class NodeStore {
  readonly #nodes = new Map<InstanceId, ManagedNode>();

  get all(): readonly ManagedNode[] {
    return [...this.#nodes.values()];
  }

  byInstance(instanceId: InstanceId): ManagedNode | undefined {
    return this.#nodes.get(instanceId);
  }

  /** The node of this name that takes pods. */
  ready(name: string): ManagedNode | undefined {
    return this.all.find((node) => node.name === name && node.missingSinceMs === undefined);
  }

  /** Every instance that has gone by this name and is still on record. */
  named(name: string): readonly ManagedNode[] {
    return this.all.filter((node) => node.name === name);
  }

  put(node: ManagedNode): void {
    this.#nodes.set(node.instanceId, node);
  }

  remove(instanceId: InstanceId): void {
    this.#nodes.delete(instanceId);
  }
}
