import type { Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENTS } from '../../api/core/event.ts';
import { PODS, type Pod } from '../../api/core/pod.ts';
import { ENFORCING_MODE_ANNOTATION } from '../../api/names.ts';
import { VPCS } from '../../api/vpc/vpc.ts';
import { must } from '../../base/assert.ts';
import { runInNetns } from '../../io/netns-exec.ts';
import type { Agent } from '../agent/agent.ts';
import { callPlugin, fetchFrom, fetchSoon, TestWorld, type TestHost } from '../agent/hosts.fake.ts';
import { buildCniPlugin } from '../cni/build.ts';
import { addInternet, tellSource, type Internet } from './internet.fake.ts';
import { NAT_TABLE } from './nat-program.ts';
import type { HostSettings } from './settings.ts';

interface Wired {
  readonly pod: Pod;
  readonly netns: string;
  readonly address: string;
}

/** Stands for kube-proxy: a Service with a backend outside, and a node port of a pod. */
const proxyRules = (outside: string, podAddress: string): string => `table ip proxy {
  chain nat { type nat hook prerouting priority dstnat;
    ip daddr 172.20.0.9 tcp dport 80 dnat to ${outside}:80
    tcp dport 30080 fib daddr type local dnat to ${podAddress}:80
  }
}`;

