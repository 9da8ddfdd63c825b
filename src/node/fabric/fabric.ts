import type { Informers } from '../../api/informer.ts';
import { changedItems } from '../../base/changed-items.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Network, NetworkStep, Nft, NftBatch } from '../../base/network.ts';
import type { FabricState } from '../../dataplane/state.ts';
import { Lock } from '../agent/lock.ts';
import { decideFabric, decideHost } from './decide.ts';
import {
  desiredFabric,
  filterState,
  remotesIn,
  type DesiredFabric,
  type DesiredPort,
} from './desired.ts';
import { FilterLoader } from './filter.ts';
import { remoteSteps } from './forwarding.ts';
import { closeFabric, UPLINK } from './setup.ts';
import { FabricSource } from './source.ts';

/** What a fabric needs. */
export interface FabricOptions {
  readonly instanceId: string;
  readonly hostNetns: string;
  readonly fabricNetns: string;
  readonly underlay: { readonly link: string; readonly address: string };
  readonly informers: Informers;
  readonly network: Network;
  readonly nft: Nft;
  /** The fast way to change the filter; without it, all goes through `nft`. */
  readonly nftBatch?: NftBatch | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Branches that a pod is wired to now. */
  readonly wired: () => ReadonlySet<string>;
  readonly observer?: FabricObserver | undefined;
}

/** Somebody who looks at what the filter does. */
export interface FabricObserver {
  /** Whether the program shall log samples of what it drops; the fabric is kicked when that changes. */
  readonly recording: boolean;
  /** The filter enforces this state from now on. */
  enforced(state: FabricState): void;
  /** The kernel cannot log: the filter is in force without. */
  refused(error: unknown): void;
}

/** How far a port has come. */
export type PortStage = 'enforced' | 'settled';

const NOTHING: DesiredFabric = {
  ports: [],
  others: [],
  gateways: [],
  gateways6: [],
  vpcId: undefined,
  filter: { world: { groups: new Map(), interfaces: [] }, ports: [] },
};
/** Changes within this time are applied together. */
const COALESCE_MS = 2;
/** A cycle that comes later than this after the last comparison with the kernel makes one. */
const COMPARE_EVERY_MS = 30_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** Largest MTU of EC2 interfaces, in bytes. */
const LARGEST_MTU = 9001;
/** Outer Ethernet, IPv4, UDP and VXLAN headers. */
const VXLAN_OVERHEAD_BYTES = 50;

/**
 * The "card" of a host: keeps the fabric namespace equal to what the VPC's objects say. Level
 * triggered: each cycle derives the whole, compares it with what the kernel has, and applies the
 * difference, so that a restart adopts what is there. Where only other hosts changed, it compares
 * with what it applied last, so that the cost is that of the change. The filter always comes first: a port's
 * addresses and routes appear only when the program that covers it is in force.
 */
export class Fabric {
  readonly #options: FabricOptions;
  readonly #source: FabricSource;
  readonly #filter: FilterLoader;
  readonly #lock = new Lock();
  readonly #waiters = new Set<() => void>();
  #enforced: DesiredFabric = NOTHING;
  #settled: DesiredFabric = NOTHING;
  #mtu = LARGEST_MTU;
  #dirty = false;
  /** Whether the next cycle looks at the kernel, whatever differs. */
  #compareAll = true;
  #comparedMs = 0;
  #running: Promise<void> | undefined;
  #lastError: string | undefined;

  constructor(options: FabricOptions) {
    this.#options = options;
    this.#source = new FabricSource(options);
    this.#filter = new FilterLoader(options.nft, options.fabricNetns, options.nftBatch);
  }

  /** MTU of ports and of what is wired to them, in bytes. */
  get mtu(): number {
    return this.#mtu;
  }

