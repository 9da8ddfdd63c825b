import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '../../base/assert.ts';
import { buildCniPlugin } from '../cni/build.ts';
import type { Agent } from './agent.ts';
import { callPlugin, fetchFrom, greet, TestWorld, type TestHost } from './hosts.fake.ts';

describe('two hosts with agents and the real plugin', () => {
  const world = new TestWorld();
  let plugin = '';
  let hosts: TestHost[] = [];
  const agents: Agent[] = [];
  const hostAt = (number: number): TestHost => must(hosts[number - 1], () => `no host ${number}`);

  beforeAll(async () => {
    plugin = (await buildCniPlugin({ outDir: '/tmp/trunkline-test-cni', kind: 'bun' })).path;
    hosts = await world.addHosts(2);
    for (const host of hosts) agents.push(await world.start(host));
  });
  afterAll(() => world.close());

  test('primary interfaces reach each other across hosts', async () => {
    const server = greet(hostAt(2).hostNetns, 7000);
    await expect
      .poll(() => fetchFrom(hostAt(1).hostNetns, hostAt(2).address, 7000), { timeout: 5000 })
      .toBe('hello');
    server.close();
  });

  test('two pods of one node reach each other only as their groups say', async () => {
    const host = hostAt(1);
    const client = world.group('client', [
      { ruleId: 'sgr-1', isEgress: true, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' },
    ]);
    const server = world.group('server', [
      {
        ruleId: 'sgr-2',
        isEgress: false,
        ipProtocol: 'tcp',
        fromPort: 8080,
        toPort: 8080,
        referencedGroupId: client,
      },
    ]);
    const a = world.pod(host, 'a', { branch: world.branch(host, 1, [client]) });
    const b = world.pod(host, 'b', { branch: world.branch(host, 2, [server]) });
    const netnsA = await world.podNetns('a');
    const netnsB = await world.podNetns('b');
    const added = await callPlugin(plugin, host, { command: 'ADD', pod: a, netns: netnsA });
    expect(added.output).not.toHaveProperty('msg');
    const other = await callPlugin(plugin, host, { command: 'ADD', pod: b, netns: netnsB });
    expect(other).toMatchObject({ status: 0 });
    const addressB = JSON.stringify(other.output).match(/10\.0\.1\.\d+(?=\/32)/)?.[0] ?? '';
    const open = greet(netnsB, 8080);
    const closed = greet(netnsB, 9090);
    expect(await fetchFrom(netnsA, addressB, 8080)).toBe('hello');
    expect(await fetchFrom(netnsA, addressB, 9090)).toBe('');
    open.close();
    closed.close();
  });
});