describe('the host’s rules, by what others see', () => {
  const world = new TestWorld();
  const servers: Server[] = [];
  let plugin = '';
  let one: TestHost;
  let two: TestHost;
  let internet: Internet;
  let agent: Agent;
  let open = '';
  let standard: Wired;
  let plain: Wired;
  let far: Wired;

  beforeAll(async () => {
    plugin = (await buildCniPlugin({ outDir: '/tmp/trunkline-test-cni' })).path;
    const hosts = await world.addHosts(2);
    one = must(hosts[0], () => 'host 1');
    two = must(hosts[1], () => 'host 2');
    internet = await addInternet(world, hosts);
    open = world.group('open', [
      { ruleId: 'sgr-i', isEgress: false, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' },
      { ruleId: 'sgr-o', isEgress: true, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' },
    ]);
    world.group('node', [
      { ruleId: 'sgr-n-i', isEgress: false, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' },
      { ruleId: 'sgr-n-o', isEgress: true, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' },
    ]);
    agent = await start({ enforcingMode: 'standard' });
    await world.start(two);
    standard = await wire(one, 'standard', 1);
    plain = await wire(one, 'plain');
    far = await wire(two, 'far', 1);
    await world.nft.apply(one.hostNetns, proxyRules(internet.address, standard.address));
    for (const netns of [internet.netns, standard.netns, far.netns])
      servers.push(tellSource(netns, 80));
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    await world.close();
  });

  function start(settings: Partial<HostSettings>): Promise<Agent> {
    const config = { enablePodEni: true, enforcingMode: 'strict', ...settings } as const;
    return world.start(one, { config });
  }

  async function restart(settings: Partial<HostSettings>): Promise<void> {
    await agent.close();
    agent = await start(settings);
  }

  async function wire(host: TestHost, name: string, vlanId?: number): Promise<Wired> {
    const branch = vlanId === undefined ? undefined : world.branch(host, vlanId, [open]);
    const pod = world.pod(host, name, branch ? { branch } : {});
    const netns = await world.podNetns(name);
    const { output } = await callPlugin(plugin, host, { command: 'ADD', pod, netns });
    const [ip] = output['ips'] as { address: string }[];
    return { pod, netns, address: ip?.address.split('/')[0] ?? '' };
  }

  const seenOutside = ({ netns }: Wired) => fetchSoon(netns, internet.address, 80);
  const seenByFar = ({ netns }: Wired) => fetchSoon(netns, far.address, 80);
  const natTable = () => world.nft.list(one.hostNetns, NAT_TABLE);
  const priorities = async () =>
    (await world.network.read(one.hostNetns)).rules.map((rule) => rule.priority);

  test('standard and plain pods are seen outside with the node’s address, in the VPC with their own', async () => {
    expect(await seenOutside(standard)).toBe(one.address);
    expect(await seenOutside(plain)).toBe(one.address);
    expect(await seenByFar(standard)).toBe(standard.address);
    expect(await seenByFar(plain)).toBe(plain.address);
    expect(await fetchSoon(one.hostNetns, internet.address, 80)).toBe(one.address);
  });

  test('the rules are those of the article’s tables', async () => {
    expect(await priorities()).toEqual([0, 512, 512, 1024, 1536, 32766, 32767]);
    const { stdout } = await runInNetns(one.hostNetns, ['ip', 'rule']);
    expect(stdout).toMatch(/^1024:\s+from all fwmark 0x80\/0x80 lookup main/m);
    expect(stdout).toContain(`1536:\tfrom ${standard.address} lookup 101`);
    const { routes } = await world.network.read(one.hostNetns);
    expect(routes.filter((route) => route.table === 101)).toEqual([
      expect.objectContaining({
        destination: '0.0.0.0/0',
        link: 'vlan.eth.1',
        gateway: '10.0.1.1',
      }),
      expect.objectContaining({ destination: '10.0.1.1/32', link: 'vlan.eth.1' }),
    ]);
  });

  test('a Service with a backend outside is translated too, after its own translation', async () => {
    expect(await fetchSoon(standard.netns, '172.20.0.9', 80)).toBe(one.address);
  });

  test('clients outside reach a standard pod by its branch, and by a node port with their own address', async () => {
    expect(await fetchSoon(internet.netns, standard.address, 80)).toBe(internet.address);
    expect(await fetchSoon(internet.netns, one.address, 30080)).toBe(internet.address);
  });

  test('a standard pod and its node talk directly', async () => {
    expect(await fetchSoon(one.hostNetns, standard.address, 80)).not.toBe('');
  });

  test('a new block of the VPC is exempt at once', async () => {
    const [vpc] = (await world.kube.list(VPCS)).items;
    const { spec, metadata } = must(vpc, () => 'a VPC');
    const more = { associationId: 'b', cidr: '198.51.100.0/24' };
    world.kube.seed(VPCS, { metadata, spec: { ...spec, cidrBlocks: [...spec.cidrBlocks, more] } });
    await expect.poll(natTable, { timeout: 3000 }).toContain('198.51.100.0/24');
    expect(await seenOutside(standard)).toBe(standard.address);
    world.kube.seed(VPCS, { metadata, spec });
    await expect.poll(natTable, { timeout: 3000 }).not.toContain('198.51.100.0/24');
    expect(await seenOutside(standard)).toBe(one.address);
  });

  test('excluded blocks and external SNAT show pods as they are', async () => {
    await restart({ enforcingMode: 'standard', excludedSnatCidrs: ['198.51.100.0/24'] });
    expect(await natTable()).toContain('AWS SNAT CHAIN EXCLUSION');
    expect(await seenOutside(standard)).toBe(standard.address);
    await restart({ enforcingMode: 'standard', externalSnat: true, nodePortSupport: false });
    expect(await natTable().catch(() => 'none')).toBe('none');
    expect(await priorities()).not.toContain(1024);
    expect(await seenOutside(standard)).toBe(standard.address);
  });

  test.each([
    ['prng', 'fully-random'],
    ['hashrandom', ' random'],
    ['none', `snat to`],
  ] as const)('ports by %s', async (randomizeSnat, words) => {
    await restart({ enforcingMode: 'standard', randomizeSnat });
    const rule = (await natTable()).split('\n').find((line) => line.includes('AWS, SNAT'));
    expect(rule).toContain(words);
    expect(/random/.test(rule ?? '')).toBe(randomizeSnat !== 'none');
    expect(await seenOutside(plain)).toBe(one.address);
  });

  describe('after a change to strict mode', () => {
    let strict: Wired;

    beforeAll(async () => {
      await restart({ externalServiceCidrs: ['203.0.113.0/24'] });
      strict = await wire(one, 'strict', 2);
      servers.push(tellSource(strict.netns, 80));
    });

    test('new pods are strict, old ones stay standard, and all of them work', async () => {
      expect(await seenOutside(strict)).toBe(strict.address);
      expect(await seenOutside(standard)).toBe(one.address);
      expect(await seenByFar(strict)).toBe(strict.address);
      expect(await fetchSoon(standard.netns, strict.address, 80)).toBe(standard.address);
      expect(await fetchSoon(internet.netns, one.address, 30080)).toBe(internet.address);
      expect(await priorities()).toEqual([10, 10, 20, 512, 512, 1024, 1535, 1536, 32766, 32767]);
    });

    test('old ones say so', async () => {
      const key = { namespace: 'default', name: standard.pod.metadata.name };
      const modeOf = (name: string) =>
        world.kube.peek(PODS, { ...key, name })?.metadata.annotations?.[ENFORCING_MODE_ANNOTATION];
      await expect.poll(() => modeOf(key.name)).toBe('standard');
      expect(modeOf('strict')).toBeUndefined();
      const events = (await world.kube.list(EVENTS)).items;
      expect(events).toMatchObject([
        {
          reason: 'EnforcingModeKept',
          involvedObject: { name: 'standard', uid: standard.pod.metadata.uid },
          message: expect.stringMatching(/^Wired in standard mode, .* is strict now/) as string,
        },
      ]);
    });

    test('the node reaches strict pods by TCP only without early demultiplexing', async () => {
      expect(await fetchFrom(one.hostNetns, strict.address, 80)).toBe('');
      expect(await fetchSoon(one.hostNetns, standard.address, 80)).not.toBe('');
      await restart({ disableTcpEarlyDemux: true });
      expect(await fetchSoon(one.hostNetns, strict.address, 80)).toBe(one.address);
      expect(await fetchSoon(one.hostNetns, standard.address, 80)).not.toBe('');
    });

    test('a change back to standard leaves strict pods and the local rule as they are', async () => {
      await restart({ enforcingMode: 'standard' });
      expect(await priorities()).toContain(20);
      expect(await seenOutside(strict)).toBe(strict.address);
      const reasons = (await world.kube.list(EVENTS)).items.map((one) => one.involvedObject.name);
      expect(reasons).toContain('strict');
    });
  });
});
