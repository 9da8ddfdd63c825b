/**
 * The sets that every fabric has, whatever its groups say: what a port is, what is never filtered, which
 * links are trusted. Each is the sum of what the surroundings and the single ports put into it.
 */
import { assert } from '../base/assert.ts';
import { cidrAround, type Cidr } from '../base/cidr.ts';
import { ipBits, type Ip } from '../base/ip.ts';
import { makeSet, type SetParts } from './make-set.ts';
import { point, type Field, type KeyPart, type SetElement, type SetObject } from './program.ts';
import type { FabricPort, FabricState } from './state.ts';

/** What a fabric is besides its ports and its world. */
export interface Surroundings extends Pick<
  FabricState,
  'uplinks' | 'underlay' | 'vxlanPort' | 'gateways' | 'recording'
> {
  /** Destinations that no group filters. */
  readonly unfiltered: readonly Cidr[];
}

/** All shared sets, with what does not depend on ports. */
export function sharedSets(around: Surroundings): readonly SetObject[] {
  const { uplinks, underlay = [] } = around;
  const trusted = ['lo', ...uplinks, ...underlay];
  return [
    ...portSets([], 0),
    ...(around.recording === true ? logSets([]) : []),
    linkSet('uplinks', 'iifname', uplinks),
    linkSet('underlay', 'iifname', underlay),
    linkSet('trusted_links', 'iifname', trusted),
    linkSet('arp_trusted', 'iifname', trusted),
    ...unfilteredSets(around.unfiltered),
    ...gatewaySets(around.gateways ?? []),
    ...classMaps(),
    ...CHAIN_MAPS,
  ].map(makeSet);
}

/** What one port adds to the shared sets; to those of the log only while it is on. */
export function portElements(
  port: FabricPort,
  { classId, recording }: { readonly classId: number; readonly recording: boolean },
): readonly { readonly set: string; readonly element: SetElement }[] {
  const all = [...portSets([port], classId), ...(recording ? logSets([port]) : [])];
  return all.flatMap((parts) => {
    const { name, elements } = makeSet(parts);
    return elements.map((element) => ({ set: name, element }));
  });
}

function portSets(ports: readonly FabricPort[], classId: number): readonly SetParts[] {
  const links = ports.map((port) => port.link);
  return [
    linkSet('ports', 'iifname', links),
    ...DROP_COUNTERS.map(([name, field]) => ({ ...linkSet(name, field, links), counter: true })),
    ...bindings(ports),
    ...arpSets(ports),
    {
      name: 'port_class',
      fields: ['iifname'],
      value: 'mark',
      elements: ports.map((port) => ({ key: [port.link], value: classId })),
    },
  ];
}

const DROP_COUNTERS = [
  ['pin_drops', 'iifname'],
  ['egress_drops', 'iifname'],
  ['ingress_drops', 'oifname'],
  ['input_drops', 'iifname'],
  ['stray_drops', 'iifname'],
  ['acl_out_drops', 'iifname'],
  ['acl_in_drops', 'oifname'],
  ['arp_drops', 'iifname'],
] as const;

/**
 * Ports whose dropped packets are logged, by what they sent and by what was for them. The kernel itself
 * keeps each to the limit, so that a flood costs no more than a trickle.
 */
function logSets(ports: readonly FabricPort[]): readonly SetParts[] {
  const links = ports.map((port) => port.link);
  const limit = { perSecond: 10, burst: 20 };
  return [
    { ...linkSet('log_from', 'iifname', links), limit },
    { ...linkSet('log_to', 'oifname', links), limit },
  ];
}

/** Chain of a class at each gate, and of a subnet at each boundary; filled by them. */
const CHAIN_MAPS: readonly SetParts[] = [
  ...(['egress', 'ingress'] as const).map((direction) => ({
    name: `${direction}_chains`,
    fields: ['meta mark'] as const,
    value: 'verdict' as const,
    elements: [],
  })),
  ...[['acl_out', 'iifname'] as const, ['acl_in', 'oifname'] as const].flatMap(
    ([name, field]): readonly SetParts[] => [
      { name: `${name}_chains`, fields: [field], value: 'verdict', elements: [] },
      linkSet(`${name}_ports`, field, []),
    ],
  ),
];

/** Address to class, for all interfaces of the VPC: how rules find the peers that wear a group. */
function classMaps(): readonly SetParts[] {
  const map = { value: 'mark', elements: [] } as const;
  return [
    { ...map, name: 'class4', fields: ['ip saddr'] },
    { ...map, name: 'class6', fields: ['ip6 saddr'] },
    // A second field makes it one of the fast interval sets; it holds all protocols.
    { ...map, name: 'class6_blocks', fields: ['ip6 saddr', 'meta l4proto'], interval: true },
  ];
}

function linkSet(name: string, field: Field, links: readonly string[]): SetParts {
  return { name, fields: [field], elements: links.map((link) => ({ key: [link] })) };
}

/** What ties a port to its MAC and addresses. */
function bindings(ports: readonly FabricPort[]): readonly SetParts[] {
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
    {
      name: 'pinned6_blocks',
      fields: ['iifname', 'ether saddr', 'ip6 saddr'],
      interval: true,
      elements: blocksOf(checked, (port) => [port.link, macPart(port.mac)]),
    },
    {
      name: 'bound6_blocks',
      fields: ['oifname', 'ip6 daddr'],
      interval: true,
      elements: blocksOf(checked, (port) => [port.link]),
    },
    { name: 'port_macs', fields: ['iifname', 'ether saddr'], elements: macs(ports) },
    { name: 'unpinned', fields: ['iifname', 'ether saddr'], elements: macs(free) },
    linkSet(
      'unbound',
      'oifname',
      free.map((port) => port.link),
    ),
  ];
}

function blocksOf(
  ports: readonly FabricPort[],
  before: (port: FabricPort) => readonly KeyPart[],
): readonly SetElement[] {
  return ports.flatMap((port) =>
    (port.prefixes ?? []).map(({ first, last }) => ({ key: [...before(port), { first, last }] })),
  );
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

function unfilteredSets(blocks: readonly Cidr[]): readonly SetParts[] {
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
