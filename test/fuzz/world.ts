import type { FakeKube } from '../../src/api/client.fake.ts';
import type { Clock } from '../../src/base/clock.ts';
import { silentLog, type Log, type LogFields } from '../../src/base/log.ts';
import type { Random } from '../../src/base/random.ts';
import { createInformers } from '../../src/io/informer.ts';
import { systemClock } from '../../src/io/clock.ts';
import { analyse } from '../../src/lab/world/analyse.ts';
import { createSealer } from '../../src/vpc/auth/sealer.ts';
import { createDispatch, type Dispatch } from '../../src/vpc/dispatch.ts';
import { createServices, type VpcApiOptions } from '../../src/vpc/server.ts';
import { collectionsOf, createStore, followStore, type Store } from '../../src/vpc/store/store.ts';
import { sweep } from '../../src/vpc/store/sweep.ts';
import type { Chance } from '../arbitrary/chance.ts';
import { OIDC_ISSUER } from './issuer.ts';

/** Accounts, each with one key that may do everything. */
export const ACCOUNTS = ['111122223333', '444455556666'] as const;
/** Regions that are used. */
export const REGIONS = ['us-east-1', 'eu-west-1'] as const;

/** The key of an account. */
export function keyOf(accountId: string): { accessKeyId: string; secretAccessKey: string } {
  return { accessKeyId: `AKIA${accountId}`, secretAccessKey: `secret-${accountId}` };
}

/** A VPC API without its sockets. */
export interface World {
  readonly kube: FakeKube;
  readonly clock: Clock;
  readonly store: Store;
  readonly dispatch: Dispatch;
  /** Lines at level error. */
  readonly errors: readonly { readonly message: string; readonly fields: LogFields | undefined }[];
  stop(): void;
}

/** A clock that only requests move. */
export interface SteppedClock extends Clock {
  step(durationMs: number): void;
}

/** Starts at 2026-01-01. */
export function createSteppedClock(): SteppedClock {
  let nowMs = Date.UTC(2026, 0, 1);
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: (durationMs, signal) => systemClock.sleep(durationMs, signal),
    step: (durationMs) => (nowMs += durationMs),
  };
}

/** Bytes from a seed. */
export function randomFrom(chance: Chance): Random {
  return {
    bytes: (lengthBytes) => Uint8Array.from({ length: lengthBytes }, () => chance.below(256)),
  };
}

/** What a server of this world is made of, whether it listens or not. */
export function optionsOf(
  kube: FakeKube,
  clock: Clock,
  random: Random,
): Pick<VpcApiOptions, 'kube' | 'clock' | 'random' | 'accounts' | 'analyse' | 'oidcIssuers'> {
  return {
    kube,
    clock,
    random,
    analyse,
    oidcIssuers: [OIDC_ISSUER],
    accounts: ACCOUNTS.map((accountId) => ({ accountId, userName: 'admin', ...keyOf(accountId) })),
  };
}

/** Opens the API over what is stored, as a start of the server does. */
export async function openWorld(
  kube: FakeKube,
  clock: Clock,
  random: Random,
  { sweeps = true }: { readonly sweeps?: boolean } = {},
): Promise<World> {
  const options = optionsOf(kube, clock, random);
  const stop = new AbortController();
  const errors: { message: string; fields: LogFields | undefined }[] = [];
  const log = listeningLog(errors);
  const informers = createInformers({ kube, clock: systemClock, log, signal: stop.signal });
  const store = createStore({ kube, clock });
  const unfollow = await followStore(store, informers);
  const sealer = createSealer(new Uint8Array(32), random);
  const services = createServices({ ...options, informers, log, listeners: [] }, store, sealer);
  // A kept view that is stale fails the request.
  for (const { views } of collectionsOf(store)) views.checkEach();
  if (sweeps) await sweep(store, { log, clock });
  return {
    kube,
    clock,
    store,
    dispatch: createDispatch(services),
    errors,
    stop: () => {
      stop.abort();
      unfollow();
    },
  };
}

/** A log that keeps its lines at level error. */
export function listeningLog(errors: { message: string; fields: LogFields | undefined }[]): Log {
  const log: Log = {
    ...silentLog,
    error: (message, fields) => void errors.push({ message, fields }),
    child: () => log,
  };
  return log;
}
