import type { NetworkAcl } from '../api/vpc/network-acl.ts';
import type { NetworkInterface } from '../api/vpc/network-interface.ts';
import type { PrefixList } from '../api/vpc/prefix-list.ts';
import type { SecurityGroup } from '../api/vpc/security-group.ts';
import { subnetCidrs, type Subnet } from '../api/vpc/subnet.ts';
import type { VpcPeeringConnection } from '../api/vpc/vpc-peering-connection.ts';
import type { Vpc } from '../api/vpc/vpc.ts';
import { cidrAround, cidrAt, cidrHasIp, formatCidr, parseCidr, type Cidr } from '../base/cidr.ts';
import type { EniId, GroupId, VpcId } from '../base/ids.ts';
import { ipBits, ipEquals, parseIp, type Ip } from '../base/ip.ts';
import { aclView, subnetView, type AclView, type SubnetView } from './network-acl.ts';
import { ruleFromSpec, type Direction, type Rule } from './rule.ts';

/** A security group as the evaluator and the compiler see it. */
interface GroupView {
  readonly groupId: GroupId;
  readonly name: string;
  readonly vpcId: VpcId;
  readonly rules: readonly Rule[];
}

/** A network interface as the evaluator and the compiler see it. */
export interface InterfaceView {
  readonly eniId: EniId;
  readonly vpcId: VpcId;
  /** All private addresses, both families, the primary one first; those of IPv4 prefixes too. */
  readonly addresses: readonly Ip[];
  /** Delegated prefixes of IPv6, which are too large to be written out. */
  readonly prefixes?: readonly Cidr[];
  readonly subnetId?: string;
  /** Groups worn. A group that the world does not know admits nothing. */
  readonly groupIds: readonly GroupId[];
  /** Whether it may only send from, and receives only for, its own addresses. */
  readonly sourceDestCheck: boolean;
}

/** Addresses of one VPC that groups never filter, such as the subnets' routers. */
interface UnfilteredBlock {
  readonly vpcId: VpcId;
  readonly cidr: Cidr;
}

/**
 * Everything that decides whether a packet may pass. The caller sees to it that no two interfaces of
 * one VPC share an address.
 */
export interface World {
  readonly groups: ReadonlyMap<GroupId, GroupView>;
  readonly interfaces: readonly InterfaceView[];
  /** Beyond the link-local services that no VPC filters (`isUnfiltered`). */
  readonly unfiltered?: readonly UnfilteredBlock[];
  /** Resolved prefix lists; a list that is absent matches nothing. */
  readonly prefixLists?: ReadonlyMap<string, readonly Cidr[]>;
  /** Peerings through which rules may refer to groups of other VPCs, and the two VPCs they join. */
  readonly activePeerings?: ReadonlyMap<string, readonly [VpcId, VpcId]>;
  /** Where network ACLs judge; an interface of a subnet that is absent has no boundary. */
  readonly subnets?: ReadonlyMap<string, SubnetView>;
  /** By id. A subnet whose ACL is absent lets nothing cross its boundary. */
  readonly networkAcls?: ReadonlyMap<string, AclView>;
  /** What could not be read, in words. An unreadable rule admits nothing. */
  readonly problems?: readonly string[];
}

/** The objects that a world is made of, as an informer lists them. */
export interface WorldObjects {
  readonly groups: readonly SecurityGroup[];
  readonly interfaces: readonly NetworkInterface[];
  /** Gives the DNS address of each VPC. */
  readonly vpcs?: readonly Vpc[];
  /** Gives the router address of each subnet. */
  readonly subnets?: readonly Subnet[];
  readonly prefixLists?: readonly PrefixList[];
  readonly peerings?: readonly VpcPeeringConnection[];
  /** Without them the subnets have no boundaries. */
  readonly networkAcls?: readonly NetworkAcl[];
}

