/**
 * The VPC API beside moto_server, both over HTTP on loopback: the same signed requests by the same
 * client, operation by operation, first the one and then the other, twice. Ours runs as `trunkline
 * vpc serve` and checks every signature, with its state in a file and once more in memory; moto
 * keeps its state in memory and checks no signature. The client is this process. Ratios are of
 * rates, of median times and of the servers' processor time per request, which neighbours on the
 * machine change least.
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
import { cpuMsOf } from './process-usage.ts';
import { creation, fill, makeWorld, many, ruleRequests, type World } from './vpc-api-world.ts';
import { percentile } from './percentile.ts';

const CONNECTIONS = [1, 16] as const;
const ROUNDS = 2;
const ROUND_MS = 1_000;
/** Before each round, unmeasured: compilers and caches of both sides. */
const WARM_UP_MS = 300;
/** Of the requests, at most. */
const WARM_UP_SHARE = 0.25;
const LIST_PAGE = 1_000;
const QUOTAS = ['interfacesPerRegion=1000000', 'groupsPerRegion=100000'];

/** A server under test, and how many requests of a kind are more than it answers in a round. */
interface Contestant {
  readonly name: 'file' | 'memory' | 'moto';
  readonly pid: number;
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

/** Requests per second, times in milliseconds, and the server's processor time per request. */
interface Result {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Sum {
  readonly samplesMs: readonly number[];
  readonly seconds: number;
  readonly cpuMs: number;
}

type Results = Record<string, Partial<Record<Contestant['name'], Result>>>;

async function runAll(contestants: readonly Contestant[]): Promise<Results> {
  const results: Results = {};
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    if (name === 'list 1000') await fillAll(contestants);
    for (const connections of CONNECTIONS) {
      const sums = new Map<Contestant, Sum>();
      for (let round = 0; round < ROUNDS; round += 1)
        for (const each of contestants)
          sums.set(each, added(sums.get(each), await runOnce(each, operation, connections)));
      results[`${name}/${connections}`] = Object.fromEntries(
        Array.from(sums, ([each, sum]) => [each.name, summary(sum)]),
      );
      show(name, connections, results[`${name}/${connections}`] ?? {});
    }
  }
  return results;
}

async function runOnce(of: Contestant, operation: Operation, connections: number): Promise<Sum> {
  const all = await operation(of);
  const requests = all.slice(all.length * WARM_UP_SHARE);
  const warmUp = { connections, durationMs: WARM_UP_MS };
  await measure(of.target, all.slice(0, all.length * WARM_UP_SHARE), warmUp);
  const beforeMs = cpuMsOf(of.pid);
  const rate = await measure(of.target, requests, { connections, durationMs: ROUND_MS });
  const { samplesMs, seconds } = rate;
  return { samplesMs, seconds, cpuMs: cpuMsOf(of.pid) - beforeMs };
}

function added(before: Sum | undefined, more: Sum): Sum {
  if (before === undefined) return more;
  return {
    samplesMs: [...before.samplesMs, ...more.samplesMs],
    seconds: before.seconds + more.seconds,
    cpuMs: before.cpuMs + more.cpuMs,
  };
}

function summary({ samplesMs, seconds, cpuMs }: Sum): Result {
  return {
    perSecond: samplesMs.length / seconds,
    cpuMs: cpuMs / samplesMs.length,
    p50Ms: percentile(samplesMs, 50),
    p99Ms: percentile(samplesMs, 99),
  };
}

async function fillAll(contestants: readonly Contestant[]): Promise<void> {
  for (const { target, world, stored } of contestants) await fill(target, world, stored);
}

function show(name: string, connections: number, of: Results[string]): void {
  for (const [who, { perSecond, p50Ms, p99Ms, cpuMs }] of Object.entries(of))
    console.log(
      `  ${name.padEnd(17)} ${String(connections).padStart(2)} connections  ${who.padEnd(6)} ${perSecond.toFixed(0).padStart(6)}/s  p50 ${p50Ms.toFixed(2)} ms  p99 ${p99Ms.toFixed(2)} ms  cpu ${cpuMs.toFixed(3)} ms`,
    );
}

async function enter(
  name: Contestant['name'],
  { url, pid }: { readonly url: string; readonly pid: number },
  counts: Pick<Contestant, 'most' | 'stored'>,
): Promise<Contestant> {
  const target = openTarget(url, Math.max(...CONNECTIONS));
  return { name, pid, target, world: await makeWorld(target), ...counts };
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
    await enter('file', ours, counts),
    await enter('memory', memory, counts),
    ...('skipped' in moto ? [] : [await enter('moto', moto, { most: 600, stored: 1_000 })]),
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

function ratios(
  results: Results,
  of: (ours: Result, moto: Result) => number,
  store: 'file' | 'memory' = 'file',
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(results).flatMap(([name, { [store]: ours, moto }]) =>
      ours && moto ? [[name, round(of(ours, moto))]] : [],
    ),
  );
}

const byRate = (ours: Result, moto: Result): number => ours.perSecond / moto.perSecond;
const byMedian = (ours: Result, moto: Result): number => moto.p50Ms / ours.p50Ms;
const byCpu = (ours: Result, moto: Result): number => moto.cpuMs / ours.cpuMs;

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
      ratiosToMoto: ratios(results, byRate),
      ratiosToMotoInMemory: ratios(results, byRate, 'memory'),
      medianRatiosToMoto: ratios(results, byMedian),
      cpuRatiosToMoto: ratios(results, byCpu),
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
