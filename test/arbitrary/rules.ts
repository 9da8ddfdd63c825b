import * as fc from 'fast-check';
import type { SecurityGroupRuleSpec } from '../../src/api/vpc/security-group.ts';

/**
 * The shape of a rule: what the pairwise coverage of the differential tests counts. Every combination
 * that a stored rule can have is in `RULE_SHAPES`.
 */
export interface RuleShape {
  readonly direction: 'egress' | 'ingress';
  readonly protocol: 'all' | 'tcp' | 'udp' | 'icmp' | 'icmpv6' | 'other';
  readonly peer:
    | 'cidr4'
    | 'cidr6'
    | 'all4'
    | 'all6'
    | 'group'
    | 'peered'
    | 'unresolved'
    | 'prefix-list';
  /** Ports, or type and code; `ignored` are ports on a protocol that has none. */
  readonly numbers: 'absent' | 'minus-one' | 'single' | 'range' | 'ignored';
}

const DIRECTIONS = ['egress', 'ingress'] as const;
const PROTOCOLS = ['all', 'tcp', 'udp', 'icmp', 'icmpv6', 'other'] as const;
const PEERS = [
  'cidr4',
  'cidr6',
  'all4',
  'all6',
  'group',
  'peered',
  'unresolved',
  'prefix-list',
] as const;

const NUMBERS: Readonly<Record<RuleShape['protocol'], readonly RuleShape['numbers'][]>> = {
  all: ['absent', 'minus-one', 'ignored'],
  tcp: ['absent', 'minus-one', 'single', 'range'],
  udp: ['absent', 'minus-one', 'single', 'range'],
  // A single is one type and code, a range is all codes of one type.
  icmp: ['absent', 'minus-one', 'single', 'range'],
  icmpv6: ['absent', 'minus-one', 'single', 'range'],
  other: ['absent', 'minus-one', 'ignored'],
};

/** Every shape that a rule can have. */
export const RULE_SHAPES: readonly RuleShape[] = DIRECTIONS.flatMap((direction) =>
  PROTOCOLS.flatMap((protocol) =>
    PEERS.flatMap((peer) =>
      NUMBERS[protocol].map((numbers) => ({ direction, protocol, peer, numbers })),
    ),
  ),
);

/** Ports at which off-by-one mistakes show, and some that are in no range. */
export const PORTS = [0, 1, 22, 53, 79, 80, 81, 443, 1023, 1024, 5432, 8080, 65_534, 65_535];
/** Echo, unreachable, time exceeded, and their neighbours. */
export const ICMP_TYPES = [0, 3, 8, 9, 11, 128, 129, 135, 255];
export const ICMP_CODES = [0, 1, 3, 4, 254, 255];
/** Numbers without ports that no connection tracker looks into; none is an IPv6 extension header. */
export const OTHER_PROTOCOLS = [4, 47, 89, 99, 112, 253];

/** Addresses and groups that a rule may name. */
export interface RuleNames {
  readonly blocks4: fc.Arbitrary<string>;
  readonly blocks6: fc.Arbitrary<string>;
  readonly groupIds: readonly string[];
  readonly prefixListIds: readonly string[];
  /** References to groups of other VPCs. */
  readonly peered: readonly PeerFields[];
}

/** A rule that EC2 would accept. Ids are given out by the caller. */
export function ruleSpec(names: RuleNames): fc.Arbitrary<Omit<SecurityGroupRuleSpec, 'ruleId'>> {
  return fc.constantFrom(...RULE_SHAPES).chain((shape) =>
    fc
      .tuple(protocolText(shape), peerFields(shape, names), numberFields(shape))
      .map(([ipProtocol, peer, numbers]) => ({
        isEgress: shape.direction === 'egress',
        ipProtocol,
        ...peer,
        ...numbers,
      })),
  );
}

/** A rule with any text and number in it: what a broken writer might store. */
export const wildRuleSpec: fc.Arbitrary<SecurityGroupRuleSpec> = fc.record(
  {
    ruleId: fc.string(),
    isEgress: fc.boolean(),
    ipProtocol: fc.oneof(fc.string(), fc.constantFrom('tcp', '6', '-1', 'ICMP', '256', '1e1')),
    fromPort: fc.integer({ min: -5, max: 70_000 }),
    toPort: fc.integer({ min: -5, max: 70_000 }),
    cidrIpv4: fc.oneof(fc.string(), fc.constantFrom('10.0.0.0/8', '10.0.0.1', '10.0.0.0/33')),
    cidrIpv6: fc.oneof(fc.string(), fc.constantFrom('::/0', 'fd00::/129')),
    referencedGroupId: fc.string(),
    prefixListId: fc.string(),
  },
  { requiredKeys: ['ruleId', 'isEgress', 'ipProtocol'] },
);

