import { describe, expect, test } from 'vitest';
import { desiredFabric, filterState, remotesIn } from './desired.ts';
import {
  anInterface,
  attachedTo,
  branchOn,
  inSubnets,
  ipv6Only,
  objectsWith,
} from './desired.fake.ts';

const PRIMARY = anInterface(5, attachedTo(1, 0));
const TRUNK = anInterface(6, { ...attachedTo(1, 1), interfaceType: 'trunk' });
const BRANCH = anInterface(7, branchOn(6, 42));
const FAR = anInterface(9, { ...attachedTo(2, 0), host: 2, privateIps: ['10.0.2.9', '10.0.2.10'] });

const LINKS = { uplink: 'vx0', underlay: 'underlay0' };

describe('the desired fabric', () => {
  test('has a port for each interface of the host, wherever it hangs', () => {
    const { ports } = desiredFabric(objectsWith([BRANCH, TRUNK, PRIMARY, FAR]));
    expect(ports).toMatchObject([
      {
        link: 'e00000000000005',
        hostLink: 'eth0',
        mac: '02:00:00:00:00:05',
        ipv4: { gateway: '10.0.1.1', cidr: '10.0.1.0/24', prefixBits: 24 },
        device: { index: 0, trunk: false },
      },
      { link: 'e00000000000006', hostLink: 'eth1', device: { index: 1, trunk: true } },
      {
        link: 'e00000000000007',
        hostLink: 'vlan.eth.42',
        addresses: ['10.0.1.7'],
        branch: { vlanId: 42, trunkPort: 'e00000000000006', trunkLink: 'eth1' },
      },
    ]);
  });

  test('has ports with no IPv4 side in IPv6-only subnets, and no IPv4 router there', () => {
    const native = anInterface(8, {
      ...attachedTo(1, 2),
      subnetId: 'subnet-6',
      privateIps: [],
      ipv6Addresses: ['2001:db8::8'],
    });
    const objects = objectsWith([PRIMARY, native]);
    const subnets = [...objects.own.subnets, ipv6Only('subnet-6', '2001:db8::/64')];
    const fabric = desiredFabric(inSubnets(objects, subnets));
    const port = fabric.ports.find(({ eniId }) => eniId === native.metadata.name);
    expect(port).toMatchObject({ addresses: [], addresses6: ['2001:db8::8'] });
    expect(port).toMatchObject({ gateways6: ['2001:db8::1'] });
    expect(port).not.toHaveProperty('ipv4');
    expect(fabric).toMatchObject({
      gateways: ['10.0.1.1', '10.0.2.1'],
      gateways6: ['2001:db8::1'],
    });
  });

  test('leaves out interfaces of a subnet whose block cannot be read', () => {
    const objects = objectsWith([PRIMARY]);
    const [first] = objects.own.subnets;
    const subnets = first ? [{ ...first, spec: { ...first.spec, cidr: 'x' } }] : [];
    expect(desiredFabric(inSubnets(objects, subnets)).ports).toEqual([]);
  });

  test('reaches every address of other hosts through their tunnels, branches too', () => {
    const trunk = anInterface(16, { ...attachedTo(2, 1), host: 2, interfaceType: 'trunk' });
    const branch = anInterface(17, { ...branchOn(16, 1), host: 2 });
    const remotes = remotesIn(desiredFabric(objectsWith([PRIMARY, FAR, trunk, branch])));
    const tunnel = { tunnelAddress: '192.0.2.12', tunnelMac: '02:74:c0:00:02:02' };
    expect(new Set(remotes)).toEqual(
      new Set(
        ['10.0.2.9', '10.0.2.10', '10.0.2.16', '10.0.2.17'].map((address) => ({
          address,
          ...tunnel,
        })),
      ),
    );
  });

  test('leaves out hosts whose tunnel is not known yet', () => {
    const objects = objectsWith([FAR]);
    const slices = objects.slices.map(({ metadata, spec }) => {
      const { tunnelAddress: _address, tunnelMac: _mac, ...rest } = spec;
      return { metadata, spec: rest };
    });
    expect(remotesIn(desiredFabric({ ...objects, slices }))).toEqual([]);
    expect(remotesIn(desiredFabric(objects))).toHaveLength(2);
  });

  test('leaves out interfaces that hang nowhere, or whose trunk does', () => {
    const loose = anInterface(20);
    const looseTrunk = anInterface(21, { interfaceType: 'trunk' });
    const orphan = anInterface(22, branchOn(21, 3));
    const stray = anInterface(23, branchOn(99, 3));
    const fabric = desiredFabric(objectsWith([loose, looseTrunk, orphan, stray]));
    expect(fabric.ports).toEqual([]);
    expect(remotesIn(fabric)).toEqual([]);
  });

  test('leaves out interfaces of other VPCs, whose addresses may be the same', () => {
    const foreign = anInterface(7, { ...attachedTo(1, 1), vpcId: 'vpc-2' });
    const objects = objectsWith([PRIMARY, foreign]);
    const fabric = desiredFabric(objects);
    expect(fabric.ports).toHaveLength(1);
    expect(filterState(fabric, LINKS).world.interfaces).toHaveLength(1);
  });

  test('is empty for an instance that is not there yet', () => {
    expect(desiredFabric(objectsWith([PRIMARY], 9))).toMatchObject({
      ports: [],
      vpcId: undefined,
    });
  });

  test('does not depend on the order of the objects', () => {
    const some = [PRIMARY, TRUNK, BRANCH, FAR];
    const straight = desiredFabric(objectsWith(some));
    expect(desiredFabric(objectsWith(some.toReversed()))).toEqual(straight);
  });

  test('keeps what it knows of hosts that stay, so that nobody looks at them again', () => {
    const objects = objectsWith([PRIMARY, FAR]);
    const [before, after] = [desiredFabric(objects), desiredFabric({ ...objects })];
    expect(after.others[0]).toBe(before.others[0]);
    expect(after.ports).toBe(before.ports);
    const later = desiredFabric({ ...objects, own: { ...objects.own } });
    expect(later.ports).not.toBe(before.ports);
    expect(later.ports).toEqual(before.ports);
  });

  test('answers for the router of every subnet', () => {
    expect(desiredFabric(objectsWith([])).gateways).toEqual(['10.0.1.1', '10.0.2.1']);
  });

  test('gives the filter each port with its groups and addresses', () => {
    const objects = objectsWith([PRIMARY, TRUNK, BRANCH]);
    const state = filterState(desiredFabric(objects), LINKS);
    expect(state.ports.map(({ link, groupIds }) => ({ link, groupIds }))).toEqual([
      { link: 'e00000000000005', groupIds: ['sg-5'] },
      { link: 'e00000000000006', groupIds: ['sg-6'] },
      { link: 'e00000000000007', groupIds: ['sg-7'] },
    ]);
    expect(state).toMatchObject({ uplinks: ['vx0'], underlay: ['underlay0'] });
  });

  test('tells the filter who wears what on other hosts, and that groups named by rules exist', () => {
    const rule = { ruleId: 'sgr-1', isEgress: false, ipProtocol: '-1' } as const;
    const spec = { account: '1', vpcId: 'vpc-1', groupName: 'db', description: '' };
    const group = {
      metadata: { name: 'sg-5' },
      spec: { ...spec, rules: [{ ...rule, referencedGroupId: 'sg-9' }] },
    };
    const { own, slices } = objectsWith([PRIMARY, FAR]);
    const objects = { own: { ...own, groups: [group] }, slices };
    const state = filterState(desiredFabric(objects), LINKS);
    const views = [{ eniId: FAR.metadata.name, vpcId: 'vpc-1', groupIds: ['sg-9'] }];
    expect(state.peers).toMatchObject([{ views }]);
    expect(state.world.groups.get('sg-9')?.rules).toEqual([]);
    expect(state.world.groups.get('sg-5')?.rules).toHaveLength(1);
  });
});
