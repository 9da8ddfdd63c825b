import type { KubeClient } from '../../api/client.ts';
import { LEASES, type Lease } from '../../api/core/lease.ts';
import { isKubeError } from '../../api/kube-error.ts';
import { URL_ANNOTATION } from '../../api/names.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';

/** Times and names of an election. */
export interface ElectionSettings {
  /** Unlike that of any other process, also of an earlier one. */
  readonly identity: string;
  /** Where the others reach us. */
  readonly url: string;
  readonly namespace: string;
  readonly name: string;
  readonly leaseMs: number;
  readonly renewMs: number;
}

interface Deps extends ElectionSettings {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** Part of the lease in which we no longer count on it: clocks run at slightly different speeds. */
const MARGIN = 0.2;

/**
 * One writer by a Kubernetes Lease. The number of transitions is the writer's epoch: it grows with
 * every change of holder, also when the same process comes back.
 *
 * INVARIANT: while `holds()` is true nobody else can have taken the lease. The others wait a whole
 * lease after they saw it renewed; we count from before the request that renewed it, and less.
 */
export class Election {
  readonly #deps: Deps;
  #epoch = 0;
  #heldUntilMs = -Infinity;
  #leaderUrl: string | undefined;
  #abandoned = false;
  #seen: { readonly version: string; readonly atMs: number } | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Whether we are certainly the only writer at this moment. */
  holds(): boolean {
    return this.#deps.clock.monotonicMs() < this.#heldUntilMs;
  }

  /**
   * Ends the term: a write may be stored that nobody here knows of. If the lease comes back, it
   * does so under a new epoch, and everything is loaded again.
   */
  abandon(): void {
    this.#heldUntilMs = -Infinity;
    this.#abandoned = true;
  }

  /** The epoch of our latest term; 0 before the first. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Where the writer listens, when it is another. */
  get leaderUrl(): string | undefined {
    return this.holds() ? undefined : this.#leaderUrl;
  }

  /** Tries to take or keep the lease until the signal aborts; `lead` runs once per term. */
  async run(signal: AbortSignal, lead: () => void): Promise<void> {
    const { clock, log, renewMs } = this.#deps;
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      const before = this.#epoch;
      const step = this.#step().catch((error: unknown) => {
        if (!signal.aborted) log.warn('Lease not reached', { error });
      });
      await Promise.race([step, aborted]);
      if (this.#epoch !== before) lead();
      await clock.sleep(renewMs, signal).catch(() => {});
    }
  }

  /** Gives the lease up, so that another need not wait for its end. */
  async release(): Promise<void> {
    if (!this.holds()) return;
    this.#heldUntilMs = -Infinity;
    const lease = await this.#read();
    if (lease?.spec?.holderIdentity !== this.#deps.identity) return;
    await this.#deps.kube.replace(LEASES, {
      ...lease,
      spec: { ...lease.spec, holderIdentity: '' },
    });
  }

  async #step(): Promise<void> {
    const startedMs = this.#deps.clock.monotonicMs();
    const lease = await this.#read();
    if (lease === undefined) return this.#take(undefined, startedMs);
    const ours = lease.spec?.holderIdentity === this.#deps.identity;
    if (ours && lease.spec.leaseTransitions === this.#epoch && !this.#abandoned)
      return this.#write(lease, { startedMs, epoch: this.#epoch });
    if (!ours) this.#leaderUrl = lease.metadata.annotations?.[URL_ANNOTATION];
    if (ours || this.#isFree(lease)) await this.#take(lease, startedMs);
  }

  #read(): Promise<Lease | undefined> {
    const { kube, namespace, name } = this.#deps;
    return kube.get(LEASES, { namespace, name });
  }

  /** Given up, or, by our own clock, not renewed for a whole lease. */
  #isFree(lease: Lease): boolean {
    if (lease.spec?.holderIdentity === '') return true;
    const nowMs = this.#deps.clock.monotonicMs();
    const version = `${lease.metadata.uid}/${lease.metadata.resourceVersion}`;
    if (this.#seen?.version !== version) this.#seen = { version, atMs: nowMs };
    const leaseMs = (lease.spec?.leaseDurationSeconds ?? 0) * 1000;
    return nowMs - this.#seen.atMs >= Math.max(leaseMs, this.#deps.leaseMs);
  }

  #take(lease: Lease | undefined, startedMs: number): Promise<void> {
    const epoch = Math.max(lease?.spec?.leaseTransitions ?? 0, this.#epoch) + 1;
    return this.#write(lease, { startedMs, epoch });
  }

  async #write(
    lease: Lease | undefined,
    { startedMs, epoch }: { readonly startedMs: number; readonly epoch: number },
  ): Promise<void> {
    const wanted = this.#wanted(lease, epoch);
    try {
      const { kube } = this.#deps;
      await (lease === undefined ? kube.create(LEASES, wanted) : kube.replace(LEASES, wanted));
    } catch (error) {
      if (isKubeError(error, 'Conflict') || isKubeError(error, 'AlreadyExists')) return;
      throw error;
    }
    if (epoch !== this.#epoch) this.#abandoned = false;
    if (this.#abandoned) return;
    this.#epoch = epoch;
    this.#heldUntilMs = startedMs + this.#deps.leaseMs * (1 - MARGIN);
  }

  #wanted(lease: Lease | undefined, epoch: number): Lease {
    const { identity, url, namespace, name, leaseMs, clock } = this.#deps;
    const now = new Date(clock.nowMs()).toISOString().replace('Z', '000Z');
    const taken = epoch !== lease?.spec?.leaseTransitions;
    return {
      ...lease,
      metadata: {
        ...(lease?.metadata ?? { namespace, name }),
        annotations: { ...lease?.metadata.annotations, [URL_ANNOTATION]: url },
      },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.max(1, Math.ceil(leaseMs / 1000)),
        acquireTime: taken ? now : (lease.spec?.acquireTime ?? now),
        renewTime: now,
        leaseTransitions: epoch,
      },
    };
  }
}
