import type { Clock } from './clock.ts';

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends Clock {
  /** Lets the time pass; sleepers wake in order, each with the time at which it is due. */
  advance(durationMs: number): Promise<void>;
  /** Lets everything run that does not wait for time. */
  settle(): Promise<void>;
  /** How many sleeps are under way. */
  readonly sleepers: number;
}

/** Turns of the event loop in which chains of promises come to rest. */
const TURNS = 12;

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock for tests. Starts at 2026-01-01 unless told otherwise. */
export function createFakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = startMs;
  const sleepers = new Set<Sleeper>();

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < TURNS; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  const advance = async (durationMs: number): Promise<void> => {
    const untilMs = nowMs + durationMs;
    await settle();
    for (;;) {
      const [next] = [...sleepers].sort((left, right) => left.dueMs - right.dueMs);
      if (!next || next.dueMs > untilMs) break;
      nowMs = Math.max(nowMs, next.dueMs);
      sleepers.delete(next);
      next.wake();
      await settle();
    }
    nowMs = untilMs;
  };

  const sleep = (durationMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      const sleeper: Sleeper = {
        dueMs: nowMs + durationMs,
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });

  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    sleep,
    advance,
    settle,
    get sleepers() {
      return sleepers.size;
    },
  };
}
