import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENDPOINT_SLICES } from '../../../api/core/endpoints.ts';
import { SERVICES, type Service } from '../../../api/core/service.ts';
import type { SecurityGroupRuleSpec } from '../../../api/vpc/security-group.ts';
import { must } from '../../../base/assert.ts';
import { silentLog } from '../../../base/log.ts';
import { systemClock } from '../../../io/clock.ts';
import { createInformers } from '../../../io/informer.ts';
import { runInNetns } from '../../../io/netns-exec.ts';
import { inNetns } from '../../../io/netns.ts';
import { callPlugin, TestWorld, type TestHost } from '../../../node/agent/hosts.fake.ts';
import { buildCniPlugin } from '../../../node/cni/build.ts';
import { startProxy } from './proxy.ts';
import { testService, testSlice, type TestEndpoint } from './test-services.fake.ts';

/**
 * Two nodes with a proxy each and a host without one, over real packets: plain pods, pods on branches,
 * and a client outside of the cluster.
 */
interface TestPod {
  readonly name: string;
  readonly node: TestHost;
  readonly netns: string;
  readonly address: string;
}

const world = new TestWorld();
const stop = new AbortController();
const proxies: { close(): Promise<void> }[] = [];
const servers: Server[] = [];
const processes: ChildProcess[] = [];
let one: TestHost;
let two: TestHost;
let outside: TestHost;
let plugin = '';
let serial = 0;

const ALL_OUT = { isEgress: true, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0', ruleId: 'sgr-all' };
const REFUSED = 'refused';
const SILENCE = '';

function admits(port: number, cidrIpv4 = '10.0.0.0/16', ipProtocol = 'tcp'): SecurityGroupRuleSpec {
  return {
    ruleId: `sgr-${port}`,
    isEgress: false,
    ipProtocol,
    fromPort: port,
    toPort: port,
    cidrIpv4,
  };
}

/** A wired pod: on a branch with these groups, or plain. It answers on port 8080 with who saw whom. */
async function pod(node: TestHost, name: string, groups?: readonly string[]): Promise<TestPod> {
  const branch = groups && world.branch(node, (serial += 1), groups);
  const object = world.pod(node, name, branch ? { branch } : {});
  const netns = await world.podNetns(name);
  const { output } = await callPlugin(plugin, node, { command: 'ADD', pod: object, netns });
  const ips = output['ips'] as { address: string }[] | undefined;
  const address = must(ips?.[0], () => JSON.stringify(output)).address.replace(/\/.*/, '');
  serve(netns, name);
  return { name, node, netns, address };
}

function serve(netns: string, name: string, port = 8080): void {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(`${name} saw ${(socket.remoteAddress ?? '').replace('::ffff:', '')}`);
  });
  inNetns(netns, () => server.listen(port));
  servers.push(server);
}

const UDP_SERVER = `const s = require('node:dgram').createSocket('udp4');
s.on('message', (m, r) => s.send(process.argv[1] + ' saw ' + r.address + '\\n', r.port, r.address));
s.bind(5353, '0.0.0.0', () => console.log('ready'));`;

/** A UDP server on port 5353 of a namespace. */
async function serveUdp(netns: string, name: string): Promise<void> {
  const args = [`--net=${netns}`, process.execPath, '-e', UDP_SERVER, name];
  const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  processes.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
}

/** What a client reads; 'refused', or '' when nothing comes within a second. */
async function ask(netns: string, address: string, port = 80): Promise<string> {
  return askWithin('1', netns, { address, port });
}

/** The same for where silence is expected. */
function hears(netns: string, address: string, port = 80): Promise<string> {
  return askWithin('0.4', netns, { address, port });
}

/**
 * The same with time for a second SYN: the kernel forgets an ICMP error that arrives while the client is
 * still within connect(), as it does when all hops are on one machine.
 */
async function askPatiently(netns: string, address: string, port = 80): Promise<string> {
  return askWithin('3', netns, { address, port });
}

async function askWithin(
  seconds: string,
  netns: string,
  { address, port }: { address: string; port: number },
): Promise<string> {
  const script = `exec 3<>/dev/tcp/${address}/${port} && cat <&3`;
  const done = await runInNetns(netns, ['timeout', seconds, 'bash', '-c', script]);
  return /Connection refused/.test(done.stderr) ? REFUSED : done.stdout;
}

async function askUdp(netns: string, address: string, port: number): Promise<string> {
  const script = `exec 3<>/dev/udp/${address}/${port} && echo hi >&3 && head -n1 <&3`;
  const done = await runInNetns(netns, ['timeout', '1', 'bash', '-c', script]);
  const refused = /Connection refused|Operation not permitted/.test(done.stderr);
  return refused ? REFUSED : done.stdout.trim();
}

async function askMany(netns: string, address: string, times = 12): Promise<ReadonlySet<string>> {
  const answers = Array.from({ length: times }, () => ask(netns, address));
  return new Set((await Promise.all(answers)).map((text) => text.split(' ')[0] ?? ''));
}

function endpoint({ address, node }: TestPod): TestEndpoint {
  return { address, node: node.nodeName };
}

