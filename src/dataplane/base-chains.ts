/**
 * The chains that every fabric has. They never change: what differs between hosts is in the sets they
 * look things up in. Each begins with what most packets are, because every packet pays for what comes
 * before its verdict.
 *
 * A forwarded packet goes through three hooks, each of which must let it pass:
 *  pin      before fragments are put together and flows are tracked: whatever comes from a port carries
 *           the port's own MAC and source address, so that nobody can speak in another's flow or finish
 *           another's packet. Links that nobody declared are dead. Headers that no honest sender needs
 *           end here.
 *  egress   the sender's gate. What comes from an uplink passed it on the sender's host.
 *  acl_out  the network ACL of the sender's subnet, and
 *  acl_in   that of the receiver's: both judge every packet that crosses the boundary (boundary.ts). They
 *           exist only while some ACL restricts anything.
 *  ingress  the receiver's gate, later in the same hook: an accept in `egress` ends that chain only.
 *           What leaves by an uplink meets it on the receiver's host.
 * Both gates let flows go on that were admitted once and are tracked, and errors that belong to one.
 */
import { parseCidr } from '../base/cidr.ts';
import { arpChain, arpDeniedChain } from './arp-chain.ts';
import { ADMIT } from './class-gate.ts';
import {
  FLOW_LIMIT,
  point,
  span,
  UNTRACKED,
  type Chain,
  type ChainRule,
  type Field,
  type Step,
  type Verdict,
} from './program.ts';

const ACCEPT: Step = { op: 'verdict', verdict: { verdict: 'accept' } };
const DROP: Step = { op: 'verdict', verdict: { verdict: 'drop' } };

/** The metadata service, which the fabric itself offers to its ports and no group filters. */
const METADATA = { address: 0xa9fe_a9fen, port: 80, tcp: 6 } as const;
/** ICMPv6 types of neighbour discovery (RFC 4861): router and neighbour solicitation, advertisement. */
const DISCOVERY = [133, 135, 136].map(point);
const ADVERTISEMENT = 136;
/** First ten bits of fe80::/10. */
const LINK_LOCAL_BITS = 0x3fa;
/** Multicast listener reports (RFC 2710, RFC 3810): every host sends them, and nobody here listens. */
const REPORTS = [131, 132, 143].map(point);
/** Hop-by-hop options, routing header, destination options (RFC 8200). */
const EXTENSION_HEADERS = [0, 43, 60].map(point);
/** A router must forward 68 octets whole (RFC 791): a shorter fragment that is not the last hides ports. */
const FRAGMENT_BYTES_MIN = 68;
/** Version 4, five words of header: the first byte of a packet without options. */
const PLAIN_IPV4 = 0x45;
/** Before the kernel puts fragments together (-400) and tracks flows (-200). */
const PIN_PRIORITY = '-450';

/** ICMP errors that a router must be able to send: unreachable, time exceeded, bad parameter. */
const ERRORS4 = [3, 11, 12].map(point);
/** The same for ICMPv6, with packet too big. */
const ERRORS6 = [1, 2, 3, 4].map(point);
/** Advertisement and solicitation that the fabric itself sends. */
const DISCOVERY_OUT = [134, 135, 136].map(point);

/**
 * All chains that do not depend on the state; `vxlanPort` is the UDP port of the tunnels. With
 * `recording`, samples of what ports lose are logged.
 */
export function baseChains(vxlanPort: number, recording = false): readonly Chain[] {
  const log: LogRules = (field, gate) => (recording ? [logRule(field, gate)] : []);
  return [
    pinChain(),
    egressChain(),
    ...aclDeniedChains(log),
    ingressChain(),
    knownChain('egress', UNTRACKED.origin, UNTRACKED.answerer),
    knownChain('ingress', UNTRACKED.answerer, UNTRACKED.origin),
    inputChain(vxlanPort),
    outputChain(),
    arpChain(),
    arpDeniedChain(),
    {
      name: 'pin_denied',
      rules: [...log('iifname', 'pin'), [lookup(['iifname'], 'pin_drops'), DROP]],
    },
    ...(['egress', 'ingress', 'input'] as const).map(invalidChain),
    { name: 'input_denied', rules: [[lookup(['iifname'], 'input_drops'), DROP], [DROP]] },
    {
      name: 'egress_denied',
      rules: [...log('iifname', 'egress'), [lookup(['iifname'], 'egress_drops'), DROP]],
    },
    {
      name: 'ingress_denied',
      rules: [
        ...log('oifname', 'ingress'),
        [lookup(['oifname'], 'ingress_drops'), DROP],
        // Towards no port: into the underlay, or from one uplink to another.
        [lookup(['iifname'], 'stray_drops'), DROP],
        [DROP],
      ],
    },
    {
      name: 'ingress_class',
      rules: [...classDispatch('oifname', 'ingress_chains'), [goTo('ingress_denied')]],
    },
    { name: 'to_uplink', rules: [[lookup(['iifname'], 'uplinks'), DROP], ADMIT] },
    ...(recording ? [RECORD] : []),
  ];
}

