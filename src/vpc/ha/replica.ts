import type { KubeClient } from '../../api/client.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { randomHex, type Random } from '../../base/random.ts';
import type { Dispatch } from '../dispatch.ts';
import type { Collection, Judge } from '../store/collection.ts';
import type { KubeObject } from '../../api/meta.ts';
import { collectionsOf, type Store } from '../store/store.ts';
import { Election, type ElectionSettings } from './election.ts';
import { epochOf, FencedKube, isMarkedDeleted, writerOf } from './fenced-kube.ts';
import { withForwarding } from './forward.ts';

/** Makes a server one of several over the same Kubernetes. */
export interface HaSettings extends Partial<
  Pick<ElectionSettings, 'namespace' | 'name' | 'leaseMs' | 'renewMs'>
> {
  /** Where the others reach us, given the port that we listen on. */
  readonly url: (port: number) => string;
  /** Certificate authority of the others' HTTPS. */
  readonly caPem?: string | undefined;
}

/** As Kubernetes' own controllers have it. */
const DEFAULTS = {
  namespace: 'default',
  name: 'trunkline-vpc-api',
  leaseMs: 15_000,
  renewMs: 5_000,
} as const;

interface Deps {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** One of several servers: reads from its own memory, writes while it leads, forwards otherwise. */
export class Replica {
  /** For the store: writes are fenced. */
  readonly kube: KubeClient;
  readonly #deps: Deps;
  readonly #settings: HaSettings;
  readonly #stop = new AbortController();
  #election: Election | undefined;
  /** The epoch whose state is loaded and swept; only then may it write. */
  #readyEpoch = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(settings: HaSettings, deps: Deps) {
    this.#settings = settings;
    this.#deps = deps;
    this.kube = new FencedKube(deps.kube, {
      holds: () => this.#election?.holds() ?? false,
      epoch: () => this.#election?.epoch ?? 0,
      abandon: () => this.#election?.abandon(),
    });
  }

  /** Whether we answer writes ourselves. */
  leads(): boolean {
    const election = this.#election;
    return election !== undefined && election.holds() && this.#readyEpoch === election.epoch;
  }

  /** Sends what only the writer may answer to it. */
  route(dispatch: Dispatch, store: Store): Dispatch {
    return withForwarding(dispatch, {
      store,
      clock: this.#deps.clock,
      caPem: this.#settings.caPem,
      leads: () => this.leads(),
      leaderUrl: () => this.#election?.leaderUrl,
    });
  }

  /**
   * Runs for election; at the start of each term `prepare` brings the state in order, and `ready` is
   * told when we lead.
   */
  start(
    port: number,
    store: Store,
    { prepare, ready }: { readonly prepare: () => Promise<void>; readonly ready: () => void },
  ): void {
    const { clock, random, log, kube } = this.#deps;
    const { url, caPem: _ca, ...times } = this.#settings;
    const election = new Election({
      ...DEFAULTS,
      ...times,
      kube,
      clock,
      log,
      identity: `vpc-api-${randomHex(random, 16)}`,
      url: url(port),
    });
    this.#election = election;
    for (const collection of collectionsOf(store)) collection.judgeBy(this.#judge);
    this.#running = election.run(this.#stop.signal, () => {
      const { epoch } = election;
      log.info('Elected to write', { epoch });
      this.#takeOver(store, prepare).then(
        () => {
          this.#readyEpoch = epoch;
          ready();
        },
        (error: unknown) => log.error('Could not take over', { epoch, error }),
      );
    });
  }

  /** Stops running and lets another begin at once. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#election?.release().catch(() => {});
  }

  /** Everything that earlier writers stored is loaded before the first write. */
  async #takeOver(store: Store, prepare: () => Promise<void>): Promise<void> {
    for (const collection of collectionsOf(store)) {
      const objects = await collection.reload();
      for (const object of objects)
        if (isMarkedDeleted(object)) await collection.remove(object.metadata.name);
    }
    await prepare();
  }

  readonly #judge: Judge = (object, known, collection) => {
    if (this.#isStale(object, known)) return this.#undo(object, collection);
    return isMarkedDeleted(object) ? 'deleted' : 'good';
  };

  /** Written by an earlier writer after we had listed everything; agents do not change the stamp. */
  #isStale(object: KubeObject, known: KubeObject | undefined): boolean {
    const stamp = writerOf(object);
    if (!this.leads() || stamp === undefined) return false;
    if (epochOf(stamp) >= (this.#election?.epoch ?? 0)) return false;
    return known === undefined || writerOf(known) !== stamp;
  }

  #undo(object: KubeObject, collection: Collection<KubeObject>): 'stale' {
    const { log } = this.#deps;
    const { name } = object.metadata;
    log.warn('Undoing the late write of an earlier writer', { name, kind: object.kind });
    collection.undo(object).catch((error: unknown) => log.error('Not undone', { name, error }));
    return 'stale';
  }
}
