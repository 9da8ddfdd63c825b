import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { AddressSlice } from '../../api/vpc/slices/address-slice.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { VpcPeeringConnection } from '../../api/vpc/vpc-peering-connection.ts';
import { cidrAt, formatCidr, parseCidr } from '../../base/cidr.ts';
import { formatIp, parseIp, type Ip } from '../../base/ip.ts';
import type { FabricPort, FabricState, PeerPart } from '../../dataplane/state.ts';
import type { FlowTimeouts } from '../../dataplane/timeouts.ts';
import { peerView, worldFromObjects, type InterfaceView, type World } from '../../policy/world.ts';
import { branchLink, deviceLink, portLink } from '../wiring/names.ts';
import type { FabricObjects, OwnObjects } from './source.ts';

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
export interface DesiredFabric extends OwnFabric {
  /** By slice; the same objects for as long as the slices are. */
  readonly others: readonly OtherHost[];
}

/** What follows from this host's own objects; the same object for as long as they are. */
export interface OwnFabric {
  readonly ports: readonly DesiredPort[];
  /** IPv4 router addresses of all subnets of the VPC. */
  readonly gateways: readonly string[];
  readonly gateways6: readonly string[];
  readonly vpcId: string | undefined;
  /** The part of the filter that needs no other host. */
  readonly filter: Pick<FabricState, 'world' | 'ports' | 'gateways'>;
}

/** What a slice tells of another host. */
export interface OtherHost extends PeerPart {
  readonly remotes: readonly RemoteAddress[];
}

/** The addresses of all other hosts. */
export function remotesIn({ others }: Pick<DesiredFabric, 'others'>): readonly RemoteAddress[] {
  return others.flatMap(({ remotes }) => remotes);
}

/** Derives the fabric of a host. Depends on nothing else. */
export function desiredFabric({ own, slices }: FabricObjects): DesiredFabric {
  const self = own.instance?.metadata.name;
  const others = slices.filter(({ spec }) => spec.instanceId !== self).map(otherHost);
  return { ...ownFabric(own), others };
}

/** The filter's view of the same. */
export function filterState(
  { filter, others }: DesiredFabric,
  links: { readonly uplink: string; readonly underlay: string },
): FabricState {
  return { ...filter, peers: others, uplinks: [links.uplink], underlay: [links.underlay] };
}

/** Objects are never changed in place, so what follows from them is worked out once. */
const knownFabrics = new WeakMap<OwnObjects, OwnFabric>();
const knownHosts = new WeakMap<AddressSlice, OtherHost>();

function ownFabric(own: OwnObjects): OwnFabric {
  const known = knownFabrics.get(own);
  if (known) return known;
  const vpcId = own.instance?.spec.vpcId;
  const index = indexOf(own, vpcId);
  const subnets = [...index.subnets.values()];
  const ports = [...index.interfaces.values()].flatMap((item) => portOf(item, index));
  const gateways = subnets.flatMap(({ ipv4 }) => ipv4?.gateway ?? []).sort();
  const gateways6 = subnets.flatMap((subnet) => subnet.gateways6).sort();
  const filter = {
    ...filterOf(own, index, ports),
    gateways: [...gateways, ...gateways6, ROUTER6].flatMap(ipOf),
  };
  const fabric = { vpcId, ports, gateways, gateways6, filter };
  knownFabrics.set(own, fabric);
  return fabric;
}

function filterOf(
  own: OwnObjects,
  { vpcId, interfaces }: Index,
  ports: readonly DesiredPort[],
): Pick<FabricState, 'world' | 'ports'> {
  const ofVpc = ({ spec }: { readonly spec: { readonly vpcId: string } }): boolean =>
    spec.vpcId === vpcId;
  const hostAddresses = ports
    .filter((port) => port.device !== undefined)
    .flatMap((port) => port.addresses.flatMap(ipOf));
  const world = worldFromObjects({
    groups: own.groups,
    interfaces: [...interfaces.values()],
    subnets: own.subnets.filter(ofVpc),
    vpcs: own.vpcs.filter((vpc) => vpc.metadata.name === vpcId),
    prefixLists: own.prefixLists,
    peerings: own.peerings.filter(({ spec }) => isEnd(spec, vpcId)),
    networkAcls: own.networkAcls.filter(ofVpc),
  });
  const views = new Map(world.interfaces.map((view) => [view.eniId, view]));
  return {
    world: { ...world, groups: withReferences(world) },
    ports: ports.flatMap((port) => {
      const view = views.get(port.eniId);
      return view ? [filterPort(port, view, hostAddresses)] : [];
    }),
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

function otherHost(slice: AddressSlice): OtherHost {
  const known = knownHosts.get(slice);
  if (known) return known;
  const { vpcId, tunnelAddress, tunnelMac, classes, interfaces } = slice.spec;
  const host = {
    part: slice.metadata.name,
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
  knownHosts.set(slice, host);
  return host;
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
  readonly vpcId: string | undefined;
  /** Of this host, by id. */
  readonly interfaces: ReadonlyMap<string, NetworkInterface>;
  readonly subnets: ReadonlyMap<string, SubnetView>;
}

function indexOf(objects: OwnObjects, vpcId: string | undefined): Index {
  const interfaces = objects.interfaces
    .filter(({ spec }) => spec.vpcId === vpcId)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return {
    vpcId,
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
