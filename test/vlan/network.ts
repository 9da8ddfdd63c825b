import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NetworkError, type NetworkStep } from '../../src/base/network.ts';
import { createIpNetwork } from '../../src/io/network-ip.ts';
import { createNetlinkNetwork } from '../../src/io/network-netlink.ts';

const IMPLEMENTATIONS = { rtnetlink: createNetlinkNetwork, iproute2: createIpNetwork };

for (const [name, create] of Object.entries(IMPLEMENTATIONS))
  describe(`VLAN links by ${name}`, () => {
    const network = create();
    let netns = '';
    const vlan = { op: 'link-add-vlan', parent: 'trunk', up: true } as const;

    before(async () => {
      netns = await network.createNamespace(`vlan-${name}`);
      const peer = { name: 'other' };
      await network.apply(netns, [
        { op: 'link-add-veth', name: 'trunk', mtu: 1400, up: true, peer },
      ]);
    });
    after(() => network.deleteNamespace(`vlan-${name}`));

    test('have the id, MAC and group asked for and the MTU of their parent', async () => {
      const mac = '02:00:00:00:00:09';
      await network.apply(netns, [{ ...vlan, name: 'a.4094', vlanId: 4094, mac, group: 9 }]);
      const link = (await network.links(netns)).find((one) => one.name === 'a.4094');
      const { kind, vlanId, mac: got, group, mtu, up } = link ?? {};
      assert.deepEqual([kind, vlanId, got, group, mtu, up], ['vlan', 4094, mac, 9, 1400, true]);
    });

    test('are one per id and parent: a second one is EEXIST', async () => {
      await network.apply(netns, [{ ...vlan, name: 'b.7', vlanId: 7 }]);
      await rejects(netns, { ...vlan, name: 'c.7', vlanId: 7 }, 'EEXIST');
    });

    test('need a parent that exists and an id that does', async () => {
      await rejects(netns, { ...vlan, name: 'd.8', parent: 'nowhere', vlanId: 8 }, 'ENODEV');
      assert.equal(
        (await network.links(netns)).some((one) => one.name === 'd.8'),
        false,
      );
    });

    test('go with their group', async () => {
      await network.apply(netns, [{ ...vlan, name: 'e.9', vlanId: 9, group: 11 }]);
      await network.apply(netns, [{ op: 'link-delete-group', group: 11 }]);
      assert.equal(
        (await network.links(netns)).some((one) => one.name === 'e.9'),
        false,
      );
    });

    async function rejects(place: string, step: NetworkStep, code: string): Promise<void> {
      await assert.rejects(
        network.apply(place, [step]),
        (error) => error instanceof NetworkError && error.code === code,
      );
    }
  });
