import type { SecurityGroupRuleSpec } from '../../src/api/vpc/security-group.ts';
import { must } from '../../src/base/assert.ts';
import { parseIp, type Ip } from '../../src/base/ip.ts';
import type { Packet } from '../../src/policy/packet.ts';
import { PROTOCOL } from '../../src/policy/rule.ts';
import { worldFromObjects, type World, type WorldObjects } from '../../src/policy/world.ts';

/** Rules of a group as `direction protocol ports peer`, such as `in tcp 5432 sg-app`. */
export type RuleText = string;

/** The VPC of everything in a small world. */
const SMALL_VPC = 'vpc-1';

/**
 * A readable world for examples. Groups map to rules, whose ids are `sgr-<group>-<n>`; interfaces map to
 * addresses and groups, as in `{ 'eni-app': '10.0.1.7 sg-app' }`.
 */
export function smallWorld(
  groups: Readonly<Record<string, readonly RuleText[]>>,
  interfaces: Readonly<Record<string, string>>,
): World {
  return worldFromObjects(smallObjects(groups, interfaces));
}

/** The stored objects of a small world. */
export function smallObjects(
  groups: Readonly<Record<string, readonly RuleText[]>>,
  interfaces: Readonly<Record<string, string>>,
): WorldObjects {
  return {
    groups: Object.entries(groups).map(([groupId, rules]) => ({
      metadata: { name: groupId },
      spec: {
        account: '1',
        vpcId: SMALL_VPC,
        groupName: groupId.replace(/^sg-/, ''),
        description: '-',
        rules: rules.map((text, n) => ruleSpecOf(text, `sgr-${groupId.replace(/^sg-/, '')}-${n}`)),
      },
    })),
    interfaces: Object.entries(interfaces).map(([eniId, text]) => {
      const words = text.split(' ');
      return {
        metadata: { name: eniId },
        spec: {
          account: '1',
          vpcId: SMALL_VPC,
          subnetId: 'subnet-1',
          availabilityZone: 'a',
          description: '',
          interfaceType: 'branch',
          macAddress: '02:00:00:00:00:01',
          privateIps: words.filter((word) => /[.:]/.test(word)),
          groups: words.filter((word) => word.startsWith('sg-')),
          sourceDestCheck: !words.includes('router'),
        },
      };
    }),
  };
}

/** Reads an address that the test knows to be good. */
export function ip(text: string): Ip {
  const parsed = parseIp(text);
  return must(parsed.ok ? parsed.value : undefined, () => text);
}

/** A packet as `tcp/80 10.0.1.7 > 10.0.1.8` or `icmp/8.0 ...`; a bare number is a protocol. */
export function packetOf(text: string): Packet {
  const [service = '', source = '', , destination = ''] = text.split(' ');
  return { ...serviceOf(service), source: ip(source), destination: ip(destination) };
}

function serviceOf(text: string): Omit<Packet, 'source' | 'destination'> {
  const [name = '', rest = ''] = text.split('/');
  const [first = 0, second = 0] = rest.split('.').map(Number);
  switch (name) {
    case 'tcp':
    case 'udp':
      return { protocol: PROTOCOL[name], destinationPort: first };
    case 'icmp':
    case 'icmpv6':
      return { protocol: PROTOCOL[name], icmpType: first, icmpCode: second };
    default:
      return { protocol: Number(name) };
  }
}

function ruleSpecOf(text: RuleText, ruleId: string): SecurityGroupRuleSpec {
  const [direction, ipProtocol = '', numbers = '', peer = ''] = text.split(' ');
  const [fromPort = 0, toPort = fromPort] = numbers.split('-').map(Number);
  return {
    ruleId,
    isEgress: direction === 'out',
    ipProtocol,
    ...(numbers !== '*' && { fromPort, toPort }),
    ...peerFields(peer),
  };
}

function peerFields(peer: string): Partial<SecurityGroupRuleSpec> {
  if (peer.startsWith('sg-')) return { referencedGroupId: peer };
  if (peer.startsWith('pl-')) return { prefixListId: peer };
  return peer.includes(':') ? { cidrIpv6: peer } : { cidrIpv4: peer };
}
