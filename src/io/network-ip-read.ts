import {
  NetworkError,
  type LinkInfo,
  type NetnsPath,
  type NetnsState,
  type RouteInfo,
  type RuleInfo,
} from '../base/network.ts';
import { runInNetns } from './netns-exec.ts';
import { errnoOf } from './network-ip-error.ts';

/** Reads namespaces back by the JSON output of iproute2, in the shape of the Network port. */

interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly address: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly group?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: { readonly id?: number };
  };
  readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number }[];
}

interface IpRoute {
  readonly type: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly table?: string;
  readonly prefsrc?: string;
}

interface IpRule {
  readonly priority: number;
  readonly src: string;
  readonly srclen?: number;
  readonly dst?: string;
  readonly dstlen?: number;
  readonly iif?: string;
  readonly table: string;
}

interface IpNeighbour {
  readonly dst: string;
  readonly dev: string;
  readonly lladdr?: string;
  readonly state: readonly string[];
}

interface FdbEntry {
  readonly mac: string;
  readonly ifname: string;
  readonly dst?: string;
}

/** The links of a namespace. */
export async function links(netns: NetnsPath): Promise<readonly LinkInfo[]> {
  return (await json<IpLink>(netns, ['ip', '-json', '-details', 'link'])).map(linkInfo);
}

/** Everything in a namespace that we ever set. */
export async function read(netns: NetnsPath): Promise<NetnsState> {
  const addresses = await json<IpLink>(netns, ['ip', '-json', '-details', 'address']);
  const routes4 = await json<IpRoute>(netns, ['ip', '-json', '-details', ...ALL_ROUTES]);
  const routes6 = await json<IpRoute>(netns, ['ip', '-6', '-json', '-details', ...ALL_ROUTES]);
  const rules = await json<IpRule>(netns, ['ip', '-json', 'rule']);
  const neighbours = await json<IpNeighbour>(netns, ['ip', '-json', 'neigh']);
  const fdb = await json<FdbEntry>(netns, ['bridge', '-json', 'fdb', 'show']);
  return {
    links: addresses.map(linkInfo),
    addresses: addresses.flatMap(({ ifname, addr_info: list = [] }) =>
      list.map((one) => ({ link: ifname, address: one.local, prefixBits: one.prefixlen })),
    ),
    routes: [
      ...routes4.flatMap((route) => routeInfo(route, '0.0.0.0/0')),
      ...routes6.flatMap((route) => routeInfo(route, '::/0')),
    ],
    rules: rules.map(ruleInfo),
    neighbours: neighbours
      .filter((one) => one.state.includes('PERMANENT'))
      .map((one) => ({ link: one.dev, address: one.dst, mac: one.lladdr ?? '' })),
    fdb: fdb.flatMap(({ ifname, mac, dst }) =>
      dst === undefined ? [] : [{ link: ifname, mac, remote: dst }],
    ),
  };
}

const ALL_ROUTES = ['route', 'show', 'table', 'all'] as const;

async function json<T>(
  netns: NetnsPath,
  command: readonly [string, ...string[]],
): Promise<readonly T[]> {
  const done = await runInNetns(netns, command);
  if (done.status !== 0) throw new NetworkError(errnoOf(done.stderr), done.stderr.trim());
  return done.stdout.trim() === '' ? [] : (JSON.parse(done.stdout) as T[]);
}

function linkInfo(link: IpLink): LinkInfo {
  const kind = link.linkinfo?.info_kind ?? '';
  const vlanId = kind === 'vlan' ? link.linkinfo?.info_data?.id : undefined;
  return {
    index: link.ifindex,
    name: link.ifname,
    mac: link.address,
    mtu: link.mtu,
    up: link.flags.includes('UP'),
    kind,
    group: link.group === undefined || link.group === 'default' ? 0 : Number(link.group),
    ...(vlanId !== undefined && { vlanId }),
  };
}

function routeInfo(route: IpRoute, everything: string): RouteInfo[] {
  if (route.type !== 'unicast' || route.dev === undefined) return [];
  return [
    {
      destination: route.dst === 'default' ? everything : withLength(route.dst),
      link: route.dev,
      table: tableNumber(route.table ?? 'main'),
      ...(route.gateway !== undefined && { gateway: route.gateway }),
      ...(route.prefsrc !== undefined && { source: route.prefsrc }),
    },
  ];
}

function ruleInfo(rule: IpRule): RuleInfo {
  return {
    priority: rule.priority,
    table: tableNumber(rule.table),
    ...(rule.iif !== undefined && { inputLink: rule.iif }),
    ...(rule.src !== 'all' && { from: withLength(rule.src, rule.srclen) }),
    ...(rule.dst !== undefined && { to: withLength(rule.dst, rule.dstlen) }),
  };
}

function withLength(address: string, length?: number): string {
  if (address.includes('/')) return address;
  return `${address}/${length ?? (address.includes(':') ? 128 : 32)}`;
}

const TABLES: Readonly<Record<string, number>> = { default: 253, main: 254, local: 255 };

function tableNumber(name: string): number {
  return TABLES[name] ?? Number(name);
}