/** Comes after all gates, so that what is dropped does not use up the limit of what is admitted. */
const RECORD: Chain = {
  name: 'record',
  hook: { hook: 'forward', priority: 'filter + 10', policy: 'accept' },
  rules: [
    [
      { op: 'is', field: 'ct state', values: ['new'] },
      { op: 'silence-over', limit: FLOW_LIMIT },
    ],
  ],
};

/** The rules that log what a gate drops, if any. */
type LogRules = (field: 'iifname' | 'oifname', gate: string) => readonly ChainRule[];

/** The prefix says which gate it was; the listener knows the port by its link. */
function logRule(field: 'iifname' | 'oifname', gate: string): ChainRule {
  const set = field === 'iifname' ? 'log_from' : 'log_to';
  return [lookup([field], set), { op: 'log', prefix: gate }];
}

function pinChain(): Chain {
  return {
    name: 'pin',
    hook: { hook: 'prerouting', priority: PIN_PRIORITY, policy: 'drop' },
    rules: [
      ...plainPackets(),
      [{ op: 'is', field: 'icmpv6 type', values: REPORTS }, lookup(['iifname'], 'ports'), DROP],
      ...hostileHeaders(),
      [lookup(['iifname', 'ether saddr', 'ip saddr'], 'pinned4'), ACCEPT],
      [lookup(['iifname', 'ether saddr', 'ip6 saddr'], 'pinned6'), ACCEPT],
      [lookup(['iifname'], 'trusted_links'), ACCEPT],
      [lookup(['iifname', 'ether saddr', 'ip6 saddr'], 'pinned6_blocks'), ACCEPT],
      [lookup(['iifname', 'ether saddr'], 'unpinned'), ACCEPT],
      [
        lookup(['iifname', 'ether saddr'], 'port_macs'),
        { op: 'is', field: 'icmpv6 type', values: DISCOVERY },
        { op: 'is', field: 'ip6 saddr', values: linkLocalSources() },
        ACCEPT,
      ],
      [goTo('pin_denied')],
    ],
  };
}

/**
 * What nearly all packets are: IPv4 without options that is no fragment but a last one, TCP or UDP right
 * after the header of IPv6. Nothing of the rules between here and the pins concerns them.
 */
function plainPackets(): readonly ChainRule[] {
  return [
    [
      { op: 'is', field: '@nh,0,8', values: [point(PLAIN_IPV4)] },
      { op: 'is', field: '@nh,50,1', values: [point(0)] },
      lookup(['iifname', 'ether saddr', 'ip saddr'], 'pinned4'),
      ACCEPT,
    ],
    [
      { op: 'is', field: 'ip6 nexthdr', values: [point(6), point(17)] },
      lookup(['iifname', 'ether saddr', 'ip6 saddr'], 'pinned6'),
      ACCEPT,
    ],
  ];
}

/**
 * IPv4 options, IPv6 extension headers, fragments too short to show ports, and advertisements of
 * addresses other than link-local ones: the fabric knows the neighbours of its ports.
 */
