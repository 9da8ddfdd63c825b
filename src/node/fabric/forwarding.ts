import { formatIp, parseIp } from '../../base/ip.ts';
import type { NetworkStep } from '../../base/network.ts';
import type { RemoteAddress } from './desired.ts';

/** Where packets to a destination go. */
export interface Route {
  readonly link: string;
  readonly gateway?: string;
}

/** What the fabric forwards by, each entry by its key. */
export interface Forwarding {
  /** MAC address by link and address, with a space between. */
  readonly neighbours: Map<string, string>;
  /** Tunnel's end by MAC address. */
  readonly fdb: Map<string, string>;
  /** By destination block. */
  readonly routes: Map<string, Route>;
}

/** What leads to the addresses of other hosts. `uplink` is the VXLAN device. */
export function forwardingTo(remotes: Iterable<RemoteAddress>, uplink: string): Forwarding {
  const forwarding: Forwarding = { neighbours: new Map(), fdb: new Map(), routes: new Map() };
  for (const remote of remotes) {
    const { address, tunnelAddress, tunnelMac } = remote;
    const gateway = tunnelHop(remote);
    forwarding.neighbours.set(`${uplink} ${gateway}`, tunnelMac);
    forwarding.fdb.set(tunnelMac, tunnelAddress);
    forwarding.routes.set(blockText(address), { link: uplink, gateway });
  }
  return forwarding;
}

/** Steps from one forwarding to another. */
export function forwardingSteps(
  have: Forwarding,
  want: Forwarding,
  uplink: string,
): readonly NetworkStep[] {
  return [
    ...changed(have.neighbours, want.neighbours).map(([key, mac]): NetworkStep => {
      const [link = '', address = ''] = key.split(' ');
      if (mac !== undefined) return { op: 'neighbour-replace', link, address, mac };
      return { op: 'neighbour-delete', link, address, ignoreMissing: true };
    }),
    ...changed(have.fdb, want.fdb).map(([mac, remote]): NetworkStep => {
      if (remote !== undefined) return { op: 'fdb-replace', link: uplink, mac, remote };
      const old = have.fdb.get(mac) ?? '';
      return { op: 'fdb-delete', link: uplink, mac, remote: old, ignoreMissing: true };
    }),
    ...changed(have.routes, want.routes, sameRoute).map(([destination, route]): NetworkStep => {
      if (route !== undefined) return routeStep(destination, route);
      const link = have.routes.get(destination)?.link ?? '';
      return { op: 'route-delete', destination, link, ignoreMissing: true };
    }),
  ];
}

/**
 * Steps for slices that changed, without a look at the kernel. `rest` are all other addresses: what
 * one of them needs stays.
 */
export function remoteSteps(
  change: {
    readonly gone: readonly RemoteAddress[];
    readonly come: readonly RemoteAddress[];
    readonly rest: () => Iterable<RemoteAddress>;
  },
  uplink: string,
): readonly NetworkStep[] {
  const have = forwardingTo(change.gone, uplink);
  const want = forwardingTo(change.come, uplink);
  if (isWithin(have, want)) return forwardingSteps(have, want, uplink);
  // Something goes: not what others need. They are many, and hardly ever need it.
  const addresses = new Set(change.gone.map(({ address }) => address));
  const tunnels = new Set(change.gone.map(({ tunnelMac }) => tunnelMac));
  const concerned: RemoteAddress[] = [];
  for (const remote of change.rest())
    if (addresses.has(remote.address) || tunnels.has(remote.tunnelMac)) concerned.push(remote);
  const rest = forwardingTo(concerned, uplink);
  keepWanted(have.neighbours, want.neighbours, rest.neighbours);
  keepWanted(have.fdb, want.fdb, rest.fdb);
  keepWanted(have.routes, want.routes, rest.routes);
  return forwardingSteps(have, want, uplink);
}

/** An address as a block. */
export function blockText(address: string): string {
  if (address.includes('/')) return address;
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

/** Whether a route is as it shall be. */
export function sameRoute(have: Route | undefined, want: Route): boolean {
  return have?.link === want.link && have.gateway === want.gateway;
}

function isWithin(have: Forwarding, want: Forwarding): boolean {
  return (['neighbours', 'fdb', 'routes'] as const).every((part) =>
    [...have[part].keys()].every((key) => want[part].has(key)),
  );
}

function keepWanted<V>(have: Map<string, V>, want: Map<string, V>, rest: Map<string, V>): void {
  for (const key of have.keys()) {
    const needed = rest.get(key);
    if (!want.has(key) && needed !== undefined) want.set(key, needed);
  }
}

/** New and changed entries first, so that nothing is without a way meanwhile; then those that go. */
function changed<V>(
  have: ReadonlyMap<string, V>,
  want: ReadonlyMap<string, V>,
  same: (a: V | undefined, b: V) => boolean = (a, b) => a === b,
): readonly (readonly [string, V | undefined])[] {
  return [
    ...[...want].filter(([key, value]) => !same(have.get(key), value)),
    ...[...have.keys()].filter((key) => !want.has(key)).map((key) => [key, undefined] as const),
  ];
}

function routeStep(destination: string, { link, gateway }: Route): NetworkStep {
  if (gateway === undefined) return { op: 'route-replace', destination, link, scope: 'link' };
  return { op: 'route-replace', destination, link, gateway, onlink: true };
}

/** The other end of a tunnel as a next hop of the family: of IPv6, the address made from that of IPv4. */
function tunnelHop({ address, tunnelAddress }: RemoteAddress): string {
  if (!address.includes(':')) return tunnelAddress;
  const ip = parseIp(tunnelAddress);
  return ip.ok ? formatIp({ family: 6, value: LINK_LOCAL | ip.value.value }) : tunnelAddress;
}

const LINK_LOCAL = 0xfe80n << 112n;
