import { describe, expect, test } from 'vitest';
import { desiredFabric, filterState } from './desired.ts';
import { anInterface, attachedTo, branchOn, objectsWith } from './desired.fake.ts';

const PRIMARY = anInterface(5, attachedTo(1, 0));
const TRUNK = anInterface(6, { ...attachedTo(1, 1), interfaceType: 'trunk' });
const BRANCH = anInterface(7, branchOn(6, 42));
const FAR = anInterface(9, { ...attachedTo(2, 0), host: 2, privateIps: ['10.0.2.9', '10.0.2.10'] });

describe('the desired fabric', () => {
  test('has a port for each interface of the host, wherever it hangs', () => {
    const { ports } = desiredFabric(objectsWith([BRANCH, TRUNK, PRIMARY, FAR]), 'i-1');
    expect(ports).toMatchObject([
      {
        link: 'e00000000000005',
        hostLink: 'eth0',
        mac: '02:00:00:00:00:05',
        gateway: '10.0.1.1',
        subnetPrefixBits: 24,
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

  test('reaches every address of other hosts through their tunnels, branches too', () => {
    const trunk = anInterface(16, { ...attachedTo(2, 1), host: 2, interfaceType: 'trunk' });
    const branch = anInterface(17, { ...branchOn(16, 1), host: 2 });
    const { remotes } = desiredFabric(objectsWith([PRIMARY, FAR, trunk, branch]), 'i-1');
    const tunnel = { tunnelAddress: '192.0.2.12', tunnelMac: '02:74:c0:00:02:02' };
    expect(remotes).toEqual(
      ['10.0.2.9', '10.0.2.10', '10.0.2.16', '10.0.2.17'].map((address) => ({
        address,
        ...tunnel,
      })),
    );
  });

  test('leaves out hosts whose tunnel is not known yet', () => {
    const objects = objectsWith([FAR]);
    const instances = objects.instances.map(({ metadata, spec }) => ({ metadata, spec }));
    expect(desiredFabric({ ...objects, instances }, 'i-1').remotes).toEqual([]);
  });

  test('leaves out interfaces that hang nowhere, or whose trunk does', () => {
    const loose = anInterface(20);
    const looseTrunk = anInterface(21, { interfaceType: 'trunk' });
    const orphan = anInterface(22, branchOn(21, 3));
    const stray = anInterface(23, branchOn(99, 3));
    const fabric = desiredFabric(objectsWith([loose, looseTrunk, orphan, stray]), 'i-1');
    expect(fabric).toMatchObject({ ports: [], remotes: [] });
  });

  test('leaves out other VPCs, whose addresses may be the same', () => {
    const foreign = anInterface(5, { ...attachedTo(2, 0), vpcId: 'vpc-2' });
    const objects = objectsWith([PRIMARY, foreign]);
    const fabric = desiredFabric(objects, 'i-1');
    expect(fabric.remotes).toEqual([]);
    const links = { uplink: 'vx0', underlay: 'underlay0' };
    expect(filterState(fabric, objects, links).world.interfaces).toHaveLength(1);
  });

  test('is empty for an instance that is not there yet', () => {
    expect(desiredFabric(objectsWith([PRIMARY]), 'i-9')).toMatchObject({
      ports: [],
      vpcId: undefined,
    });
  });

  test('does not depend on the order of the objects', () => {
    const some = [PRIMARY, TRUNK, BRANCH, FAR];
    const straight = desiredFabric(objectsWith(some), 'i-1');
    expect(desiredFabric(objectsWith(some.toReversed()), 'i-1')).toEqual(straight);
  });

  test('answers for the router of every subnet', () => {
    expect(desiredFabric(objectsWith([]), 'i-1').gateways).toEqual(['10.0.1.1', '10.0.2.1']);
  });

  test('gives the filter each port with its groups and addresses', () => {
    const objects = objectsWith([PRIMARY, TRUNK, BRANCH]);
    const links = { uplink: 'vx0', underlay: 'underlay0' };
    const state = filterState(desiredFabric(objects, 'i-1'), objects, links);
    expect(state.ports.map(({ link, groupIds }) => ({ link, groupIds }))).toEqual([
      { link: 'e00000000000005', groupIds: ['sg-5'] },
      { link: 'e00000000000006', groupIds: ['sg-6'] },
      { link: 'e00000000000007', groupIds: ['sg-7'] },
    ]);
    expect(state).toMatchObject({ uplinks: ['vx0'], underlay: ['underlay0'] });
  });
});
