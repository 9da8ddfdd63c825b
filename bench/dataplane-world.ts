/**
 * What the data plane is measured with: fabrics of any size in which one port talks to another, and the same
 * rules as linear programs. Every rule is of a group that a local port wears, so that no program can
 * leave any of them out.
 */
import { must } from '../src/base/assert.ts';
import { parseCidr } from '../src/base/cidr.ts';
import type { GroupView } from '../src/dataplane/compiler.ts';
import type { FabricPort, FabricState } from '../src/dataplane/state.ts';
import type { Rule } from '../src/policy/rule.ts';
import type { InterfaceView } from '../src/policy/world.ts';
import { benchInterface, benchPort, dice } from './filter-world.ts';

/** How many addresses the fabric knows, and how many rules its ports have. */
export interface Size {
  readonly addresses: number;
  readonly rules: number;
}

/** A fabric of some size. */
export interface DataplaneWorld {
  readonly state: FabricState;
  readonly client: FabricPort;
  readonly server: FabricPort;
  /** In the order of ports, groups and rules. */
  readonly rules: readonly { readonly link: string; readonly rule: Rule }[];
}

/** Ports that the server's groups admit from the client's. */
export const OPEN = {
  /** The last rule of a linear program. */
  last: 20_000,
  /** The middle one. */
  middle: 20_001,
} as const;
/** A port that no rule admits. */
export const CLOSED = 20_100;

const PORTS_MAX = 100;
const RULES_PER_PORT = 100;
const GROUPS_PER_PORT = 5;
const CLASSES_MAX = 2000;
const PEERS_PER_CLASS = 25;

/** The same fabric at every run. The last two rules are those that admit the flows. */
export function dataplaneWorld(size: Size): DataplaneWorld {
  const roll = dice(size.rules + size.addresses);
  const portCount = Math.min(PORTS_MAX, Math.max(2, size.rules / RULES_PER_PORT));
  const worn = size.rules / portCount < RULES_PER_PORT ? 1 : GROUPS_PER_PORT;
  const groupCount = portCount * worn;
  const groupsOf = (port: number) =>
    Array.from({ length: worn }, (_, n) => groupId(port * worn + n)).toSorted();
  const classes = Array.from(
    { length: Math.min(CLASSES_MAX, Math.ceil(size.addresses / PEERS_PER_CLASS)) },
    () => [groupId(roll(groupCount)), groupId(roll(groupCount))].toSorted(),
  );
  const interfaces = Array.from({ length: size.addresses }, (_, i) =>
    benchInterface(
      i,
      i < portCount ? groupsOf(i) : [...new Set(must(classes[i % classes.length], () => 'class'))],
    ),
  );
  const ports = interfaces.slice(0, portCount).map(benchPort);
  const perGroup = size.rules / groupCount;
  const groups = Array.from({ length: groupCount }, (_, i): readonly [string, GroupView] => {
    const id = groupId(i);
    const rules = Array.from({ length: perGroup }, (_unused, n) =>
      fillerRule({ id, n, roll, groupCount }),
    );
    return [id, { groupId: id, name: id, vpcId: 'vpc-bench', rules }];
  });
  const byId = new Map(groups);
  const client = must(ports.at(-2), () => 'a client');
  const server = must(ports.at(-1), () => 'a server');
  admit(byId, client, server);
  const rules = ports.flatMap((port) =>
    port.groupIds.flatMap((id) =>
      must(byId.get(id), () => id).rules.map((rule) => ({ link: port.link, rule })),
    ),
  );
  const state = { world: { groups: byId, interfaces }, ports, uplinks: ['vx0'] };
  return { state, client, server, rules };
}

function groupId(i: number): string {
  return `sg-${(i + 0xabc0).toString(16).padStart(17, '0')}`;
}

interface Filler {
  readonly id: string;
  readonly n: number;
  readonly roll: (below: number) => number;
  readonly groupCount: number;
}

/** Half of them for blocks, half for groups; half in each direction; none covers what is measured. */
function fillerRule({ id, n, roll, groupCount }: Filler): Rule {
  const first = 1 + roll(19_000);
  const cidr = parseCidr(`10.${roll(256)}.${roll(256)}.0/${[8, 16, 20, 24][roll(4)]}`);
  return {
    groupId: id,
    ruleId: `sgr-${id.slice(-4)}-${n}`,
    direction: n % 2 === 0 ? 'egress' : 'ingress',
    protocol: {
      kind: 'ports',
      number: roll(4) === 0 ? 17 : 6,
      ports: { first, last: first + roll(50) },
    },
    peer:
      n % 4 < 2 && cidr.ok
        ? { kind: 'cidr', cidr: cidr.value }
        : { kind: 'group', groupId: groupId(roll(groupCount)) },
  };
}

