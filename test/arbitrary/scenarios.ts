import * as fc from 'fast-check';
import type { NetworkAclEntrySpec } from '../../src/api/vpc/network-acl.ts';
import type { SecurityGroupRuleSpec } from '../../src/api/vpc/security-group.ts';
import { cidrAround, formatCidr } from '../../src/base/cidr.ts';
import { LOCAL_SLOTS, ipOf } from '../../src/lab/fabric-bed/slots.ts';
import {
  VPC,
  type Scenario,
  type ScenarioInterface,
  type ScenarioPacket,
  type ScenarioSubnet,
} from '../differential/scenario.ts';
import { ICMP_CODES, ICMP_TYPES, OTHER_PROTOCOLS, PORTS, ruleSpec } from './rules.ts';

const SLOTS = 8;
const GROUP_IDS = ['sg-a', 'sg-b', 'sg-c', 'sg-d'] as const;
const PREFIX_LIST_IDS = ['pl-1', 'pl-2'] as const;
/** Addresses of no interface of the VPC; the first of each family is of another VPC's interface. */
const OUTSIDE4 = ['198.51.100.7', '172.16.0.9', '203.0.113.9', '10.0.1.200', '11.0.0.1'] as const;
const OUTSIDE6 = ['2001:db8::7', 'fd00:99::9', 'fd00:10:0:1::1', 'fd00:99:0:0:9::9'] as const;
const UNFILTERED = ['169.254.169.254', '169.254.169.253', 'fd00:ec2::254'] as const;

/** Addresses of the interface in a slot: two of IPv4, next to one another's, and one of IPv6. */
export function slotAddresses(slot: number): readonly string[] {
  return [`10.0.1.${10 + slot}`, `10.0.1.${100 + slot}`, `fd00:10::${10 + slot}`];
}

/** Delegated prefixes of the interface in a slot. */
function slotPrefixes(slot: number): readonly string[] {
  return slot % 3 === 0 ? [`10.0.2.${16 * (slot + 1)}/28`, `fd00:10:0:0:${slot + 1}::/80`] : [];
}

/** Addresses at which the interface in a slot can be reached: its own, and some of its prefixes. */
export function slotReach(slot: number): readonly string[] {
  if (slot % 3 !== 0) return slotAddresses(slot);
  const first = 16 * (slot + 1);
  const inside = [`10.0.2.${first}`, `10.0.2.${first + 15}`, `fd00:10:0:0:${slot + 1}:ffff::1`];
  return [...slotAddresses(slot), ...inside];
}

const known4 = [...OUTSIDE4, ...slots().flatMap((slot) => reachOf(slot, 4))];
const known6 = [...OUTSIDE6, ...slots().flatMap((slot) => reachOf(slot, 6))];

const blocks4 = fc
  .tuple(fc.constantFrom(...known4), fc.constantFrom(1, 8, 24, 28, 29, 30, 30, 31, 31, 32))
  .map(([address, bits]) => formatCidr(cidrAround(ipOf(address), bits)));
const blocks6 = fc
  .tuple(fc.constantFrom(...known6), fc.constantFrom(16, 56, 64, 80, 124, 126, 127, 128))
  .map(([address, bits]) => formatCidr(cidrAround(ipOf(address), bits)));

const rule = ruleSpec({
  blocks4,
  blocks6,
  groupIds: GROUP_IDS,
  prefixListIds: PREFIX_LIST_IDS,
  peered: [
    across('sg-p', 'vpc-3', 'pcx-1'),
    across('sg-p', 'vpc-3', 'pcx-gone'),
    across('sg-a', 'vpc-3', 'pcx-1'),
    across('sg-p', 'vpc-2', 'pcx-2'),
  ],
});

function across(
  referencedGroupId: string,
  referencedVpcId: string,
  vpcPeeringConnectionId: string,
): Partial<SecurityGroupRuleSpec> {
  return { referencedGroupId, referencedVpcId, vpcPeeringConnectionId };
}

/** Groups, interfaces and packets that hang together; packets are near the edges of the rules. */
export function scenarios(packetsMax: number): fc.Arbitrary<Scenario> {
  return fc
    .record({
      groups: groups(),
      interfaces: interfaces(),
      prefixLists: prefixLists(),
      peerings: fc.record({
        'pcx-1': fc.boolean().map((active) => ({ vpcId: 'vpc-3', active })),
        'pcx-2': fc.constant({ vpcId: 'vpc-2', active: false }),
      }),
      subnets: subnets(),
      networkAcls: fc.record({
        'acl-1': aclEntries(),
        'acl-2': aclEntries(),
        'acl-open': fc.constant(OPEN_ACL),
      }),
    })
    .chain((parts) =>
      fc
        .array(packet(parts), { minLength: packetsMax, maxLength: packetsMax })
        .map((packets) => ({ ...parts, packets: withoutReplies(packets) })),
    );
}

