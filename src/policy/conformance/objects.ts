import type { NetworkAcl, NetworkAclEntrySpec } from '../../api/vpc/network-acl.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { subnetCidrs, type Subnet } from '../../api/vpc/subnet.ts';
import { cidrHasIp, parseCidr } from '../../base/cidr.ts';
import { parseIp } from '../../base/ip.ts';
import type { WorldObjects } from '../world.ts';
import type { TableWorld } from './table.ts';

/** The VPC of every table. */
export const TABLE_VPC = 'vpc-1';
const COMMON = { account: '1', vpcId: TABLE_VPC } as const;

/** The stored objects that the world of a table stands for. */
export function objectsOf(world: TableWorld): WorldObjects {
  const subnets = Object.entries(world.subnets ?? {}).map(subnetOf);
  return {
    groups: Object.entries(world.groups).map(([name, rules]) => ({
      metadata: { name },
      spec: {
        ...COMMON,
        groupName: name,
        description: '-',
        rules: rules.map((text, n) => readRule(text, `sgr-${name}-${n}`)),
      },
    })),
    interfaces: Object.entries(world.interfaces).map(([name, text]) =>
      interfaceOf(name, text.split(' '), subnets),
    ),
    subnets,
    networkAcls: Object.entries(world.acls ?? {}).map(([name, entries]): NetworkAcl => ({
      metadata: { name },
      spec: { ...COMMON, isDefault: false, entries: entries.map(readEntry) },
    })),
    prefixLists: Object.entries(world.prefixLists ?? {}).map(([name, blocks]) => ({
      metadata: { name },
      spec: {
        account: '1',
        region: 'us-east-1',
        listName: name,
        addressFamily: blocks.some((block) => block.includes(':')) ? 'IPv6' : 'IPv4',
        maxEntries: Math.max(1, blocks.length),
        state: 'create-complete',
        version: 1,
        entries: blocks.map((cidr) => ({ cidr })),
        history: [],
      },
    })),
  };
}

/** Reads `in tcp 80-90 sg-a`, `out all 0.0.0.0/0`, `in icmp 8/0 10.0.0.0/8`. */
export function readRule(text: string, ruleId: string): SecurityGroupRuleSpec {
  const [way, protocol = '', ...rest] = text.split(' ');
  const peer = rest.at(-1) ?? '';
  const [first, last = first] = (rest.length > 1 ? (rest[0] ?? '') : '').split(/[-/]/);
  return {
    ruleId,
    isEgress: way === 'out',
    ipProtocol: protocol === 'all' ? '-1' : protocol,
    ...(rest.length > 1 && { fromPort: Number(first), toPort: lastOf(protocol, rest[0], last) }),
    ...peerOf(peer),
  };
}

/** `icmp 8` is all codes of type 8. */
function lastOf(protocol: string, text: string | undefined, last: string | undefined): number {
  return protocol.startsWith('icmp') && text?.includes('/') !== true ? -1 : Number(last);
}

function peerOf(peer: string): Partial<SecurityGroupRuleSpec> {
  if (peer.startsWith('sg-')) return { referencedGroupId: peer };
  if (peer.startsWith('pl-')) return { prefixListId: peer };
  return peer.includes(':') ? { cidrIpv6: peer } : { cidrIpv4: peer };
}

function readEntry(text: string): NetworkAclEntrySpec {
  const [number, way, action, ...rest] = text.split(' ');
  const rule = readRule([way, ...rest].join(' '), '');
  const { ipProtocol, fromPort, toPort, cidrIpv4, cidrIpv6 } = rule;
  const icmp = ipProtocol.startsWith('icmp');
  return {
    ruleNumber: Number(number),
    egress: rule.isEgress,
    ruleAction: action === 'allow' ? 'allow' : 'deny',
    protocol: NUMBERS[ipProtocol] ?? ipProtocol,
    ...(cidrIpv4 !== undefined && { cidrBlock: cidrIpv4 }),
    ...(cidrIpv6 !== undefined && { ipv6CidrBlock: cidrIpv6 }),
    ...(fromPort !== undefined && numbersOf(icmp, fromPort, toPort ?? -1)),
  };
}

function numbersOf(icmp: boolean, first: number, last: number): Partial<NetworkAclEntrySpec> {
  return icmp ? { icmpType: first, icmpCode: last } : { portFirst: first, portLast: last };
}

const NUMBERS: Readonly<Record<string, string>> = { icmp: '1', tcp: '6', udp: '17', icmpv6: '58' };

function subnetOf([name, text]: readonly [string, string]): Subnet {
  const words = text.split(' ');
  const cidr = words.find((word) => word.includes('.')) ?? '';
  const acl = words.find((word) => word.startsWith('acl-'));
  return {
    metadata: { name },
    spec: {
      ...COMMON,
      cidr,
      availabilityZone: 'a',
      ipv6CidrBlocks: words
        .filter((word) => word.includes(':'))
        .map((block) => ({ associationId: 'x', cidr: block })),
      ...(acl !== undefined && { networkAcl: { associationId: 'x', networkAclId: acl } }),
    },
  };
}

function interfaceOf(
  name: string,
  words: readonly string[],
  subnets: readonly Subnet[],
): NetworkInterface {
  const is = (family: ':' | '.', prefix: boolean) =>
    words.filter((word) => word.includes(family) && word.includes('/') === prefix);
  return {
    metadata: { name: `eni-${name}` },
    spec: {
      ...COMMON,
      subnetId: subnets.find((subnet) => isIn(subnet, words[0] ?? ''))?.metadata.name ?? 'subnet-0',
      availabilityZone: 'a',
      description: '',
      interfaceType: 'branch',
      macAddress: '02:00:00:00:00:01',
      privateIps: is('.', false),
      ipv6Addresses: is(':', false),
      ipv4Prefixes: is('.', true),
      ipv6Prefixes: is(':', true),
      groups: words.filter((word) => word.startsWith('sg-')),
      sourceDestCheck: true,
    },
  };
}

function isIn(subnet: Subnet, text: string): boolean {
  const ip = parseIp(text);
  return subnetCidrs(subnet).some((block) => {
    const cidr = parseCidr(block);
    return cidr.ok && ip.ok && cidrHasIp(cidr.value, ip.value);
  });
}