/** The world that the stored objects describe. */
export function worldFromObjects(objects: WorldObjects): World {
  const problems: string[] = [];
  const groups = objects.groups.map((group) => groupView(group, problems));
  return {
    groups: new Map(groups.map((group) => [group.groupId, group])),
    interfaces: objects.interfaces.map((item) => interfaceView(item, problems)),
    unfiltered: [
      ...(objects.vpcs ?? []).flatMap(resolverOf),
      ...(objects.subnets ?? []).flatMap(routerOf),
    ],
    prefixLists: new Map(
      (objects.prefixLists ?? []).map((list) => [list.metadata.name, blocksOf(list, problems)]),
    ),
    activePeerings: new Map(
      (objects.peerings ?? [])
        .filter(({ spec }) => spec.status === 'active')
        .map(({ metadata, spec }) => [
          metadata.name,
          [spec.requester.vpcId, spec.accepter.vpcId] as const,
        ]),
    ),
    ...(objects.networkAcls && boundaries(objects, objects.networkAcls, problems)),
    problems,
  };
}

/** Subnets and their ACLs. A subnet that names none has the default one of its VPC. */
function boundaries(
  { subnets = [] }: WorldObjects,
  acls: readonly NetworkAcl[],
  problems: string[],
): Pick<World, 'subnets' | 'networkAcls'> {
  const defaults = new Map(
    acls.filter(({ spec }) => spec.isDefault).map((acl) => [acl.spec.vpcId, acl.metadata.name]),
  );
  return {
    subnets: new Map(
      subnets.flatMap((subnet) => {
        const view = subnetView(subnet, defaults.get(subnet.spec.vpcId));
        return view ? [[subnet.metadata.name, view] as const] : [];
      }),
    ),
    networkAcls: new Map(acls.map((acl) => [acl.metadata.name, aclView(acl, problems)])),
  };
}

/**
 * Link-local services that security groups never filter (ec2-surface.md 3.7): metadata, DNS, time,
 * ECS task metadata and Windows activation.
 */
const LINK_LOCAL_SERVICES: readonly Cidr[] = [
  '169.254.169.123/32',
  '169.254.169.250/31',
  '169.254.169.253/32',
  '169.254.169.254/32',
  '169.254.170.2/32',
  'fd00:ec2::123/128',
  'fd00:ec2::253/128',
  'fd00:ec2::254/128',
].flatMap((text) => {
  const cidr = parseCidr(text);
  return cidr.ok ? [cidr.value] : [];
});

/** Blocks that no group filters, as seen from an interface of the VPC. */
export function unfilteredBlocks(world: World, vpcId: VpcId | undefined): readonly Cidr[] {
  const own = (world.unfiltered ?? []).filter((block) => block.vpcId === vpcId);
  return [...LINK_LOCAL_SERVICES, ...own.map((block) => block.cidr)];
}

/** Whether packets to the address are never filtered when they leave an interface of the VPC. */
export function isUnfiltered(world: World, vpcId: VpcId | undefined, destination: Ip): boolean {
  return unfilteredBlocks(world, vpcId).some((cidr) => cidrHasIp(cidr, destination));
}

/** Whether the address is one of the interface's own. */
export function hasAddress(item: InterfaceView, address: Ip): boolean {
  return (
    item.addresses.some((own) => ipEquals(own, address)) ||
    (item.prefixes ?? []).some((prefix) => cidrHasIp(prefix, address))
  );
}

/** All rules of one direction of the groups, in the order of the groups; unknown groups have none. */
export function allRulesOf(
  world: World,
  groupIds: readonly GroupId[],
  direction: Direction,
): readonly Rule[] {
  return groupIds
    .flatMap((groupId) => world.groups.get(groupId)?.rules ?? [])
    .filter((rule) => rule.direction === direction);
}

function groupView(group: SecurityGroup, problems: string[]): GroupView {
  const groupId = group.metadata.name;
  const rules = group.spec.rules.flatMap((spec) => {
    const rule = ruleFromSpec(groupId, spec);
    if (rule.ok) return [rule.value];
    problems.push(rule.error);
    return [];
  });
  return { groupId, name: group.spec.groupName, vpcId: group.spec.vpcId, rules };
}

