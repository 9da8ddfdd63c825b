/**
 * Network ACLs: the second filter of a VPC, at the boundary of a subnet. They know no flows: every packet
 * that leaves or enters the subnet is judged, replies too, by the first entry in the order of their numbers
 * that covers it. Between two interfaces of one subnet they have no say (ec2-surface.md 3.8; AWS: "Network
 * ACLs", which also lists the services that they never filter, the same as for groups).
 */
import type { NetworkAcl, NetworkAclEntrySpec } from '../api/vpc/network-acl.ts';
import { subnetCidrs, type Subnet } from '../api/vpc/subnet.ts';
import { cidrHasIp, parseCidr, type Cidr } from '../base/cidr.ts';
import type { VpcId } from '../base/ids.ts';
import type { Ip } from '../base/ip.ts';
import { ALL_PORTS } from '../base/port-range.ts';
import type { Packet } from './packet.ts';
import { protocolAdmits } from './protocol-admits.ts';
import { PROTOCOL, type Direction, type RuleProtocol } from './rule.ts';

/** A subnet as far as its boundary goes. */
export interface SubnetView {
  readonly subnetId: string;
  readonly vpcId: VpcId;
  /** Its blocks of both families. A family without a block has no boundary. */
  readonly cidrs: readonly Cidr[];
  /** One that does not exist lets nothing cross the boundary. */
  readonly networkAclId: string;
}

/** One entry of an ACL. */
export interface AclEntry {
  readonly number: number;
  readonly direction: Direction;
  readonly allow: boolean;
  readonly protocol: RuleProtocol;
  /** Destination of what leaves the subnet, source of what enters it. */
  readonly cidr: Cidr;
}

/** An ACL; its entries in the order of their numbers. What none covers is denied. */
export interface AclView {
  readonly networkAclId: string;
  readonly entries: readonly AclEntry[];
}

/** What one boundary decides about a packet. */
export interface AclVerdict {
  readonly direction: Direction;
  readonly subnetId: string;
  readonly networkAclId: string;
  readonly allowed: boolean;
  /** Number of the entry that decided; absent for the last one, which denies all. */
  readonly entry?: number;
}

/** A stored subnet; `defaultAclId` is the one of its VPC. Without any ACL there is no boundary. */
export function subnetView(
  subnet: Subnet,
  defaultAclId: string | undefined,
): SubnetView | undefined {
  const { metadata, spec } = subnet;
  const networkAclId = spec.networkAcl?.networkAclId ?? defaultAclId;
  if (networkAclId === undefined) return undefined;
  return {
    subnetId: metadata.name,
    vpcId: spec.vpcId,
    cidrs: subnetCidrs(subnet).flatMap((text) => {
      const cidr = parseCidr(text);
      return cidr.ok ? [cidr.value] : [];
    }),
    networkAclId,
  };
}

/** A stored ACL. An entry that cannot be read denies what it may have covered: everything. */
export function aclView({ metadata, spec }: NetworkAcl, problems: string[]): AclView {
  const entries = spec.entries.flatMap((entry) => {
    const read = entryView(entry);
    if (typeof read === 'string')
      problems.push(`Network ACL ${metadata.name}, entry ${entry.ruleNumber}: ${read}`);
    return typeof read === 'string' ? denyAll(entry) : [read];
  });
  return {
    networkAclId: metadata.name,
    entries: entries.toSorted((a, b) => a.number - b.number),
  };
}

/** How the boundary of a subnet judges a packet whose other end has the address. */
export function judgeBoundary(
  subnet: SubnetView,
  acl: AclView | undefined,
  packet: Packet,
  { direction, peer }: { readonly direction: Direction; readonly peer: Ip },
): AclVerdict | undefined {
  const ofFamily = subnet.cidrs.filter((cidr) => cidr.family === peer.family);
  if (ofFamily.length === 0 || ofFamily.some((cidr) => cidrHasIp(cidr, peer))) return undefined;
  const { subnetId, networkAclId } = subnet;
  const entry = acl?.entries.find(
    (one) =>
      one.direction === direction &&
      cidrHasIp(one.cidr, peer) &&
      protocolAdmits(one.protocol, packet),
  );
  return {
    direction,
    subnetId,
    networkAclId,
    allowed: entry?.allow ?? false,
    ...(entry && { entry: entry.number }),
  };
}

function entryView(entry: NetworkAclEntrySpec): AclEntry | string {
  const cidr = parseCidr(entry.cidrBlock ?? entry.ipv6CidrBlock ?? '');
  if (!cidr.ok) return cidr.error;
  const protocol = protocolOf(entry);
  if (typeof protocol === 'string') return protocol;
  return {
    number: entry.ruleNumber,
    direction: entry.egress ? 'egress' : 'ingress',
    allow: entry.ruleAction === 'allow',
    protocol,
    cidr: cidr.value,
  };
}

function denyAll({ ruleNumber, egress }: NetworkAclEntrySpec): readonly AclEntry[] {
  return ['0.0.0.0/0', '::/0'].flatMap((text) => {
    const cidr = parseCidr(text);
    if (!cidr.ok) return [];
    const direction = egress ? 'egress' : 'ingress';
    const protocol = { kind: 'all' } as const;
    return [{ number: ruleNumber, direction, allow: false, protocol, cidr: cidr.value }];
  });
}

function protocolOf(entry: NetworkAclEntrySpec): RuleProtocol | string {
  const number = Number(entry.protocol);
  switch (number) {
    case -1:
      return { kind: 'all' };
    case PROTOCOL.tcp:
    case PROTOCOL.udp:
      return portsOf(number, entry);
    case PROTOCOL.icmp:
    case PROTOCOL.icmpv6:
      return icmpOf(number, entry);
    default:
      return Number.isInteger(number) && number >= 0 && number <= 255
        ? { kind: 'other', number }
        : `'${entry.protocol}' is not a protocol`;
  }
}

function portsOf(number: 6 | 17, entry: NetworkAclEntrySpec): RuleProtocol {
  const { portFirst: first = ALL_PORTS.first, portLast: last = ALL_PORTS.last } = entry;
  return { kind: 'ports', number, ports: { first, last } };
}

function icmpOf(number: 1 | 58, entry: NetworkAclEntrySpec): RuleProtocol {
  const { icmpType: type = -1, icmpCode: code = -1 } = entry;
  if (type === -1) return { kind: 'icmp', number };
  return { kind: 'icmp', number, type, ...(code !== -1 && { code }) };
}
