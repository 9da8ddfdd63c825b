import { createFakeKube, type FakeKube } from '../../src/api/client.fake.ts';
import { createChance, type Chance } from '../arbitrary/chance.ts';
import { sign } from '../vpc/sign.ts';
import { inconsistencies } from './consistency.ts';
import { Ids } from './ids.ts';
import { ACTIONS, nextRequest, type FuzzRequest } from './requests.ts';
import {
  ACCOUNTS,
  REGIONS,
  createSteppedClock,
  keyOf,
  openWorld,
  randomFrom,
  type World,
} from './world.ts';

const CONCURRENCY = 16;
const HOST = 'ec2.test';
/** Time between requests. */
const STEP_MS = 20;

/** What a run is. */
export interface FuzzOptions {
  readonly seed: number;
  readonly requests: number;
  /** How often the store is looked through on the way; at the end it always is. */
  readonly checkEvery: number;
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
export async function fuzz({ seed, requests, checkEvery }: FuzzOptions): Promise<FuzzReport> {
  const beganMs = performance.now();
  const chance = createChance(seed);
  const clock = createSteppedClock();
  const kube = createFakeKube({ clock });
  jitter(kube, createChance(seed + 1));
  const random = randomFrom(createChance(seed + 2));
  const world = await openWorld(kube, clock, random);
  const player = new Player(world, chance);
  const inconsistent: string[] = [];
  for (let sent = 0; sent < requests && inconsistent.length === 0; sent += checkEvery) {
    await player.play(Math.min(checkEvery, requests - sent), () => clock.step(STEP_MS));
    inconsistent.push(...(await inconsistencies(world, player.everSeen)));
  }
  const before = await player.describeAll(world);
  world.stop();
  const again = await openWorld(kube, clock, random);
  const after = await player.describeAll(again);
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

/** Plays requests against a world and keeps count. */
class Player {
  sent = 0;
  /** Every id that an answer ever named. */
  readonly everSeen = new Set<string>();
  readonly #world: World;
  readonly #chance: Chance;
  readonly #ids: Ids;
  readonly #succeeded = new Map<string, number>();
  readonly #codes = new Map<string, number>();
  readonly #broken: string[] = [];
  readonly #unknown = new Set<string>();

  constructor(world: World, chance: Chance) {
    this.#world = world;
    this.#chance = chance;
    this.#ids = new Ids(chance);
  }

  async play(count: number, tick: () => void): Promise<void> {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        tick();
        await this.#one(nextRequest(this.#chance, this.#ids));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  }

  async #one(request: FuzzRequest): Promise<void> {
    this.sent++;
    const { status, body } = await send(this.#world, request);
    for (const id of body.match(/\b(?:[a-z]+-)+[0-9a-f]{17}\b/g) ?? []) this.everSeen.add(id);
    if (status === 200) this.#worked(request, body);
    else this.#failed(request, status, body);
    for (const name of request.unknown) this.#unknown.add(`${request.action}: ${name}`);
  }

  #worked(request: FuzzRequest, body: string): void {
    const owner = `${request.account}/${request.region}`;
    bump(this.#succeeded, request.action);
    this.#ids.learn(owner, body, request.body);
    const made = /<networkInterfaceId>(eni-[0-9a-f]{17})</.exec(body)?.[1];
    if (made !== undefined && request.body.includes('InterfaceType=trunk'))
      this.#ids.note(owner, 'trunk', made);
  }

  #failed(request: FuzzRequest, status: number, body: string): void {
    const code = /<Code>([^<]*)</.exec(body)?.[1] ?? '';
    bump(this.#codes, code);
    const missing = /'([a-z-]+-[0-9a-f]{17})' does not exist/.exec(body)?.[1];
    if (missing !== undefined) this.#ids.forget(`${request.account}/${request.region}`, missing);
    if (status < 500 && code !== '') return;
    const error = this.#world.errors.at(-1)?.fields?.['error'];
    const text = error instanceof Error ? error.stack : JSON.stringify(error);
    this.#broken.push(`${status} ${code} of ${decodeURIComponent(request.body)}: ${text}`);
  }

  /** All describes without parameters, for every account and region. */
  async describeAll(world: World): Promise<Map<string, string>> {
    const answers = new Map<string, string>();
    for (const account of ACCOUNTS)
      for (const region of REGIONS)
        for (const action of DESCRIBES) {
          const body = `Action=${action}&Version=2016-11-15`;
          const request = { action, service: 'ec2', account, region, body, unknown: [] };
          const answer = await send(world, request);
          answers.set(
            `${action} of ${account} in ${region}`,
            answer.body.replace(/<requestId>.*?</, '<'),
          );
        }
    return answers;
  }

  report(): Pick<FuzzReport, 'succeeded' | 'codes' | 'broken' | 'unknownParameters'> {
    const strange = this.#world.errors
      .filter(({ message }) => message === 'Handler returned an unknown member')
      .map(({ message, fields }) => `${message}: ${fields?.['path']}`);
    return {
      succeeded: this.#succeeded,
      codes: this.#codes,
      broken: [...this.#broken, ...strange],
      unknownParameters: [...this.#unknown],
    };
  }
}

const DESCRIBES = [
  'DescribeVpcs',
  'DescribeSubnets',
  'DescribeSecurityGroups',
  'DescribeSecurityGroupRules',
  'DescribeNetworkInterfaces',
  'DescribeNetworkInterfacePermissions',
  'DescribeTrunkInterfaceAssociations',
  'DescribeInstances',
  'DescribeRouteTables',
  'DescribeNetworkAcls',
  'DescribeInternetGateways',
  'DescribeEgressOnlyInternetGateways',
  'DescribeDhcpOptions',
  'DescribeVpcPeeringConnections',
  'DescribeManagedPrefixLists',
  'DescribeFlowLogs',
  'DescribeKeyPairs',
  'DescribeNetworkInsightsPaths',
  'DescribeNetworkInsightsAnalyses',
  'DescribeSecurityGroupVpcAssociations',
  'DescribeTags',
] as const;

async function send(
  { dispatch, clock }: World,
  { account, region, service, body }: FuzzRequest,
): Promise<{ readonly status: number; readonly body: string }> {
  const bytes = new TextEncoder().encode(body);
  const what = { body: bytes, host: HOST, region, service, nowMs: clock.nowMs() };
  const headers = new Map(Object.entries(sign(keyOf(account), what)));
  return dispatch({ method: 'POST', path: '/', query: '', headers, body: bytes }, 'r');
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