/** Makes or changes a Service, and waits until both nodes have its rules. */
async function expose(
  service: Service,
  pods: readonly TestPod[],
  port: { port: number; protocol?: string } = { port: 8080 },
): Promise<void> {
  world.kube.seed(SERVICES, service);
  world.kube.seed(ENDPOINT_SLICES, testSlice(service.metadata.name, port, pods.map(endpoint)));
  const marker = testService(`marker-${(serial += 1)}`, `10.100.255.${serial}`);
  world.kube.seed(SERVICES, marker);
  for (const { hostNetns } of [one, two])
    await expect
      .poll(() => world.nft.list(hostNetns, 'table ip kube-proxy'), { timeout: 5000 })
      .toContain(`10.100.255.${serial}`);
}

let front: TestPod;
let shy: TestPod;
let back1: TestPod;
let back2: TestPod;
let guarded: TestPod;

beforeAll(async () => {
  plugin = (await buildCniPlugin({ outDir: '/tmp/trunkline-test-cni' })).path;
  [one, two, outside] = (await world.addHosts(3)) as [TestHost, TestHost, TestHost];
  for (const host of [one, two, outside]) await world.start(host);
  const { kube, network, nft } = world;
  for (const { nodeName, hostNetns } of [one, two]) {
    const shared = { kube, clock: systemClock, log: silentLog, signal: stop.signal };
    const informers = createInformers(shared);
    proxies.push(await startProxy({ ...shared, nodeName, hostNetns, informers, network, nft }));
  }
  front = await pod(one, 'front');
  // May only speak to the pods that wear `open`: never to the address of a Service.
  const udp = admits(5353, '10.0.0.0/16', 'udp');
  const open = world.group('open', [admits(8080), udp, ALL_OUT]);
  const only = { ...ALL_OUT, ruleId: 'sgr-open', ipProtocol: '-1', referencedGroupId: open };
  shy = await pod(one, 'shy', [world.group('shy', [{ ...only, cidrIpv4: undefined } as never])]);
  back1 = await pod(one, 'back1', [open]);
  back2 = await pod(two, 'back2', [open]);
  guarded = await pod(two, 'guarded', [world.group('guarded', [admits(8080, '192.0.2.0/24')])]);
});
afterAll(async () => {
  for (const server of servers) server.close();
  for (const child of processes) child.kill('SIGKILL');
  await Promise.all(proxies.map((each) => each.close()));
  stop.abort();
  await world.close();
});

describe('a cluster address', () => {
  test('leads plain pods, branches and nodes to any endpoint, and keeps who asks', async () => {
    await expose(testService('web', '10.100.1.1'), [back1, back2]);
    for (const netns of [front.netns, one.hostNetns, two.hostNetns])
      expect(await askMany(netns, '10.100.1.1')).toEqual(new Set(['back1', 'back2']));
    expect(await ask(front.netns, '10.100.1.1')).toMatch(`saw ${front.address}`);
    expect(await ask(one.hostNetns, '10.100.1.1')).toMatch(`saw ${one.address}`);
  });

  test('is nothing to groups: what counts is the address of the pod behind it', async () => {
    await expose(testService('web', '10.100.1.1'), [back1, back2]);
    expect(await askMany(shy.netns, '10.100.1.1')).toEqual(new Set(['back1', 'back2']));
    expect(await ask(shy.netns, '10.100.1.1')).toMatch(`saw ${shy.address}`);
    await expose(testService('plain', '10.100.1.2'), [front]);
    expect(await hears(shy.netns, '10.100.1.2')).toBe(SILENCE);
    await expose(testService('guarded', '10.100.1.3'), [guarded]);
    expect(await hears(front.netns, '10.100.1.3')).toBe(SILENCE);
  });

  test('follows its endpoints, and refuses while there is none', async () => {
    const service = testService('moving', '10.100.1.4');
    await expose(service, [back1]);
    expect(await ask(front.netns, '10.100.1.4')).toMatch(/^back1 /);
    await expose(service, [back2]);
    expect(await askMany(front.netns, '10.100.1.4')).toEqual(new Set(['back2']));
    await expose(service, []);
    expect(await askPatiently(front.netns, '10.100.1.4')).toBe(REFUSED);
    expect(await askPatiently(one.hostNetns, '10.100.1.4')).toBe(REFUSED);
    // The refusal goes to a branch over the VPC, whose groups do not admit it.
    expect(await hears(shy.netns, '10.100.1.4')).toBe(SILENCE);
    await expose(service, [back1]);
    expect(await ask(front.netns, '10.100.1.4')).toMatch(/^back1 /);
    expect(await askPatiently(front.netns, '10.100.1.4', 81)).toBe(REFUSED);
  });

  test('works over UDP, and a client that never pauses moves on', async () => {
    await Promise.all([serveUdp(back1.netns, 'back1'), serveUdp(front.netns, 'front')]);
    const service = testService('names', '10.100.1.5', { ports: [{ port: 53, protocol: 'UDP' }] });
    const port = { port: 5353, protocol: 'UDP' };
    await expose(service, [front], port);
    expect(await askUdp(two.hostNetns, '10.100.1.5', 53)).toBe(`front saw ${two.address}`);
    await expose(service, [], port);
    expect(await askUdp(front.netns, '10.100.1.5', 53)).toBe(REFUSED);
    expect(await askUdp(two.hostNetns, '10.100.1.5', 53)).toBe(REFUSED);
    await expose(service, [front], port);
    const steady = `exec 3<>/dev/udp/10.100.1.5/53
      for i in {1..12}; do echo hi >&3; timeout 0.2 head -n1 <&3; sleep 0.1; done`;
    const asking = runInNetns(two.hostNetns, ['bash', '-c', steady]);
    await new Promise((resolve) => setTimeout(resolve, 250));
    await expose(service, [back1], port);
    const answers = (await asking).stdout.trim().split('\n');
    expect([answers[0], answers.at(-1)]).toEqual([
      `front saw ${two.address}`,
      `back1 saw ${two.address}`,
    ]);
  });

  test('keeps a client with its endpoint for as long as it is told', async () => {
    const service = testService('sticky', '10.100.1.6', {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    });
    await expose(service, [back1, back2, front]);
    const first = await ask(one.hostNetns, '10.100.1.6');
    expect((await askMany(one.hostNetns, '10.100.1.6', 8)).size).toBe(1);
    await expose(testService('another', '10.100.1.7'), [back1]);
    expect(await ask(one.hostNetns, '10.100.1.6')).toBe(first);
  });

  test('leads a plain pod to itself, from the address of its node', async () => {
    await expose(testService('self', '10.100.1.8'), [front]);
    expect(await ask(front.netns, '10.100.1.8')).toMatch(`front saw ${one.address}`);
  });

  test('leads a branch to itself by its own table, from the address of its node, past all groups', async () => {
    await expose(testService('self', '10.100.1.8'), [back1]);
    expect(await ask(back1.netns, '10.100.1.8')).toBe(`back1 saw ${one.address}`);
  });

  test('keeps to the node where the Service says so', async () => {
    const service = testService('near', '10.100.1.9', { internalTrafficPolicy: 'Local' });
    await expose(service, [back1, back2]);
    expect(await askMany(front.netns, '10.100.1.9')).toEqual(new Set(['back1']));
    await expose(service, [back2]);
    expect(await hears(front.netns, '10.100.1.9')).toBe(SILENCE);
    expect(await ask(two.hostNetns, '10.100.1.9')).toMatch(/^back2 /);
  });
});

