import type { Instance } from '../../api/vpc/instance.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { PrefixList } from '../../api/vpc/prefix-list.ts';
import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { cidrAt, formatCidr, parseCidr } from '../../base/cidr.ts';
import { formatIp, parseIp, type Ip } from '../../base/ip.ts';
import type { FabricPort, FabricState } from '../../dataplane/state.ts';
import { worldFromObjects } from '../../policy/world.ts';
import { branchLink, deviceLink, portLink } from '../wiring/names.ts';

/** The VPC objects that a fabric is made from, as informers list them. */
export interface FabricObjects {
  readonly interfaces: readonly NetworkInterface[];
  readonly instances: readonly Instance[];
  readonly subnets: readonly Subnet[];
  readonly groups: readonly SecurityGroup[];
  readonly vpcs: readonly Vpc[];
  readonly prefixLists?: readonly PrefixList[];
}

/** One interface of this host. */
export interface DesiredPort {
  readonly eniId: string;
  /** Link in the fabric namespace. */
  readonly link: string;
  /** Link in the host namespace. */
  readonly hostLink: string;
  readonly mac: string;
  /** The primary address first. */
  readonly addresses: readonly string[];
  readonly groupIds: readonly string[];
  readonly sourceDestCheck: boolean;
  readonly gateway: string;
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

/** An address that another host's fabric has. */
export interface RemoteAddress {
  readonly address: string;
  readonly tunnelAddress: string;
  readonly tunnelMac: string;
}

/** What this host's fabric shall be. */
export interface DesiredFabric {
  readonly ports: readonly DesiredPort[];
  readonly remotes: readonly RemoteAddress[];
  /** Router addresses of all subnets of the VPC. */
  readonly gateways: readonly string[];
  readonly vpcId: string | undefined;
}

/** Derives the fabric of an instance from the VPC's objects. Depends on nothing else. */
export function desiredFabric(objects: FabricObjects, instanceId: string): DesiredFabric {
  const vpcId = objects.instances.find((one) => one.metadata.name === instanceId)?.spec.vpcId;
  const index = indexOf(objects, vpcId);
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
  };
}

/** The filter's view of the same objects. */
export function filterState(
  desired: DesiredFabric,
  objects: FabricObjects,
  links: { readonly uplink: string; readonly underlay: string },
): FabricState {
  const ofVpc = <T extends { readonly spec: { readonly vpcId: string } }>(one: T): boolean =>
    one.spec.vpcId === desired.vpcId;
  const hostAddresses = desired.ports
    .filter((port) => port.device !== undefined)
    .flatMap((port) => port.addresses.flatMap(ipOf));
  return {
    world: worldFromObjects({
      groups: objects.groups.filter(ofVpc),
      interfaces: objects.interfaces.filter(ofVpc),
      subnets: objects.subnets.filter(ofVpc),
      vpcs: objects.vpcs.filter((vpc) => vpc.metadata.name === desired.vpcId),
      prefixLists: objects.prefixLists ?? [],
    }),
    ports: desired.ports.map((port) => filterPort(port, hostAddresses)),
    uplinks: [links.uplink],
    underlay: [links.underlay],
    gateways: desired.gateways.flatMap(ipOf),
  };
}

function filterPort(port: DesiredPort, askAs: readonly Ip[]): FabricPort {
  const { link, eniId, mac, sourceDestCheck, groupIds } = port;
  const addresses = port.addresses.flatMap(ipOf);
  return { link, eniId, mac, sourceDestCheck, groupIds, addresses, askAs };
}

function ipOf(text: string): Ip[] {
  const ip = parseIp(text);
  return ip.ok ? [ip.value] : [];
}

interface SubnetView {
  readonly gateway: string;
  readonly cidr: string;
  readonly prefixBits: number;
}

interface Index {
  readonly interfaces: readonly NetworkInterface[];
  readonly byId: ReadonlyMap<string, NetworkInterface>;
  readonly instances: ReadonlyMap<string, Instance>;
  readonly subnets: ReadonlyMap<string, SubnetView>;
}

function indexOf(objects: FabricObjects, vpcId: string | undefined): Index {
  const interfaces = objects.interfaces
    .filter((item) => item.spec.vpcId === vpcId)
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
      groupIds: item.spec.groups,
      sourceDestCheck: item.spec.sourceDestCheck,
      gateway: subnet.gateway,
      subnetCidr: subnet.cidr,
      subnetPrefixBits: subnet.prefixBits,
      ...place,
    },
  ];
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
  return item.spec.privateIps.map((address) => ({ address, tunnelAddress, tunnelMac }));
}
