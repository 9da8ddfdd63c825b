import { after, before, describe, test } from 'node:test';
import { must } from '../../src/base/assert.ts';
import { greet, TestWorld, type TestHost } from '../../src/node/agent/hosts.fake.ts';
import { capture } from './capture.ts';
import { admits, ALL_OUT, allowed, cni, denied, wirePod, type WiredPod } from './lab.ts';

describe('standard mode over VLAN links', () => {
  let world: TestWorld;
  let one: TestHost;
  let two: TestHost;
  let client: WiredPod;
  let neighbour: WiredPod;
  let far: WiredPod;

  before(async () => {
    world = new TestWorld();
    const hosts = await world.addHosts(2);
    one = must(hosts[0], () => 'host 1');
    two = must(hosts[1], () => 'host 2');
    const config = { enablePodEni: true, enforcingMode: 'standard' } as const;
    for (const host of hosts) await world.start(host, { config, linkDriver: 'vlan' });
    const open = world.group('open', [ALL_OUT]);
    const server = world.group('web', [admits(open, 8080)]);
    client = await wirePod(world, one, { vlanId: 1, groups: [open] });
    neighbour = await wirePod(world, one, { vlanId: 2, groups: [server] });
    far = await wirePod(world, two, { vlanId: 1, groups: [server] });
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

  test('the same VLAN id on two hosts is two branches', async () => {
    await cni(one, { command: 'CHECK', ...client });
    await cni(two, { command: 'CHECK', ...far });
    await cni(one, { command: 'DEL', ...client });
    await cni(two, { command: 'CHECK', ...far });
  });
});
