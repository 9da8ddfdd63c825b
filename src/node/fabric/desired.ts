import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { AddressSlice } from '../../api/vpc/slices/address-slice.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { VpcPeeringConnection } from '../../api/vpc/vpc-peering-connection.ts';
import { cidrAt, formatCidr, parseCidr } from '../../base/cidr.ts';
import { formatIp, parseIp, type Ip } from '../../base/ip.ts';
import type { FabricPort, FabricState } from '../../dataplane/state.ts';
import type { FlowTimeouts } from '../../dataplane/timeouts.ts';
import { peerView, worldFromObjects, type InterfaceView, type World } from '../../policy/world.ts';
import { branchLink, deviceLink, portLink } from '../wiring/names.ts';
import type { FabricObjects } from './source.ts';

/** The IPv4 side of a subnet. */
export interface SubnetIpv4 {
  /** The router's address. */
  readonly gateway: string;
  readonly cidr: string;
  readonly prefixBits: number;
}

/** One interface of this host. */
export interface DesiredPort {
  readonly eniId: string;
  /** Link in the fabric namespace. */
  readonly link: string;
  /** Link in the host namespace. */
  readonly hostLink: string;
  readonly mac: string;
  /** IPv4 addresses, the primary one first. */
  readonly addresses: readonly string[];
  readonly addresses6: readonly string[];
  /** Delegated prefixes of both families. */
  readonly prefixes: readonly string[];
  readonly groupIds: readonly string[];
  readonly sourceDestCheck: boolean;
  readonly timeouts?: FlowTimeouts;
  /** Of its subnet; absent when that is IPv6 only. */
  readonly ipv4?: SubnetIpv4;
  /** The router's address in each IPv6 block of the subnet. */
  readonly gateways6: readonly string[];
  /** Set for attached interfaces. */
  readonly device?: { readonly index: number; readonly trunk: boolean };
  /** Set for branches. */
  readonly branch?: {
    readonly vlanId: number;
    readonly trunkPort: string;
    readonly trunkLink: string;
  };
}

/** An address, or a block of addresses, that another host's fabric has. */
export interface RemoteAddress {
  readonly address: string;
  readonly tunnelAddress: string;
  readonly tunnelMac: string;
}

/** What this host's fabric shall be. */
export interface DesiredFabric {
  readonly ports: readonly DesiredPort[];
  /** By slice; the list is the same object for as long as the slice is. */
  readonly remotes: ReadonlyMap<string, readonly RemoteAddress[]>;
  /** IPv4 router addresses of all subnets of the VPC. */
  readonly gateways: readonly string[];
  readonly gateways6: readonly string[];
  readonly vpcId: string | undefined;
}

/** The addresses of all other hosts. */
export function remotesIn({ remotes }: DesiredFabric): readonly RemoteAddress[] {
  return [...remotes.values()].flat();
}

/** Derives the fabric of a host. Depends on nothing else. */
export function desiredFabric(objects: FabricObjects): DesiredFabric {
  const vpcId = objects.instance?.spec.vpcId;
  const index = indexOf(objects, vpcId);
  const subnets = [...index.subnets.values()];
  return {
    vpcId,
    ports: [...index.interfaces.values()].flatMap((item) => portOf(item, index)),
    remotes: new Map(
      otherSlices(objects).map((slice) => [slice.metadata.name, knownOf(slice).remotes]),
    ),
    gateways: subnets.flatMap(({ ipv4 }) => ipv4?.gateway ?? []).sort(),
    gateways6: subnets.flatMap((subnet) => subnet.gateways6).sort(),
  };
}

