/**
 * The VPC API beside moto_server, both over HTTP on loopback: the same signed requests by the same
 * client, operation by operation, first the one and then the other, twice. Ours runs as `trunkline
 * vpc serve` and checks every signature, with its state in a file and once more in memory; moto
 * keeps its state in memory and checks no signature. The client is this process.
 * Run: npm run bench:vpc-api. The last line is one JSON object with rates and ratios.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServe, type ServeProcess } from '../test/vpc/serve-process.ts';
import { close, measure, openTarget, sign, type Signed, type Target } from './vpc-api-client.ts';
import { measureEncoders } from './vpc-api-encoder.ts';
import { measureGrowth, type Growth } from './vpc-api-growth.ts';
import { startMoto, type Moto } from './vpc-api-moto.ts';
import { creation, fill, makeWorld, many, ruleRequests, type World } from './vpc-api-world.ts';
import { percentile } from './percentile.ts';

const CONNECTIONS = [1, 16] as const;
const ROUNDS = 2;
const ROUND_MS = 1_000;
const LIST_PAGE = 1_000;
const QUOTAS = ['interfacesPerRegion=1000000', 'groupsPerRegion=100000'];

/** A server under test, and how many requests of a kind are more than it answers in a round. */
interface Contestant {
  readonly name: 'file' | 'memory' | 'moto';
  readonly target: Target;
  readonly world: World;
  readonly most: number;
  /** Interfaces to list. Moto takes 6 ms to make one and seconds to list them: it gets fewer. */
  readonly stored: number;
}

type Operation = (of: Contestant) => Promise<Signed[]> | Signed[];

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'describe one': ({ target, world, most }) => {
    const params = { Action: 'DescribeSecurityGroups', 'GroupId.1': world.group };
    return many(most, () => sign(target.url.host, params));
  },
  'create interface': ({ target, world, most }) =>
    many(Math.ceil(most / 2), () => creation(target, world)),
  'authorise rule': ({ target, world, most }) =>
    ruleRequests(target, world.vpc, Math.ceil(most / 3)),
  'list 1000': ({ target, most }) => {
    const params = { Action: 'DescribeNetworkInterfaces', MaxResults: String(LIST_PAGE) };
    return many(Math.ceil(most / 20), () => sign(target.url.host, params));
  },
};

/** Requests per second, and times in milliseconds. */
interface Result {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

type Results = Record<string, Partial<Record<Contestant['name'], Result>>>;

async function runAll(contestants: readonly Contestant[]): Promise<Results> {
  const results: Results = {};
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    if (name === 'list 1000') await fillAll(contestants);
    for (const connections of CONNECTIONS) {
      const times = new Map<Contestant, { samples: number[]; seconds: number }>();
      for (let round = 0; round < ROUNDS; round += 1)
        for (const each of contestants) {
          const { samples, seconds } = times.get(each) ?? { samples: [], seconds: 0 };
          const limits = { connections, durationMs: ROUND_MS };
          const rate = await measure(each.target, await operation(each), limits);
          times.set(each, {
            samples: [...samples, ...rate.samplesMs],
            seconds: seconds + rate.seconds,
          });
        }
      results[`${name}/${connections}`] = Object.fromEntries(
        Array.from(times, ([each, { samples, seconds }]) => [each.name, summary(samples, seconds)]),
      );
      show(name, connections, results[`${name}/${connections}`] ?? {});
    }
  }
  return results;
}

function summary(samplesMs: readonly number[], seconds: number): Result {
  return {
    perSecond: samplesMs.length / seconds,
    p50Ms: percentile(samplesMs, 50),
    p99Ms: percentile(samplesMs, 99),
  };
}

async function fillAll(contestants: readonly Contestant[]): Promise<void> {
  for (const { target, world, stored } of contestants) await fill(target, world, stored);
}

function show(name: string, connections: number, of: Results[string]): void {
  for (const [who, { perSecond, p50Ms, p99Ms }] of Object.entries(of))
    console.log(
      `  ${name.padEnd(17)} ${String(connections).padStart(2)} connections  ${who.padEnd(6)} ${perSecond.toFixed(0).padStart(6)}/s  p50 ${p50Ms.toFixed(2)} ms  p99 ${p99Ms.toFixed(2)} ms`,
    );
}

async function enter(
  name: Contestant['name'],
  url: string,
  counts: Pick<Contestant, 'most' | 'stored'>,
): Promise<Contestant> {
  const target = openTarget(url, Math.max(...CONNECTIONS));
  return { name, target, world: await makeWorld(target), ...counts };
}

function serve(store: string): Promise<ServeProcess> {
  return startServe('--store', store, ...QUOTAS.flatMap((quota) => ['--quota', quota]));
}

async function compare(folder: string, moto: Moto): Promise<{ results: Results; startMs: number }> {
  const ours = await serve(join(folder, 'compare.sqlite'));
  const memory = await serve('memory');
  console.log(`trunkline vpc serve: started in ${ours.startMs.toFixed(0)} ms`);
  console.log('skipped' in moto ? `moto_server skipped: ${moto.skipped}` : `moto ${moto.version}`);
  const counts = { most: 15_000, stored: 10_000 };
  const contestants = [
    await enter('file', ours.url, counts),
    await enter('memory', memory.url, counts),
    ...('skipped' in moto ? [] : [await enter('moto', moto.url, { most: 600, stored: 1_000 })]),
  ];
  const results = await runAll(contestants);
  for (const { target } of contestants) close(target);
  await Promise.all([ours.end('SIGTERM'), memory.end('SIGTERM')]);
  return { results, startMs: ours.startMs };
}

async function grow(folder: string): Promise<Growth> {
  const server = await serve(join(folder, 'growth.sqlite'));
  console.log('growth of the store');
  const growth = await measureGrowth(server.url, server.pid);
  await server.end('SIGTERM');
  return growth;
}

const round = (value: number): number => Math.round(value * 100) / 100;

function ratios(results: Results, over: 'file' | 'memory'): Record<string, number> {
  return Object.fromEntries(
    Object.entries(results).flatMap(([name, { [over]: ours, moto }]) =>
      ours && moto ? [[name, round(ours.perSecond / moto.perSecond)]] : [],
    ),
  );
}

const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
const moto = await startMoto();
try {
  const { results, startMs } = await compare(folder, moto);
  const growth = await grow(folder);
  const encoders = measureEncoders();
  console.log(
    `encoder, 100 interfaces: ${encoders.keptPerSecond.toFixed(0)}/s unchanged, ${encoders.compiledPerSecond.toFixed(0)}/s new, ${encoders.walkerPerSecond.toFixed(0)}/s walking`,
  );
  console.log(
    JSON.stringify({
      ratiosToMoto: ratios(results, 'file'),
      ratiosToMotoInMemory: ratios(results, 'memory'),
      encoderRatios: {
        unchanged: round(encoders.keptPerSecond / encoders.walkerPerSecond),
        new: round(encoders.compiledPerSecond / encoders.walkerPerSecond),
      },
      startMs: Math.round(startMs),
      listPageP50Ms: round(results['list 1000/1']?.file?.p50Ms ?? Number.NaN),
      growthP50Ms: Object.fromEntries(
        Object.entries(growth.p50Ms).map(([name, ms]) => [name, round(ms)]),
      ),
      memoryMb: growth.memory,
    }),
  );
} finally {
  if (!('skipped' in moto)) moto.stop();
  rmSync(folder, { recursive: true });
}