/**
 * Packets of protocols without ports or ids are told apart by their addresses alone, so one that runs
 * against an earlier one is a reply to connection tracking, and not a first packet.
 */
function withoutReplies(packets: readonly ScenarioPacket[]): readonly ScenarioPacket[] {
  return packets.filter(
    (one, i) =>
      one.destinationPort !== undefined ||
      one.icmpType !== undefined ||
      !packets
        .slice(0, i)
        .some(
          (earlier) =>
            earlier.protocol === one.protocol &&
            earlier.source === one.destination &&
            earlier.destination === one.source,
        ),
  );
}

function groups(): fc.Arbitrary<Scenario['groups']> {
  const rules = fc.array(rule, { minLength: 0, maxLength: 10, size: 'max' });
  return fc
    .array(rules, { minLength: GROUP_IDS.length, maxLength: GROUP_IDS.length })
    .map((all) => [
      ...all.map((specs, g) => ({
        groupId: GROUP_IDS[g] ?? '',
        rules: specs.map((spec, r) => ({ ...spec, ruleId: `sgr-${g}-${r}` })),
      })),
      { groupId: 'sg-p', rules: [] },
    ]);
}

function interfaces(): fc.Arbitrary<Scenario['interfaces']> {
  // Some wear a group that does not exist.
  const worn = fc.uniqueArray(fc.constantFrom(...GROUP_IDS, ...GROUP_IDS, 'sg-gone'), {
    minLength: 1,
    maxLength: 3,
  });
  const one = fc.record({
    groupIds: worn,
    sourceDestCheck: fc.constantFrom(true, true, true, false),
  });
  return fc.array(one, { minLength: SLOTS, maxLength: SLOTS }).map((all) => [
    ...all.map((item, slot) => ({
      ...item,
      slot,
      vpcId: VPC,
      addresses: slotAddresses(slot),
      prefixes: slotPrefixes(slot),
      subnetId: `subnet-${slot < 2 ? 1 : slot < 6 ? 2 : 0}`,
    })),
    ...foreigners(),
  ]);
}

/**
 * An interface of another VPC that wears a group of ours: no reference may cover it. And one of a VPC
 * that is peered now and then.
 */
function foreigners(): readonly ScenarioInterface[] {
  return [
    {
      slot: SLOTS + 1,
      vpcId: 'vpc-3',
      addresses: [OUTSIDE4[1], OUTSIDE6[1]],
      prefixes: ['fd00:99:0:0:9::/80'],
      groupIds: ['sg-p', 'sg-a'],
      sourceDestCheck: true,
    },
    {
      slot: SLOTS,
      vpcId: 'vpc-2',
      addresses: [OUTSIDE4[0], OUTSIDE6[0]],
      groupIds: ['sg-a', 'sg-b'],
      sourceDestCheck: true,
    },
  ];
}

/** Two of the slots are in the first, four in the second, the others in none that is known. */
function subnets(): fc.Arbitrary<readonly ScenarioSubnet[]> {
  const acl = fc.constantFrom('acl-open', 'acl-open', 'acl-1', 'acl-2', 'acl-1', 'acl-gone');
  return fc.tuple(acl, acl).map(([one, two]) => [
    { subnetId: 'subnet-1', cidr: '10.0.1.8/30', cidr6: 'fd00:10::10/127', networkAclId: one },
    { subnetId: 'subnet-2', cidr: '10.0.1.12/30', cidr6: 'fd00:10::14/126', networkAclId: two },
  ]);
}

/** What the default ACL of a VPC of both families has. */
const OPEN_ACL: readonly NetworkAclEntrySpec[] = [4, 6].flatMap((family) =>
  [true, false].map((egress) => ({
    ruleNumber: 100 + family,
    egress,
    protocol: '-1',
    ruleAction: 'allow',
    ...(family === 4 ? { cidrBlock: '0.0.0.0/0' } : { ipv6CidrBlock: '::/0' }),
  })),
);

/** Entries whose order matters; most lists end by letting everything else pass. */
function aclEntries(): fc.Arbitrary<readonly NetworkAclEntrySpec[]> {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 0, maxLength: 6 });
  const entries = numbers.chain((all) => fc.tuple(...all.map(aclEntry)));
  return fc
    .tuple(entries, fc.constantFrom(true, true, true, false))
    .map(([some, ends]) => (ends ? [...some, ...OPEN_ACL] : some));
}