  /** Closes the fabric, reads the VPC's objects and applies them once. */
  async start(): Promise<void> {
    const { network, fabricNetns, underlay } = this.#options;
    await this.#filter.close();
    const links = await network.links(fabricNetns);
    const carrier = links.find((link) => link.name === underlay.link);
    if (carrier) this.#mtu = Math.min(LARGEST_MTU, carrier.mtu - VXLAN_OVERHEAD_BYTES);
    await closeFabric(this.#options, { mtu: this.#mtu, links });
    await this.#source.start();
    this.#source.subscribe(() => this.#ask());
    this.kick();
    await this.#running;
  }

  /** Asks for a cycle soon that compares all with the kernel; many calls make one cycle. */
  kick(): void {
    this.#compareAll = true;
    this.#ask();
  }

  #ask(): void {
    this.#dirty = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Runs `action` while no cycle changes links; the way in for the wiring of pods. */
  exclusive<T>(action: () => Promise<T>): Promise<T> {
    return this.#lock.run(action);
  }

  /** The port of an interface once it has come to `stage` and `ready` holds; undefined in time. */
  async port(
    stage: PortStage,
    ready: (port: DesiredPort) => boolean,
    timeoutMs: number,
  ): Promise<DesiredPort | undefined> {
    const find = (): DesiredPort | undefined =>
      (stage === 'enforced' ? this.#enforced : this.#settled).ports.find(ready);
    const now = find();
    if (now || timeoutMs <= 0) return now;
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (find()) resolve();
    };
    this.#waiters.add(check);
    const timer = new AbortController();
    const signal = AbortSignal.any([timer.signal, this.#options.signal]);
    const expired = this.#options.clock.sleep(timeoutMs, signal).catch(() => {});
    await Promise.race([promise, expired]);
    timer.abort();
    this.#waiters.delete(check);
    return find();
  }

  /** Id of the interface whose port the link is; the link's own name when it is none. */
  interfaceOf(link: string): string {
    return this.#enforced.ports.find((port) => port.link === link)?.eniId ?? link;
  }

  /** For people and tests. */
  status(): object {
    return {
      ports: this.#settled.ports.map(({ eniId, link, hostLink, addresses }) => ({
        eniId,
        link,
        hostLink,
        addresses,
      })),
      remotes: remotesIn(this.#settled).length,
      programVersion: this.#filter.version,
      mtu: this.#mtu,
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    };
  }

  /** Stops following changes. What is in the kernel stays: traffic goes on. */
  async close(): Promise<void> {
    this.#source.close();
    this.#dirty = false;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, log, signal } = this.#options;
    let retryMs = FIRST_RETRY_MS;
    await clock.sleep(COALESCE_MS, signal).catch(() => {});
    while (this.#dirty && !signal.aborted) {
      this.#dirty = false;
      try {
        await this.#cycle();
        this.#lastError = undefined;
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        this.#lastError = String(error);
        this.#compareAll = true;
        log.error('Fabric cycle failed', { error });
        this.#dirty = true;
        await clock.sleep(retryMs, signal).catch(() => {});
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
    }
  }

  async #cycle(): Promise<void> {
    const { underlay } = this.#options;
    const objects = await this.#source.read();
    const desired = desiredFabric(objects);
    const links = { uplink: UPLINK, underlay: underlay.link };
    await this.#load(filterState(desired, links));
    this.#enforced = desired;
    this.#wake();
    await this.#lock.run(() =>
      this.#isAboutOthers(desired) ? this.#follow(desired) : this.#settle(desired),
    );
    this.#settled = desired;
    this.#wake();
  }

  /** Whether nothing of this host differs, so that the kernel need not be looked at. */
  #isAboutOthers(desired: DesiredFabric): boolean {
    const isFresh = this.#options.clock.monotonicMs() - this.#comparedMs < COMPARE_EVERY_MS;
    return !this.#compareAll && isFresh && hasSameLinks(desired, this.#settled);
  }

  /** Applies what differs in the slices of other hosts. */
  async #follow(desired: DesiredFabric): Promise<void> {
    const { network, fabricNetns, log } = this.#options;
    const { gone, come } = changedItems(this.#settled.others, desired.others);
    const rest = () => remotesIn({ others: desired.others.filter((one) => !come.includes(one)) });
    const change = { gone: remotesIn({ others: gone }), come: remotesIn({ others: come }), rest };
    const steps = remoteSteps(change, UPLINK);
    if (steps.length === 0) return;
    await network.apply(fabricNetns, steps);
    log.info('Fabric follows other hosts', { hosts: come.length, steps: steps.length });
  }

  /** A kernel that cannot log must not be without a filter for it. */
  async #load(state: FabricState): Promise<void> {
    const { observer } = this.#options;
    try {
      await this.#filter.apply(
        observer?.recording === true ? { ...state, recording: true } : state,
      );
    } catch (error) {
      if (observer?.recording !== true) throw error;
      await this.#filter.apply(state);
      observer.refused(error);
    }
    observer?.enforced(state);
  }

  async #settle(desired: DesiredFabric): Promise<void> {
    const { network, fabricNetns, hostNetns, wired, log, clock } = this.#options;
    this.#compareAll = false;
    this.#comparedMs = clock.monotonicMs();
    const state = await network.read(fabricNetns);
    const steps = decideFabric({
      desired,
      wired: wired(),
      state,
      hostNetns,
      uplink: UPLINK,
      mtu: this.#mtu,
    });
    await network.apply(fabricNetns, steps);
    const hostSteps = decideHost(desired.ports, await network.read(hostNetns));
    await network.apply(hostNetns, hostSteps);
    await this.#loosenPrimary(hostSteps);
    if (steps.length + hostSteps.length > 0)
      log.info('Fabric changed', { steps: steps.length, hostSteps: hostSteps.length });
  }

  /** As the init container of the AWS CNI does (spec 5.6). */
  async #loosenPrimary(hostSteps: readonly NetworkStep[]): Promise<void> {
    if (!hostSteps.some((step) => step.op === 'link-set' && step.name === 'eth0')) return;
    const { network, hostNetns } = this.#options;
    await network.sysctl(hostNetns, { 'net/ipv4/conf/eth0/rp_filter': '2' });
  }

  #wake(): void {
    for (const check of this.#waiters) check();
  }
}

/** Whether two fabrics have the same ports and routers; rules may differ. */
function hasSameLinks(a: DesiredFabric, b: DesiredFabric): boolean {
  if (a.ports === b.ports) return true;
  const links = ({ ports, gateways, gateways6 }: DesiredFabric): string =>
    JSON.stringify([ports, gateways, gateways6]);
  return links(a) === links(b);
}
