import { assert } from '../base/assert.ts';
import { cidrAround, type Cidr } from '../base/cidr.ts';
import type { GroupId, VpcId } from '../base/ids.ts';
import { formatIp, ipBits, type Ip } from '../base/ip.ts';
import type { Direction } from '../policy/rule.ts';
import { unfilteredBlocks, type World } from '../policy/world.ts';
import { baseChains } from './base-chains.ts';
import { classGate, gateChainName } from './class-gate.ts';
import { classesOf, type Classes, type InterfaceClass } from './class.ts';
import { makeSet, type SetParts } from './make-set.ts';
import { point, type FabricProgram, type Field, type KeyPart, type SetElement } from './program.ts';
import type { FabricPort, FabricState } from './state.ts';

/** UDP port of VXLAN (RFC 7348). */
const VXLAN_PORT = 4789;

/**
 * Compiles the state of a fabric into its filter. Equal states, in whatever order their parts are
 * listed, give the same program. All ports must be of one VPC.
 */
export function compile(state: FabricState): FabricProgram {
  const vpcId = vpcOf(state);
  const peers = peersOf(state, vpcId);
  const groupSets = [...peers.map((peer) => peer.groupIds), ...state.ports.map((p) => p.groupIds)];
  const classes = classesOf(groupSets);
  const own = classes.all.filter((item) =>
    state.ports.some((port) => classes.classOf(port.groupIds) === item),
  );
  const gates = own.flatMap((item) =>
    DIRECTIONS.map((direction) => classGate({ world: state.world, classes }, item, direction)),
  );
  const sets = [
    ...linkSets(state),
    ...portSets(state, classes),
    ...arpSets(state.ports),
    ...unfilteredSets(state.world, vpcId),
    ...gatewaySets(state.gateways ?? []),
    ...peerMaps(peers, classes),
    ...DIRECTIONS.map((direction) => chainMap(direction, own)),
  ].map(makeSet);
  const chains = [...baseChains(state.vxlanPort ?? VXLAN_PORT), ...gates.map((gate) => gate.chain)];
  return Object.freeze({
    sets: byName([...sets, ...gates.flatMap((gate) => gate.sets)]),
    chains: byName(chains),
  });
}

const DIRECTIONS: readonly Direction[] = ['egress', 'ingress'];

/** An address of the VPC and the groups that its interface wears. */
interface Peer {
  readonly address: Ip;
  readonly groupIds: readonly GroupId[];
}

function vpcOf(state: FabricState): VpcId | undefined {
  const found = state.ports.flatMap((port) => {
    const known = state.world.interfaces.find((item) => item.eniId === port.eniId)?.vpcId;
    const vpcId = known ?? state.world.groups.get(port.groupIds[0] ?? '')?.vpcId;
    return vpcId === undefined ? [] : [vpcId];
  });
  const distinct = [...new Set(found)];
  assert(distinct.length <= 1, () => `Ports of one fabric are of several VPCs: ${distinct.join()}`);
  return distinct[0];
}

/**
 * Addresses of the VPC with their groups. What a port says of its interface is newer than what the
 * world says. An address that two interfaces claim is left out: no reference to a group covers it.
 */
function peersOf(state: FabricState, vpcId: VpcId | undefined): readonly Peer[] {
  const local = new Set(state.ports.map((port) => port.eniId));
  const remote = state.world.interfaces.filter(
    (item) => item.vpcId === vpcId && !local.has(item.eniId),
  );
  const peers = [...state.ports, ...remote].flatMap(({ addresses, groupIds }) =>
    addresses.map((address) => ({ address, groupIds })),
  );
  const byAddress = Map.groupBy(peers, ({ address }) => formatIp(address));
  return [...byAddress.values()].flatMap((same) => (same.length === 1 ? same : []));
}

function linkSets(state: FabricState): readonly SetParts[] {
  const { uplinks, underlay = [] } = state;
  const links = state.ports.map((port) => port.link);
  return [
    linkSet('ports', 'iifname', links),
    linkSet('uplinks', 'iifname', uplinks),
    linkSet('underlay', 'iifname', underlay),
    linkSet('trusted_links', 'iifname', ['lo', ...uplinks, ...underlay]),
    { ...linkSet('pin_drops', 'iifname', links), counter: true },
    { ...linkSet('egress_drops', 'iifname', links), counter: true },
    { ...linkSet('ingress_drops', 'oifname', links), counter: true },
    { ...linkSet('input_drops', 'iifname', links), counter: true },
    { ...linkSet('stray_drops', 'iifname', links), counter: true },
    linkSet('arp_trusted', 'iifname', ['lo', ...uplinks, ...underlay]),
    { ...linkSet('arp_drops', 'iifname', links), counter: true },
  ];
}

function linkSet(name: string, field: Field, links: readonly string[]): SetParts {
  return { name, fields: [field], elements: links.map((link) => ({ key: [link] })) };
}

