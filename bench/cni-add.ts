/**
 * A whole CNI ADD and DEL as the kubelet sees it, from exec to exit: Trunkline's plugin and agent with
 * a branch interface, beside Debian's `ptp` + `host-local`, which give a pod a veth pair and an
 * address and filter nothing. The two alternate, so that both meet the same noise. Before that, 50 pods at once,
 * as the agent sees them. The last line is one JSON object; the exit status is 1 when a target is missed.
 * Run: npm run bench:cni [-- rounds, at most 45]
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { must } from '../src/base/assert.ts';
import { TestWorld } from '../src/node/agent/hosts.fake.ts';
import { buildCniPlugin } from '../src/node/cni/build.ts';
import { burst, type Burst } from './cni-burst.ts';
import { percentile, summary } from './percentile.ts';

const DEBIAN = '/usr/lib/cni';
const rounds = Number(process.argv[2] ?? 40);
const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
const withDebian = existsSync(join(DEBIAN, 'ptp')) && existsSync(join(DEBIAN, 'host-local'));
const plugin = await buildCniPlugin({
  outDir: join(import.meta.dirname, '../node_modules/.cache/cni'),
});
const world = new TestWorld();
const node = must((await world.addHosts(1))[0], () => 'a host');
await world.start(node);
const group = world.group('bench', []);
const COUNT = 50;
const TARGETS = { addRatio: 1.1, podsPerSecond: 400, teardownMs: 100 } as const;
const ptpConfig = {
  cniVersion: '0.4.0',
  name: 'ptp',
  type: 'ptp',
  ipam: { type: 'host-local', subnet: '10.22.0.0/16', dataDir: join(folder, 'ipam') },
};
const ownConfig = {
  cniVersion: '0.4.0',
  name: 'aws-cni',
  type: 'aws-cni',
  socketPath: node.socketPath,
};
const samples: Record<string, number[]> = {};
// First, because namespaces that go away keep the kernel busy for a while.
const found = await burst(world, node, { count: COUNT, group });

for (let round = 0; round <= rounds; round++) {
  // The first round warms the page cache and is not counted.
  const name = `bench-${round}`;
  const pod = world.pod(node, name, { branch: world.branch(node, 1 + (round % 120), [group]) });
  const args = `K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};K8S_POD_UID=${pod.metadata.uid}`;
  await measure({ label: 'trunkline', file: plugin.path, config: ownConfig, args, round });
  if (withDebian)
    await measure({ label: 'ptp', file: join(DEBIAN, 'ptp'), config: ptpConfig, args: '', round });
}
console.table(Object.fromEntries(Object.entries(samples).map(([k, v]) => [k, summary(v)])));
if (!withDebian)
  console.log(`${DEBIAN}/ptp and host-local are not installed: nothing to compare with`);
await world.close();
rmSync(folder, { recursive: true, force: true });
const result = verdict(found);
console.log(JSON.stringify(result));
process.exit(Object.values(result.met).includes(false) ? 1 : 0);

interface Round {
  readonly label: string;
  readonly file: string;
  readonly config: object;
  readonly args: string;
  readonly round: number;
}

async function measure({ label, file, config, args, round }: Round): Promise<void> {
  const name = `${label}-${round}`;
  const netns = await world.podNetns(name);
  await settle(60);
  for (const command of ['ADD', 'DEL']) {
    const started = performance.now();
    await run(file, config, {
      CNI_COMMAND: command,
      CNI_CONTAINERID: name,
      CNI_NETNS: netns,
      CNI_IFNAME: 'eth0',
      CNI_PATH: DEBIAN,
      CNI_ARGS: args,
    });
    if (round > 0) (samples[`${label} ${command}`] ??= []).push(performance.now() - started);
    await settle(100);
  }
}

async function run(file: string, config: object, env: Record<string, string>): Promise<void> {
  const child = spawn(file, [], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.end(JSON.stringify(config));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${file} ${env['CNI_COMMAND']}: ${output}`);
}

function settle(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Own median divided by Debian's; null when Debian's is not installed. */
function ratio(command: string): number | null {
  const of = (label: string): number => percentile(samples[`${label} ${command}`] ?? [], 50);
  return withDebian ? rounded(of('trunkline') / of('ptp')) : null;
}

/** All figures, and which targets they meet. */
function verdict({ podsPerSecond, goneMs, addMs, delMs }: Burst) {
  const [addRatio, delRatio] = [ratio('ADD'), ratio('DEL')];
  const met = {
    addRatio: addRatio === null ? null : addRatio <= TARGETS.addRatio,
    podsPerSecond: podsPerSecond >= TARGETS.podsPerSecond,
    teardownMs: goneMs < TARGETS.teardownMs,
  };
  const answeredMs = { add: rounded(addMs), del: rounded(delMs) };
  const speeds = { podsPerSecond: rounded(podsPerSecond), teardownMs: rounded(goneMs) };
  return { addRatio, delRatio, pods: COUNT, ...speeds, answeredMs, met };
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
