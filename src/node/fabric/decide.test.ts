import { describe, expect, test } from 'vitest';
import type { NetnsState } from '../../base/network.ts';
import { DOOMED_GROUP } from '../wiring/names.ts';
import { decideFabric, decideHost } from './decide.ts';
import { desiredFabric, type DesiredFabric } from './desired.ts';
import {
  anInterface,
  attachedTo,
  branchOn,
  inSubnets,
  ipv6Only,
  objectsWith,
} from './desired.fake.ts';

const EMPTY: NetnsState = {
  links: [],
  addresses: [],
  routes: [],
  rules: [],
  neighbours: [],
  fdb: [],
};
const PRIMARY = anInterface(5, attachedTo(1, 0));
const TRUNK = anInterface(6, { ...attachedTo(1, 1), interfaceType: 'trunk' });
const BRANCH = anInterface(7, branchOn(6, 42));
const FAR = anInterface(9, { ...attachedTo(2, 0), host: 2 });
const [PORT, TRUNK_PORT, BRANCH_PORT] = ['e00000000000005', 'e00000000000006', 'e00000000000007'];
const ENI = BRANCH.metadata.name;

function desired(...interfaces: Parameters<typeof objectsWith>[0]): DesiredFabric {
  return desiredFabric(objectsWith(interfaces));
}

function decide(
  fabric: DesiredFabric,
  state: NetnsState,
  wired: ReadonlySet<string> = new Set(),
): ReturnType<typeof decideFabric> {
  const options = { hostNetns: '/run/netns/h', uplink: 'vx0', mtu: 9001 };
  return decideFabric({ desired: fabric, wired, state, ...options });
}

const link = (name: string): NetnsState['links'][number] => ({
  index: 1,
  name,
  mac: '02:00:00:00:00:99',
  mtu: 9001,
  up: true,
  kind: 'veth',
});

/** What the kernel has once PRIMARY, and the host of FAR, are served. */
const SERVED: NetnsState = {
  links: [link('lo'), link('underlay0'), link('vx0'), link(PORT)],
  addresses: [
    { link: 'lo', address: '127.0.0.1', prefixBits: 8 },
    { link: 'lo', address: '10.0.1.1', prefixBits: 32 },
    { link: 'lo', address: '10.0.2.1', prefixBits: 32 },
    { link: 'lo', address: '169.254.169.254', prefixBits: 32 },
  ],
  routes: [
    { destination: '10.0.1.5/32', link: PORT, table: 254 },
    { destination: '10.0.2.9/32', link: 'vx0', gateway: '192.0.2.12', table: 254 },
    { destination: '192.0.2.0/24', link: 'underlay0', table: 254 },
  ],
  rules: [],
  neighbours: [
    { link: PORT, address: '10.0.1.5', mac: '02:00:00:00:00:05' },
    { link: 'vx0', address: '192.0.2.12', mac: '02:74:c0:00:02:02' },
  ],
  fdb: [{ link: 'vx0', mac: '02:74:c0:00:02:02', remote: '192.0.2.12' }],
};