function hostileHeaders(): readonly ChainRule[] {
  const deny = [lookup(['iifname'], 'ports'), goTo('pin_denied')];
  const is = (field: Field, ...values: readonly (readonly [number, number])[]): Step => ({
    op: 'is',
    field,
    values: values.map(([first, last]) => span(first, last)),
  });
  return [
    [is('ip hdrlength', [6, 15]), ...deny],
    [is('ip length', [0, FRAGMENT_BYTES_MIN - 1]), is('@nh,50,1', [1, 1]), ...deny],
    [{ op: 'is', field: 'ip6 nexthdr', values: EXTENSION_HEADERS }, ...deny],
    [
      is('icmpv6 type', [ADVERTISEMENT, ADVERTISEMENT]),
      is('@th,64,10', [0, LINK_LOCAL_BITS - 1], [LINK_LOCAL_BITS + 1, 0x3ff]),
      ...deny,
    ],
  ];
}

function egressChain(): Chain {
  return {
    name: 'egress',
    hook: { hook: 'forward', priority: 'filter - 10', policy: 'drop' },
    rules: [
      TRACKED,
      [connectionState('egress')],
      [lookup(['iifname'], 'uplinks'), ACCEPT],
      [lookup(['ip daddr'], 'unfiltered4'), lookup(['iifname'], 'ports'), ACCEPT],
      [lookup(['ip6 daddr'], 'unfiltered6'), lookup(['iifname'], 'ports'), ACCEPT],
      ...classDispatch('iifname', 'egress_chains'),
      [goTo('egress_denied')],
    ],
  };
}

function ingressChain(): Chain {
  return {
    name: 'ingress',
    hook: { hook: 'forward', priority: 'filter', policy: 'drop' },
    rules: [
      TRACKED,
      [connectionState('ingress')],
      [lookup(['oifname'], 'uplinks'), goTo('to_uplink')],
      [lookup(['oifname', 'ip daddr'], 'bound4'), goTo('ingress_class')],
      [lookup(['oifname', 'ip6 daddr'], 'bound6'), goTo('ingress_class')],
      [lookup(['oifname', 'ip6 daddr'], 'bound6_blocks'), goTo('ingress_class')],
      [lookup(['oifname'], 'unbound'), goTo('ingress_class')],
      [goTo('ingress_denied')],
    ],
  };
}

/**
 * What the fabric itself takes: tunnels, calls of the metadata service, and echo and neighbour discovery
 * for its router addresses.
 */
function inputChain(vxlanPort: number): Chain {
  return {
    name: 'input',
    hook: { hook: 'input', priority: 'filter', policy: 'drop' },
    rules: [
      [
        lookup(['iifname'], 'underlay'),
        { op: 'is', field: 'udp dport', values: [point(vxlanPort)] },
        ACCEPT,
      ],
      [{ op: 'is', field: 'iifname', values: ['lo'] }, ACCEPT],
      [connectionState('input')],
      [
        lookup(['iifname'], 'underlay'),
        { op: 'is', field: 'icmpv6 type', values: DISCOVERY },
        ACCEPT,
      ],
      [lookup(['iifname'], 'ports'), { op: 'is', field: 'icmpv6 type', values: DISCOVERY }, ACCEPT],
      [
        lookup(['iifname'], 'ports'),
        { op: 'is', field: 'icmp type', values: [point(8)] },
        lookup(['ip daddr'], 'gateways4'),
        ACCEPT,
      ],
      [
        lookup(['iifname'], 'ports'),
        { op: 'is', field: 'icmpv6 type', values: [point(128)] },
        lookup(['ip6 daddr'], 'gateways6'),
        ACCEPT,
      ],
      [
        lookup(['iifname'], 'ports'),
        { op: 'is', field: 'ip daddr', values: [point(METADATA.address)] },
        { op: 'is', field: 'meta l4proto', values: [point(METADATA.tcp)] },
        { op: 'is', field: 'th dport', values: [point(METADATA.port)] },
        ACCEPT,
      ],
      [goTo('input_denied')],
    ],
  };
}

/** What the fabric itself sends: tunnels, answers, and the errors that a router owes. */
function outputChain(): Chain {
  return {
    name: 'output',
    hook: { hook: 'output', priority: 'filter', policy: 'drop' },
    rules: [
      [lookup(['oifname'], 'underlay'), ACCEPT],
      [{ op: 'is', field: 'oifname', values: ['lo'] }, ACCEPT],
      [{ op: 'is', field: 'ct state', values: ['established', 'related'] }, ACCEPT],
      [{ op: 'is', field: 'icmp type', values: ERRORS4 }, ACCEPT],
      [{ op: 'is', field: 'icmpv6 type', values: ERRORS6 }, ACCEPT],
      [{ op: 'is', field: 'icmpv6 type', values: DISCOVERY_OUT }, ACCEPT],
    ],
  };
}