/** The filter's view of the same objects. */
export function filterState(
  desired: DesiredFabric,
  objects: FabricObjects,
  links: { readonly uplink: string; readonly underlay: string },
): FabricState {
  const { vpcId } = desired;
  const ofVpc = ({ spec }: { readonly spec: { readonly vpcId: string } }): boolean =>
    spec.vpcId === vpcId;
  const hostAddresses = desired.ports
    .filter((port) => port.device !== undefined)
    .flatMap((port) => port.addresses.flatMap(ipOf));
  const world = worldFromObjects({
    groups: objects.groups,
    interfaces: objects.interfaces.filter(ofVpc),
    subnets: objects.subnets.filter(ofVpc),
    vpcs: objects.vpcs.filter((vpc) => vpc.metadata.name === vpcId),
    prefixLists: objects.prefixLists,
    peerings: objects.peerings.filter(({ spec }) => isEnd(spec, vpcId)),
    networkAcls: objects.networkAcls.filter(ofVpc),
  });
  const views = new Map(world.interfaces.map((view) => [view.eniId, view]));
  return {
    world: { ...world, groups: withReferences(world) },
    peers: new Map(
      otherSlices(objects).map((slice) => [slice.metadata.name, knownOf(slice).views]),
    ),
    ports: desired.ports.flatMap((port) => {
      const view = views.get(port.eniId);
      return view ? [filterPort(port, view, hostAddresses)] : [];
    }),
    uplinks: [links.uplink],
    underlay: [links.underlay],
    gateways: [...desired.gateways, ...desired.gateways6, ROUTER6].flatMap(ipOf),
  };
}

/**
 * Groups that rules name count as existing: who wears them is in the slices, and nobody wears a group
 * that is not there. Their own rules concern others.
 */
function withReferences(world: World): World['groups'] {
  const groups = new Map(world.groups);
  for (const { vpcId, rules } of world.groups.values())
    for (const { peer } of rules)
      if (peer.kind === 'group' && !groups.has(peer.groupId))
        groups.set(peer.groupId, { groupId: peer.groupId, name: peer.groupId, vpcId, rules: [] });
  return groups;
}

function isEnd(spec: VpcPeeringConnection['spec'], vpcId: string | undefined): boolean {
  return [spec.requester.vpcId, spec.accepter.vpcId].includes(vpcId ?? '');
}

function otherSlices({ slices, instance }: FabricObjects): readonly AddressSlice[] {
  return slices.filter((slice) => slice.metadata.name !== instance?.metadata.name);
}

interface SliceKnowledge {
  readonly views: readonly InterfaceView[];
  readonly remotes: readonly RemoteAddress[];
}

/** Objects are never changed in place, so what follows from one is worked out once. */
const known = new WeakMap<AddressSlice, SliceKnowledge>();

function knownOf(slice: AddressSlice): SliceKnowledge {
  const before = known.get(slice);
  if (before) return before;
  const { vpcId, tunnelAddress, tunnelMac, classes, interfaces } = slice.spec;
  const knowledge = {
    views: interfaces.map((entry) =>
      peerView({ eniId: entry.id, vpcId, groupIds: classes[entry.class] ?? [] }, entry.addresses),
    ),
    remotes:
      tunnelAddress === undefined || tunnelMac === undefined
        ? []
        : interfaces.flatMap(({ addresses }) =>
            addresses.map((address) => ({ address, tunnelAddress, tunnelMac })),
          ),
  };
  known.set(slice, knowledge);
  return knowledge;
}

/** The IPv6 router of every subnet, as in EC2 (ec2-surface.md 3.7). */
export const ROUTER6 = 'fe80:ec2::1';

function filterPort(
  { link, mac, timeouts }: DesiredPort,
  view: InterfaceView,
  askAs: readonly Ip[],
): FabricPort {
  return { ...view, link, mac, askAs, ...(timeouts && { timeouts }) };
}

function ipOf(text: string): Ip[] {
  const ip = parseIp(text);
  return ip.ok ? [ip.value] : [];
}

type SubnetView = Pick<DesiredPort, 'ipv4' | 'gateways6'>;