describe('decideFabric', () => {
  test('builds a port with its MAC at the host end, then routes to it', () => {
    const steps = decide(desired(PRIMARY), { ...EMPTY, addresses: SERVED.addresses });
    expect(steps).toEqual([
      {
        op: 'link-add-veth',
        name: PORT,
        mtu: 9001,
        up: true,
        peer: { name: 'eth0', netns: '/run/netns/h', mac: '02:00:00:00:00:05', mtu: 9001 },
      },
      { op: 'proxy-delay-set', link: PORT, delayMs: 0 },
      { op: 'neighbour-replace', link: PORT, address: '10.0.1.5', mac: '02:00:00:00:00:05' },
      { op: 'route-replace', destination: '10.0.1.5/32', link: PORT, scope: 'link' },
    ]);
  });

  test('does nothing when all is as it shall be', () => {
    expect(decide(desired(PRIMARY, FAR), SERVED)).toEqual([]);
  });

  test('puts the way to a remote address together: entry, neighbour, route', () => {
    const state = { ...SERVED, fdb: [], neighbours: SERVED.neighbours.slice(0, 1) };
    const steps = decide(desired(PRIMARY, FAR), { ...state, routes: SERVED.routes.slice(0, 1) });
    expect(steps).toEqual([
      { op: 'neighbour-replace', link: 'vx0', address: '192.0.2.12', mac: '02:74:c0:00:02:02' },
      { op: 'fdb-replace', link: 'vx0', mac: '02:74:c0:00:02:02', remote: '192.0.2.12' },
      {
        op: 'route-replace',
        destination: '10.0.2.9/32',
        link: 'vx0',
        gateway: '192.0.2.12',
        onlink: true,
      },
    ]);
  });

  test('takes away what is no longer wanted, and nothing that is not ours', () => {
    const steps = decide(desired(), SERVED);
    expect(steps).toEqual([
      ...deletion(PORT),
      { op: 'neighbour-delete', link: PORT, address: '10.0.1.5', ignoreMissing: true },
      { op: 'neighbour-delete', link: 'vx0', address: '192.0.2.12', ignoreMissing: true },
      {
        op: 'fdb-delete',
        link: 'vx0',
        mac: '02:74:c0:00:02:02',
        remote: '192.0.2.12',
        ignoreMissing: true,
      },
      { op: 'route-delete', destination: '10.0.1.5/32', link: PORT, ignoreMissing: true },
      { op: 'route-delete', destination: '10.0.2.9/32', link: 'vx0', ignoreMissing: true },
    ]);
  });

  test('has the address of the metadata service whatever the VPC is like, and no stray one', () => {
    const stray = { link: 'lo', address: '10.9.9.9', prefixBits: 32 };
    const steps = decide(desired(), { ...EMPTY, addresses: [stray] });
    const own = { link: 'lo', prefixBits: 32 };
    expect(steps).toContainEqual({ op: 'address-add', ...own, address: '169.254.169.254' });
    expect(steps).toContainEqual({ op: 'address-delete', ...stray, ignoreMissing: true });
  });

  test('moves an address that another interface got, without deleting the new route', () => {
    const other = anInterface(8, { ...attachedTo(1, 2), privateIps: ['10.0.1.5'] });
    const routes = decide(desired(other), SERVED).filter((step) => step.op.startsWith('route-'));
    expect(routes).toContainEqual({
      op: 'route-replace',
      destination: '10.0.1.5/32',
      link: 'e00000000000008',
      scope: 'link',
    });
    expect(routes).not.toContainEqual(
      expect.objectContaining({ op: 'route-delete', destination: '10.0.1.5/32' }),
    );
  });

  test('leaves the links of branches to the wiring', () => {
    const steps = decide(desired(PRIMARY, TRUNK, BRANCH, FAR), SERVED);
    expect(JSON.stringify(steps)).toContain(TRUNK_PORT);
    expect(JSON.stringify(steps)).not.toContain(BRANCH_PORT);
  });

  test('keeps the port of a wired branch right, and removes it once nobody is wired', () => {
    const state = { ...SERVED, links: [...SERVED.links, link(BRANCH_PORT), link(TRUNK_PORT)] };
    const fabric = desired(PRIMARY, TRUNK, BRANCH, FAR);
    const kept = decide(fabric, state, new Set([ENI]));
    expect(kept).toContainEqual({
      op: 'neighbour-replace',
      link: BRANCH_PORT,
      address: '10.0.1.7',
      mac: '02:00:00:00:00:07',
    });
    expect(decide(fabric, state).slice(0, 2)).toEqual(deletion(BRANCH_PORT));
  });

  test('removes the port of a wired branch that the VPC released', () => {
    const state = { ...SERVED, links: [...SERVED.links, link(BRANCH_PORT)] };
    expect(decide(desired(PRIMARY, FAR), state, new Set([ENI]))).toEqual(deletion(BRANCH_PORT));
  });

  test('repairs a neighbour with the wrong MAC', () => {
    const [first, second] = SERVED.neighbours;
    const neighbours = [{ ...first!, mac: '02:00:00:00:00:66' }, second!];
    expect(decide(desired(PRIMARY, FAR), { ...SERVED, neighbours })).toEqual([
      { op: 'neighbour-replace', link: PORT, address: '10.0.1.5', mac: '02:00:00:00:00:05' },
    ]);
  });
});

