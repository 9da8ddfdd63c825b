import { createServer } from 'node:net';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { FLOW_LOGS } from '../../api/vpc/flow-log.ts';
import { SECURITY_GROUP_POLICIES } from '../../api/security-group-policy.ts';
import { must } from '../../base/assert.ts';
import { flowSourceHere } from '../../io/flow-source.ts';
import { runInNetns } from '../../io/netns-exec.ts';
import { inNetns } from '../../io/netns.ts';
import { linesOverSocket, UnixHttpError } from '../../io/unix-http.ts';
import { matchesFlow, parseFlowRecord, type FlowRecord } from '../../policy/flow-record.ts';
import type { Agent, AgentFlows } from '../agent/agent.ts';
import {
  callPlugin,
  fetchFrom,
  fetchSoon,
  greet,
  TestWorld,
  type TestHost,
} from '../agent/hosts.fake.ts';
import { buildCniPlugin } from '../cni/build.ts';

/** Other tests may keep the machine busy. */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 10_000 });

/** Real namespaces, packets and agents; only the two APIs are in memory. */
describe('flow records of a host', () => {
  const world = new TestWorld();
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-flows-'));
  const socketPath = join(folder, 'flows.sock');
  const source = must(flowSourceHere(), () => 'the C library');
  const flows: AgentFlows = { mode: 'always', folder: join(folder, 'store'), source, socketPath };
  let host: TestHost;
  let agent: Agent;
  let plugin = '';
  let serial = 0;
  let [client, server] = ['', ''];

  interface Wired {
    readonly branch: NetworkInterface;
    readonly netns: string;
    readonly address: string;
    readonly name: string;
  }

  async function wired(groups: readonly string[]): Promise<Wired> {
    serial += 1;
    const name = `f${serial}`;
    const branch = world.branch(host, serial, groups);
    const pod = world.pod(host, name, { branch, labels: { app: name } });
    const netns = await world.podNetns(name);
    const added = await callPlugin(plugin, host, { command: 'ADD', pod, netns });
    expect(added.output).not.toHaveProperty('msg');
    return { branch, netns, address: branch.spec.privateIps[0] ?? '', name };
  }

  async function history(since = 0): Promise<readonly FlowRecord[]> {
    const records: FlowRecord[] = [];
    const path = `/flows?since=${since}`;
    for await (const line of linesOverSocket(socketPath, path, new AbortController().signal))
      records.push(...[parseFlowRecord(line) ?? []].flat());
    return records;
  }

  const of = async (one: Wired, event: string): Promise<readonly FlowRecord[]> =>
    (await history()).filter((r) => r['pod-name'] === one.name && r.event === event);

  beforeAll(async () => {
    plugin = (await buildCniPlugin({ outDir: '/tmp/trunkline-test-cni' })).path;
    [host] = (await world.addHosts(1)) as [TestHost];
    client = world.group('client', [
      { ruleId: 'sgr-out', isEgress: true, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' },
    ]);
    server = world.group('server', [
      {
        ruleId: 'sgr-other',
        isEgress: false,
        ipProtocol: 'tcp',
        fromPort: 1,
        toPort: 1,
        cidrIpv4: '0.0.0.0/0',
      },
      {
        ruleId: 'sgr-8080',
        isEgress: false,
        ipProtocol: 'tcp',
        fromPort: 8080,
        toPort: 8080,
        referencedGroupId: client,
      },
    ]);
    agent = await world.start(host, { flows });
  });
  afterAll(async () => {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('an admitted connection is two records with the rules that admit it and its bytes', async () => {
    const from = await wired([client]);
    const to = await wired([server]);
    world.kube.seed(SECURITY_GROUP_POLICIES, {
      metadata: { name: 'for-f2', namespace: 'default' },
      spec: {
        podSelector: { matchLabels: { app: to.name } },
        securityGroups: { groupIds: [server] },
      },
    });
    const text = 'x'.repeat(20_000);
    const listener = greet(to.netns, 8080, text);
    expect(await fetchSoon(from.netns, to.address, 8080)).toBe(text);
    listener.close();
    await soon(() => of(to, 'open')).toHaveLength(1);
    await world.network.forgetFlows(host.fabricNetns, [to.address]);
    await soon(() => of(to, 'close')).toHaveLength(1);
    const [ingress] = await of(to, 'close');
    const [egress] = await of(from, 'close');
    const common = {
      srcaddr: from.address,
      dstaddr: to.address,
      dstport: '8080',
      protocol: '6',
      action: 'ACCEPT',
      'log-status': 'OK',
      'account-id': '111122223333',
      'instance-id': host.instanceId,
      region: 'us-east-1',
      node: host.nodeName,
      'pod-namespace': 'default',
      'enforcing-mode': 'strict',
      reason: '-',
    };
    expect(egress).toMatchObject({
      ...common,
      'interface-id': from.branch.metadata.name,
      'flow-direction': 'egress',
      'traffic-path': '1',
      'rule-group-id': client,
      'rule-id': 'sgr-out',
    });
    expect(ingress).toMatchObject({
      ...common,
      'interface-id': to.branch.metadata.name,
      'flow-direction': 'ingress',
      'rule-group-id': server,
      'rule-id': 'sgr-8080',
      policy: 'for-f2',
    });
    expect(Number(ingress?.['reply-bytes'])).toBeGreaterThan(20_000);
    expect(Number(ingress?.bytes)).toBeGreaterThan(4 * 40);
    expect(Number(ingress?.packets)).toBeGreaterThanOrEqual(4);
    expect(Number(ingress?.end)).toBeGreaterThanOrEqual(Number(ingress?.start));
    expect(Math.abs(Number(ingress?.start) - Date.now() / 1000)).toBeLessThan(30);
  });

  test('a rejected packet is a record with the gate, the groups and what would have passed', async () => {
    const from = await wired([client]);
    const to = await wired([server]);
    await runInNetns(from.netns, ['bash', '-c', `echo hi > /dev/udp/${to.address}/53`]);
    await soon(() => of(to, 'drop')).toHaveLength(1);
    const [ingress] = await of(to, 'drop');
    expect(ingress).toMatchObject({
      action: 'REJECT',
      gate: 'ingress',
      'flow-direction': 'ingress',
      protocol: '17',
      dstport: '53',
      packets: '1',
      bytes: '31',
      'rule-id': '-',
      'security-group-ids': server,
    });
    expect(ingress?.reason).toContain(`udp/53 from ${from.address}`);
    expect(await fetchFrom(to.netns, from.address, 8080)).toBe('');
    await soon(async () => (await of(to, 'drop')).length).toBeGreaterThan(1);
    const egress = (await of(to, 'drop')).find((record) => record.protocol === '6');
    expect(egress).toMatchObject({ gate: 'egress', 'tcp-flags': '2', srcaddr: to.address });
  });

  test('a forged source address is a record of the port that sent it', async () => {
    const from = await wired([client]);
    await runInNetns(from.netns, ['ip', 'address', 'add', '10.0.1.99/32', 'dev', 'eth0']);
    const forged = 'route change default via 169.254.1.1 dev eth0 src 10.0.1.99'.split(' ');
    await runInNetns(from.netns, ['ip', ...forged]);
    await runInNetns(from.netns, ['bash', '-c', 'echo hi > /dev/udp/10.0.1.98/53']);
    const pinned = async (): Promise<readonly FlowRecord[]> =>
      (await history()).filter(
        (r) => r.gate === 'pin' && r['interface-id'] === from.branch.metadata.name,
      );
    await soon(pinned).toHaveLength(1);
    expect((await pinned())[0]?.reason).toContain('source/destination check');
  });

  test('a flood of 100,000 rejected packets makes no more records than the rate', async () => {
    const from = await wired([client]);
    const to = await wired([server]);
    const beganMs = Date.now();
    const flood = `import socket
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)
for i in range(100000): s.sendto(b'x',('${to.address}',1000+i%50000))`;
    const { status } = await runInNetns(from.netns, ['python3', '-c', flood]);
    expect(status).toBe(0);
    const tookSeconds = Math.ceil((Date.now() - beganMs) / 1000);
    await soon(async () => (await of(to, 'drop')).length).toBeGreaterThan(10);
    const records = await of(to, 'drop');
    const packets = records.reduce((sum, record) => sum + Number(record.packets), 0);
    expect(packets).toBeLessThanOrEqual(20 + 10 * (tookSeconds + 1));
    const metrics = await text('/metrics');
    const eniId = to.branch.metadata.name;
    const dropped = new RegExp(`dropped_packets_total{interface="${eniId}",gate="ingress"} (\\d+)`);
    expect(Number(dropped.exec(metrics)?.[1])).toBe(100_000);
    expect(metrics).toMatch(
      new RegExp(`flows_total{group="${server}",verdict="reject",direction="ingress"} \\d+`),
    );
  });

  test('followers hear of a flow when it begins, of their own pod only', async () => {
    const from = await wired([client]);
    const to = await wired([server]);
    const stop = new AbortController();
    const heard: FlowRecord[] = [];
    const following = (async () => {
      for await (const line of linesOverSocket(
        socketPath,
        `/flows?follow=1&pod=${to.name}`,
        stop.signal,
      ))
        heard.push(...[parseFlowRecord(line) ?? []].flat());
    })();
    const listener = greet(to.netns, 8080);
    await soon(async () => {
      await fetchFrom(from.netns, to.address, 8080);
      return heard.length;
    }).toBeGreaterThan(0);
    listener.close();
    stop.abort();
    await following;
    expect(heard.every((record) => matchesFlow({ pod: `default/${to.name}` }, record))).toBe(true);
    expect(heard[0]).toMatchObject({ event: 'open', 'rule-id': 'sgr-8080' });
  });

  test('the history outlives the recorder, and flows go on while it is away', async () => {
    const from = await wired([client]);
    const to = await wired([server]);
    const held = createServer((socket) => socket.on('error', () => {}).resume());
    inNetns(to.netns, () => held.listen(8080));
    const before = (await history()).filter(({ event }) => event !== 'open');
    const dial = `exec 3<>/dev/tcp/${to.address}/8080; sleep 5`;
    const connection = runInNetns(from.netns, ['timeout', '6', 'bash', '-c', dial]);
    await soon(() => of(to, 'open')).toHaveLength(1);
    await agent.close();
    expect(before.length).toBeGreaterThan(0);
    agent = await world.start(host, { flows });
    const after = await history();
    for (const record of before) expect(after).toContainEqual(record);
    expect(await of(to, 'open')).toMatchObject([{ 'rule-id': 'sgr-8080', action: 'ACCEPT' }]);
    held.close();
    await connection;
  });

  test('a store that cannot be written costs records and nothing else', async () => {
    await agent.close();
    const blocked = join(folder, 'a-file');
    writeFileSync(blocked, '');
    agent = await world.start(host, { flows: { ...flows, folder: join(blocked, 'store') } });
    const from = await wired([client]);
    const to = await wired([server]);
    const listener = greet(to.netns, 8080);
    expect(await fetchSoon(from.netns, to.address, 8080)).toBe('hello');
    expect(await fetchFrom(from.netns, to.address, 9090)).toBe('');
    listener.close();
    await soon(async () => /unwritten_total (\d+)/.exec(await text('/metrics'))?.[1]).not.toBe('0');
  });

  test('off, there is no log in the program and no counting; a flow log switches it on and off', async () => {
    await agent.close();
    agent = await world.start(host, { flows: { ...flows, mode: 'flow-logs' } });
    const program = (): Promise<string> => world.nft.list(host.fabricNetns, 'ruleset');
    const counting = async (): Promise<string> =>
      (
        await runInNetns(host.fabricNetns, ['cat', '/proc/sys/net/netfilter/nf_conntrack_acct'])
      ).stdout.trim();
    await soon(program).not.toMatch(/\blog\b/);
    await expect(history()).rejects.toThrow(UnixHttpError);
    const to = await wired([server]);
    const log = world.kube.seed(FLOW_LOGS, {
      metadata: { name: 'fl-00000000000000001' },
      spec: {
        account: '111122223333',
        region: 'us-east-1',
        resourceId: to.branch.metadata.name,
        trafficType: 'REJECT',
        logDestinationType: 's3',
        logDestination: 'arn:aws:s3:::records',
        logFormat: '${version}',
        maxAggregationSeconds: 60,
        createdAt: '2026-01-01T00:00:00Z',
      },
    });
    await soon(program).toMatch(/log prefix "ingress" group 7/);
    expect(await counting()).toBe('1');
    const from = await wired([client]);
    const listener = greet(to.netns, 8080);
    expect(await fetchSoon(from.netns, to.address, 8080)).toBe('hello');
    listener.close();
    await fetchFrom(from.netns, to.address, 9090);
    await fetchFrom(to.netns, from.address, 9090);
    await soon(async () => (await of(to, 'drop')).length).toBeGreaterThan(1);
    expect(await of(to, 'open')).toEqual([]);
    expect(await of(from, 'drop')).toEqual([]);
    await world.kube.delete(FLOW_LOGS, { name: log.metadata.name });
    await soon(program).not.toMatch(/\blog\b/);
    expect(await counting()).toBe('0');
    expect(readdirSync(flows.folder).length).toBeGreaterThan(0);
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  });

  async function text(path: string): Promise<string> {
    const lines: string[] = [];
    for await (const line of linesOverSocket(socketPath, path, new AbortController().signal))
      lines.push(line);
    return lines.join('\n');
  }
});
