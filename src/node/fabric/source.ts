import type { Informer, Informers } from '../../api/informer.ts';
import type { KubeObject } from '../../api/meta.ts';
import { INSTANCE_LABEL, TRUNK_LABEL, VPC_LABEL } from '../../api/names.ts';
import { ADDRESS_SLICES, type AddressSlice } from '../../api/vpc/slices/address-slice.ts';
import { INSTANCES, type Instance } from '../../api/vpc/instance.ts';
import { NETWORK_ACLS, type NetworkAcl } from '../../api/vpc/network-acl.ts';
import { NETWORK_INTERFACES, type NetworkInterface } from '../../api/vpc/network-interface.ts';
import { PREFIX_LISTS, type PrefixList } from '../../api/vpc/prefix-list.ts';
import { SECURITY_GROUPS, type SecurityGroup } from '../../api/vpc/security-group.ts';
import { SUBNETS, type Subnet } from '../../api/vpc/subnet.ts';
import {
  VPC_PEERING_CONNECTIONS,
  type VpcPeeringConnection,
} from '../../api/vpc/vpc-peering-connection.ts';
import { VPCS, type Vpc } from '../../api/vpc/vpc.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { WatchSet } from './watch-set.ts';

/** What a source needs. */
export interface FabricSourceOptions {
  readonly instanceId: string;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly log: Log;
}

/** What one host needs to know, and no more (docs/design/distribution.md). */
export interface FabricObjects {
  /** The same object for as long as nothing of it changes. */
  readonly own: OwnObjects;
  /** Where the addresses of the VPC, and of VPCs peered with it, are; this host's slice too. */
  readonly slices: readonly AddressSlice[];
}

/** What concerns this host itself. */
export interface OwnObjects {
  /** This host's instance, once it is there. */
  readonly instance: Instance | undefined;
  /** The interfaces of this host: attached ones, and branches of its trunks. */
  readonly interfaces: readonly NetworkInterface[];
  readonly subnets: readonly Subnet[];
  readonly vpcs: readonly Vpc[];
  readonly peerings: readonly VpcPeeringConnection[];
  readonly networkAcls: readonly NetworkAcl[];
  /** The groups that interfaces of this host wear. */
  readonly groups: readonly SecurityGroup[];
  /** The prefix lists that rules of these groups name. */
  readonly prefixLists: readonly PrefixList[];
}

/**
 * How long a change may wait for objects that it is the first to name, such as a group that no
 * interface of this host wore before. Then it is enforced without them, which denies.
 */
const PATIENCE_MS = 1_000;
/** What one object names leads to others: interface, group, prefix list. */
const MAX_ROUNDS = 4;
const byName = (name: string) => ({ fieldSelector: `metadata.name=${name}` });
const labelled = (label: string) => (value: string) => ({ labelSelector: `${label}=${value}` });

/** Follows the VPC's objects that the fabric of one host depends on. */
export class FabricSource {
  readonly #options: FabricSourceOptions;
  readonly #subscribers = new Set<() => void>();
  readonly #instance: Informer<Instance>;
  readonly #attached: Informer<NetworkInterface>;
  readonly #subnets: Informer<Subnet>;
  readonly #vpcs: Informer<Vpc>;
  readonly #peerings: Informer<VpcPeeringConnection>;
  readonly #networkAcls: Informer<NetworkAcl>;
  readonly #branches: WatchSet<NetworkInterface>;
  readonly #slices: WatchSet<AddressSlice>;
  readonly #groups: WatchSet<SecurityGroup>;
  readonly #prefixLists: WatchSet<PrefixList>;
  #unsubscribe: readonly (() => void)[] = [];
  #isFirst = true;
  #own: OwnObjects | undefined;
  /** The objects whose names are being watched. */
  #followed: OwnObjects | undefined;

