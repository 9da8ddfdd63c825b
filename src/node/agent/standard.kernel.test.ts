import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '../../base/assert.ts';
import { buildCniPlugin } from '../cni/build.ts';
import { callPlugin, fetchFrom, fetchSoon, greet, TestWorld, type TestHost } from './hosts.fake.ts';

describe('standard enforcing mode', () => {
  const world = new TestWorld();
  let plugin = '';
  let one: TestHost;
  let two: TestHost;

  beforeAll(async () => {
    plugin = (await buildCniPlugin({ outDir: '/tmp/trunkline-test-cni' })).path;
    const hosts = await world.addHosts(2);
    one = must(hosts[0], () => 'host 1');
    two = must(hosts[1], () => 'host 2');
    const config = { enablePodEni: true, enforcingMode: 'standard' } as const;
    for (const host of hosts) await world.start(host, { config });
  });
  afterAll(() => world.close());

  test('filters what leaves the node, and nothing between pods of one node', async () => {
    await expect
      .poll(async () => (await world.network.read(one.fabricNetns)).fdb.length, { timeout: 5000 })
      .toBe(1);
    const closed = world.group('closed', []);
    const open = world.group('open', [
      { ruleId: 'sgr-o', isEgress: true, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' },
    ]);
    const wire = async (host: TestHost, vlanId: number, group: string) => {
      const branch = world.branch(host, vlanId, [group]);
      const pod = world.pod(host, `s${host.number}-${vlanId}`, { branch });
      const netns = await world.podNetns(`s${host.number}-${vlanId}`);
      const added = await callPlugin(plugin, host, { command: 'ADD', pod, netns });
      expect(added.output).not.toHaveProperty('msg');
      return { pod, netns, address: branch.spec.privateIps[0] ?? '' };
    };
    const client = await wire(one, 1, open);
    const neighbour = await wire(one, 2, closed);
    const far = await wire(two, 1, closed);
    const listeners = [greet(neighbour.netns, 80), greet(far.netns, 80), greet(two.hostNetns, 80)];
    expect(await fetchSoon(client.netns, neighbour.address, 80)).toBe('hello');
    expect(await fetchFrom(client.netns, far.address, 80)).toBe('');
    expect(await fetchSoon(client.netns, two.address, 80)).toBe('hello');
    expect(await fetchSoon(one.hostNetns, neighbour.address, 80)).toBe('hello');
    for (const listener of listeners) listener.close();
    const host = await world.network.read(one.hostNetns);
    expect(host.rules.map((rule) => rule.priority)).toEqual([
      0, 512, 512, 1024, 1536, 1536, 32766, 32767,
    ]);
    expect(host.links.filter((link) => link.name.startsWith('eni'))).toHaveLength(2);
    for (const command of ['CHECK', 'DEL'])
      expect(await callPlugin(plugin, one, { command, ...client })).toMatchObject({ status: 0 });
    const after = await world.network.read(one.hostNetns);
    expect(after.rules.filter((rule) => rule.to === `${client.address}/32`)).toEqual([]);
    expect(after.rules.filter((rule) => rule.priority === 1536)).toHaveLength(1);
  });
});
