/**
 * The network ACL of a subnet as two chains: entries in their order, the first that covers a packet decides.
 * Order cannot be had from sets, so this is the one linear list of the filter: as long as an ACL, which has
 * 40 entries at most, and only for subnets whose ACL does anything.
 */
import type { Cidr } from '../base/cidr.ts';
import { PROTOCOL, type Direction, type RuleProtocol } from '../policy/rule.ts';
import type { AclEntry, AclView, SubnetView } from '../policy/network-acl.ts';
import type { Part } from './live-program.ts';
import { point, span, type Chain, type ChainRule, type Field, type Step } from './program.ts';

/** A subnet of local ports, and what guards it; without an ACL nothing crosses. */
export interface Boundary {
  readonly subnet: SubnetView;
  readonly acl?: AclView;
}

/** The part of the program for a subnet and the links of its ports; none when the ACL lets all pass. */
export function boundaryPart(boundary: Boundary, links: readonly string[]): Part | undefined {
  const guarded = WAYS.filter(({ direction }) => !letsAllPass(boundary, direction));
  if (guarded.length === 0 || links.length === 0) return undefined;
  const parts = guarded.map((way) => wayPart(boundary, way, links));
  return {
    chains: parts.map(({ chain }) => chain),
    elements: parts.flatMap(({ elements }) => elements),
  };
}

interface Way {
  readonly name: 'acl_out' | 'acl_in';
  readonly direction: Direction;
  readonly end: 'daddr' | 'saddr';
}

const WAYS: readonly Way[] = [
  { name: 'acl_out', direction: 'egress', end: 'daddr' },
  { name: 'acl_in', direction: 'ingress', end: 'saddr' },
];

function wayPart(boundary: Boundary, way: Way, links: readonly string[]) {
  const { subnet, acl } = boundary;
  const chain: Chain = {
    name: `${way.name}_${subnet.subnetId.replaceAll(/[^a-zA-Z0-9]/g, '_')}`,
    rules: [
      ...subnet.cidrs.map((cidr): ChainRule => [inBlock(way, cidr), ACCEPT]),
      ...familiesWithout(subnet).map((family): ChainRule => [
        { op: 'is', field: addressField(way, family), values: [EVERY[family]] },
        ACCEPT,
      ]),
      ...([4, 6] as const).map((family): ChainRule => [
        { op: 'lookup', fields: [addressField(way, family)], set: `unfiltered${family}` },
        ACCEPT,
      ]),
      ...entriesOf(acl, way.direction).flatMap((entry) => entryRule(way, entry)),
    ],
  };
  const jump = { verdict: 'jump', chain: chain.name } as const;
  return {
    chain,
    elements: links.flatMap((link) => [
      { set: `${way.name}_chains`, element: { key: [link], value: jump } },
      { set: `${way.name}_ports`, element: { key: [link] } },
    ]),
  };
}

/** Whether the first entry for each family of the subnet allows everything. */
function letsAllPass({ subnet, acl }: Boundary, direction: Direction): boolean {
  const families = new Set(subnet.cidrs.map(({ family }) => family));
  return [...families].every((family) => {
    const first = entriesOf(acl, direction).find((entry) => entry.cidr.family === family);
    return first?.allow === true && first.protocol.kind === 'all' && first.cidr.prefixBits === 0;
  });
}

function entriesOf(acl: AclView | undefined, direction: Direction): readonly AclEntry[] {
  return (acl?.entries ?? []).filter((entry) => entry.direction === direction);
}

function familiesWithout({ cidrs }: SubnetView): readonly (4 | 6)[] {
  return ([4, 6] as const).filter((family) => !cidrs.some((cidr) => cidr.family === family));
}

/** A denial returns to the base chain, which counts and drops. */
function entryRule(way: Way, { cidr, protocol, allow }: AclEntry): readonly ChainRule[] {
  const service = serviceSteps(protocol, cidr.family);
  if (!service) return [];
  const verdict: Step = allow ? ACCEPT : { op: 'verdict', verdict: { verdict: 'return' } };
  return [[inBlock(way, cidr), ...service, verdict]];
}

/** Undefined when the protocol cannot occur in the family. */
function serviceSteps(protocol: RuleProtocol, family: 4 | 6): readonly Step[] | undefined {
  switch (protocol.kind) {
    case 'all':
      return [];
    case 'other':
      return [{ op: 'is', field: 'meta l4proto', values: [point(protocol.number)] }];
    case 'ports': {
      const { first, last } = protocol.ports;
      return [
        { op: 'is', field: 'meta l4proto', values: [point(protocol.number)] },
        { op: 'is', field: 'th dport', values: [span(first, last)] },
      ];
    }
    case 'icmp':
      return family === (protocol.number === PROTOCOL.icmp ? 4 : 6)
        ? icmpSteps(protocol)
        : undefined;
  }
}

function icmpSteps({ number, type, code }: RuleProtocol & { kind: 'icmp' }): readonly Step[] {
  if (type === undefined) return [{ op: 'is', field: 'meta l4proto', values: [point(number)] }];
  const name = number === PROTOCOL.icmp ? 'icmp' : 'icmpv6';
  const steps: Step[] = [{ op: 'is', field: `${name} type`, values: [point(type)] }];
  if (code !== undefined) steps.push({ op: 'is', field: `${name} code`, values: [point(code)] });
  return steps;
}

function inBlock(way: Way, { family, first, last }: Cidr): Step {
  return { op: 'is', field: addressField(way, family), values: [{ first, last }] };
}

function addressField({ end }: Way, family: 4 | 6): Field {
  return family === 4 ? `ip ${end}` : `ip6 ${end}`;
}

const EVERY = {
  4: { first: 0n, last: (1n << 32n) - 1n },
  6: { first: 0n, last: (1n << 128n) - 1n },
} as const;

const ACCEPT: Step = { op: 'verdict', verdict: { verdict: 'accept' } };
