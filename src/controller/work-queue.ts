import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';

/** What a work queue needs; it stops when the signal aborts. */
export interface WorkQueueOptions {
  /** For logs. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly concurrency: number;
  /** Does the work of one key; answers after how many ms to look again, if at all. */
  readonly run: (key: string) => Promise<number | undefined>;
}

/** Keys with work to do. A key is worked on once at a time, and once more if added meanwhile. */
export interface WorkQueue {
  /** Work on the key as soon as there is room, whatever back-off it is in. */
  add(key: string): void;
  /** Work on the key after a while, unless it is already due sooner. */
  addAfter(key: string, delayMs: number): void;
  /** Resolves when nothing is being worked on any more; call after the signal aborted. */
  drained(): Promise<void>;
}

/** Waits after failures. Transient ones (throttling, conflicts) are tried again much sooner. */
export const BACKOFF_MS: Readonly<
  Record<'transient' | 'lasting', { readonly first: number; readonly ceiling: number }>
> = {
  transient: { first: 200, ceiling: 30_000 },
  lasting: { first: 2_000, ceiling: 120_000 },
};

/** The wait after the n-th failure in a row (from 1): doubled each time up to the ceiling. */
export function backoffMs(error: unknown, failures: number): number {
  const { retry } = (error ?? {}) as { retry?: unknown };
  const { first, ceiling } = retry === 'backoff' ? BACKOFF_MS.transient : BACKOFF_MS.lasting;
  return Math.min(first * 2 ** Math.min(failures - 1, 20), ceiling);
}

/** Makes a work queue. It never forgets a key that failed: it retries, ever more slowly. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  return new KeyedQueue(options);
}

interface Timer {
  readonly dueMs: number;
  readonly abort: AbortController;
}

class KeyedQueue implements WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #active = new Map<string, Promise<void>>();
  /** Keys added while active. */
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, Timer>();
  readonly #failures = new Map<string, number>();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    this.#timers.get(key)?.abort.abort();
    this.#timers.delete(key);
    if (this.#active.has(key)) this.#again.add(key);
    else this.#waiting.add(key);
    this.#fill();
  }

  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const { clock, signal } = this.#options;
    const dueMs = clock.monotonicMs() + delayMs;
    const known = this.#timers.get(key);
    if (this.#waiting.has(key) || (known && known.dueMs <= dueMs) || signal.aborted) return;
    known?.abort.abort();
    const abort = new AbortController();
    this.#timers.set(key, { dueMs, abort });
    void this.#fireLater(key, delayMs, abort);
  }

  async drained(): Promise<void> {
    while (this.#active.size > 0) await Promise.all(this.#active.values());
  }

  async #fireLater(key: string, delayMs: number, abort: AbortController): Promise<void> {
    const { clock, signal } = this.#options;
    try {
      await clock.sleep(delayMs, AbortSignal.any([signal, abort.signal]));
    } catch {
      return;
    }
    if (this.#timers.get(key)?.abort === abort) this.add(key);
  }

  #fill(): void {
    const { concurrency, signal } = this.#options;
    for (const key of this.#waiting) {
      if (signal.aborted || this.#active.size >= concurrency) return;
      this.#waiting.delete(key);
      this.#active.set(key, this.#work(key));
    }
  }

  async #work(key: string): Promise<void> {
    // A turn later, so that `active` holds the key before any of its work runs.
    await Promise.resolve();
    const againMs = await this.#attempt(key);
    this.#active.delete(key);
    if (this.#again.delete(key)) this.add(key);
    else if (againMs !== undefined) this.addAfter(key, againMs);
    this.#fill();
  }

  async #attempt(key: string): Promise<number | undefined> {
    const { run, name, log, signal } = this.#options;
    try {
      const againMs = await run(key);
      this.#failures.delete(key);
      return againMs;
    } catch (error) {
      if (signal.aborted) return undefined;
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const retryMs = backoffMs(error, failures);
      log.warn('Work failed, will retry', { queue: name, key, failures, retryMs, error });
      return retryMs;
    }
  }
}
