import type { Destination, ProxyEndpoint, ProxyPort } from './service-ports.ts';

/**
 * The rules of one node, as a script of nft: one table of our own, in the shape of kube-proxy's nftables
 * mode (KEP 3866). Addresses lead by a map to the chain of their Service, which picks an endpoint at
 * random; ports of the node by a second map. What has no endpoint is refused in filter chains, because
 * chains that translate may not refuse.
 */

/** The table; nothing else of ours or of the CNI is in it. */
export const PROXY_TABLE = 'ip kube-proxy';
/** The bit of the packet mark by which masquerading is ordered, as kube-proxy's `masqueradeBit` 14. */
const MASQUERADE = '0x4000';

/** Chains and sets that come and go with the Services. */
export interface ProxyNames {
  readonly chains: ReadonlySet<string>;
  readonly sets: ReadonlySet<string>;
}

/** A program, and what it leaves in the kernel besides the fixed parts. */
export interface ProxyProgram {
  readonly names: ProxyNames;
  /** Replaces whatever there is; affinities are forgotten. */
  readonly whole: string;
  /** Turns the program that left `before` into this one; clients keep their endpoints. */
  after(before: ProxyNames): string;
}

/** Hash of a name for the names of chains: 8 characters, lower case letters and digits. */
export type ShortHash = (text: string) => string;

const ADDRESS_MAP = 'type ipv4_addr . inet_proto . inet_service : verdict';
const PORT_MAP = 'type inet_proto . inet_service : verdict';
const MAPS = {
  'service-ips': ADDRESS_MAP,
  'service-nodeports': PORT_MAP,
  'no-endpoint-services': ADDRESS_MAP,
  'no-endpoint-nodeports': PORT_MAP,
} as const;
type MapName = keyof typeof MAPS;

const BASE_CHAINS = {
  'nat-prerouting': 'type nat hook prerouting priority -100 ;',
  'nat-output': 'type nat hook output priority -100 ;',
  'nat-postrouting': 'type nat hook postrouting priority 100 ;',
  'filter-input': 'type filter hook input priority -110 ;',
  'filter-forward': 'type filter hook forward priority -110 ;',
  // After the translation: a packet of the node itself that still has a cluster address has no Service.
  'filter-output': 'type filter hook output priority -90 ;',
} as const;
const FIXED_CHAINS = ['services', 'endpoints-check', 'mark-for-masquerade', 'refuse', 'ignore'];

const TO_ADDRESS = 'ip daddr . meta l4proto . th dport';
const TO_NODE_PORT = 'fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport';
/** Chain and rule of everything that does not depend on Services. */
const FIXED_RULES: readonly (readonly [string, string])[] = [
  ['nat-prerouting', 'jump services'],
  ['nat-output', 'jump services'],
  ['services', `${TO_ADDRESS} vmap @service-ips`],
  ['services', `${TO_NODE_PORT} vmap @service-nodeports`],
  ['mark-for-masquerade', `meta mark set meta mark | ${MASQUERADE}`],
  ['nat-postrouting', `meta mark & ${MASQUERADE} == 0 return`],
  ['nat-postrouting', `meta mark set meta mark ^ ${MASQUERADE}`],
  ['nat-postrouting', 'masquerade fully-random'],
  ['filter-input', 'ct state new jump endpoints-check'],
  ['filter-forward', 'ct state new jump endpoints-check'],
  ['filter-output', 'ct state new jump endpoints-check'],
  ['endpoints-check', `${TO_ADDRESS} vmap @no-endpoint-services`],
  ['endpoints-check', `${TO_NODE_PORT} vmap @no-endpoint-nodeports`],
  // A port that the Service does not have.
  ['endpoints-check', 'ip daddr @cluster-ips goto refuse'],
  ['refuse', 'reject'],
  ['ignore', 'drop'],
];

/** Names in nft are shorter than 128 bytes; the hash keeps cut ones apart. */
const NAME_CHARACTERS = 100;

