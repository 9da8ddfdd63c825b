import * as fc from 'fast-check';
import { cidrAround, formatCidr } from '../../src/base/cidr.ts';
import {
  LOCAL_SLOTS,
  VPC,
  ipOf,
  type Scenario,
  type ScenarioInterface,
  type ScenarioPacket,
} from '../differential/scenario.ts';
import { ICMP_CODES, ICMP_TYPES, OTHER_PROTOCOLS, PORTS, ruleSpec } from './rules.ts';

const SLOTS = 8;
const GROUP_IDS = ['sg-a', 'sg-b', 'sg-c', 'sg-d'] as const;
const PREFIX_LIST_IDS = ['pl-1', 'pl-2'] as const;
/** Addresses of no interface of the VPC; the first of each family is of another VPC's interface. */
const OUTSIDE4 = ['198.51.100.7', '203.0.113.9', '10.0.1.200', '11.0.0.1'] as const;
const OUTSIDE6 = ['2001:db8::7', 'fd00:10:0:1::1'] as const;
const UNFILTERED = ['169.254.169.254', '169.254.169.253', 'fd00:ec2::254'] as const;

/** Addresses of the interface in a slot: two of IPv4, next to one another's, and one of IPv6. */
export function slotAddresses(slot: number): readonly string[] {
  return [`10.0.1.${10 + slot}`, `10.0.1.${100 + slot}`, `fd00:10::${10 + slot}`];
}

const known4 = [...OUTSIDE4, ...slots().flatMap((slot) => slotAddresses(slot).slice(0, 2))];
const known6 = [...OUTSIDE6, ...slots().flatMap((slot) => slotAddresses(slot).slice(2))];

const blocks4 = fc
  .tuple(fc.constantFrom(...known4), fc.constantFrom(0, 1, 8, 16, 24, 28, 29, 30, 31, 32))
  .map(([address, bits]) => formatCidr(cidrAround(ipOf(address), bits)));
const blocks6 = fc
  .tuple(fc.constantFrom(...known6), fc.constantFrom(0, 16, 56, 64, 124, 126, 127, 128))
  .map(([address, bits]) => formatCidr(cidrAround(ipOf(address), bits)));

const rule = ruleSpec({
  blocks4,
  blocks6,
  groupIds: GROUP_IDS,
  prefixListIds: PREFIX_LIST_IDS,
});

/** Groups, interfaces and packets that hang together; packets are near the edges of the rules. */
export function scenarios(packetsMax: number): fc.Arbitrary<Scenario> {
  return fc
    .record({ groups: groups(), interfaces: interfaces(), prefixLists: prefixLists() })
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
  return fc.array(rules, { minLength: GROUP_IDS.length, maxLength: GROUP_IDS.length }).map((all) =>
    all.map((specs, g) => ({
      groupId: GROUP_IDS[g] ?? '',
      rules: specs.map((spec, r) => ({ ...spec, ruleId: `sgr-${g}-${r}` })),
    })),
  );
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
  return fc
    .array(one, { minLength: SLOTS, maxLength: SLOTS })
    .map((all) => [
      ...all.map((item, slot) => ({ ...item, slot, vpcId: VPC, addresses: slotAddresses(slot) })),
      ...foreigners(),
    ]);
}

/** An interface of another VPC that wears a group of ours: no reference may cover it. */
function foreigners(): readonly ScenarioInterface[] {
  return [
    {
      slot: SLOTS,
      vpcId: 'vpc-2',
      addresses: [OUTSIDE4[0], OUTSIDE6[0]],
      groupIds: ['sg-a', 'sg-b'],
      sourceDestCheck: true,
    },
  ];
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
  return slotAddresses(slot).filter((text) => text.includes(':') === (family === 6));
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

function slots(): readonly number[] {
  return Array.from({ length: SLOTS }, (_, slot) => slot);
}
