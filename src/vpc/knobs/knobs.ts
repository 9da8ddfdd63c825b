import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Caller } from '../auth/authenticate.ts';
import { Throttle, type ThrottleSettings } from './throttle.ts';

/**
 * What makes a laptop behave like AWS, for tests of other people's controllers. All of it is off
 * unless asked for.
 */
export interface KnobSettings {
  readonly throttle?: ThrottleSettings | undefined;
  /** Added before each call, in milliseconds, by action; `*` stands for all others. */
  readonly latencyMs?: Readonly<Record<string, number>> | undefined;
  /** The first rule that fits a call decides. */
  readonly errors?: readonly ErrorRule[] | undefined;
  /** For how long a describe may not show what was created, in milliseconds. */
  readonly consistencyDelayMs?: number | undefined;
}

/** Fails calls of an action. */
export interface ErrorRule {
  /** An action, or a pattern with `*`. */
  readonly action: string;
  readonly code: string;
  readonly message?: string | undefined;
  /** From 0 to 1; default 1: every call. */
  readonly probability?: number | undefined;
  /** How many calls fail before the rule is used up; default: no end. */
  readonly times?: number | undefined;
}

/** A call that is about to run. */
export interface KnobCall {
  readonly service: string;
  readonly action: string;
  readonly caller: Caller;
}

/** Delays calls or fails them, after they were authenticated. */
export interface Knobs {
  /** Throws the injected error or RequestLimitExceeded. */
  admit(call: KnobCall): Promise<void>;
}

const LONGEST_LATENCY_MS = 600_000;

/** Knobs as set; undefined when all are off, so that calls pay nothing. */
export function createKnobs(
  settings: KnobSettings,
  deps: { readonly clock: Clock; readonly random: Random },
): Knobs | undefined {
  const { throttle, latencyMs, errors } = settings;
  if (throttle === undefined && latencyMs === undefined && errors === undefined) return undefined;
  const buckets = throttle && new Throttle(throttle, deps.clock);
  const injected = (errors ?? []).map((rule) => new Injection(rule, deps.random));
  return {
    admit: async ({ action, caller }) => {
      if (buckets?.take(`${caller.account.accountId}/${caller.region}`, action) === false)
        throw new Ec2Error('RequestLimitExceeded', 'Request limit exceeded.');
      const waitMs = latencyMs?.[action] ?? latencyMs?.['*'] ?? 0;
      if (waitMs > 0) await deps.clock.sleep(Math.min(waitMs, LONGEST_LATENCY_MS));
      injected.find((each) => each.fits(action))?.strike();
    },
  };
}

class Injection {
  readonly #rule: ErrorRule;
  readonly #random: Random;
  readonly #pattern: RegExp;
  #left: number;

  constructor(rule: ErrorRule, random: Random) {
    this.#rule = rule;
    this.#random = random;
    this.#pattern = patternOf(rule.action);
    this.#left = rule.times ?? Number.POSITIVE_INFINITY;
  }

  fits(action: string): boolean {
    return this.#left > 0 && this.#pattern.test(action);
  }

  /** Fails the call, or lets it pass by chance. */
  strike(): void {
    const { code, message, probability = 1 } = this.#rule;
    if (probability < 1 && chance(this.#random) >= probability) return;
    this.#left -= 1;
    throw new Ec2Error(code, message ?? `Injected by a rule for ${this.#rule.action}.`);
  }
}

function patternOf(text: string): RegExp {
  const escaped = text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`);
}

/** A number in [0, 1). */
function chance(random: Random): number {
  return random.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 32;
}
