import { createFakeKube, type FakeKube } from '../../src/api/client.fake.ts';
import { createChance, type Chance } from '../arbitrary/chance.ts';
import { openHttpWorld } from './http-world.ts';
import { inconsistencies } from './consistency.ts';
import { Player, describeAll } from './player.ts';
import { ACTIONS } from './requests.ts';
import { createSteppedClock, openWorld, randomFrom } from './world.ts';

/** Time between requests. */
const STEP_MS = 20;

/** What a run is. */
export interface FuzzOptions {
  readonly seed: number;
  readonly requests: number;
  /** How often the store is looked through on the way; at the end it always is. */
  readonly checkEvery: number;
  /** How many of the requests, the last ones, go through sockets to a server of its own. */
  readonly overHttp: number;
}

/** What came out. */
export interface FuzzReport {
  readonly seed: number;
  readonly requests: number;
  readonly seconds: number;
  /** How often each action succeeded. */
  readonly succeeded: ReadonlyMap<string, number>;
  /** How often each error code was answered. */
  readonly codes: ReadonlyMap<string, number>;
  /** Answers that should not be: InternalError and the like. */
  readonly broken: readonly string[];
  /** What is wrong with the store. */
  readonly inconsistent: readonly string[];
  /** Describes that answer otherwise after a restart. */
  readonly changedByRestart: readonly string[];
  /** Actions whose unbroken requests had unknown parameters: mistakes in recipes. */
  readonly unknownParameters: readonly string[];
  readonly objects: number;
  /** Actions that never succeeded. */
  readonly missed: readonly string[];
}

/** Sends random requests, 16 at a time, looks through the store, and starts again from it. */
export async function fuzz({
  seed,
  requests,
  checkEvery,
  overHttp,
}: FuzzOptions): Promise<FuzzReport> {
  const beganMs = performance.now();
  const clock = createSteppedClock();
  const kube = createFakeKube({ clock });
  jitter(kube, createChance(seed + 1));
  const random = randomFrom(createChance(seed + 2));
  const world = await openWorld(kube, clock, random);
  const player = new Player(world, createChance(seed));
  const tick = (): void => {
    clock.step(STEP_MS);
  };
  const inconsistent: string[] = [];
  const direct = requests - overHttp;
  for (let sent = 0; sent < direct && inconsistent.length === 0; sent += checkEvery) {
    await player.play(Math.min(checkEvery, direct - sent), tick);
    inconsistent.push(...(await inconsistencies(world, player.everSeen)));
  }
  world.stop();
  const server = await openHttpWorld(kube, clock, random);
  player.moveTo(server);
  await player.play(overHttp, tick);
  const before = await describeAll(server);
  await server.stop();
  const again = await openWorld(kube, clock, random);
  inconsistent.push(...(await inconsistencies(again, player.everSeen)));
  const after = await describeAll(again);
  again.stop();
  const played = player.report();
  return {
    ...played,
    missed: ACTIONS.filter((action) => !played.succeeded.has(action)),
    seed,
    requests: player.sent,
    seconds: (performance.now() - beganMs) / 1000,
    inconsistent,
    changedByRestart: [...before].flatMap(([what, xml]) =>
      changeOf(what, xml, after.get(what) ?? ''),
    ),
    objects: [...before.values()].reduce(
      (sum, xml) => sum + (xml.match(/<item>/g)?.length ?? 0),
      0,
    ),
  };
}

/** What is stored after some random requests. */
export async function playedKube({
  seed,
  requests,
}: Pick<FuzzOptions, 'seed' | 'requests'>): Promise<FakeKube> {
  const clock = createSteppedClock();
  const kube = createFakeKube({ clock });
  const world = await openWorld(kube, clock, randomFrom(createChance(seed)));
  await new Player(world, createChance(seed)).play(requests, () => clock.step(STEP_MS));
  world.stop();
  return kube;
}

/** Where two answers begin to differ. */
function changeOf(what: string, before: string, after: string): string[] {
  if (before === after) return [];
  const at = Array.from(before).findIndex((character, i) => after[i] !== character);
  const around = (text: string): string => text.slice(Math.max(0, at - 300), at + 300);
  return [`${what} changed by a restart:\n  ${around(before)}\n  ${around(after)}`];
}

/** Lets the writes of different requests overlap in many ways. */
function jitter(kube: FakeKube, chance: Chance): void {
  kube.beforeCall = async () => {
    for (let turns = chance.below(6); turns > 0; turns--) await Promise.resolve();
  };
}