/** What ties a port to its MAC, addresses and class. */
function portSets(state: FabricState, classes: Classes): readonly SetParts[] {
  const { ports } = state;
  const checked = ports.filter((port) => port.sourceDestCheck);
  const free = ports.filter((port) => !port.sourceDestCheck);
  const macs = (some: readonly FabricPort[]) =>
    some.map((port) => ({ key: [port.link, macPart(port.mac)] }));
  return [
    ...([4, 6] as const).flatMap((family): readonly SetParts[] => {
      const bound = (before: (port: FabricPort) => readonly KeyPart[]): readonly SetElement[] =>
        checked.flatMap((port) =>
          port.addresses
            .filter((address) => address.family === family)
            .map((address) => ({ key: [...before(port), point(address.value)] })),
        );
      const ip = family === 4 ? 'ip' : 'ip6';
      return [
        {
          name: `pinned${family}`,
          fields: ['iifname', 'ether saddr', `${ip} saddr`],
          elements: bound((port) => [port.link, macPart(port.mac)]),
        },
        {
          name: `bound${family}`,
          fields: ['oifname', `${ip} daddr`],
          elements: bound((port) => [port.link]),
        },
      ];
    }),
    { name: 'port_macs', fields: ['iifname', 'ether saddr'], elements: macs(ports) },
    { name: 'unpinned', fields: ['iifname', 'ether saddr'], elements: macs(free) },
    linkSet(
      'unbound',
      'oifname',
      free.map((port) => port.link),
    ),
    {
      name: 'port_class',
      fields: ['iifname'],
      value: 'mark',
      elements: ports.map((port) => ({
        key: [port.link],
        value: classes.classOf(port.groupIds)?.id ?? 0,
      })),
    },
  ];
}

/** Whom a port may name as the sender of its ARP questions; 0.0.0.0 asks whether an address is free. */
function arpSets(ports: readonly FabricPort[]): readonly SetParts[] {
  const sender = (port: FabricPort) => [port.link, macPart(port.mac), macPart(port.mac)];
  const checked = ports.filter((port) => port.sourceDestCheck);
  return [
    {
      name: 'arp_pinned',
      fields: ['iifname', 'ether saddr', 'arp saddr ether', 'arp saddr ip'],
      elements: checked.flatMap((port) =>
        [UNSPECIFIED, ...port.addresses, ...(port.askAs ?? [])]
          .filter(({ family }) => family === 4)
          .map(({ value }) => ({ key: [...sender(port), point(value)] })),
      ),
    },
    {
      name: 'arp_unpinned',
      fields: ['iifname', 'ether saddr', 'arp saddr ether'],
      elements: ports
        .filter((port) => !port.sourceDestCheck)
        .map((port) => ({ key: sender(port) })),
    },
    {
      name: 'arp_own',
      fields: ['iifname', 'arp daddr ip'],
      elements: ports.flatMap((port) =>
        port.addresses
          .filter(({ family }) => family === 4)
          .map(({ value }) => ({ key: [port.link, point(value)] })),
      ),
    },
  ];
}

const UNSPECIFIED: Ip = { family: 4, value: 0n };

function macPart(mac: string): KeyPart {
  return point(BigInt(`0x${mac.replaceAll(':', '')}`));
}

function unfilteredSets(world: World, vpcId: VpcId | undefined): readonly SetParts[] {
  const blocks = unfilteredBlocks(world, vpcId);
  return [
    addressSet({ name: 'unfiltered4', field: 'ip daddr', family: 4, blocks }),
    addressSet({ name: 'unfiltered6', field: 'ip6 daddr', family: 6, blocks }),
  ];
}

function gatewaySets(gateways: readonly Ip[]): readonly SetParts[] {
  const blocks = gateways.map((address) => cidrAround(address, ipBits(address.family)));
  return [
    addressSet({ name: 'gateways4', field: 'ip daddr', family: 4, blocks }),
    addressSet({ name: 'gateways6', field: 'ip6 daddr', family: 6, blocks }),
  ];
}

/** A set of single addresses; blocks are small and written out, so the set needs no intervals. */
function addressSet(options: {
  readonly name: string;
  readonly field: Field;
  readonly family: 4 | 6;
  readonly blocks: readonly Cidr[];
}): SetParts {
  const { name, field, family, blocks } = options;
  const elements = blocks
    .filter((cidr) => cidr.family === family)
    .flatMap((cidr) => addressesOf(cidr).map((value) => ({ key: [point(value)] })));
  return { name, fields: [field], elements };
}

/** Limit on addresses of an unfiltered block that are written out one by one. */
const BLOCK_SIZE_MAX = 256n;

function addressesOf(cidr: Cidr): readonly bigint[] {
  const size = cidr.last - cidr.first + 1n;
  assert(size <= BLOCK_SIZE_MAX, () => `An unfiltered block has ${size} addresses`);
  return Array.from({ length: Number(size) }, (_, i) => cidr.first + BigInt(i));
}

/** Address to class, for all interfaces of the VPC: how rules find the peers that wear a group. */
function peerMaps(peers: readonly Peer[], classes: Classes): readonly SetParts[] {
  return ([4, 6] as const).map((family) => ({
    name: `class${family}`,
    fields: [family === 4 ? 'ip saddr' : 'ip6 saddr'],
    value: 'mark',
    elements: peers
      .filter(({ address }) => address.family === family)
      .map(({ address, groupIds }) => ({
        key: [point(address.value)],
        value: classes.classOf(groupIds)?.id ?? 0,
      })),
  }));
}

function chainMap(direction: Direction, own: readonly InterfaceClass[]): SetParts {
  return {
    name: `${direction}_chains`,
    fields: ['meta mark'],
    value: 'verdict',
    elements: own.map((item) => ({
      key: [point(item.id)],
      value: { verdict: 'jump', chain: gateChainName(direction, item) },
    })),
  };
}

function byName<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  return Object.freeze(items.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
}
