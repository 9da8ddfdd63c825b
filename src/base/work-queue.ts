import { backoffMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** What a work queue needs. */
export interface WorkQueueOptions {
  /** For logs. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Keys worked on at once; one unless told. */
  readonly concurrency?: number;
  /** Does the work of one key; answers after how many ms to look again, if at all. */
  readonly run: (key: string, signal: AbortSignal) => Promise<number | undefined>;
  /** The wait in ms after the n-th failure in a row (from 1); the one of `backoffMs` unless told. */
  readonly retryMs?: (error: unknown, failures: number) => number;
}

/** Keys with work to do. A key is worked on once at a time, and once more if added meanwhile. */
export interface WorkQueue {
  /** Work on the key as soon as there is room, whatever back-off it is in. */
  add(key: string): void;
  /** Work on the key after a while, unless it is already due sooner. */
  addAfter(key: string, delayMs: number): void;
  /** Starts no more work, aborts the signal of what runs, and resolves when that has ended. */
  close(): Promise<void>;
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
  readonly #stop = new AbortController();

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
    const { clock } = this.#options;
    const { signal } = this.#stop;
    const dueMs = clock.monotonicMs() + delayMs;
    const known = this.#timers.get(key);
    if (this.#waiting.has(key) || (known && known.dueMs <= dueMs) || signal.aborted) return;
    known?.abort.abort();
    const abort = new AbortController();
    this.#timers.set(key, { dueMs, abort });
    void this.#fireLater(key, delayMs, abort);
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error(`The queue ${this.#options.name} is closed`));
    this.#waiting.clear();
    while (this.#active.size > 0) await Promise.all(this.#active.values());
  }

  async #fireLater(key: string, delayMs: number, abort: AbortController): Promise<void> {
    const { clock } = this.#options;
    try {
      await clock.sleep(delayMs, AbortSignal.any([this.#stop.signal, abort.signal]));
    } catch {
      return;
    }
    if (this.#timers.get(key)?.abort === abort) this.add(key);
  }

  #fill(): void {
    const { concurrency = 1 } = this.#options;
    const { signal } = this.#stop;
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
    const { run, name, log } = this.#options;
    const { signal } = this.#stop;
    try {
      const againMs = await run(key, signal);
      this.#failures.delete(key);
      return againMs;
    } catch (error) {
      if (signal.aborted) return undefined;
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const retryMs = this.#options.retryMs?.(error, failures) ?? backoffMs(failures);
      log.warn('Work failed, will retry', { queue: name, key, failures, retryMs, error });
      return retryMs;
    }
  }
}
