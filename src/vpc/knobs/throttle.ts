import type { Clock } from '../../base/clock.ts';

/** A token bucket. */
export interface Bucket {
  /** Most calls at once. */
  readonly size: number;
  readonly perSecond: number;
}

/**
 * `aws` stands for AWS's own buckets; otherwise buckets by action, where `*` stands for all others.
 */
export type ThrottleSettings = 'aws' | Readonly<Record<string, Bucket>>;

const MAX_BUCKETS = 10_000;

/**
 * AWS's default buckets per account and region, by class of action and for the actions that have
 * their own. Source: "Request throttling for the Amazon EC2 API" (EC2 Developer Guide).
 */
const AWS_READ: Bucket = { size: 100, perSecond: 20 };
const AWS_WRITE: Bucket = { size: 50, perSecond: 5 };
const AWS_ACTIONS: Readonly<Record<string, Bucket>> = {
  RunInstances: { size: 5, perSecond: 2 },
  StartInstances: { size: 5, perSecond: 2 },
  CreateTags: { size: 100, perSecond: 10 },
  DeleteTags: { size: 100, perSecond: 10 },
};

interface Level {
  tokens: number;
  atMs: number;
}

/** Token buckets per owner (account and region) and action. */
export class Throttle {
  readonly #settings: ThrottleSettings;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #levels = new Map<string, Level>();

  constructor(settings: ThrottleSettings, clock: Pick<Clock, 'monotonicMs'>) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Takes a token; false when there is none left. */
  take(owner: string, action: string): boolean {
    const bucket = this.#bucketOf(action);
    if (bucket === undefined) return true;
    const level = this.#refilled(`${owner}/${action}`, bucket);
    if (level.tokens < 1) return false;
    level.tokens -= 1;
    return true;
  }

  #bucketOf(action: string): Bucket | undefined {
    if (this.#settings !== 'aws') return this.#settings[action] ?? this.#settings['*'];
    const reads = /^(Describe|Get|List|Search)/.test(action);
    return AWS_ACTIONS[action] ?? (reads ? AWS_READ : AWS_WRITE);
  }

  #refilled(key: string, { size, perSecond }: Bucket): Level {
    const nowMs = this.#clock.monotonicMs();
    let level = this.#levels.get(key);
    if (level === undefined) {
      // Full buckets carry nothing, so that forgetting them all only forgives.
      if (this.#levels.size >= MAX_BUCKETS) this.#levels.clear();
      level = { tokens: size, atMs: nowMs };
      this.#levels.set(key, level);
    }
    level.tokens = Math.min(size, level.tokens + ((nowMs - level.atMs) / 1000) * perSecond);
    level.atMs = nowMs;
    return level;
  }
}