/** Sends a packet of a new flow through the chain of its port's class. */
function classDispatch(port: Field, chains: string): readonly ChainRule[] {
  return [
    [{ op: 'set-mark', value: 0 }],
    [{ op: 'map-mark', fields: [port], map: 'port_class' }],
    [{ op: 'vmap', field: 'meta mark', map: chains }],
  ];
}

/** The flow was admitted once, and both its interfaces track it. */
const TRACKED: ChainRule = [
  { op: 'is', field: 'ct state', values: ['established'] },
  { op: 'is', field: 'ct mark', values: [point(0)] },
  ACCEPT,
];

function connectionState(gate: 'egress' | 'ingress' | 'input'): Step {
  const accept: Verdict = { verdict: 'accept' };
  const established: Verdict =
    gate === 'input' ? accept : { verdict: 'jump', chain: `${gate}_known` };
  const invalid: Verdict = { verdict: 'jump', chain: `${gate}_invalid` };
  return {
    op: 'cases',
    field: 'ct state',
    cases: { established, related: accept, invalid },
  };
}

/**
 * Lets packets of flows pass that the port's interface tracks and the other end's does not; the others go on
 * to the rules. A packet that
 * a port sends is of the origin's interface if it goes the flow's own way, of the answerer's otherwise.
 */
function knownChain(gate: 'egress' | 'ingress', ownWay: number, otherWay: number): Chain {
  const unlessMarked = (direction: string, other: number): ChainRule => [
    { op: 'is', field: 'ct direction', values: [direction] },
    { op: 'is', field: 'ct mark', values: [point(other)] },
    ACCEPT,
  ];
  return {
    name: `${gate}_known`,
    rules: [unlessMarked('original', otherWay), unlessMarked('reply', ownWay)],
  };
}

/**
 * The boundaries of subnets: ports that have none are not looked at. A fabric has these chains only while it
 * has a boundary that restricts, because every packet would pay for the two hooks.
 */
export function aclBaseChains(): readonly Chain[] {
  return ACLS.map(({ name, port, priority }): Chain => ({
    name,
    hook: { hook: 'forward', priority, policy: 'drop' },
    rules: [
      [{ op: 'vmap', field: port, map: `${name}_chains` }],
      [lookup([port], `${name}_ports`), goTo(`${name}_denied`)],
      [ACCEPT],
    ],
  }));
}

function aclDeniedChains(log: LogRules): readonly Chain[] {
  return ACLS.map(({ name, port }): Chain => ({
    name: `${name}_denied`,
    rules: [...log(port, name), [lookup([port], `${name}_drops`), DROP], [DROP]],
  }));
}

const ACLS = [
  { name: 'acl_out', port: 'iifname', priority: 'filter - 6' },
  { name: 'acl_in', port: 'oifname', priority: 'filter - 4' },
] as const;

/**
 * Packets that belong to no flow and cannot begin one are dropped. ICMP is left to the rules: connection
 * tracking calls every lone message invalid that is no request, but a rule may admit it by its type.
 */
function invalidChain(gate: 'egress' | 'ingress' | 'input'): Chain {
  return {
    name: `${gate}_invalid`,
    rules: [
      [
        { op: 'is', field: 'meta l4proto', values: [point(1), point(58)] },
        { op: 'verdict', verdict: { verdict: 'return' } },
      ],
      [goTo(`${gate}_denied`)],
    ],
  };
}

function lookup(fields: readonly Field[], set: string): Step {
  return { op: 'lookup', fields, set };
}

function goTo(chain: string): Step {
  return { op: 'verdict', verdict: { verdict: 'goto', chain } };
}

/** Neighbour discovery comes from fe80::/10, or from :: while an address is tentative. */
function linkLocalSources(): readonly { readonly first: bigint; readonly last: bigint }[] {
  const block = parseCidr('fe80::/10');
  return [point(0), ...(block.ok ? [{ first: block.value.first, last: block.value.last }] : [])];
}
