import type { Instance } from '../../api/vpc/instance.ts';
import type { NetworkAcl } from '../../api/vpc/network-acl.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { PrefixList } from '../../api/vpc/prefix-list.ts';
import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { VpcPeeringConnection } from '../../api/vpc/vpc-peering-connection.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { cidrAt, formatCidr, parseCidr } from '../../base/cidr.ts';
import { formatIp, parseIp, type Ip } from '../../base/ip.ts';
import type { FabricPort, FabricState } from '../../dataplane/state.ts';
import type { FlowTimeouts } from '../../dataplane/timeouts.ts';
import { worldFromObjects, type InterfaceView } from '../../policy/world.ts';
import { branchLink, deviceLink, portLink } from '../wiring/names.ts';

/** The VPC objects that a fabric is made from, as informers list them. */
export interface FabricObjects {
  readonly interfaces: readonly NetworkInterface[];
  readonly instances: readonly Instance[];
  readonly subnets: readonly Subnet[];
  readonly groups: readonly SecurityGroup[];
  readonly vpcs: readonly Vpc[];
  readonly prefixLists?: readonly PrefixList[];
  readonly peerings?: readonly VpcPeeringConnection[];
  readonly networkAcls?: readonly NetworkAcl[];
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
  readonly gateway: string;
  /** The router's address in each IPv6 block of the subnet. */
  readonly gateways6: readonly string[];
  readonly subnetCidr: string;
  readonly subnetPrefixBits: number;
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
  readonly remotes: readonly RemoteAddress[];
  /** IPv4 router addresses of all subnets of the VPC. */
  readonly gateways: readonly string[];
  readonly gateways6: readonly string[];
  readonly vpcId: string | undefined;
}

/** Derives the fabric of an instance from the VPC's objects. Depends on nothing else. */
export function desiredFabric(objects: FabricObjects, instanceId: string): DesiredFabric {
  const vpcId = objects.instances.find((one) => one.metadata.name === instanceId)?.spec.vpcId;
  const peered = activePeerings(objects, vpcId).map((one) => one.vpcId);
  const index = indexOf(objects, vpcId, new Set(peered));
  const located = index.interfaces.map((item) => ({ item, host: hostOf(item, index) }));
  return {
    vpcId,
    ports: located
      .filter(({ host }) => host === instanceId)
      .flatMap(({ item }) => portOf(item, index)),
    remotes: located
      .filter(({ host }) => host !== undefined && host !== instanceId)
      .flatMap(({ item, host }) => remotesOf(item, index.instances.get(host ?? ''))),
    gateways: [...index.subnets.values()].map((subnet) => subnet.gateway).sort(),
    gateways6: [...index.subnets.values()].flatMap((subnet) => subnet.gateways6).sort(),
  };
}

/** The filter's view of the same objects. */
export function filterState(
  desired: DesiredFabric,
  objects: FabricObjects,
  links: { readonly uplink: string; readonly underlay: string },
): FabricState {
  const peerings = activePeerings(objects, desired.vpcId);
  const near = new Set([desired.vpcId, ...peerings.map(({ vpcId }) => vpcId)]);
  const ofVpc = ({ spec }: { readonly spec: { readonly vpcId: string } }): boolean =>
    spec.vpcId === desired.vpcId;
  const isNear = ({ spec }: { readonly spec: { readonly vpcId: string } }): boolean =>
    near.has(spec.vpcId);
  const hostAddresses = desired.ports
    .filter((port) => port.device !== undefined)
    .flatMap((port) => port.addresses.flatMap(ipOf));
  const world = worldFromObjects({
    // A group may be shared with VPCs other than its own.
    groups: objects.groups.filter(
      (group) => isNear(group) || (group.spec.associatedVpcIds ?? []).some((id) => near.has(id)),
    ),
    interfaces: objects.interfaces.filter(isNear),
    subnets: objects.subnets.filter(ofVpc),
    vpcs: objects.vpcs.filter((vpc) => vpc.metadata.name === desired.vpcId),
    prefixLists: objects.prefixLists ?? [],
    peerings: peerings.map(({ peering }) => peering),
    networkAcls: (objects.networkAcls ?? []).filter(ofVpc),
  });
  const views = new Map(world.interfaces.map((view) => [view.eniId, view]));
  return {
    world,
    ports: desired.ports.flatMap((port) => {
      const view = views.get(port.eniId);
      return view ? [filterPort(port, view, hostAddresses)] : [];
    }),
    uplinks: [links.uplink],
    underlay: [links.underlay],
    gateways: [...desired.gateways, ...desired.gateways6, ROUTER6].flatMap(ipOf),
  };
}