  constructor(options: FabricSourceOptions) {
    const { informers, instanceId } = options;
    const changed = (): void => this.#changed();
    this.#options = options;
    this.#instance = informers.informer(INSTANCES, byName(instanceId));
    this.#attached = informers.informer(NETWORK_INTERFACES, labelled(INSTANCE_LABEL)(instanceId));
    this.#subnets = informers.informer(SUBNETS);
    this.#vpcs = informers.informer(VPCS);
    this.#peerings = informers.informer(VPC_PEERING_CONNECTIONS);
    this.#networkAcls = informers.informer(NETWORK_ACLS);
    this.#branches = new WatchSet(informers, NETWORK_INTERFACES, {
      select: labelled(TRUNK_LABEL),
      changed,
    });
    this.#slices = new WatchSet(informers, ADDRESS_SLICES, {
      select: labelled(VPC_LABEL),
      changed: () => this.#tell(),
    });
    this.#groups = new WatchSet(informers, SECURITY_GROUPS, { select: byName, changed });
    this.#prefixLists = new WatchSet(informers, PREFIX_LISTS, { select: byName, changed });
  }

  /** Resolves when the objects that every host needs are here. */
  async start(): Promise<void> {
    const sources: readonly Informer<KubeObject>[] = [
      this.#instance,
      this.#attached,
      this.#subnets,
      this.#vpcs,
      this.#peerings,
      this.#networkAcls,
    ];
    await Promise.all(sources.map(({ synced }) => synced));
    this.#unsubscribe = sources.map((source) => source.subscribe(() => this.#changed()));
  }

  /** Calls the handler whenever something may be other than before. */
  subscribe(handler: () => void): () => void {
    this.#subscribers.add(handler);
    return () => void this.#subscribers.delete(handler);
  }

  /** Ends all watches of its own. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const set of this.#sets()) set.close();
    this.#subscribers.clear();
  }

  /**
   * The objects as they are, with all that they name, as far as that comes in time. The first time
   * there is no limit: what was enforced before a restart stays in force until all is known.
   */
  async read(): Promise<FabricObjects> {
    this.#follow();
    if (!this.#isSettled()) await this.#settle();
    this.#isFirst = false;
    return { own: this.#ownObjects(), slices: this.#slices.list() };
  }

  #isSettled(): boolean {
    return this.#sets().every((set) => set.isSynced);
  }

  async #settle(): Promise<void> {
    const { clock, log } = this.#options;
    const timer = new AbortController();
    const late = this.#isFirst
      ? new Promise<boolean>(() => {})
      : clock.sleep(PATIENCE_MS, timer.signal).then(
          () => true,
          () => true,
        );
    for (let round = 0; round < MAX_ROUNDS && !this.#isSettled(); round += 1) {
      const synced = Promise.all(this.#sets().map((set) => set.synced())).then(() => false);
      if (await Promise.race([synced, late])) {
        log.warn('Objects that interfaces name are late; what is missing denies', {});
        break;
      }
      this.#follow();
    }
    timer.abort();
  }

  /** Watches what the objects of now name; what is no longer named may lead to fewer still. */
  #follow(): void {
    for (let own = this.#ownObjects(); own !== this.#followed; own = this.#ownObjects()) {
      this.#followed = own;
      const { instance, interfaces, peerings, groups } = own;
      const trunks = this.#attached.list().filter(({ spec }) => spec.interfaceType === 'trunk');
      this.#branches.want(trunks.map(({ metadata }) => metadata.name));
      this.#slices.want(vpcsInReach(instance?.spec.vpcId, peerings));
      this.#groups.want(interfaces.flatMap(({ spec }) => spec.groups));
      const rules = groups.flatMap(({ spec }) => spec.rules);
      this.#prefixLists.want(rules.flatMap(({ prefixListId }) => prefixListId ?? []));
    }
  }

  #ownObjects(): OwnObjects {
    this.#own ??= {
      instance: this.#instance.list()[0],
      interfaces: [...this.#attached.list(), ...this.#branches.list()],
      subnets: this.#subnets.list(),
      vpcs: this.#vpcs.list(),
      peerings: this.#peerings.list(),
      networkAcls: this.#networkAcls.list(),
      groups: this.#groups.list(),
      prefixLists: this.#prefixLists.list(),
    };
    return this.#own;
  }

  #changed(): void {
    this.#own = undefined;
    this.#tell();
  }

  #sets(): readonly Pick<WatchSet<KubeObject>, 'close' | 'synced' | 'isSynced'>[] {
    return [this.#branches, this.#slices, this.#groups, this.#prefixLists];
  }

  #tell(): void {
    for (const subscriber of this.#subscribers) subscriber();
  }
}

/** The VPC itself and those at the other ends of its active peerings. */
function vpcsInReach(
  vpcId: string | undefined,
  peerings: readonly VpcPeeringConnection[],
): readonly string[] {
  if (vpcId === undefined) return [];
  const ends = peerings
    .filter(({ spec }) => spec.status === 'active')
    .map(({ spec }) => [spec.requester.vpcId, spec.accepter.vpcId])
    .filter((both) => both.includes(vpcId));
  return [...new Set([vpcId, ...ends.flat()])];
}
