import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CNI_NODES } from '../../api/cni-node.ts';
import type { Pod } from '../../api/core/pod.ts';
import { PODS } from '../../api/core/pod.ts';
import { POD_ENI } from '../../api/names.ts';
import { SECURITY_GROUP_POLICIES } from '../../api/security-group-policy.ts';
import { INSTANCES } from '../../api/vpc/instance.ts';
import { NETWORK_INTERFACES, type NetworkInterface } from '../../api/vpc/network-interface.ts';
import { SECURITY_GROUPS, type SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { must } from '../../base/assert.ts';
import { runInNetns } from '../../io/netns-exec.ts';
import { buildCniPlugin } from '../cni/build.ts';
import { portLink } from '../wiring/names.ts';
import type { Agent } from './agent.ts';
import {
  annotationOf,
  callPlugin,
  fetchFrom,
  fetchSoon,
  greet,
  TestWorld,
  type CniOutcome,
  type TestHost,
} from './hosts.fake.ts';

/** Real namespaces, real nftables, the compiled plugin as a process; only the two APIs are in memory. */
describe('the agent on two hosts', () => {
  const world = new TestWorld();
  const agents: Agent[] = [];
  let plugin = '';
  let one: TestHost;
  let two: TestHost;
  let client = '';
  let server = '';
  let serial = 0;
  let name = '';

  const all = { isEgress: true, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0', ruleId: 'sgr-all' };
  const admits = (peer: string, port: number): SecurityGroupRuleSpec => ({
    ruleId: `sgr-${port}`,
    isEgress: false,
    ipProtocol: 'tcp',
    fromPort: port,
    toPort: port,
    referencedGroupId: peer,
  });

  /** A pod on a branch, wired. VLAN ids and names are fresh per call. */
  async function wired(
    host: TestHost,
    groups: readonly string[],
  ): Promise<{
    pod: Pod;
    branch: NetworkInterface;
    netns: string;
    address: string;
    vlanId: number;
    added: CniOutcome;
  }> {
    serial += 1;
    const branch = world.branch(host, serial, groups);
    const pod = world.pod(host, `p${serial}`, { branch });
    const netns = await world.podNetns(`p${serial}`);
    const added = await callPlugin(plugin, host, { command: 'ADD', pod, netns });
    expect(added.output).not.toHaveProperty('msg');
    return { pod, branch, netns, address: branch.spec.privateIps[0] ?? '', vlanId: serial, added };
  }

  beforeAll(async () => {
    plugin = (await buildCniPlugin({ outDir: '/tmp/trunkline-test-cni' })).path;
    const hosts = await world.addHosts(2);
    one = must(hosts[0], () => 'host 1');
    two = must(hosts[1], () => 'host 2');
    client = world.group('client', [all]);
    server = world.group('server', [admits(client, 8080)]);
    for (const host of hosts) agents.push(await world.start(host));
  });
  beforeEach(() => {
    name = `plain${(serial += 1)}`;
  });
  afterAll(() => world.close());

  test('connects primary interfaces across hosts', async () => {
    const listener = greet(two.hostNetns, 7000);
    await expect
      .poll(() => fetchFrom(one.hostNetns, two.address, 7000), { timeout: 5000 })
      .toBe('hello');
    listener.close();
  });

  test('tells the cluster where the tunnel ends and that it wants security groups', async () => {
    expect(world.kube.peek(INSTANCES, { name: one.instanceId })?.status).toEqual({
      tunnelAddress: '192.0.2.11',
      tunnelMac: '02:74:c0:00:02:0b',
    });
    world.kube.seed(CNI_NODES, {
      metadata: { name: one.nodeName },
      spec: { features: [{ name: 'CustomNetworking', value: 'x' }] },
    });
    await expect
      .poll(() => world.kube.peek(CNI_NODES, { name: one.nodeName })?.spec?.features, {
        timeout: 6000,
      })
      .toEqual([
        { name: 'CustomNetworking', value: 'x' },
        { name: 'SecurityGroupsForPods', value: '' },
      ]);
  });

  test('admits between two pods of one node what their groups admit, and nothing else', async () => {
    const from = await wired(one, [client]);
    const to = await wired(one, [server]);
    const listeners = [greet(to.netns, 8080), greet(to.netns, 9090), greet(from.netns, 8080)];
    expect(await fetchSoon(from.netns, to.address, 8080)).toBe('hello');
    expect(await fetchFrom(from.netns, to.address, 9090)).toBe('');
    expect(await fetchFrom(to.netns, from.address, 8080)).toBe('');
    for (const listener of listeners) listener.close();
  });

  test('admits and denies across hosts alike, and to the primary interface', async () => {
    const from = await wired(one, [client]);
    const to = await wired(two, [server]);
    const listeners = [greet(to.netns, 8080), greet(to.netns, 9090), greet(two.hostNetns, 7001)];
    expect(await fetchSoon(from.netns, to.address, 8080)).toBe('hello');
    expect(await fetchFrom(from.netns, to.address, 9090)).toBe('');
    expect(await fetchSoon(from.netns, two.address, 7001)).toBe('hello');
    expect(await fetchFrom(one.hostNetns, to.address, 8080)).toBe('');
    for (const listener of listeners) listener.close();
  });

  test('lets the own node reach its pods over TCP in strict mode, when a rule admits it', async () => {
    const open = world.group('open', [
      { ...admits(client, 8080), referencedGroupId: undefined, cidrIpv4: '10.0.0.0/16' } as never,
    ]);
    const to = await wired(one, [open]);
    const listener = greet(to.netns, 8080);
    expect(await fetchSoon(one.hostNetns, to.address, 8080)).toBe('hello');
    listener.close();
  });

  test('enforces a changed rule and changed groups within 100 ms', async () => {
    const changing = world.group('changing', []);
    const from = await wired(one, [client]);
    const to = await wired(one, [changing]);
    const listener = greet(to.netns, 8080);
    expect(await fetchFrom(from.netns, to.address, 8080)).toBe('');
    const group = must(world.kube.peek(SECURITY_GROUPS, { name: changing }), () => 'group');
    world.kube.seed(SECURITY_GROUPS, {
      ...group,
      spec: { ...group.spec, rules: [admits(client, 8080)] },
    });
    await pause(100);
    expect(await fetchSoon(from.netns, to.address, 8080)).toBe('hello');
    const { branch } = from;
    world.kube.seed(NETWORK_INTERFACES, { ...branch, spec: { ...branch.spec, groups: [server] } });
    await pause(100);
    expect(await fetchFrom(from.netns, to.address, 8080)).toBe('');
    listener.close();
  });

  test('drops packets with an address that is not the sender’s own', async () => {
    const from = await wired(one, [client]);
    const to = await wired(one, [server]);
    const listener = greet(to.netns, 8080);
    const link = portLink(from.branch.metadata.name);
    const drops = async (): Promise<number> => {
      const set = await world.nft.list(one.fabricNetns, 'set inet trunkline pin_drops');
      return Number(new RegExp(`"${link}" counter packets (\\d+)`).exec(set)?.[1] ?? -1);
    };
    expect(await drops()).toBe(0);
    await runInNetns(from.netns, ['ip', 'address', 'add', '10.0.1.99/32', 'dev', 'eth0']);
    const spoof = 'route change default via 169.254.1.1 dev eth0 src 10.0.1.99'.split(' ');
    await runInNetns(from.netns, ['ip', ...spoof]);
    expect(await fetchFrom(from.netns, to.address, 8080)).toBe('');
    expect(await drops()).toBeGreaterThan(0);
    listener.close();
  });

  test('wires to the letter of the spec', async () => {
    const { pod, branch, netns, address, vlanId, added } = await wired(one, [client]);
    const suffix = /"vlan([0-9a-f]{11})"/.exec(JSON.stringify(added.output))?.[1] ?? '';
    const veth = `vlan${suffix}`;
    const device = `vlan.eth.${vlanId}`;
    expect(added.output).toEqual({
      cniVersion: '0.4.0',
      interfaces: [
        { name: veth },
        { name: 'eth0', mac: '0', sandbox: netns },
        { name: `dummy${suffix}`, mac: String(vlanId) },
      ],
      ips: [{ version: '4', interface: 1, address: `${address}/32`, gateway: '10.0.1.1' }],
      dns: {},
    });
    const host = await world.network.read(one.hostNetns);
    const table = 100 + vlanId;
    expect(host.links.find((link) => link.name === device)).toMatchObject({
      mac: branch.spec.macAddress,
      up: true,
      mtu: 9001,
    });
    expect(
      host.routes
        .filter((route) => route.table === table)
        .map(routeText)
        .sort(),
    ).toEqual([
      `0.0.0.0/0 via 10.0.1.1 dev ${device}`,
      `10.0.1.1/32 dev ${device}`,
      `${address}/32 dev ${veth}`,
    ]);
    expect(host.rules.filter((rule) => rule.table === table)).toEqual([
      { priority: 10, table, inputLink: device },
      { priority: 10, table, inputLink: veth },
    ]);
    expect(host.rules.filter((rule) => rule.table === 255)).toEqual([{ priority: 20, table: 255 }]);
    expect(
      host.routes
        .filter((route) => route.table === 2)
        .map(routeText)
        .sort(),
    ).toEqual(['0.0.0.0/0 via 10.0.1.1 dev eth1', '10.0.1.1/32 dev eth1']);
    expect(host.rules.some((rule) => rule.priority === 32765)).toBe(false);
    const inside = await world.network.read(netns);
    expect(inside.addresses).toContainEqual({ link: 'eth0', address, prefixBits: 32 });
    expect(
      inside.routes.filter((route) => !route.destination.includes(':')).map(routeText),
    ).toEqual(['0.0.0.0/0 via 169.254.1.1 dev eth0', '169.254.1.1/32 dev eth0']);
    const mac = host.links.find((link) => link.name === veth)?.mac;
    expect(inside.neighbours).toEqual([{ link: 'eth0', address: '169.254.1.1', mac }]);
    const check = await callPlugin(plugin, one, { command: 'CHECK', pod, netns });
    expect(check).toEqual({ status: 0, output: {} });
  });

  test('CHECK names what is missing', async () => {
    const { pod, netns, vlanId } = await wired(one, [client]);
    const rule = { priority: 10, table: 100 + vlanId, inputLink: `vlan.eth.${vlanId}` };
    await world.network.apply(one.hostNetns, [{ op: 'rule-delete', ...rule }]);
    const check = await callPlugin(plugin, one, { command: 'CHECK', pod, netns });
    expect(check.output).toMatchObject({
      code: 101,
      msg: `missing on the host: rule iif vlan.eth.${vlanId}`,
    });
    const unknown = await callPlugin(plugin, one, {
      command: 'CHECK',
      pod,
      netns,
      containerId: 'x',
    });
    expect(unknown.output).toMatchObject({ code: 3 });
  });

  test('DEL removes links, routes and rules, and a second DEL is fine', async () => {
    const { pod, netns, vlanId, branch } = await wired(one, [client]);
    const call = { command: 'DEL', pod, netns };
    expect(await callPlugin(plugin, one, call)).toEqual({ status: 0, output: {} });
    const left = await world.network.read(one.hostNetns);
    expect(left.rules.filter((rule) => rule.table === 100 + vlanId)).toEqual([]);
    expect(left.routes.filter((route) => route.table === 100 + vlanId)).toEqual([]);
    await expect
      .poll(async () => (await world.network.links(one.hostNetns)).map((link) => link.name))
      .not.toContain(`vlan.eth.${vlanId}`);
    await expect
      .poll(async () => (await world.network.links(one.fabricNetns)).map((link) => link.name))
      .not.toContain(portLink(branch.metadata.name));
    expect((await world.network.links(netns)).map((link) => link.name)).toEqual(['lo']);
    expect(await callPlugin(plugin, one, call)).toEqual({ status: 0, output: {} });
    expect(await callPlugin(plugin, one, { ...call, netns: '' })).toEqual({
      status: 0,
      output: {},
    });
  });

  test('forgets the flows of a pod that is gone: the next owner of its address is not admitted', async () => {
    const from = await wired(one, [client]);
    const to = await wired(one, [server]);
    const listener = greet(to.netns, 8080);
    expect(await fetchSoon(from.netns, to.address, 8080)).toBe('hello');
    listener.close();
    await callPlugin(plugin, one, { command: 'DEL', pod: to.pod, netns: to.netns });
    await pause(200);
    expect(await world.network.forgetFlows(one.fabricNetns, [to.address])).toBe(0);
    expect(await world.network.forgetFlows(one.fabricNetns, [from.address])).toBe(0);
  });

  test('a late DEL of an old sandbox leaves the new one alone', async () => {
    const from = await wired(one, [client]);
    const to = await wired(one, [server]);
    const netns = await world.podNetns(`again${to.vlanId}`);
    const again = { pod: to.pod, netns, containerId: 'second' };
    // The runtime lost the first sandbox and made a second one for the same pod.
    const added = await callPlugin(plugin, one, { command: 'ADD', ...again });
    expect(added).toMatchObject({ status: 0 });
    const prevResult = to.added.output;
    const late = { command: 'DEL', pod: to.pod, netns: to.netns, config: { prevResult } };
    expect(await callPlugin(plugin, one, late)).toEqual({ status: 0, output: {} });
    await pause(100);
    const listener = greet(netns, 8080);
    expect(await fetchSoon(from.netns, to.address, 8080)).toBe('hello');
    listener.close();
    const check = await callPlugin(plugin, one, { command: 'CHECK', ...again });
    expect(check).toEqual({ status: 0, output: {} });
  });

  test('gives way to a new pod that gets the VLAN id of one that was never torn down', async () => {
    const old = await wired(one, [client]);
    world.kube.drop(NETWORK_INTERFACES, { name: old.branch.metadata.name });
    const branch = world.branch(one, old.vlanId, [server]);
    const pod = world.pod(one, `${name}-heir`, { branch });
    const netns = await world.podNetns(`${name}-heir`);
    const added = await callPlugin(plugin, one, { command: 'ADD', pod, netns });
    expect(added.output).not.toHaveProperty('msg');
    const late = await callPlugin(plugin, one, { command: 'DEL', pod: old.pod, netns: old.netns });
    expect(late.status).toBe(0);
    expect(await callPlugin(plugin, one, { command: 'CHECK', pod, netns })).toMatchObject({
      status: 0,
    });
  });

  test('refuses ADD while the annotation is missing, with the words of EKS', async () => {
    serial += 1;
    const branch = world.branch(one, serial, [client]);
    const pod = world.pod(one, `w${serial}`, { branch, annotate: false });
    const netns = await world.podNetns(`w${serial}`);
    const early = await callPlugin(plugin, one, { command: 'ADD', pod, netns });
    expect(early.output).toMatchObject({
      code: 11,
      msg: 'add cmd: failed to assign an IP address to container',
    });
    expect((await world.network.links(netns)).map((link) => link.name)).toEqual(['lo']);
    // Annotated while a second call waits: no further retry is needed.
    const call = callPlugin(plugin, one, { command: 'ADD', pod, netns });
    await pause(300);
    const annotations = { [POD_ENI]: annotationOf(branch) };
    world.kube.seed(PODS, { ...pod, metadata: { ...pod.metadata, annotations } });
    expect(await call).toMatchObject({ status: 0 });
  });

  test('does not believe an annotation that the VPC contradicts', async () => {
    serial += 1;
    const branch = world.branch(two, serial, [client]);
    const pod = world.pod(one, `lie${serial}`, { branch });
    const netns = await world.podNetns(`lie${serial}`);
    const added = await callPlugin(plugin, one, { command: 'ADD', pod, netns });
    expect(added.output).toMatchObject({ code: 11 });
    expect(added.output['details']).toMatch(/is not on this node's trunk/);
  }, 15_000);

  test('refuses a pod of the same name with another uid', async () => {
    const pod = world.pod(one, name);
    const other = { ...pod, metadata: { ...pod.metadata, uid: 'another' } };
    const netns = await world.podNetns(name);
    const added = await callPlugin(plugin, one, { command: 'ADD', pod: other, netns });
    expect(added.output).toMatchObject({
      code: 11,
      details: expect.stringMatching(/uid/) as string,
    });
  });

  test('gives a plain pod a secondary address that obeys the groups of the node', async () => {
    const pod = world.pod(one, name);
    const netns = await world.podNetns(name);
    const added = await callPlugin(plugin, one, { command: 'ADD', pod, netns });
    const address = /10\.0\.1\.2\d\d/.exec(JSON.stringify(added.output))?.[0] ?? '';
    const to = await wired(one, [server]);
    const from = await wired(one, [client]);
    const listeners = [greet(to.netns, 8080), greet(netns, 8080), greet(two.hostNetns, 7002)];
    expect(await fetchSoon(netns, two.address, 7002)).toBe('hello');
    expect(await fetchSoon(from.netns, address, 8080)).toBe('hello');
    expect(await fetchFrom(netns, to.address, 8080)).toBe('');
    for (const listener of listeners) listener.close();
    const host = await world.network.read(one.hostNetns);
    expect(host.rules).toContainEqual({ priority: 512, table: 254, to: `${address}/32` });
    expect(await callPlugin(plugin, one, { command: 'CHECK', pod, netns })).toMatchObject({
      status: 0,
    });
    expect(await callPlugin(plugin, one, { command: 'DEL', pod, netns })).toMatchObject({
      status: 0,
    });
    const after = await world.network.read(one.hostNetns);
    expect(after.rules.filter((rule) => rule.to === `${address}/32`)).toEqual([]);
    // The address cools down: the next pod gets another one.
    const next = world.pod(one, `${name}-next`);
    const nextNetns = await world.podNetns(`${name}-next`);
    const second = await callPlugin(plugin, one, { command: 'ADD', pod: next, netns: nextNetns });
    expect(second.status).toBe(0);
    expect(JSON.stringify(second.output)).not.toContain(`"${address}/32"`);
  });

  test('gives pods that start together different addresses', async () => {
    const results = await Promise.all(
      [1, 2, 3, 4].map(async (number) => {
        const pod = world.pod(two, `${name}-${number}`);
        const netns = await world.podNetns(`${name}-${number}`);
        return callPlugin(plugin, two, { command: 'ADD', pod, netns });
      }),
    );
    const addresses = results.map((one) => /10\.0\.2\.2\d\d/.exec(JSON.stringify(one.output))?.[0]);
    expect(new Set(addresses).size).toBe(4);
    expect(addresses).not.toContain(undefined);
  });

  test('refuses a pod that matches a policy but was admitted without a branch', async () => {
    const policy = { metadata: { name: 'payments', namespace: 'default' } };
    world.kube.seed(SECURITY_GROUP_POLICIES, {
      ...policy,
      spec: {
        podSelector: { matchLabels: { role: 'payments' } },
        securityGroups: { groupIds: [client] },
      },
    });
    await pause(20);
    const pod = world.pod(one, name, { labels: { role: 'payments' } });
    const netns = await world.podNetns(name);
    const added = await callPlugin(plugin, one, { command: 'ADD', pod, netns });
    expect(added.output).toMatchObject({
      code: 100,
      msg: expect.stringMatching(
        /matches SecurityGroupPolicy payments .*recreate the pod/,
      ) as string,
    });
    expect((await world.network.links(netns)).map((link) => link.name)).toEqual(['lo']);
    const other = world.pod(one, `${name}-other`, { labels: { role: 'catalog' } });
    const otherNetns = await world.podNetns(`${name}-other`);
    const free = await callPlugin(plugin, one, { command: 'ADD', pod: other, netns: otherNetns });
    expect(free.status).toBe(0);
    world.kube.drop(SECURITY_GROUP_POLICIES, { name: 'payments', namespace: 'default' });
  });

  test('undoes a wiring that failed half way', async () => {
    serial += 1;
    const branch = world.branch(one, serial, [client]);
    const pod = world.pod(one, `h${serial}`, { branch });
    const gone = '/run/netns/never-made';
    const added = await callPlugin(plugin, one, { command: 'ADD', pod, netns: gone });
    expect(added.output).toMatchObject({ code: 101 });
    const host = await world.network.read(one.hostNetns);
    expect(host.rules.filter((rule) => rule.table === 100 + serial)).toEqual([]);
    const netns = await world.podNetns(`h${serial}`);
    expect(await callPlugin(plugin, one, { command: 'ADD', pod, netns })).toMatchObject({
      status: 0,
    });
  });

  test('GC removes what the runtime no longer knows, STATUS says ready', async () => {
    const keep = await wired(two, [client]);
    const drop = await wired(two, [client]);
    const config = {
      cniVersion: '1.1.0',
      'cni.dev/valid-attachments': [
        { containerID: `container-${keep.pod.metadata.uid}`, ifname: 'eth0' },
      ],
    };
    const call = { pod: keep.pod, netns: keep.netns, config };
    expect(await callPlugin(plugin, two, { command: 'STATUS', ...call })).toMatchObject({
      status: 0,
    });
    expect(await callPlugin(plugin, two, { command: 'GC', ...call })).toMatchObject({ status: 0 });
    expect(await callPlugin(plugin, two, { command: 'CHECK', ...call })).toMatchObject({
      status: 0,
    });
    const gone = { ...call, pod: drop.pod, command: 'CHECK' };
    expect((await callPlugin(plugin, two, gone)).output).toMatchObject({ code: 3 });
  });

  test('a restarted agent adopts what is there, without a gap', async () => {
    const from = await wired(one, [client]);
    const to = await wired(one, [server]);
    const listener = greet(to.netns, 8080);
    const before = await world.network.links(one.fabricNetns);
    const stream = pingStream(from.netns, to.address);
    await agents[0]?.close();
    expect(await fetchSoon(from.netns, to.address, 8080)).toBe('hello');
    const dead = await callPlugin(plugin, one, { command: 'CHECK', pod: to.pod, netns: to.netns });
    expect(dead.output).toMatchObject({ code: 11 });
    agents[0] = await world.start(one);
    expect(await stream.failures()).toBe(0);
    expect(await world.network.links(one.fabricNetns)).toEqual(before);
    const check = await callPlugin(plugin, one, { command: 'CHECK', pod: to.pod, netns: to.netns });
    expect(check).toEqual({ status: 0, output: {} });
    const late = await wired(one, [client]);
    expect(await fetchSoon(late.netns, to.address, 8080)).toBe('hello');
    listener.close();
  });

  test('takes a released branch away from a pod that is still there', async () => {
    const from = await wired(one, [client]);
    const to = await wired(one, [server]);
    const listener = greet(to.netns, 8080);
    expect(await fetchSoon(from.netns, to.address, 8080)).toBe('hello');
    world.kube.drop(NETWORK_INTERFACES, { name: to.branch.metadata.name });
    await expect
      .poll(async () => (await world.network.links(one.fabricNetns)).map((link) => link.name))
      .not.toContain(portLink(to.branch.metadata.name));
    expect(await fetchFrom(from.netns, to.address, 8080)).toBe('');
    listener.close();
  });

  /** Connects again and again while something else happens, and counts what failed. */
  function pingStream(netns: string, address: string): { failures(): Promise<number> } {
    const stop = new AbortController();
    let failed = 0;
    const done = (async () => {
      while (!stop.signal.aborted)
        if ((await fetchFrom(netns, address, 8080)) !== 'hello') failed += 1;
    })();
    return {
      async failures() {
        await pause(100);
        stop.abort();
        await done;
        return failed;
      },
    };
  }
});

function routeText(route: { destination: string; gateway?: string; link: string }): string {
  const via = route.gateway === undefined ? '' : `via ${route.gateway} `;
  return `${route.destination} ${via}dev ${route.link}`;
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
