import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { INSTANCES } from '../../src/api/vpc/instance.ts';
import { SECURITY_GROUPS } from '../../src/api/vpc/security-group.ts';
import { must } from '../../src/base/assert.ts';
import type { Agent } from '../../src/node/agent/agent.ts';
import { greet, TestWorld, type TestHost } from '../../src/node/agent/hosts.fake.ts';
import { branchLink, portLink } from '../../src/node/wiring/names.ts';
import { capture } from './capture.ts';
import { forge } from './frame.ts';
import { admits, ALL_OUT, allowed, cni, denied, eventually, pinDrops, wirePod } from './lab.ts';
import type { WiredPod } from './lab.ts';
import { sendFrame } from './sockets.ts';

describe('strict mode over VLAN links', () => {
  let world: TestWorld;
  let one: TestHost;
  let two: TestHost;
  const agents: Agent[] = [];
  let clientGroup = '';
  let serverGroup = '';
  let client: WiredPod;
  let server: WiredPod;
  let far: WiredPod;

  before(async () => {
    world = new TestWorld();
    const hosts = await world.addHosts(2);
    one = must(hosts[0], () => 'host 1');
    two = must(hosts[1], () => 'host 2');
    clientGroup = world.group('client', [ALL_OUT]);
    serverGroup = world.group('server', [
      admits(clientGroup, 8080),
      {
        ruleId: 'sgr-udp',
        isEgress: false,
        ipProtocol: 'udp',
        fromPort: 7000,
        toPort: 7999,
        cidrIpv4: '0.0.0.0/0',
      },
    ]);
    for (const host of hosts) agents.push(await world.start(host));
    client = await wirePod(world, one, { vlanId: 101, groups: [clientGroup] });
    server = await wirePod(world, one, { vlanId: 102, groups: [serverGroup] });
    far = await wirePod(world, two, { vlanId: 4094, groups: [serverGroup] });
    for (const { netns } of [client, server, far])
      for (const port of [8080, 9090]) greet(netns, port).unref();
    await eventually('tunnels between the hosts', async () =>
      [one, two].every(
        ({ instanceId }) => world.kube.peek(INSTANCES, { name: instanceId })?.status,
      ),
    );
  });
  after(() => world.close());

  test('the agent chooses VLAN links by itself on a kernel that has them', () => {
    assert.deepEqual(
      agents.map((agent) => [agent.linkDriver, agent.notes]),
      agents.map(() => ['vlan', []]),
    );
  });

  test('both ends of a branch are 802.1Q links with its id, the host end with its MAC', async () => {
    const host = await world.network.links(one.hostNetns);
    const fabric = await world.network.links(one.fabricNetns);
    for (const { vlanId, mac, port } of [client, server]) {
      const near = host.find((link) => link.name === branchLink(vlanId));
      const { kind, vlanId: id, up, mtu } = must(near, () => `no ${branchLink(vlanId)}`);
      assert.deepEqual([kind, id, near?.mac, up, mtu], ['vlan', vlanId, mac, true, 9001]);
      const end = fabric.find((link) => link.name === port);
      assert.deepEqual([end?.kind, end?.vlanId, end?.up], ['vlan', vlanId, true]);
    }
  });

  test('frames on the trunk carry the tag of the branch that sends or receives them', async (context) => {
    const trunk = await capture(one.hostNetns, 'eth1');
    await allowed(client.netns, server.address, 8080);
    const [from, to] = [`${client.address}\\.\\d+`, `${server.address}\\.8080`];
    const leaves = new RegExp(`${client.mac} > .* vlan 101, .* ${from} > ${to}: Flags \\[S\\]`);
    const arrives = new RegExp(`> ${server.mac}, .* vlan 102, .* ${from} > ${to}: Flags \\[S\\]`);
    await trunk.until(leaves);
    await trunk.until(arrives);
    const back = new RegExp(`> ${client.mac}, .* vlan 101, .* ${to} > ${from}: Flags \\[F`);
    const lines = await trunk.until(back);
    trunk.stop();
    const bare = lines.filter(
      (line) => line.includes(client.address) && !/ethertype 802\.1Q .* vlan 10[12],/.test(line),
    );
    assert.deepEqual(bare, [], 'every frame of the pods is tagged');
    for (const pattern of [leaves, arrives, back])
      context.diagnostic(lines.find((line) => pattern.test(line)) ?? '');
  });

  test('admits on one host what the groups admit, and nothing else', async () => {
    await denied(client.netns, server.address, 9090);
    await denied(server.netns, client.address, 8080);
    await denied(one.hostNetns, server.address, 8080);
  });

  test('admits and denies across hosts alike', async () => {
    const trunk = await capture(two.hostNetns, 'eth1');
    await allowed(client.netns, far.address, 8080);
    await trunk.until(new RegExp(`> ${far.mac}, .* vlan 4094, .* ${far.address}\\.8080: Flags`));
    trunk.stop();
    await denied(client.netns, far.address, 9090);
    await denied(far.netns, client.address, 8080);
  });

  test('a changed rule is enforced on open ports at once', async () => {
    const name = serverGroup;
    const group = must(world.kube.peek(SECURITY_GROUPS, { name }), () => name);
    const rules = [...group.spec.rules, admits(clientGroup, 9090)];
    world.kube.seed(SECURITY_GROUPS, { ...group, spec: { ...group.spec, rules } });
    await allowed(client.netns, server.address, 9090);
    await allowed(client.netns, far.address, 9090);
    const now = must(world.kube.peek(SECURITY_GROUPS, { name }), () => name);
    world.kube.seed(SECURITY_GROUPS, { ...now, spec: group.spec });
    await eventually('the rule is gone', async () => {
      const set = await world.nft.list(one.fabricNetns, 'table inet trunkline');
      return !set.includes('9090');
    });
    await denied(client.netns, server.address, 9090);
  });

  test('drops packets with an address that is not the pod’s own', async () => {
    const before = await pinDrops(world, client);
    const address = '10.0.1.99';
    const at = { link: 'eth0', address, prefixBits: 32 } as const;
    await world.network.apply(client.netns, [{ op: 'address-add', ...at }]);
    await denied(client.netns, server.address, 8080, address);
    await world.network.apply(client.netns, [{ op: 'address-delete', ...at }]);
    assert.ok((await pinDrops(world, client)) > before, 'the drop is counted at the port');
    await allowed(client.netns, server.address, 8080);
  });

  /** The server's pod may not send; only the client's port admits datagrams to `far`. */
  test('nobody gets out by the VLAN of another branch', async () => {
    const fabric = await world.network.links(one.fabricNetns);
    const portMac = must(
      fabric.find((link) => link.name === client.port),
      () => 'no port',
    ).mac;
    const before = await pinDrops(world, client);
    const received = await capture(far.netns, 'eth0');
    const trunk = await capture(one.hostNetns, 'eth1');
    const asClient = { sourceMac: client.mac, source: client.address, target: far.address };
    const asServer = { sourceMac: server.mac, source: server.address, target: far.address };
    const fromPod = { targetMac: await gatewayMac(server) };
    const attempts = [
      // By a pod that forges tags: the other's VLAN, its own and then the other's, a priority tag.
      [server.netns, 'eth0', { ...asClient, ...fromPod, tags: [101], port: 7001 }],
      [server.netns, 'eth0', { ...asClient, ...fromPod, tags: [102, 101], port: 7002 }],
      [server.netns, 'eth0', { ...asClient, ...fromPod, tags: [0], port: 7003 }],
      [server.netns, 'eth0', { ...asClient, ...fromPod, tags: [], port: 7004 }],
      // By the node itself, onto the trunk: other senders in the client's VLAN, and ids of nobody.
      [one.hostNetns, 'eth1', { ...asServer, targetMac: portMac, tags: [101], port: 7005 }],
      [
        one.hostNetns,
        'eth1',
        { ...asServer, sourceMac: client.mac, targetMac: portMac, tags: [101], port: 7006 },
      ],
      [one.hostNetns, 'eth1', { ...asClient, targetMac: portMac, tags: [102], port: 7007 }],
      [one.hostNetns, 'eth1', { ...asClient, targetMac: portMac, tags: [103], port: 7008 }],
      [one.hostNetns, 'eth1', { ...asClient, targetMac: portMac, tags: [102, 101], port: 7009 }],
      [one.hostNetns, 'eth1', { ...asClient, targetMac: portMac, tags: [], port: 7010 }],
    ] as const;
    for (const [netns, link, frame] of attempts) await sendFrame(netns, link, forge(frame));
    // The same ways, honestly: they do arrive, so what did not arrive was stopped.
    await sendFrame(
      client.netns,
      'eth0',
      forge({ ...asClient, targetMac: await gatewayMac(client), port: 7100 }),
    );
    const honest = forge({ ...asClient, targetMac: portMac, tags: [101], port: 7101 });
    await sendFrame(one.hostNetns, 'eth1', honest);
    await received.until(/\.7100: UDP/);
    const lines = await received.until(/\.7101: UDP/);
    received.stop();
    trunk.stop();
    assert.deepEqual(lines.map((line) => /\.(7\d+): UDP/.exec(line)?.[1]).filter(Boolean), [
      '7100',
      '7101',
    ]);
    const tagged = trunk.lines.filter((line) => /\.700[12]: UDP/.test(line));
    assert.deepEqual(tagged, [], 'tags from inside a pod never reach the trunk');
    assert.equal((await pinDrops(world, client)) - before, 2, 'dropped at the port of VLAN 101');
  });

  test('frames of the full MTU pass with their tag', async () => {
    const received = await capture(far.netns, 'eth0');
    const targetMac = await gatewayMac(client);
    const { address: source, mac: sourceMac } = client;
    const frame = { sourceMac, targetMac, source, target: far.address, port: 7200 };
    await sendFrame(client.netns, 'eth0', forge({ ...frame, sizeBytes: 9001 }));
    await received.until(/length 9015: .*\.7200: UDP, length 8973/);
    received.stop();
  });

  test('a restarted agent adopts the VLAN links as they are', async () => {
    const links = await world.network.links(one.fabricNetns);
    const hostLinks = await world.network.links(one.hostNetns);
    await agents[0]?.close();
    await allowed(client.netns, server.address, 8080);
    agents[0] = await world.start(one);
    assert.deepEqual(await world.network.links(one.fabricNetns), links);
    assert.deepEqual(await world.network.links(one.hostNetns), hostLinks);
    await cni(one, { command: 'CHECK', ...client });
    await allowed(client.netns, server.address, 8080);
    await denied(client.netns, server.address, 9090);
  });

  test('a VLAN id goes to another branch the moment its pod is gone', async () => {
    await cni(one, { command: 'DEL', ...server });
    const heir = await wirePod(world, one, { vlanId: 102, groups: [serverGroup], name: 'heir' });
    greet(heir.netns, 8080).unref();
    await allowed(client.netns, heir.address, 8080);
    await cni(one, { command: 'CHECK', ...heir });
    await eventually('the old port is gone', async () =>
      (await world.network.links(one.fabricNetns)).every((link) => link.name !== server.port),
    );
    await allowed(client.netns, heir.address, 8080);
  });

  test('a VLAN link that nobody accounts for gives way', async () => {
    const stray = { op: 'link-add-vlan', name: 'e0000000000beef', vlanId: 105 } as const;
    await world.network.apply(one.fabricNetns, [{ ...stray, parent: portLink(one.trunkId) }]);
    const pod = await wirePod(world, one, { vlanId: 105, groups: [serverGroup] });
    greet(pod.netns, 8080).unref();
    await allowed(client.netns, pod.address, 8080);
  });

  test('DEL removes both ends', async () => {
    await cni(one, { command: 'DEL', ...client });
    await eventually('both ends are gone', async () => {
      const host = await world.network.links(one.hostNetns);
      const fabric = await world.network.links(one.fabricNetns);
      return ![...host, ...fabric].some((link) => link.vlanId === client.vlanId);
    });
    const { rules, routes } = await world.network.read(one.hostNetns);
    assert.deepEqual(
      [...rules, ...routes].filter(({ table }) => table === 201),
      [],
    );
  });

  async function gatewayMac(pod: WiredPod): Promise<string> {
    const { neighbours } = await world.network.read(pod.netns);
    return must(neighbours[0], () => `no gateway in ${pod.netns}`).mac;
  }
});