/** Both gates admit by a rule that names the other end's group; it takes the place of another rule. */
function admit(groups: Map<string, GroupView>, client: FabricPort, server: FabricPort): void {
  for (const direction of ['egress', 'ingress'] as const) {
    const [own, other] = direction === 'egress' ? [client, server] : [server, client];
    const id = must(own.groupIds.at(-1), () => 'a group');
    const view = must(groups.get(id), () => id);
    const peer = { kind: 'group', groupId: must(other.groupIds.at(-1), () => 'a group') } as const;
    const rule = (number: 6 | 17): Rule => ({
      groupId: id,
      ruleId: `sgr-open-${direction}-${number}`,
      direction,
      protocol: { kind: 'ports', number, ports: { first: OPEN.last, last: OPEN.middle } },
      peer,
    });
    groups.set(id, { ...view, rules: [...view.rules.slice(0, -2), rule(17), rule(6)] });
  }
}

/** A line of a linear program; a group that a rule names is one block there, which favours it. */
interface Line {
  readonly link: string;
  readonly egress: boolean;
  readonly block: string;
  readonly protocol: 'tcp' | 'udp';
  readonly ports: readonly [number, number];
}

function linesOf({ rules, client, server }: DataplaneWorld): readonly Line[] {
  const fillers = rules.filter(({ rule }) => !rule.ruleId.startsWith('sgr-open'));
  const open = (protocol: 'tcp' | 'udp', port: number): readonly Line[] => [
    { link: client.link, egress: true, block: addressOf(server), protocol, ports: [port, port] },
    { link: server.link, egress: false, block: addressOf(client), protocol, ports: [port, port] },
  ];
  const lines = fillers.map(({ link, rule }, i) => lineOf(link, rule, i));
  const half = Math.floor(lines.length / 2);
  return [
    ...lines.slice(0, half),
    ...open('tcp', OPEN.middle),
    ...open('udp', OPEN.middle),
    ...lines.slice(half),
    ...open('udp', OPEN.last),
    ...open('tcp', OPEN.last),
  ];
}

function lineOf(link: string, { direction, protocol, peer }: Rule, i: number): Line {
  const ports = protocol.kind === 'ports' ? protocol.ports : { first: 0, last: 65_535 };
  const isUdp = protocol.kind === 'ports' && protocol.number === 17;
  const block =
    peer.kind === 'cidr'
      ? `${dotted(peer.cidr.first)}/${peer.cidr.prefixBits}`
      : `10.${i & 255}.${(i >> 8) & 255}.0/24`;
  const range = [ports.first, ports.last] as const;
  return {
    link,
    egress: direction === 'egress',
    block,
    protocol: isUdp ? 'udp' : 'tcp',
    ports: range,
  };
}

/** An unprivileged transaction has room for about this many rules. */
const RULES_PER_SCRIPT = 400;

/** The rules one after another in nftables, with known flows let through first: scripts to load in turn. */
export function linearNft(world: DataplaneWorld): readonly string[] {
  const chain = (name: string, priority: number): readonly string[] => [
    `  chain ${name} {`,
    `    type filter hook forward priority ${priority}; policy drop;`,
    '    ct state established,related accept',
    '  }',
  ];
  const base = ['table ip linear {', ...chain('egress', -10), ...chain('ingress', 0), '}', ''];
  const rules = linesOf(world).map(({ link, egress, block, protocol, ports: [first, last] }) => {
    const head = egress
      ? `egress iifname "${link}" ip daddr`
      : `ingress oifname "${link}" ip saddr`;
    return `add rule ip linear ${head} ${block} ${protocol} dport ${first}-${last} accept`;
  });
  const scripts = Array.from({ length: Math.ceil(rules.length / RULES_PER_SCRIPT) }, (_, i) =>
    rules.slice(i * RULES_PER_SCRIPT, (i + 1) * RULES_PER_SCRIPT),
  );
  return [base, ...scripts].map((lines) => `${lines.join('\n')}\n`);
}

/** The rules one after another for `iptables-restore`, with known flows let through first. */
export function linearIptables(world: DataplaneWorld): string {
  const rules = linesOf(world).map(({ link, egress, block, protocol, ports }) => {
    const head = egress ? `-A EGRESS -i ${link} -d ${block}` : `-A INGRESS -o ${link} -s ${block}`;
    const target = egress ? '-g INGRESS' : '-j ACCEPT';
    return `${head} -p ${protocol} --dport ${ports.join(':')} ${target}`;
  });
  return [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD DROP [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':EGRESS - [0:0]',
    ':INGRESS - [0:0]',
    '-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
    '-A FORWARD -j EGRESS',
    ...rules,
    '-A INGRESS -j DROP',
    'COMMIT',
    '',
  ].join('\n');
}

/** The first address of a port, as text. */
export function addressOf(item: Pick<InterfaceView, 'addresses'>): string {
  return dotted(item.addresses[0]?.value ?? 0n);
}

function dotted(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
}