describe('decideHost', () => {
  const { ports } = desired(PRIMARY, TRUNK, BRANCH);

  test('sets up the primary interface and the trunk, and leaves branches alone', () => {
    expect(decideHost(ports, EMPTY)).toEqual([
      { op: 'link-set', name: 'eth0', up: true },
      {
        op: 'address-add',
        link: 'eth0',
        address: '10.0.1.5',
        prefixBits: 24,
        ignoreExisting: true,
      },
      {
        op: 'route-replace',
        destination: '0.0.0.0/0',
        link: 'eth0',
        gateway: '10.0.1.1',
        table: 254,
      },
      { op: 'link-set', name: 'eth1', up: true },
      {
        op: 'address-add',
        link: 'eth1',
        address: '10.0.1.6',
        prefixBits: 24,
        ignoreExisting: true,
      },
      { op: 'route-replace', destination: '10.0.1.1/32', link: 'eth1', scope: 'link', table: 2 },
      {
        op: 'route-replace',
        destination: '0.0.0.0/0',
        link: 'eth1',
        gateway: '10.0.1.1',
        table: 2,
      },
      { op: 'route-delete', destination: '10.0.1.0/24', link: 'eth1', ignoreMissing: true },
    ]);
  });

  test('leads a secondary interface’s own address to its table; the trunk lacks that rule', () => {
    const second = desired(anInterface(6, attachedTo(1, 2))).ports;
    expect(decideHost(second, EMPTY)).toContainEqual({
      op: 'rule-add',
      priority: 32765,
      table: 3,
      from: '10.0.1.6/32',
      ignoreExisting: true,
    });
  });

  test('replaces an address that is no longer the interface’s', () => {
    const addresses = [{ link: 'eth0', address: '10.0.1.77', prefixBits: 24 }];
    const steps = decideHost(ports, { ...EMPTY, addresses });
    expect(steps[1]).toMatchObject({ op: 'address-delete', address: '10.0.1.77' });
    expect(steps[2]).toMatchObject({ op: 'address-add', address: '10.0.1.5' });
  });

  test('gives an interface of an IPv6-only subnet IPv6 alone', () => {
    const native = { subnetId: 'subnet-6', privateIps: [], ipv6Addresses: ['2001:db8::8'] };
    const interfaces = [0, 1].map((index) =>
      anInterface(8 + index, { ...attachedTo(1, index), ...native }),
    );
    const objects = objectsWith(interfaces);
    const subnets = [ipv6Only('subnet-6', '2001:db8::/64')];
    const stale = { link: 'eth0', address: '10.0.1.8', prefixBits: 24 };
    const state = { ...EMPTY, links: [link('eth0'), link('eth1')], addresses: [stale] };
    const add = {
      op: 'address-add',
      address: '2001:db8::8',
      prefixBits: 128,
      ignoreExisting: true,
    };
    const route = { op: 'route-replace', destination: '::/0', gateway: 'fe80:ec2::1' };
    expect(decideHost(desiredFabric(inSubnets(objects, subnets)).ports, state)).toEqual([
      { op: 'address-delete', ...stale, ignoreMissing: true },
      { ...add, link: 'eth0' },
      { ...route, link: 'eth0', table: 254 },
      { ...add, link: 'eth1' },
      { ...route, link: 'eth1', table: 2 },
    ]);
  });

  test('does nothing when all is as it shall be', () => {
    const state: NetnsState = {
      ...EMPTY,
      links: [link('eth0'), link('eth1')],
      addresses: [
        { link: 'eth0', address: '10.0.1.5', prefixBits: 24 },
        { link: 'eth1', address: '10.0.1.6', prefixBits: 24 },
        { link: 'eth1', address: 'fe80::1', prefixBits: 64 },
      ],
      routes: [
        { destination: '0.0.0.0/0', link: 'eth0', gateway: '10.0.1.1', table: 254 },
        { destination: '0.0.0.0/0', link: 'eth1', gateway: '10.0.1.1', table: 2 },
      ],
    };
    expect(decideHost(ports, state)).toEqual([]);
  });
});

/** Links go together: first all are marked, then the group is deleted. */
function deletion(...names: readonly string[]) {
  return [
    ...names.map((name) => ({ op: 'link-set', name, group: DOOMED_GROUP, ignoreMissing: true })),
    { op: 'link-delete-group', group: DOOMED_GROUP },
  ];
}
