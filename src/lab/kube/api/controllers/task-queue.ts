import type { Clock } from '../../../../base/clock.ts';
import type { Log } from '../../../../base/log.ts';

/** Runs one task per key, one at a time; a key that is added while it waits is run once. */
export interface TaskQueue {
  add(key: string): void;
  /** Adds the key after a while, unless the queue is closed before. */
  addAfter(key: string, delayMs: number): void;
  /** Drops what waits and ends after the running task. */
  close(): Promise<void>;
}

const RETRY_FIRST_MS = 100;
const RETRY_LAST_MS = 30_000;

interface Deps {
  readonly clock: Clock;
  readonly log: Log;
}

/** A queue that runs `task` for each key, again after a growing pause when it fails. */
export function createTaskQueue(
  { clock, log }: Deps,
  name: string,
  task: (key: string) => Promise<void>,
): TaskQueue {
  const waiting = new Set<string>();
  const failures = new Map<string, number>();
  const closing = new AbortController();
  let running: Promise<void> | undefined;

  const addLater = async (key: string, delayMs: number): Promise<void> => {
    try {
      await clock.sleep(delayMs, closing.signal);
      add(key);
    } catch {
      // Closed meanwhile.
    }
  };
  const retryLater = (key: string): Promise<void> => {
    const count = failures.get(key) ?? 0;
    failures.set(key, count + 1);
    return addLater(key, Math.min(RETRY_FIRST_MS * 2 ** count, RETRY_LAST_MS));
  };
  const run = async (): Promise<void> => {
    for (const key of waiting) {
      if (closing.signal.aborted) return;
      waiting.delete(key);
      try {
        await task(key);
        failures.delete(key);
      } catch (error) {
        const fields = { queue: name, key, error: String(error) };
        log.debug('A task failed and will be tried again', fields);
        void retryLater(key);
      }
    }
  };
  const add = (key: string): void => {
    if (closing.signal.aborted) return;
    waiting.add(key);
    // Start after the present write is done: listeners of the store run in the middle of one.
    running ??= Promise.resolve()
      .then(run)
      .finally(() => {
        running = undefined;
        const [next] = waiting;
        if (next !== undefined) add(next);
      });
  };
  return {
    add,
    addAfter: (key, delayMs) => void addLater(key, delayMs),
    close: async () => {
      closing.abort(new Error('The API server is closing'));
      await running;
    },
  };
}
