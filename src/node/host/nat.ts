import type { Informer, Informers } from '../../api/informer.ts';
import { INSTANCES, type Instance } from '../../api/vpc/instance.ts';
import { VPCS, type Vpc } from '../../api/vpc/vpc.ts';
import { parseCidr } from '../../base/cidr.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { NftError, type Nft } from '../../base/network.ts';
import type { Fabric } from '../fabric/fabric.ts';
import { Lock } from '../agent/lock.ts';
import { natProgram, NAT_TABLE, type NatFacts } from './nat-program.ts';
import type { HostSettings } from './settings.ts';

/** What keeping the NAT rules needs. */
export interface NatOptions {
  readonly instanceId: string;
  readonly hostNetns: string;
  readonly settings: HostSettings;
  readonly fabric: Pick<Fabric, 'port'>;
  readonly informers: Informers;
  readonly nft: Nft;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How often the kernel is compared, as often as AWS's agent does. */
const COMPARE_EVERY_MS = 30_000;
/** Longest wait for the primary interface at start. */
const PRIMARY_TIMEOUT_MS = 5_000;

/**
 * Keeps the NAT rules of the host (nat-program.ts): follows the blocks of the VPC, and puts back what
 * somebody changed. The whole table is replaced in one step, so stale chains do not stay.
 */
export class HostNat {
  readonly #options: NatOptions;
  readonly #instance: Informer<Instance>;
  readonly #vpcs: Informer<Vpc>;
  readonly #lock = new Lock();
  /** The table as it was listed after the last change, and the script that made it. */
  #applied: { readonly script: string; readonly listed: string } | undefined;
  #unsubscribe: () => void = () => {};
  #comparing: Promise<void> = Promise.resolve();

  constructor(options: NatOptions) {
    this.#options = options;
    const { informers, instanceId } = options;
    this.#instance = informers.informer(INSTANCES, {
      fieldSelector: `metadata.name=${instanceId}`,
    });
    this.#vpcs = informers.informer(VPCS);
  }

  /** Resolves once the rules are in force; rejects when the kernel refuses them. */
  async start(): Promise<void> {
    await Promise.all([this.#vpcs.synced, this.#instance.synced]);
    const reconcile = (): Promise<void> => this.#lock.run(() => this.#reconcile());
    await reconcile();
    const { log } = this.#options;
    const later = (): Promise<void> =>
      reconcile().catch((error: unknown) => log.error('Cannot set the NAT rules', { error }));
    this.#unsubscribe = this.#vpcs.subscribe(({ object }) => {
      if (object.metadata.name === this.#vpcId()) void later();
    });
    this.#comparing = this.#compare(later);
  }

  /** Stops following changes. The rules stay: traffic goes on. */
  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#comparing;
    await this.#lock.run(() => Promise.resolve());
  }

  async #compare(reconcile: () => Promise<void>): Promise<void> {
    const { clock, signal } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(COMPARE_EVERY_MS, signal).catch(() => {});
      if (!signal.aborted) await reconcile();
    }
  }

  #vpcId(): string {
    return this.#instance.list()[0]?.spec.vpcId ?? '';
  }

  async #reconcile(): Promise<void> {
    const { nft, hostNetns, settings, log } = this.#options;
    const script = natProgram(settings, await this.#facts());
    if (this.#applied?.script === script && this.#applied.listed === (await this.#listed())) return;
    await nft.apply(hostNetns, script);
    this.#applied = { script, listed: await this.#listed() };
    log.info('NAT rules set', { externalSnat: settings.externalSnat });
  }

  /** The table's text; '' when there is none. */
  async #listed(): Promise<string> {
    try {
      return await this.#options.nft.list(this.#options.hostNetns, NAT_TABLE);
    } catch (error) {
      if (error instanceof NftError && error.code === 'not-found') return '';
      throw error;
    }
  }

  /** Undefined on a node without IPv4: such a node translates nothing. */
  async #facts(): Promise<NatFacts | undefined> {
    const primary = await this.#options.fabric.port(
      'settled',
      (one) => one.device?.index === 0,
      PRIMARY_TIMEOUT_MS,
    );
    const [address] = primary?.addresses ?? [];
    const vpc = this.#vpcs.get({ name: this.#vpcId() });
    if (!primary || address === undefined || !vpc) return undefined;
    const cidrs = vpc.spec.cidrBlocks.map(({ cidr }) => cidr);
    const vpcCidrs = cidrs.filter((cidr) => parseCidr(cidr).ok).toSorted();
    return { link: primary.hostLink, address, vpcCidrs };
  }
}