/** The program that serves these ports. Depends on nothing else. */
export function proxyProgram(ports: readonly ProxyPort[], hash: ShortHash): ProxyProgram {
  const parts = new Parts();
  for (const port of ports) addPort(parts, port, hash);
  const names = { chains: new Set(parts.chains), sets: new Set(parts.sets.keys()) };
  return {
    names,
    whole: script([`add table ${PROXY_TABLE}`, `delete table ${PROXY_TABLE}`, ...parts.lines()]),
    after: (before) =>
      script([
        ...Object.keys(MAPS).map((name) => `flush map ${PROXY_TABLE} ${name}`),
        `flush set ${PROXY_TABLE} cluster-ips`,
        `flush table ${PROXY_TABLE}`,
        ...gone(before.chains, names.chains).map((name) => `delete chain ${PROXY_TABLE} ${name}`),
        ...gone(before.sets, names.sets).map((name) => `delete set ${PROXY_TABLE} ${name}`),
        ...parts.lines(),
      ]),
  };
}

function script(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

function gone(before: ReadonlySet<string>, now: ReadonlySet<string>): readonly string[] {
  return [...before].filter((name) => !now.has(name));
}

/** What the Services add to the fixed parts. */
class Parts {
  readonly chains: string[] = [];
  /** Definitions of sets, by name. */
  readonly sets = new Map<string, string>();
  readonly #rules: (readonly [string, string])[] = [];
  readonly #clusterIps = new Set<string>();
  readonly #elements: Readonly<Record<MapName, string[]>> = {
    'service-ips': [],
    'service-nodeports': [],
    'no-endpoint-services': [],
    'no-endpoint-nodeports': [],
  };

  chain(name: string, rules: readonly string[]): void {
    if (this.chains.includes(name)) return;
    this.chains.push(name);
    this.#rules.push(...rules.map((rule) => [name, rule] as const));
  }

  element(map: MapName, key: string, verdict: string): void {
    this.#elements[map].push(`${key} : ${verdict}`);
  }

  clusterIp(address: string): void {
    this.#clusterIps.add(address);
  }

  lines(): readonly string[] {
    const named = Object.entries(this.#elements).filter(([, all]) => all.length > 0);
    return [
      `add table ${PROXY_TABLE}`,
      ...Object.entries(MAPS).map(([name, type]) => `add map ${PROXY_TABLE} ${name} { ${type} ; }`),
      `add set ${PROXY_TABLE} cluster-ips { type ipv4_addr ; }`,
      ...[...this.sets].map(([name, text]) => `add set ${PROXY_TABLE} ${name} { ${text} }`),
      ...Object.entries(BASE_CHAINS).map(
        ([name, hook]) => `add chain ${PROXY_TABLE} ${name} { ${hook} }`,
      ),
      ...[...FIXED_CHAINS, ...this.chains].map((name) => `add chain ${PROXY_TABLE} ${name}`),
      ...[...FIXED_RULES, ...this.#rules].map(
        ([chain, rule]) => `add rule ${PROXY_TABLE} ${chain} ${rule}`,
      ),
      ...named.map(([map, all]) => `add element ${PROXY_TABLE} ${map} { ${all.join(', ')} }`),
      ...(this.#clusterIps.size > 0
        ? [`add element ${PROXY_TABLE} cluster-ips { ${[...this.#clusterIps].join(', ')} }`]
        : []),
    ];
  }
}

function addPort(parts: Parts, port: ProxyPort, hash: ShortHash): void {
  const { protocol, clusterIp, nodePort } = port;
  parts.clusterIp(clusterIp);
  const inside = `${clusterIp} . ${protocol} . ${port.port}`;
  const outside = port.externalIps.map((address) => `${address} . ${protocol} . ${port.port}`);
  const onNode = nodePort === undefined ? [] : [`${protocol} . ${nodePort}`];
  const namer = new Namer(port, hash);
  const { internal, external } = port;
  if (internal.endpoints.length === 0)
    parts.element('no-endpoint-services', inside, refusal(internal));
  else parts.element('service-ips', inside, `goto ${addPool(parts, namer, internal)}`);
  if (outside.length + onNode.length === 0) return;
  if (external.endpoints.length === 0) {
    for (const key of outside) parts.element('no-endpoint-services', key, refusal(external));
    for (const key of onNode) parts.element('no-endpoint-nodeports', key, refusal(external));
    return;
  }
  const entry = `goto ${addExternal(parts, namer)}`;
  for (const key of outside) parts.element('service-ips', key, entry);
  for (const key of onNode) parts.element('service-nodeports', key, entry);
}

function refusal({ otherwise }: Destination): string {
  return otherwise === 'drop' ? 'goto ignore' : 'goto refuse';
}

/** Names of what belongs to one port. */
class Namer {
  readonly port: ProxyPort;
  readonly #hash: ShortHash;

  constructor(port: ProxyPort, hash: ShortHash) {
    this.port = port;
    this.#hash = hash;
  }

  of(kind: string, detail = ''): string {
    const { name } = this.port;
    const text = `${name}${detail === '' ? '' : `__${detail}`}`;
    return `${kind}-${this.#hash(`${kind} ${text}`)}-${text}`.slice(0, NAME_CHARACTERS);
  }
}

/** The chain for clients that come by a node's port or an external address. */
function addExternal(parts: Parts, namer: Namer): string {
  const { port } = namer;
  const chain = namer.of('external');
  const pool = addPool(parts, namer, port.external);
  const rules = port.externalLocal
    ? [
        // Programs of the node itself see all endpoints: there is no client address to keep.
        'fib saddr type local jump mark-for-masquerade',
        `fib saddr type local goto ${addPool(parts, namer, port.cluster)}`,
      ]
    : ['jump mark-for-masquerade'];
  parts.chain(chain, [...rules, `goto ${pool}`]);
  return chain;
}

/** The chain that picks one of the endpoints. */
function addPool(parts: Parts, namer: Namer, destination: Destination): string {
  const { port } = namer;
  const { endpoints } = destination;
  const chain = namer.of(destination === port.cluster ? 'service' : 'local');
  const chains = endpoints.map((endpoint) => addEndpoint(parts, namer, endpoint));
  const kept = port.affinitySeconds === undefined ? [] : endpoints;
  const choices = chains.map((name, index) => `${index} : goto ${name}`).join(', ');
  parts.chain(chain, [
    ...kept.map((one, index) => `ip saddr @${affinitySet(namer, one)} goto ${chains[index]}`),
    `numgen random mod ${endpoints.length} vmap { ${choices} }`,
  ]);
  return chain;
}

function addEndpoint(parts: Parts, namer: Namer, endpoint: ProxyEndpoint): string {
  const { protocol, affinitySeconds } = namer.port;
  const { address, port } = endpoint;
  const chain = namer.of('endpoint', `${address}/${port}`);
  const affinity = affinitySet(namer, endpoint);
  if (affinitySeconds !== undefined)
    parts.sets.set(
      affinity,
      `type ipv4_addr ; size 65536 ; flags dynamic,timeout ; timeout ${affinitySeconds}s ;`,
    );
  parts.chain(chain, [
    // An endpoint that meets itself must not get a packet from its own address.
    `ip saddr ${address} jump mark-for-masquerade`,
    ...(affinitySeconds === undefined ? [] : [`update @${affinity} { ip saddr }`]),
    `meta l4proto ${protocol} dnat to ${address}:${port}`,
  ]);
  return chain;
}

/** A set cannot change its timeout, so that is part of its name. */
function affinitySet(namer: Namer, { address, port }: ProxyEndpoint): string {
  return namer.of('affinity', `${address}/${port}/${namer.port.affinitySeconds ?? 0}`);
}
