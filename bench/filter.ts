/**
 * What the filter costs to load and to change, at 50,000 addresses, 2,000 classes, 10,000 rules and 120
 * local ports, in one fabric namespace. Each figure is beside a floor of the same run: the kernel's own
 * share, or the same change by `nft -f`. The last line is one JSON object.
 *
 * Run: tools/sandbox.sh node --expose-gc bench/filter.ts [repeats, default 200]
 */
import { performance } from 'node:perf_hooks';
import { must } from '../src/base/assert.ts';
import { deltasBetween } from '../src/dataplane/compile.ts';
import { FilterCompiler, type Delta, type GroupView } from '../src/dataplane/compiler.ts';
import { changeText, type Change } from '../src/dataplane/diff.ts';
import { ChangeEncoder } from '../src/dataplane/netlink/encode.ts';
import { createNetwork } from '../src/io/network.ts';
import { createNftBatch } from '../src/io/nft-batch.ts';
import { createNft } from '../src/io/nft.ts';
import { netlinkWriter } from '../src/node/fabric/filter-writer.ts';
import {
  FULL_SCALE,
  benchInterface,
  benchPort,
  benchRule,
  benchState,
  dice,
} from './filter-world.ts';
import { percentile } from './percentile.ts';

const REPEATS = Number(process.argv[2] ?? 200);
const TARGETS_MS = { 'full load': 2000, 'one pod': 1, 'one rule': 20 } as const;

const network = createNetwork();
const nft = createNft();
const batch = createNftBatch();
const netns = await network.createNamespace('bench-filter');
const empty = await network.createNamespace('bench-empty');
const writer = netlinkWriter({ nft, batch }, netns);
const roll = dice(7);
const rows: Record<string, Record<string, string>> = {};
const report: Record<string, unknown> = { scale: FULL_SCALE, repeats: REPEATS };

/** Groups as they are after the edits so far. */
const edited = new Map<string, GroupView>();
const state = benchState(FULL_SCALE);
const groups = [...state.world.groups.values()];
const heapBefore = heap();
const { compiler, loads } = await fullLoads(5);
const heapBytes = heap() - heapBefore;
const floor = await emptyFloor();

const local = must(state.ports[0], () => 'a port').groupIds;
const remote = must(state.world.interfaces[1500], () => 'an interface').groupIds;
const other = must(state.world.interfaces[1700], () => 'an interface').groupIds;

await measure('remote pod comes, class known', 'one pod', (i) => pod(100_000 + i, remote));
await measure('remote pod changes class', 'one pod', (i) =>
  pod(100_000 + i, i % 2 === 0 ? other : local),
);
await measure('remote pod goes', 'one pod', (i) => gone(100_000 + i));
await measure('remote pod comes, class new', 'one pod', (i) => pod(200_000 + i, newClass(i)));
await measure('remote pod goes, and its class', 'one pod', (i) => gone(200_000 + i));
await measure('local pod comes, class known here', 'one pod', (i) => portOf(300_000 + i, local));
await measure('local pod goes', 'one pod', (i) => portGone(300_000 + i));
await measure('local pod comes, class new here', 'one pod', (i) =>
  portOf(400_000 + i, newClass(i)),
);
await measure('local pod goes, and its class', 'one pod', (i) => portGone(400_000 + i));
await measure('rule added to a group in use here', 'one rule', (i) => edit(i, 'add'));
await measure('rule taken from it', 'one rule', (i) => edit(i, 'remove'));
const byText = await sameByText();

console.table(rows);
console.log(`One element in an empty table, the floor: p50 ${floor.toFixed(3)} ms`);
console.log(`One element at full scale by nft -f: p50 ${byText.toFixed(1)} ms`);
console.log(`Heap of compiler and program: ${(heapBytes / 2 ** 20).toFixed(0)} MB`);
Object.assign(report, {
  floorMs: floor,
  nftMs: byText,
  heapMb: Math.round(heapBytes / 2 ** 20),
  loads,
});
console.log(JSON.stringify(report));
batch.close();
for (const name of ['bench-filter', 'bench-empty']) await network.deleteNamespace(name);
process.exit(0);

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Compiles and loads the whole some times, each over the one before; keeps the last compiler. */
async function fullLoads(count: number) {
  const compileMs: number[] = [];
  const loadMs: number[] = [];
  let last = new FilterCompiler();
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    last = new FilterCompiler();
    for (const delta of deltasBetween(undefined, state)) last.apply(delta);
    const program = last.takeProgram();
    const compiled = performance.now();
    await writer.replace(program);
    compileMs.push(compiled - started);
    loadMs.push(performance.now() - compiled);
    if (i === 0) {
      const elements = program.sets.reduce((sum, set) => sum + set.elements.length, 0);
      const size = { sets: program.sets.length, elements, chains: program.chains.length };
      console.log('Program:', JSON.stringify(size));
      report['program'] = size;
    }
  }
  const whole = compileMs.map((ms, i) => ms + (loadMs[i] ?? 0));
  row('full load: compile', compileMs);
  row('full load: kernel', loadMs);
  row('full load', whole, TARGETS_MS['full load']);
  return { compiler: last, loads: { compileMs, loadMs } };
}