/** The shape of a stored rule; `unresolved` depends on the groups that exist. */
export function shapeOf(spec: SecurityGroupRuleSpec, groupIds: ReadonlySet<string>): RuleShape {
  const protocol = protocolOf(spec.ipProtocol);
  return {
    direction: spec.isEgress ? 'egress' : 'ingress',
    protocol,
    peer: peerOf(spec, groupIds),
    numbers: numbersOf(spec, protocol),
  };
}

function protocolOf(text: string): RuleShape['protocol'] {
  if (text === '-1') return 'all';
  return PROTOCOLS.find((name) => name === text || TEXTS[name].includes(text)) ?? 'other';
}

function peerOf(spec: SecurityGroupRuleSpec, groupIds: ReadonlySet<string>): RuleShape['peer'] {
  if (spec.cidrIpv4 !== undefined) return spec.cidrIpv4 === '0.0.0.0/0' ? 'all4' : 'cidr4';
  if (spec.cidrIpv6 !== undefined) return spec.cidrIpv6 === '::/0' ? 'all6' : 'cidr6';
  if (spec.vpcPeeringConnectionId !== undefined) return 'peered';
  if (spec.prefixListId !== undefined) return 'prefix-list';
  return groupIds.has(spec.referencedGroupId ?? '') ? 'group' : 'unresolved';
}

function numbersOf(
  spec: SecurityGroupRuleSpec,
  protocol: RuleShape['protocol'],
): RuleShape['numbers'] {
  if (spec.fromPort === undefined) return 'absent';
  if (spec.fromPort === -1) return 'minus-one';
  if (protocol === 'all' || protocol === 'other') return 'ignored';
  if (protocol.startsWith('icmp')) return spec.toPort === -1 ? 'range' : 'single';
  return spec.fromPort === spec.toPort ? 'single' : 'range';
}

/** Texts by which a rule may name the protocol. */
const TEXTS: Readonly<Record<RuleShape['protocol'], readonly string[]>> = {
  all: ['-1'],
  tcp: ['tcp', '6'],
  udp: ['udp', '17'],
  icmp: ['icmp', '1'],
  icmpv6: ['icmpv6', '58'],
  other: OTHER_PROTOCOLS.map(String),
};

function protocolText(shape: RuleShape): fc.Arbitrary<string> {
  return fc.constantFrom(...TEXTS[shape.protocol]);
}

type PeerFields = Partial<SecurityGroupRuleSpec>;

function peerFields(shape: RuleShape, names: RuleNames): fc.Arbitrary<PeerFields> {
  switch (shape.peer) {
    case 'cidr4':
      return names.blocks4.map((cidrIpv4) => ({ cidrIpv4 }));
    case 'cidr6':
      return names.blocks6.map((cidrIpv6) => ({ cidrIpv6 }));
    case 'all4':
      return fc.constant({ cidrIpv4: '0.0.0.0/0' });
    case 'all6':
      return fc.constant({ cidrIpv6: '::/0' });
    case 'peered':
      return fc.constantFrom(...names.peered);
    case 'group':
      return fc.constantFrom(...names.groupIds).map((id) => ({ referencedGroupId: id }));
    case 'unresolved':
      return fc.constant({ referencedGroupId: 'sg-gone' });
    case 'prefix-list':
      return fc
        .constantFrom('pl-gone', ...names.prefixListIds)
        .map((prefixListId) => ({ prefixListId }));
  }
}

function numberFields(shape: RuleShape): fc.Arbitrary<PeerFields> {
  if (shape.numbers === 'absent') return fc.constant({});
  if (shape.numbers === 'minus-one') return fc.constant({ fromPort: -1, toPort: -1 });
  if (shape.protocol === 'icmp' || shape.protocol === 'icmpv6') return icmpFields(shape);
  const port = fc.constantFrom(...PORTS);
  if (shape.numbers === 'single') return port.map((n) => ({ fromPort: n, toPort: n }));
  return fc
    .tuple(port, port)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ({ fromPort: Math.min(a, b), toPort: Math.max(a, b) }));
}

function icmpFields(shape: RuleShape): fc.Arbitrary<PeerFields> {
  const type = fc.constantFrom(...ICMP_TYPES);
  if (shape.numbers === 'range') return type.map((fromPort) => ({ fromPort, toPort: -1 }));
  return fc
    .tuple(type, fc.constantFrom(...ICMP_CODES))
    .map(([fromPort, toPort]) => ({ fromPort, toPort }));
}
