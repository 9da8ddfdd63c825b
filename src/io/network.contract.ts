import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NetworkError, type Network, type NetworkStep } from '../base/network.ts';
import { createServer } from 'node:net';
import { inNetns } from './netns.ts';
import { runInNetns } from './netns-exec.ts';

/**
 * What every implementation of the Network port must do. Needs a private namespace; reads results
 * back through `ip`, so that a port cannot vouch for itself.
 */
export function networkContract(
  name: string,
  create: () => Network,
  skip: { readonly forgetFlows?: string } = {},
): void {
  describe(`${name} keeps the contract of Network`, () => {
    const network = create();
    let a = '';
    let b = '';

    beforeEach(async () => {
      a = await network.createNamespace('contract-a');
      b = await network.createNamespace('contract-b');
    });
    afterEach(async () => {
      await network.deleteNamespace('contract-a');
      await network.deleteNamespace('contract-b');
    });

    const pair: NetworkStep = {
      op: 'link-add-veth',
      name: 'va',
      mac: '02:00:00:00:00:01',
      mtu: 9001,
      group: 7,
      up: true,
      peer: { name: 'eth0', mac: '02:00:00:00:00:02', mtu: 9001 },
    };
    const pairInto = (netns: string): NetworkStep => ({ ...pair, peer: { ...pair.peer, netns } });

    test('makes a veth pair whose peer lives in another namespace, with both MACs', async () => {
      await network.apply(a, [pairInto(b)]);
      const near = (await network.links(a)).find((link) => link.name === 'va');
      const far = (await network.links(b)).find((link) => link.name === 'eth0');
      expect(near).toMatchObject({
        mac: '02:00:00:00:00:01',
        mtu: 9001,
        up: true,
        kind: 'veth',
        group: 7,
      });
      expect(far).toMatchObject({ mac: '02:00:00:00:00:02', mtu: 9001, up: false });
    });

    test('carries packets after addresses, routes and neighbours are set', async () => {
      await network.apply(a, [
        pairInto(b),
        { op: 'address-add', link: 'va', address: '10.1.0.1', prefixBits: 32 },
        { op: 'route-replace', destination: '10.1.0.2/32', link: 'va', scope: 'link' },
        { op: 'neighbour-replace', link: 'va', address: '10.1.0.2', mac: '02:00:00:00:00:02' },
      ]);
      await network.apply(b, [
        { op: 'link-set', name: 'eth0', up: true },
        { op: 'address-add', link: 'eth0', address: '10.1.0.2', prefixBits: 32 },
        { op: 'route-replace', destination: '169.254.1.1/32', link: 'eth0', scope: 'link' },
        { op: 'route-replace', destination: 'default', gateway: '169.254.1.1', link: 'eth0' },
        { op: 'neighbour-replace', link: 'eth0', address: '169.254.1.1', mac: '02:00:00:00:00:01' },
      ]);
      const server = createServer((socket) => socket.end('hello'));
      inNetns(a, () => server.listen(8080));
      const script = 'exec 3<>/dev/tcp/10.1.0.1/8080; cat <&3';
      const client = await runInNetns(b, ['timeout', '2', 'bash', '-c', script]);
      server.close();
      expect(client.stdout).toBe('hello');
    });

    test('keeps routes in tables and leads to them by rules', async () => {
      await network.apply(a, [
        pair,
        { op: 'route-replace', destination: '10.9.0.1/32', link: 'va', scope: 'link', table: 101 },
        {
          op: 'route-replace',
          destination: 'default',
          gateway: '10.9.0.1',
          link: 'va',
          table: 101,
          onlink: true,
        },
        { op: 'rule-add', priority: 10, table: 101, inputLink: 'va' },
        { op: 'rule-add', priority: 20, table: 255 },
        { op: 'rule-delete', priority: 0, table: 255 },
        { op: 'rule-add', priority: 512, table: 254, to: '10.1.0.2/32' },
        { op: 'rule-add', priority: 1024, table: 254, fwmark: 0x80, fwmask: 0x80 },
      ]);
      const rules = await runInNetns(a, ['ip', 'rule']);
      expect(rules.stdout.replaceAll(/\s+/g, ' ')).toBe(
        '10: from all iif va lookup 101 20: from all lookup local ' +
          '512: from all to 10.1.0.2 lookup main 1024: from all fwmark 0x80/0x80 lookup main ' +
          '32766: from all lookup main 32767: from all lookup default ',
      );
      const routes = await runInNetns(a, ['ip', 'route', 'show', 'table', '101']);
      expect(routes.stdout).toMatch(/default via 10\.9\.0\.1 dev va proto static onlink/);
      expect(routes.stdout).toMatch(/10\.9\.0\.1 dev va proto static scope link/);
    });

    test('makes VXLAN devices that learn nothing, with static entries', async () => {
      await network.apply(a, [
        pair,
        { op: 'address-add', link: 'va', address: '192.0.2.1', prefixBits: 24 },
        {
          op: 'link-add-vxlan',
          name: 'vx0',
          vni: 4242,
          local: '192.0.2.1',
          port: 4789,
          mac: '02:00:00:00:00:77',
          mtu: 8951,
          up: true,
        },
        { op: 'fdb-replace', link: 'vx0', mac: '02:00:00:00:00:09', remote: '192.0.2.9' },
      ]);
      const shown = await runInNetns(a, ['ip', '-d', 'link', 'show', 'vx0']);
      expect(shown.stdout).toMatch(/vxlan id 4242 local 192\.0\.2\.1 .*dstport 4789 nolearning/);
      const fdb = await runInNetns(a, ['bridge', 'fdb', 'show', 'dev', 'vx0']);
      expect(fdb.stdout).toMatch(/02:00:00:00:00:09 dst 192\.0\.2\.9 self permanent/);
      await network.apply(a, [
        { op: 'fdb-delete', link: 'vx0', mac: '02:00:00:00:00:09', remote: '192.0.2.9' },
      ]);
      const after = await runInNetns(a, ['bridge', 'fdb', 'show', 'dev', 'vx0']);
      expect(after.stdout).not.toMatch('192.0.2.9');
    });

    test('deletes all links of a group at once, and an empty group is fine', async () => {
      await network.apply(a, [pair, { op: 'link-add-bridge', name: 'br0', up: true }]);
      await network.apply(a, [
        { op: 'link-delete-group', group: 7 },
        { op: 'link-delete-group', group: 7 },
      ]);
      expect((await network.links(a)).map((link) => link.name)).toEqual(['lo', 'br0']);
    });

    test('renames, enslaves and changes links', async () => {
      await network.apply(a, [
        { ...pair, up: false },
        { op: 'link-add-bridge', name: 'br0' },
        { op: 'link-set', name: 'va', rename: 'vb', mtu: 1400, mac: '02:00:00:00:00:05' },
        { op: 'link-set', name: 'vb', master: 'br0', up: true, group: 9 },
      ]);
      const shown = await runInNetns(a, ['ip', 'link', 'show', 'vb']);
      expect(shown.stdout).toMatch(/mtu 1400 .*master br0/);
      expect((await network.links(a)).find((link) => link.name === 'vb')).toMatchObject({
        mac: '02:00:00:00:00:05',
        group: 9,
        up: true,
      });
    });

    test('sets the delay of proxy ARP per link', async () => {
      await network.apply(a, [pair, { op: 'proxy-delay-set', link: 'va', delayMs: 0 }]);
      const shown = await runInNetns(a, ['ip', 'ntable', 'show', 'name', 'arp_cache', 'dev', 'va']);
      expect(shown.stdout).toMatch(/proxy_delay 0 /);
    });

    test('reads back what was set', async () => {
      await network.apply(a, [
        { op: 'link-add-veth', name: 'va', up: true, peer: { name: 'vb' } },
        { op: 'link-set', name: 'vb', up: true },
        { op: 'address-add', link: 'va', address: '10.1.0.1', prefixBits: 24 },
        {
          op: 'route-replace',
          destination: '10.2.0.0/16',
          gateway: '10.1.0.2',
          link: 'va',
          table: 1001,
        },
        { op: 'rule-add', priority: 10, table: 1001, inputLink: 'va' },
        { op: 'rule-add', priority: 1536, table: 101, from: '10.3.0.1/32' },
        { op: 'neighbour-replace', link: 'va', address: '10.1.0.2', mac: '02:00:00:00:00:02' },
      ]);
      const state = await network.read(a);
      expect(state.addresses).toContainEqual({ link: 'va', address: '10.1.0.1', prefixBits: 24 });
      expect(state.routes).toContainEqual({
        destination: '10.2.0.0/16',
        gateway: '10.1.0.2',
        link: 'va',
        table: 1001,
      });
      expect(state.rules).toContainEqual({ priority: 10, table: 1001, inputLink: 'va' });
      expect(state.rules).toContainEqual({ priority: 1536, table: 101, from: '10.3.0.1/32' });
      expect(state.neighbours).toEqual([
        { link: 'va', address: '10.1.0.2', mac: '02:00:00:00:00:02' },
      ]);
    });

    test('forgets the flows of an address', async (context) => {
      if (skip.forgetFlows !== undefined) context.skip(skip.forgetFlows);
      await network.apply(a, [
        pairInto(b),
        { op: 'address-add', link: 'va', address: '10.1.0.1', prefixBits: 24 },
      ]);
      await network.apply(b, [
        { op: 'link-set', name: 'eth0', up: true },
        { op: 'address-add', link: 'eth0', address: '10.1.0.2', prefixBits: 24 },
        { op: 'address-add', link: 'eth0', address: '10.1.0.3', prefixBits: 24 },
      ]);
      const track = 'add table ip t\nadd chain ip t c { type filter hook input priority 0; }\n';
      await runInNetns(
        a,
        ['nft', '-f', '-'],
        `${track}add rule ip t c ct state established accept`,
      );
      const server = createServer((socket) => socket.end('x'));
      inNetns(a, () => server.listen(8080));
      await runInNetns(b, ['bash', '-c', 'exec 3<>/dev/tcp/10.1.0.1/8080; cat <&3']);
      server.close();
      expect(await network.forgetFlows(a, ['10.1.0.9'])).toBe(0);
      expect(await network.forgetFlows(a, ['10.1.0.1'], 'udp')).toBe(0);
      expect(await network.forgetFlows(a, ['10.1.0.2'])).toBe(1);
      expect(await network.forgetFlows(a, ['10.1.0.2'])).toBe(0);
    });

    test('stops at the first failure and names the step and the errno', async () => {
      const bad: NetworkStep = { op: 'link-add-bridge', name: 'va' };
      const never: NetworkStep = { op: 'link-add-bridge', name: 'never' };
      const failure = await network.apply(a, [pair, bad, never]).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(NetworkError);
      expect(failure).toMatchObject({ code: 'EEXIST', step: bad });
      expect((await network.links(a)).map((link) => link.name)).not.toContain('never');
    });

    test.each<[string, NetworkStep]>([
      ['a link', { op: 'link-delete', name: 'none' }],
      ['a route', { op: 'route-delete', destination: '10.7.0.0/16', table: 254 }],
      ['a rule', { op: 'rule-delete', priority: 77, table: 254 }],
      ['an address', { op: 'address-delete', link: 'lo', address: '10.7.0.1', prefixBits: 32 }],
      ['a neighbour', { op: 'neighbour-delete', link: 'none', address: '10.7.0.1' }],
    ])('refuses to delete %s that is missing, unless told that it is fine', async (_, step) => {
      await expect(network.apply(a, [step])).rejects.toBeInstanceOf(NetworkError);
      await network.apply(a, [{ ...step, ignoreMissing: true } as NetworkStep]);
    });

    test('adds an address or rule twice only when told that it is fine', async () => {
      const address: NetworkStep = {
        op: 'address-add',
        link: 'lo',
        address: '10.7.0.1',
        prefixBits: 32,
      };
      const rule: NetworkStep = { op: 'rule-add', priority: 10, table: 101, from: '10.7.0.1/32' };
      await network.apply(a, [address, rule]);
      await expect(network.apply(a, [address])).rejects.toMatchObject({ code: 'EEXIST' });
      await expect(network.apply(a, [rule])).rejects.toMatchObject({ code: 'EEXIST' });
      await network.apply(a, [
        { ...address, ignoreExisting: true },
        { ...rule, ignoreExisting: true },
      ]);
    });

    test('writes sysctls of the namespace only', async () => {
      await network.sysctl(a, { 'net.ipv4.ip_forward': '1' });
      const inside = await runInNetns(a, ['sysctl', '-n', 'net.ipv4.ip_forward']);
      const outside = await runInNetns(b, ['sysctl', '-n', 'net.ipv4.ip_forward']);
      expect([inside.stdout, outside.stdout]).toEqual(['1\n', '0\n']);
      await expect(network.sysctl(a, { 'net/ipv4/no_such': '1' })).rejects.toMatchObject({
        code: expect.stringMatching(/^E(NOENT|ACCES|PERM)$/) as string,
      });
    });

    test('refuses a namespace name that is taken, and deletes twice without complaint', async () => {
      await expect(network.createNamespace('contract-a')).rejects.toMatchObject({ code: 'EEXIST' });
      await network.deleteNamespace('contract-a');
      await network.deleteNamespace('contract-a');
      await expect(network.links(a)).rejects.toMatchObject({ code: 'ENOENT' });
    });
  });
}
