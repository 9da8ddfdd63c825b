/**
 * What recording flows costs: new TCP connections per second between two pods of one host, through the
 * filter of a real agent, with records on and off by turns. Every connection is a flow that begins and one
 * that ends within a turn. The last line is one JSON object.
 *
 * Run: tools/sandbox.sh node bench/flows.ts [turns of each kind, default 10]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { FLOW_LOGS } from '../src/api/vpc/flow-log.ts';
import { must } from '../src/base/assert.ts';
import { flowSourceHere } from '../src/io/flow-source.ts';
import { linesOverSocket } from '../src/io/unix-http.ts';
import { callPlugin, TestWorld, type TestHost } from '../src/node/agent/hosts.fake.ts';
import { buildCniPlugin } from '../src/node/cni/build.ts';
import { percentile } from './percentile.ts';

const TURNS = Number(process.argv[2] ?? 10);
/** Longer than a closed flow is remembered (one second here), so that ends fall into their own turn. */
const SETTLE_MS = 1200;
const TURN_MS = 1000;
const PORT = 8080;

const world = new TestWorld();
const folder = mkdtempSync(join(tmpdir(), 'bench-flows-'));
const socketPath = join(folder, 'flows.sock');
const source = must(flowSourceHere(), () => 'the C library');
const [host] = (await world.addHosts(1)) as [TestHost];
const plugin = (await buildCniPlugin({ outDir: '/tmp/trunkline-test-cni' })).path;
const client = world.group('client', [
  { ruleId: 'sgr-out', isEgress: true, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' },
]);
const server = world.group('server', [
  {
    ruleId: 'sgr-in',
    isEgress: false,
    ipProtocol: 'tcp',
    fromPort: PORT,
    toPort: PORT,
    referencedGroupId: client,
  },
]);
await world.start(host, {
  flows: { mode: 'flow-logs', folder: join(folder, 'store'), source, socketPath },
});
await world.network.sysctl(host.fabricNetns, {
  'net.netfilter.nf_conntrack_tcp_timeout_close': '1',
});
const from = await wired(1, client);
const to = await wired(2, server);

const children: ChildProcess[] = [];
/** Time, connections so far, microseconds of CPU so far. */
const samples: (readonly [number, number, number])[] = [];
await started(to.netns, ['serve', String(PORT)], () => {});
await started(from.netns, [to.address, String(PORT)], (line) => {
  const [atMs = 0, count = 0, cpuUs = 0] = line.split(' ').map(Number);
  samples.push([atMs, count, cpuUs]);
});

const turns: Record<'off' | 'on', Turn[]> = { off: [], on: [] };
let recorded = { flows: 0, losses: 0 };
for (let i = 0; i < TURNS; i++) {
  // Off, on, on, off: what grows or shrinks with time is the same for both.
  const first = i % 2 === 0 ? 'off' : 'on';
  for (const kind of [first, first === 'off' ? 'on' : 'off'] as const) {
    if (kind === 'on') world.kube.seed(FLOW_LOGS, flowLog());
    turns[kind].push(await turn());
    recorded = await counters();
    if (kind === 'on') await world.kube.delete(FLOW_LOGS, { name: flowLog().metadata.name });
  }
}
for (const child of children) child.kill('SIGKILL');
await world.close();
rmSync(folder, { recursive: true, force: true });

/** Quartiles of what a turn gave. */
const quartiles = (kind: 'off' | 'on', of: (turn: Turn) => number) =>
  [25, 50, 75].map((percent) => round(percentile(turns[kind].map(of), percent)));
const onVsOff = (of: (turn: Turn) => number) =>
  round((quartiles('on', of)[1] ?? 0) / (quartiles('off', of)[1] ?? 0));
const both = (of: (turn: Turn) => number) => ({
  onVsOff: onVsOff(of),
  off: quartiles('off', of),
  on: quartiles('on', of),
});
const report = {
  newConnections: both((one) => one.perSecond),
  perCpuSecond: both((one) => 1e6 / one.pathUs),
  agentUsPerConnection: both((one) => one.agentUs),
  turns: TURNS,
  ...recorded,
};
console.log(JSON.stringify(report, undefined, 2));
console.log(JSON.stringify(report));

/** What one turn gave. */
interface Turn {
  readonly perSecond: number;
  /** CPU time of the client for one connection: its own and that of the kernel on the packets' path. */
  readonly pathUs: number;
  /** CPU time of this process, where the agent is, for one connection. */
  readonly agentUs: number;
}

async function turn(): Promise<Turn> {
  await sleep(SETTLE_MS);
  const beganMs = Date.now();
  const cpu = process.cpuUsage();
  await sleep(TURN_MS);
  const { user, system } = process.cpuUsage(cpu);
  const within = samples.filter(([atMs]) => atMs >= beganMs);
  const [[firstMs, first, firstUs] = [0, 0, 0]] = within;
  const [lastMs, last, lastUs] = within.at(-1) ?? [0, 0, 0];
  const count = last - first;
  return {
    perSecond: (count * 1000) / (lastMs - firstMs),
    pathUs: (lastUs - firstUs) / count,
    agentUs: (user + system) / count,
  };
}

async function wired(vlanId: number, group: string): Promise<{ netns: string; address: string }> {
  const branch = world.branch(host, vlanId, [group]);
  const pod = world.pod(host, `p${vlanId}`, { branch });
  const netns = await world.podNetns(`p${vlanId}`);
  const { status } = await callPlugin(plugin, host, { command: 'ADD', pod, netns });
  if (status !== 0) throw new Error(`ADD failed with ${status}`);
  return { netns, address: branch.spec.privateIps[0] ?? '' };
}

async function started(
  netns: string,
  args: readonly string[],
  each: (line: string) => void,
): Promise<void> {
  const program = new URL('./flow-client.mjs', import.meta.url).pathname;
  const child = spawn('nsenter', [`--net=${netns}`, '--', process.execPath, program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', each);
  await new Promise((resolve) => void lines.once('line', resolve));
}

async function counters(): Promise<{ flows: number; losses: number }> {
  let text = '';
  for await (const line of linesOverSocket(socketPath, '/metrics', new AbortController().signal))
    text += `${line}\n`;
  const sum = (pattern: RegExp): number =>
    [...text.matchAll(pattern)].reduce((all, [, value]) => all + Number(value), 0);
  return {
    flows: sum(/^trunkline_flows_total{.*} (\d+)$/gm),
    losses: sum(/^trunkline_flow_events_lost_total (\d+)$/gm),
  };
}

function flowLog() {
  return {
    metadata: { name: 'fl-00000000000000001' },
    spec: {
      account: '111122223333',
      region: 'us-east-1',
      resourceId: 'vpc-00000000000000001',
      trafficType: 'ALL',
      logDestinationType: 's3',
      logDestination: 'arn:aws:s3:::records',
      logFormat: '${version}',
      maxAggregationSeconds: 60,
      createdAt: '2026-01-01T00:00:00Z',
    },
  } as const;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