function interfaceView(item: NetworkInterface, problems: string[]): InterfaceView {
  const { vpcId, subnetId, groups: groupIds, sourceDestCheck, privateIps } = item.spec;
  const { ipv6Addresses = [], ipv4Prefixes = [], ipv6Prefixes = [] } = item.spec;
  const eniId = item.metadata.name;
  const texts = [...privateIps, ...ipv6Addresses, ...ipv4Prefixes, ...ipv6Prefixes];
  const places = placesOf(eniId, texts, problems);
  return { eniId, vpcId, ...places, subnetId, groupIds, sourceDestCheck };
}

/**
 * An interface of which only addresses (and delegated prefixes) and groups are known, as those of
 * other hosts are. What cannot be read is left out: an address without groups admits nothing.
 */
export function peerView(
  peer: Pick<InterfaceView, 'eniId' | 'vpcId' | 'groupIds'>,
  addresses: readonly string[],
): InterfaceView {
  return { ...peer, ...placesOf(peer.eniId, addresses, []), sourceDestCheck: true };
}

/** Addresses, with those of small prefixes written out, and large prefixes. */
function placesOf(
  eniId: EniId,
  texts: readonly string[],
  problems: string[],
): Pick<InterfaceView, 'addresses' | 'prefixes'> {
  const trouble = (what: string): void => void problems.push(`Interface ${eniId}: ${what}`);
  const single = texts.filter((text) => !text.includes('/'));
  const addresses = single.flatMap((text) => {
    const address = parseIp(text);
    if (!address.ok) trouble(address.error);
    return address.ok ? [address.value] : [];
  });
  const prefixes = texts
    .filter((text) => text.includes('/'))
    .flatMap((text) => {
      const cidr = parseCidr(text);
      if (!cidr.ok) trouble(cidr.error);
      return cidr.ok ? [cidr.value] : [];
    });
  const large = prefixes.filter((cidr) => !isSmall(cidr) && isLarge(cidr));
  for (const cidr of prefixes)
    if (!isSmall(cidr) && !isLarge(cidr))
      trouble(`${formatCidr(cidr)} is no prefix that is delegated`);
  addresses.push(...prefixes.filter(isSmall).flatMap(addressesIn));
  return { addresses, ...(large.length > 0 && { prefixes: large }) };
}

/** Limit on addresses of a delegated prefix that are written out one by one: a /28 of IPv4. */
const DELEGATED_MAX = 16n;

function isSmall({ first, last }: Cidr): boolean {
  return last - first < DELEGATED_MAX;
}

/** Prefixes of one length can be equal, but never overlap otherwise. */
function isLarge({ family, prefixBits }: Cidr): boolean {
  return family === 6 && prefixBits === 80;
}

function addressesIn(cidr: Cidr): readonly Ip[] {
  const size = Number(cidr.last - cidr.first + 1n);
  return Array.from({ length: size }, (_, i) => cidrAt(cidr, BigInt(i)));
}

function blocksOf({ metadata, spec }: PrefixList, problems: string[]): readonly Cidr[] {
  return spec.entries.flatMap((entry) => {
    const cidr = parseCidr(entry.cidr);
    if (cidr.ok) return [cidr.value];
    problems.push(`Prefix list ${metadata.name}: ${cidr.error}`);
    return [];
  });
}

/** The Amazon DNS server sits two above the base of the VPC's primary block. */
function resolverOf(vpc: Vpc): readonly UnfilteredBlock[] {
  return blockAt(vpc.metadata.name, vpc.spec.cidrBlocks[0]?.cidr, 2n);
}

/** The router of a subnet is its second address, in both families. */
function routerOf(subnet: Subnet): readonly UnfilteredBlock[] {
  return subnetCidrs(subnet).flatMap((text) => blockAt(subnet.spec.vpcId, text, 1n));
}

function blockAt(
  vpcId: VpcId,
  text: string | undefined,
  offset: bigint,
): readonly UnfilteredBlock[] {
  const cidr = parseCidr(text ?? '');
  if (!cidr.ok) return [];
  const address = cidrAt(cidr.value, offset);
  return [{ vpcId, cidr: cidrAround(address, ipBits(address.family)) }];
}
