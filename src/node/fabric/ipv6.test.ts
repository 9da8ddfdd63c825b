import { describe, expect, test } from 'vitest';
import type { NetnsState } from '../../base/network.ts';
import { must } from '../../base/assert.ts';
import { decideFabric, decideHost } from './decide.ts';
import { desiredFabric, filterState } from './desired.ts';
import type { FabricObjects } from './source.ts';
import { anInterface, attachedTo, inSubnets, objectsWith } from './desired.fake.ts';

const EMPTY: NetnsState = {
  links: [],
  addresses: [],
  routes: [],
  rules: [],
  neighbours: [],
  fdb: [],
};
const PORT = 'e00000000000005';
const own = anInterface(5, {
  ...attachedTo(1, 0),
  ipv6Addresses: ['fd00:1::5'],
  ipv4Prefixes: ['10.0.1.32/28'],
  ipv6Prefixes: ['fd00:1:0:0:5::/80'],
});
const far = anInterface(9, { ...attachedTo(2, 0), host: 2, ipv6Addresses: ['fd00:2::9'] });

function objects(): FabricObjects {
  const plain = objectsWith([own, far]);
  const subnets = plain.own.subnets.map((subnet, i) => ({
    ...subnet,
    spec: {
      ...subnet.spec,
      ipv6CidrBlocks: [{ associationId: 'x', cidr: `fd00:${i + 1}::/64` }],
    },
  }));
  return inSubnets(plain, subnets);
}

const steps = () =>
  decideFabric({
    desired: desiredFabric(objects()),
    wired: new Set(),
    state: EMPTY,
    hostNetns: '/run/netns/h',
    uplink: 'vx0',
    mtu: 9001,
  });

describe('IPv6 in a fabric', () => {
  test('has the router’s addresses on each port, and neighbours that are never asked for', () => {
    expect(steps()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ op: 'address-add', link: PORT, address: 'fe80:ec2::1' }),
        expect.objectContaining({ op: 'address-add', link: PORT, address: 'fd00:1::1' }),
        expect.objectContaining({ op: 'neighbour-replace', link: PORT, address: 'fd00:1::5' }),
      ]),
    );
  });

  test('routes addresses to ports, and prefixes by the interface’s own address', () => {
    const routes = steps().filter((step) => step.op === 'route-replace');
    expect(routes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ destination: 'fd00:1::5/128', link: PORT }),
        expect.objectContaining({ destination: '10.0.1.32/28', gateway: '10.0.1.5', link: PORT }),
        expect.objectContaining({ destination: 'fd00:1:0:0:5::/80', gateway: 'fd00:1::5' }),
      ]),
    );
  });

  test('reaches other hosts by a next hop of its own family, with the MAC of the tunnel', () => {
    const hop = 'fe80::c000:20c';
    expect(steps()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ destination: 'fd00:2::9/128', link: 'vx0', gateway: hop }),
        expect.objectContaining({ op: 'neighbour-replace', link: 'vx0', address: hop }),
      ]),
    );
  });

  test('gives a host its single addresses and the router', () => {
    const hostSteps = decideHost(desiredFabric(objects()).ports, EMPTY);
    expect(hostSteps).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ op: 'address-add', address: 'fd00:1::5', prefixBits: 128 }),
        expect.objectContaining({ destination: '::/0', gateway: 'fe80:ec2::1', link: 'eth0' }),
      ]),
    );
  });

  test('tells the filter of all addresses and prefixes', () => {
    const links = { uplink: 'vx0', underlay: 'underlay0' };
    const [port] = filterState(desiredFabric(objects()), links).ports;
    const found = must(port, () => 'a port');
    expect(found.addresses).toHaveLength(2 + 16);
    expect(found.prefixes).toHaveLength(1);
    expect(found.subnetId).toBe('subnet-1');
  });
});