function aclEntry(ruleNumber: number): fc.Arbitrary<NetworkAclEntrySpec> {
  const block = fc.oneof(
    blocks4.map((cidrBlock) => ({ cidrBlock })),
    blocks6.map((ipv6CidrBlock) => ({ ipv6CidrBlock })),
  );
  const ports = fc
    .tuple(fc.constantFrom('6', '17'), fc.constantFrom(...PORTS), fc.constantFrom(...PORTS))
    .map(([protocol, a, b]) => ({
      protocol,
      portFirst: Math.min(a, b),
      portLast: Math.max(a, b),
    }));
  const icmp = fc
    .tuple(
      fc.constantFrom('1', '58'),
      fc.constantFrom(-1, ...ICMP_TYPES),
      fc.constantFrom(-1, ...ICMP_CODES),
    )
    .map(([protocol, icmpType, icmpCode]) => ({ protocol, icmpType, icmpCode }));
  const other = fc.constantFrom('-1', '6', ...OTHER_PROTOCOLS.map(String));
  return fc
    .tuple(
      fc.boolean(),
      fc.constantFrom('allow' as const, 'deny' as const),
      block,
      fc.oneof(
        ports,
        icmp,
        other.map((protocol) => ({ protocol })),
      ),
    )
    .map(([egress, ruleAction, cidr, what]) => ({
      ruleNumber,
      egress,
      ruleAction,
      ...cidr,
      ...what,
    }));
}

function prefixLists(): fc.Arbitrary<Scenario['prefixLists']> {
  const blocks = fc.array(fc.oneof(blocks4, blocks6), { maxLength: 4 });
  return fc.record(Object.fromEntries(PREFIX_LIST_IDS.map((id) => [id, blocks])));
}

type Parts = Omit<Scenario, 'packets'>;

function packet(parts: Parts): fc.Arbitrary<ScenarioPacket> {
  return fc
    .tuple(fc.constantFrom<4 | 6>(4, 4, 6), fc.nat({ max: 99 }))
    .chain(([family, dice]) => fc.tuple(ends(family, dice), service(parts, family)))
    .map(([from, what]) => ({ ...from, ...what }));
}

type Ends = Pick<ScenarioPacket, 'fromSlot' | 'source' | 'destination'>;

/** Who sends to whom; at least one end is a port of the fabric. */
function ends(family: 4 | 6, dice: number): fc.Arbitrary<Ends> {
  const local = fc.nat({ max: LOCAL_SLOTS - 1 });
  const anySlot = fc.nat({ max: SLOTS - 1 });
  const outside = fc.constantFrom(...(family === 4 ? OUTSIDE4 : OUTSIDE6));
  const unfiltered = fc.constantFrom(
    ...UNFILTERED.filter((text) => text.includes(':') === (family === 6)),
  );
  const address = (slot: fc.Arbitrary<number>) =>
    slot.chain((n) => fc.constantFrom(...addressesOf(n, family)));
  if (dice < 15) return fc.record({ source: outside, destination: address(local) });
  if (dice < 30) {
    const remote = fc.integer({ min: LOCAL_SLOTS, max: SLOTS - 1 });
    return remote.chain((fromSlot) =>
      fc.record({
        fromSlot: fc.constant(fromSlot),
        source: fc.constantFrom(...addressesOf(fromSlot, family)),
        destination: address(local),
      }),
    );
  }
  return local.chain((fromSlot) =>
    fc.record({
      fromSlot: fc.constant(fromSlot),
      // Now and then somebody else's address.
      source:
        dice < 40
          ? fc.oneof(address(anySlot), outside)
          : fc.constantFrom(...addressesOf(fromSlot, family)),
      destination: dice < 50 ? outside : dice < 55 ? unfiltered : address(anySlot),
    }),
  );
}

function addressesOf(slot: number, family: 4 | 6): readonly string[] {
  return reachOf(slot, family);
}

type What = Pick<ScenarioPacket, 'protocol' | 'destinationPort' | 'icmpType' | 'icmpCode'>;

/** What is asked for: mostly at the edges of some rule's ports. */
function service(parts: Parts, family: 4 | 6): fc.Arbitrary<What> {
  const edges = parts.groups
    .flatMap((group) => group.rules)
    .flatMap(({ fromPort = 0, toPort = 65_535 }) => [
      fromPort - 1,
      fromPort,
      toPort,
      toPort + 1,
      (fromPort + toPort) >> 1,
    ])
    .filter((port) => port >= 0 && port <= 65_535);
  const port = fc.constantFrom(...PORTS, ...edges);
  const icmp = fc.record({
    protocol: fc.constant(family === 4 ? 1 : 58),
    icmpType: fc.constantFrom(...ICMP_TYPES),
    icmpCode: fc.constantFrom(...ICMP_CODES),
  });
  return fc.oneof(
    { weight: 3, arbitrary: fc.record({ protocol: fc.constant(6), destinationPort: port }) },
    { weight: 3, arbitrary: fc.record({ protocol: fc.constant(17), destinationPort: port }) },
    { weight: 2, arbitrary: icmp },
    { weight: 1, arbitrary: fc.constantFrom(...OTHER_PROTOCOLS).map((protocol) => ({ protocol })) },
  );
}

function reachOf(slot: number, family: 4 | 6): readonly string[] {
  return slotReach(slot).filter((text) => text.includes(':') === (family === 6));
}

function slots(): readonly number[] {
  return Array.from({ length: SLOTS }, (_, slot) => slot);
}