/** The IPv6 router of every subnet, as in EC2 (ec2-surface.md 3.7). */
export const ROUTER6 = 'fe80:ec2::1';

/** Active peerings of the VPC, and the VPC at the other end of each. */
function activePeerings({ peerings = [] }: FabricObjects, vpcId: string | undefined) {
  return peerings
    .filter(({ spec }) => spec.status === 'active')
    .flatMap((peering) => {
      const ends = [peering.spec.requester.vpcId, peering.spec.accepter.vpcId];
      const other = ends.find((end) => end !== vpcId);
      return ends.includes(vpcId ?? '') && other !== undefined ? [{ peering, vpcId: other }] : [];
    });
}

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

interface SubnetView {
  readonly gateway: string;
  readonly gateways6: readonly string[];
  readonly cidr: string;
  readonly prefixBits: number;
}

interface Index {
  readonly interfaces: readonly NetworkInterface[];
  readonly byId: ReadonlyMap<string, NetworkInterface>;
  readonly instances: ReadonlyMap<string, Instance>;
  readonly subnets: ReadonlyMap<string, SubnetView>;
}

function indexOf(
  objects: FabricObjects,
  vpcId: string | undefined,
  peered: ReadonlySet<string>,
): Index {
  const interfaces = objects.interfaces
    .filter(({ spec }) => spec.vpcId === vpcId || peered.has(spec.vpcId))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return {
    interfaces,
    byId: new Map(interfaces.map((item) => [item.metadata.name, item])),
    instances: new Map(objects.instances.map((one) => [one.metadata.name, one])),
    subnets: new Map(
      objects.subnets.filter((one) => one.spec.vpcId === vpcId).flatMap(subnetEntry),
    ),
  };
}

/** The router of a subnet is its second address, as in EC2. */
function subnetEntry(subnet: Subnet): [string, SubnetView][] {
  const cidr = parseCidr(subnet.spec.cidr);
  if (!cidr.ok) return [];
  const view = {
    gateway: formatIp(cidrAt(cidr.value, 1n)),
    gateways6: (subnet.spec.ipv6CidrBlocks ?? []).flatMap((block) => {
      const cidr6 = parseCidr(block.cidr);
      return cidr6.ok ? [formatIp(cidrAt(cidr6.value, 1n))] : [];
    }),
    cidr: formatCidr(cidr.value),
    prefixBits: cidr.value.prefixBits,
  };
  return [[subnet.metadata.name, view]];
}

function hostOf(item: NetworkInterface, index: Index): string | undefined {
  const { attachment, trunkAssociation } = item.spec;
  if (attachment) return attachment.instanceId;
  return index.byId.get(trunkAssociation?.trunkInterfaceId ?? '')?.spec.attachment?.instanceId;
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
      gateway: subnet.gateway,
      gateways6: subnet.gateways6,
      subnetCidr: subnet.cidr,
      subnetPrefixBits: subnet.prefixBits,
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
  const trunk = index.byId.get(trunkAssociation?.trunkInterfaceId ?? '');
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

function remotesOf(item: NetworkInterface, host: Instance | undefined): RemoteAddress[] {
  const { tunnelAddress, tunnelMac } = host?.status ?? {};
  if (tunnelAddress === undefined || tunnelMac === undefined) return [];
  const { privateIps, ipv6Addresses = [] } = item.spec;
  return [...privateIps, ...ipv6Addresses, ...prefixesOf(item)].map((address) => ({
    address,
    tunnelAddress,
    tunnelMac,
  }));
}