describe('a port of the nodes', () => {
  const onNodes = (nodePort: number, policy: 'Cluster' | 'Local'): Partial<Service['spec']> => ({
    type: 'NodePort',
    ports: [{ port: 80, nodePort }],
    externalTrafficPolicy: policy,
  });

  test('leads to pods of every node, in the name of the node that was asked', async () => {
    await expose(testService('open', '10.100.2.1', onNodes(30_001, 'Cluster')), [back1, back2]);
    const answers = Array.from({ length: 12 }, () => ask(outside.hostNetns, one.address, 30_001));
    expect(new Set(await Promise.all(answers))).toEqual(
      new Set([`back1 saw ${one.address}`, `back2 saw ${one.address}`]),
    );
  });

  test('with policy Local leads to pods of this node only, and they see who asks', async () => {
    await expose(testService('local', '10.100.2.2', onNodes(30_002, 'Local')), [front]);
    expect(await ask(outside.hostNetns, one.address, 30_002)).toBe(`front saw ${outside.address}`);
    expect(await hears(outside.hostNetns, two.address, 30_002)).toBe(SILENCE);
    expect(await hears(two.hostNetns, two.address, 30_002)).toBe(SILENCE);
  });

  test('with policy Local never reaches a branch in strict mode: its source is not the node', async () => {
    await expose(testService('lost', '10.100.2.3', onNodes(30_003, 'Local')), [back1]);
    expect(await hears(outside.hostNetns, one.address, 30_003)).toBe(SILENCE);
  });

  test('is out of reach of branches in strict mode: the source would be the node’s', async () => {
    await expose(testService('own', '10.100.2.6', onNodes(30_006, 'Cluster')), [back2]);
    expect(await hears(back1.netns, one.address, 30_006)).toBe(SILENCE);
    // By the other node it goes: there it is a client from outside.
    expect(await ask(back1.netns, two.address, 30_006)).toBe(`back2 saw ${two.address}`);
  });

  test('refuses when the Service has no endpoint at all', async () => {
    await expose(testService('none', '10.100.2.4', onNodes(30_004, 'Cluster')), []);
    expect(await askPatiently(outside.hostNetns, one.address, 30_004)).toBe(REFUSED);
    expect(await ask(outside.hostNetns, one.address, 30_999)).toBe(REFUSED);
  });

  test('also answers at the address of a load balancer, from within', async () => {
    const service = testService('balanced', '10.100.2.5', onNodes(30_005, 'Cluster'));
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.7' }] } };
    await expose({ ...service, status }, [back2]);
    expect(await ask(front.netns, '203.0.113.7')).toBe(`back2 saw ${one.address}`);
  });
});