interface Index {
  /** Of this host, by id. */
  readonly interfaces: ReadonlyMap<string, NetworkInterface>;
  readonly subnets: ReadonlyMap<string, SubnetView>;
}

function indexOf(objects: FabricObjects, vpcId: string | undefined): Index {
  const interfaces = objects.interfaces
    .filter(({ spec }) => spec.vpcId === vpcId)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return {
    interfaces: new Map(interfaces.map((item) => [item.metadata.name, item])),
    subnets: new Map(
      objects.subnets.filter((one) => one.spec.vpcId === vpcId).flatMap(subnetEntry),
    ),
  };
}

/** The router of a subnet is its second address, as in EC2. */
function subnetEntry(subnet: Subnet): [string, SubnetView][] {
  const ipv4 = subnetIpv4(subnet);
  if (ipv4 === undefined && !subnet.spec.ipv6Native) return [];
  const view = {
    ...(ipv4 && { ipv4 }),
    gateways6: (subnet.spec.ipv6CidrBlocks ?? []).flatMap((block) => {
      const cidr6 = parseCidr(block.cidr);
      return cidr6.ok ? [formatIp(cidrAt(cidr6.value, 1n))] : [];
    }),
  };
  return [[subnet.metadata.name, view]];
}

function subnetIpv4({ spec }: Subnet): SubnetIpv4 | undefined {
  const cidr = parseCidr(spec.cidr ?? '');
  if (!cidr.ok) return undefined;
  const { prefixBits } = cidr.value;
  return { gateway: formatIp(cidrAt(cidr.value, 1n)), cidr: formatCidr(cidr.value), prefixBits };
}

function portOf(item: NetworkInterface, index: Index): DesiredPort[] {
  const subnet = index.subnets.get(item.spec.subnetId);
  const place = placeOf(item, index);
  if (!subnet || !place) return [];
  return [
    {
      eniId: item.metadata.name,
      link: portLink(item.metadata.name),
      mac: item.spec.macAddress.toLowerCase(),
      addresses: item.spec.privateIps,
      addresses6: item.spec.ipv6Addresses ?? [],
      prefixes: prefixesOf(item),
      groupIds: item.spec.groups,
      sourceDestCheck: item.spec.sourceDestCheck,
      ...timeoutsOf(item),
      ...subnet,
      ...place,
    },
  ];
}

function prefixesOf({ spec }: NetworkInterface): readonly string[] {
  return [...(spec.ipv4Prefixes ?? []), ...(spec.ipv6Prefixes ?? [])];
}

function timeoutsOf({ spec }: NetworkInterface): { readonly timeouts?: FlowTimeouts } {
  const {
    tcpEstablishedTimeout: tcpEstablished,
    udpStreamTimeout: udpStream,
    udpTimeout: udp,
  } = spec.connectionTracking ?? {};
  if ((tcpEstablished ?? udpStream ?? udp) === undefined) return {};
  return {
    timeouts: {
      ...(tcpEstablished !== undefined && { tcpEstablished }),
      ...(udpStream !== undefined && { udpStream }),
      ...(udp !== undefined && { udp }),
    },
  };
}

function placeOf(
  item: NetworkInterface,
  index: Index,
): Pick<DesiredPort, 'hostLink' | 'device' | 'branch'> | undefined {
  const { attachment, trunkAssociation, interfaceType } = item.spec;
  if (attachment) {
    const device = { index: attachment.deviceIndex, trunk: interfaceType === 'trunk' };
    return { hostLink: deviceLink(device.index), device };
  }
  const trunk = index.interfaces.get(trunkAssociation?.trunkInterfaceId ?? '');
  if (!trunkAssociation || !trunk?.spec.attachment) return undefined;
  const { vlanId } = trunkAssociation;
  return {
    hostLink: branchLink(vlanId),
    branch: {
      vlanId,
      trunkPort: portLink(trunk.metadata.name),
      trunkLink: deviceLink(trunk.spec.attachment.deviceIndex),
    },
  };
}
