import { after, before, describe, test } from 'node:test';
import { must } from '../../src/base/assert.ts';
import type { Agent } from '../../src/node/agent/agent.ts';
import { greet, TestWorld, type TestHost } from '../../src/node/agent/hosts.fake.ts';
import { capture } from './capture.ts';
import { admits, ALL_OUT, allowed, cni, denied, wirePod, type WiredPod } from './lab.ts';

describe('standard mode over VLAN links', () => {
  let world: TestWorld;
  let one: TestHost;
  let two: TestHost;
  let agent: Agent;
  let webGroup = '';
  let client: WiredPod;
  let neighbour: WiredPod;
  let far: WiredPod;

  before(async () => {
    world = new TestWorld();
    const hosts = await world.addHosts(2);
    one = must(hosts[0], () => 'host 1');
    two = must(hosts[1], () => 'host 2');
    const config = { enablePodEni: true, enforcingMode: 'standard' } as const;
    agent = await world.start(one, { config, linkDriver: 'vlan' });
    await world.start(two, { config, linkDriver: 'vlan' });
    const open = world.group('open', [ALL_OUT]);
    webGroup = world.group('web', [admits(open, 8080)]);
    client = await wirePod(world, one, { vlanId: 1, groups: [open] });
    neighbour = await wirePod(world, one, { vlanId: 2, groups: [webGroup] });
    far = await wirePod(world, two, { vlanId: 1, groups: [webGroup] });
    for (const { netns } of [neighbour, far])
      for (const port of [8080, 9090]) greet(netns, port).unref();
  });
  after(() => world.close());

  test('pods of one node meet no group, and their frames never reach the trunk', async () => {
    const trunk = await capture(one.hostNetns, 'eth1');
    await allowed(client.netns, neighbour.address, 9090);
    await allowed(one.hostNetns, neighbour.address, 9090);
    // Later traffic over the trunk, seen: earlier frames would have been seen too.
    await allowed(client.netns, far.address, 8080);
    const lines = await trunk.until(
      new RegExp(`${client.mac} > .* vlan 1, .* > ${far.address}\\.8080: Flags \\[S\\]`),
    );
    trunk.stop();
    const local = lines.filter((line) => line.includes(neighbour.address));
    if (local.length > 0) throw new Error(`on the trunk: ${local.join('\n')}`);
  });

  test('what leaves the node is filtered', async () => {
    await denied(client.netns, far.address, 9090);
    await denied(far.netns, client.address, 8080);
  });

  test('a forged address leaves by the primary interface, and is dropped there', async () => {
    const address = '10.0.1.99';
    const at = { link: 'eth0', address, prefixBits: 32 } as const;
    const primary = await capture(one.hostNetns, 'eth0');
    await world.network.apply(client.netns, [{ op: 'address-add', ...at }]);
    await denied(client.netns, far.address, 8080, address);
    await primary.until(new RegExp(`${address}\\.\\d+ > ${far.address}\\.8080: Flags \\[S\\]`));
    primary.stop();
    await world.network.apply(client.netns, [{ op: 'address-delete', ...at }]);
    await allowed(client.netns, far.address, 8080);
  });

  test('a change to strict mode is for new pods; the others keep their wiring', async () => {
    await agent.close();
    const config = { enablePodEni: true, enforcingMode: 'strict' } as const;
    agent = await world.start(one, { config });
    const late = await wirePod(world, one, { vlanId: 3, groups: [webGroup] });
    for (const port of [8080, 9090]) greet(late.netns, port).unref();
    await allowed(client.netns, neighbour.address, 9090);
    await allowed(client.netns, late.address, 8080);
    await denied(client.netns, late.address, 9090);
    await cni(one, { command: 'CHECK', ...client });
    await cni(one, { command: 'CHECK', ...late });
  });

  test('the same VLAN id on two hosts is two branches', async () => {
    await cni(one, { command: 'CHECK', ...client });
    await cni(two, { command: 'CHECK', ...far });
    await cni(one, { command: 'DEL', ...client });
    await cni(two, { command: 'CHECK', ...far });
  });
});