/** Applies deltas one at a time, each with its own transaction, as an agent does. */
async function measure(
  name: string,
  target: keyof typeof TARGETS_MS,
  deltas: (i: number) => readonly Delta[],
): Promise<void> {
  const compileMs: number[] = [];
  const wholeMs: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const told = deltas(i);
    const started = performance.now();
    for (const delta of told) compiler.apply(delta);
    const changes = compiler.changes();
    const compiled = performance.now();
    if (changes.length > 0) await writer.change(changes);
    wholeMs.push(performance.now() - started);
    compileMs.push(compiled - started);
  }
  row(name, wholeMs, TARGETS_MS[target], percentile(compileMs, 50));
}

function row(name: string, ms: readonly number[], targetMs?: number, compileMs?: number): void {
  const [p50, p99] = [percentile(ms, 50), percentile(ms, 99)];
  rows[name] = {
    p50: p50.toFixed(3),
    p99: p99.toFixed(3),
    ...(compileMs !== undefined && { 'compiler p50': compileMs.toFixed(3) }),
    ...(targetMs !== undefined && {
      target: `${targetMs} ms`,
      p50met: p50 < targetMs ? 'yes' : 'NO',
    }),
  };
  report[name] = { p50, p99, ...(compileMs !== undefined && { compileP50: compileMs }) };
}

/** The least that a transaction can cost: one element more in a table that has nothing else. */
async function emptyFloor(): Promise<number> {
  await nft.apply(empty, 'table inet trunkline {\nmap class4 { type ipv4_addr : mark; }\n}\n');
  const set = { name: 'class4', keys: ['ipv4_addr'], value: 'mark', elements: [] } as const;
  const ms: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const value = BigInt(i);
    const encoder = new ChangeEncoder('trunkline');
    const started = performance.now();
    encoder.add({
      op: 'add-elements',
      set,
      elements: [{ key: [{ first: value, last: value }], value: 1 }],
    });
    await batch.transact(empty, encoder.result());
    ms.push(performance.now() - started);
  }
  return percentile(ms, 50);
}

async function sameByText(): Promise<number> {
  const ms: number[] = [];
  const table = (await nft.list(netns, 'tables')).includes('trunkline_b')
    ? ('inet trunkline_b' as const)
    : ('inet trunkline' as const);
  for (let i = 0; i < 11; i++) {
    for (const delta of pod(500_000 + i, remote)) compiler.apply(delta);
    const changes: readonly Change[] = compiler.changes();
    const started = performance.now();
    await nft.apply(netns, changes.map((change) => changeText(change, table)).join('\n') + '\n');
    ms.push(performance.now() - started);
  }
  return percentile(ms, 50);
}

function pod(number: number, groupIds: readonly string[]): readonly Delta[] {
  const view = benchInterface(number, groupIds);
  return [{ kind: 'interface', key: view.eniId, view }];
}

function gone(number: number): readonly Delta[] {
  return [{ kind: 'interface', key: benchInterface(number, []).eniId }];
}

function portOf(number: number, groupIds: readonly string[]): readonly Delta[] {
  const port = benchPort(benchInterface(number, groupIds));
  return [...pod(number, groupIds), { kind: 'port', link: port.link, port }];
}

function portGone(number: number): readonly Delta[] {
  const { link } = benchPort(benchInterface(number, []));
  return [{ kind: 'port', link }, ...gone(number)];
}

/** Four groups: the world has classes of three at most. */
function newClass(i: number): readonly string[] {
  const stride = 1 + Math.floor((i * 4) / groups.length);
  const at = (n: number) =>
    must(groups[(i * 4 + n * stride) % groups.length], () => 'a group').groupId;
  return [at(0), at(1), at(2), at(3)];
}

/** One more rule, or one less, in a group that some local port wears. */
function edit(i: number, what: 'add' | 'remove'): readonly Delta[] {
  const port = must(state.ports[i % state.ports.length], () => 'a port');
  const groupId = must(port.groupIds[0], () => 'a group');
  const group = must(edited.get(groupId) ?? state.world.groups.get(groupId), () => 'a group');
  const rules =
    what === 'add'
      ? [...group.rules, benchRule(groupId, 1000 + i, roll)]
      : group.rules.slice(0, -1);
  const view: GroupView = { ...group, rules };
  edited.set(groupId, view);
  return [{ kind: 'group', groupId, view }];
}
