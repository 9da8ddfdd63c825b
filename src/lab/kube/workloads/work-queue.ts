import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';

/** First delay after a failed pass, doubled by each further failure. */
const BACKOFF_FIRST_MS = 50;
/** Longest delay between two passes over a key that keeps failing. */
const BACKOFF_MAX_MS = 10_000;
/** Keys waiting at once; a lab never comes near, so more means a loop. */
const MAX_KEYS = 10_000;

/** What a pass over one key answers: nothing, or when to look again. */
export type Requeue = { readonly afterMs: number } | undefined;

/** Work to be done by key: a key added twice before its turn is handled once. */
export interface WorkQueue {
  add(key: string): void;
  /** Stops, and resolves when the pass under way has ended. */
  close(): Promise<void>;
}

/** What a queue needs. `reconcile` sees one key at a time: passes never overlap. */
export interface WorkQueueOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Requeue>;
}

/** Delay before pass number `failures + 1` over a key: 50 ms, 100 ms, ... 10 s. */
export function backoffMs(failures: number): number {
  return Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(failures - 1, 20), BACKOFF_MAX_MS);
}

/**
 * A level-triggered queue: keys say that something about an object may have changed, and the pass
 * reads what is true now. Failed keys come back with exponential delays.
 */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  return new Queue(options);
}

class Queue implements WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #ready = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#stop.signal.aborted) return;
    if (this.#ready.size >= MAX_KEYS) {
      this.#options.log.error('Work queue is full', { queue: this.#options.name, key });
      return;
    }
    this.#ready.add(key);
    this.#start();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#ready.clear();
    await this.#running;
  }

  #start(): void {
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
      // A key may have come after the last look at the set.
      if (this.#ready.size > 0 && !this.#stop.signal.aborted) this.#start();
    });
  }

  async #drain(): Promise<void> {
    // Let the events of one moment gather, so that a burst costs one pass per key.
    await Promise.resolve();
    for (const key of this.#ready) {
      if (this.#stop.signal.aborted) return;
      this.#ready.delete(key);
      await this.#pass(key);
    }
  }

  async #pass(key: string): Promise<void> {
    try {
      const requeue = await this.#options.reconcile(key, this.#stop.signal);
      this.#failures.delete(key);
      if (requeue) this.#addAfter(key, requeue.afterMs);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const { log, name } = this.#options;
      log.warn('Pass failed; will retry', { queue: name, key, failures, error: String(error) });
      this.#addAfter(key, backoffMs(failures));
    }
  }

  #addAfter(key: string, delayMs: number): void {
    this.#options.clock.sleep(delayMs, this.#stop.signal).then(
      () => this.add(key),
      () => undefined,
    );
  }
}
