import type { AddressInfo, NetnsState, NetworkStep } from '../../base/network.ts';
import {
  deviceTable,
  DOOMED_GROUP,
  isPortLink,
  MAIN_TABLE,
  METADATA_ADDRESS,
  PRIORITY,
} from '../wiring/names.ts';
import { remotesIn, ROUTER6, type DesiredFabric, type DesiredPort } from './desired.ts';
import {
  blockText,
  forwardingSteps,
  forwardingTo,
  sameRoute,
  type Forwarding,
  type Route,
} from './forwarding.ts';

/** What `decideFabric` compares. */
export interface FabricInput {
  readonly desired: DesiredFabric;
  /** Branches that a pod is wired to; the ports of others are not made. */
  readonly wired: ReadonlySet<string>;
  readonly state: NetnsState;
  readonly hostNetns: string;
  /** The VXLAN device. */
  readonly uplink: string;
  readonly mtu: number;
}

/** Steps that turn the fabric namespace into what it shall be; none when it is already. */
export function decideFabric(input: FabricInput): readonly NetworkStep[] {
  const present = new Set(input.state.links.map((link) => link.name));
  const ports = portsToServe(input, present);
  return [
    ...staleLinks(input),
    ...ownAddressSteps(input),
    ...ports.flatMap((port) => linkSteps(port, present, input)),
    ...routerSteps(input, ports),
    ...forwardingDiff(input, ports),
  ];
}

/** A branch's links are made by the wiring; here an existing one is only kept right. */
function portsToServe(input: FabricInput, present: ReadonlySet<string>): readonly DesiredPort[] {
  return input.desired.ports.filter(
    (port) => port.device !== undefined || (input.wired.has(port.eniId) && present.has(port.link)),
  );
}

function staleLinks({ desired, wired, state }: FabricInput): NetworkStep[] {
  const keep = new Set(
    desired.ports
      .filter((port) => port.device !== undefined || wired.has(port.eniId))
      .map((port) => port.link),
  );
  const stale = state.links.filter((link) => isPortLink(link.name) && !keep.has(link.name));
  if (stale.length === 0) return [];
  // Fifty links together cost as much as one.
  return [
    ...stale.map(({ name }): NetworkStep => {
      return { op: 'link-set', name, group: DOOMED_GROUP, ignoreMissing: true };
    }),
    { op: 'link-delete-group', group: DOOMED_GROUP },
  ];
}

/** What the fabric answers for itself: as router of the subnets, and as metadata service. */
function ownAddressSteps({ desired, state }: FabricInput): NetworkStep[] {
  const has = state.addresses.filter((one) => one.link === 'lo' && one.prefixBits === 32);
  const have = new Set(has.map((one) => one.address));
  const want = new Set([...desired.gateways, METADATA_ADDRESS]);
  const step = { link: 'lo', prefixBits: 32 } as const;
  return [
    ...[...want]
      .filter((address) => !have.has(address))
      .map((address) => ({ ...step, op: 'address-add', address }) as const),
    ...[...have]
      .filter((address) => !want.has(address))
      .map((address) => ({ ...step, op: 'address-delete', address, ignoreMissing: true }) as const),
  ];
}

function linkSteps(
  port: DesiredPort,
  present: ReadonlySet<string>,
  input: FabricInput,
): NetworkStep[] {
  if (present.has(port.link)) return [];
  const { hostNetns, mtu } = input;
  const peer = { name: port.hostLink, netns: hostNetns, mac: port.mac, mtu };
  return [
    { op: 'link-add-veth', name: port.link, mtu, up: true, peer },
    { op: 'proxy-delay-set', link: port.link, delayMs: 0 },
  ];
}

/** What packets are forwarded by: to the ports of this host, and through the tunnels to others. */
function forwardingDiff(input: FabricInput, ports: readonly DesiredPort[]): readonly NetworkStep[] {
  const { desired, state, uplink } = input;
  const want = forwardingTo(remotesIn(desired), uplink);
  for (const port of ports) {
    for (const address of [...port.addresses, ...port.addresses6]) {
      want.neighbours.set(`${port.link} ${address}`, port.mac);
      want.routes.set(blockText(address), { link: port.link });
    }
    for (const [prefix, gateway] of prefixHops(port))
      want.routes.set(prefix, { link: port.link, gateway });
  }
  return forwardingSteps(presentForwarding(state, uplink), want, uplink);
}

/** What of the kernel's state is ours. */
function presentForwarding(state: NetnsState, uplink: string): Forwarding {
  const isOurs = ({ link }: { readonly link: string }): boolean =>
    isPortLink(link) || link === uplink;
  return {
    neighbours: new Map(
      state.neighbours.filter(isOurs).map((one) => [`${one.link} ${one.address}`, one.mac]),
    ),
    fdb: new Map(
      state.fdb.filter((one) => one.link === uplink).map((one) => [one.mac, one.remote]),
    ),
    routes: new Map(
      state.routes
        .filter((one) => one.table === MAIN_TABLE && isOurs(one) && !isKernels(one.destination))
        .map((one) => [one.destination, one]),
    ),
  };
}

/** Delegated prefixes lie behind the interface's own address. */
function prefixHops(port: DesiredPort): readonly (readonly [string, string])[] {
  return port.prefixes.flatMap((prefix) => {
    const [hop] = prefix.includes(':') ? port.addresses6 : port.addresses;
    return hop === undefined ? [] : [[prefix, hop] as const];
  });
}

/** The router's addresses on each port of a subnet that has IPv6: the fabric answers for no others. */
function routerSteps({ state }: FabricInput, ports: readonly DesiredPort[]): NetworkStep[] {
  const served = new Set(ports.map(({ link }) => link));
  const want = new Map<string, AddressInfo>(
    ports
      .filter((port) => port.addresses6.length + port.gateways6.length > 0)
      .flatMap((port) =>
        [ROUTER6, ...port.gateways6].map((address) => {
          const prefixBits = address === ROUTER6 ? 64 : 128;
          return [`${port.link} ${address}`, { link: port.link, address, prefixBits }] as const;
        }),
      ),
  );
  const have = new Map(
    state.addresses
      .filter(({ link, address }) => served.has(link) && isRouters(address))
      .map((one) => [`${one.link} ${one.address}`, one]),
  );
  return [
    ...[...want]
      .filter(([key]) => !have.has(key))
      .map(([, one]): NetworkStep => ({ op: 'address-add', ...one, ignoreExisting: true })),
    ...[...have]
      .filter(([key]) => !want.has(key))
      .map(([, one]): NetworkStep => ({ op: 'address-delete', ...one, ignoreMissing: true })),
  ];
}

/** All addresses of ports but those that the kernel gives to every link. */
function isRouters(address: string): boolean {
  return address.includes(':') && (address === ROUTER6 || !address.startsWith('fe80:'));
}

/** Routes that the kernel makes for every link. */
function isKernels(destination: string): boolean {
  return destination.startsWith('fe80:') || destination.startsWith('ff00:');
}

/** Steps that set up the host's ends of attached interfaces (spec 5.6); none when all is right. */
export function decideHost(
  ports: readonly DesiredPort[],
  state: NetnsState,
): readonly NetworkStep[] {
  return ports.flatMap((port) => {
    const device = port.device;
    if (!device) return [];
    const main = device.index === 0;
    return [
      ...hostLinkSteps(port, state),
      ...hostAddressSteps(port, state),
      ...host6Steps(port, state, device.index),
      ...(main ? primaryRouteSteps(port, state) : deviceRouteSteps(port, state, device)),
    ];
  });
}

function hostLinkSteps(port: DesiredPort, state: NetnsState): NetworkStep[] {
  const up = state.links.some((link) => link.name === port.hostLink && link.up);
  return up ? [] : [{ op: 'link-set', name: port.hostLink, up: true }];
}

function hostAddressSteps(port: DesiredPort, state: NetnsState): NetworkStep[] {
  const [address = ''] = port.addresses;
  const link = port.hostLink;
  const have = state.addresses.filter((one) => one.link === link && !one.address.includes(':'));
  const stale = have.filter((one) => one.address !== address);
  return [
    ...stale.map((one): NetworkStep => ({ op: 'address-delete', ...one, ignoreMissing: true })),
    ...(have.length > stale.length || port.ipv4 === undefined
      ? []
      : [
          {
            op: 'address-add',
            link,
            address,
            prefixBits: port.ipv4.prefixBits,
            ignoreExisting: true,
          } as const,
        ]),
  ];
}

/** IPv6 as DHCPv6 and the router of EC2 set it up: single addresses, and everything by the router. */
function host6Steps(port: DesiredPort, state: NetnsState, device: number): NetworkStep[] {
  const link = port.hostLink;
  const have = state.addresses.filter(
    (one) => one.link === link && one.address.includes(':') && !one.address.startsWith('fe80:'),
  );
  const missing = port.addresses6.filter((text) => !have.some((one) => one.address === text));
  const stale = have.filter((one) => !port.addresses6.includes(one.address));
  const table = device === 0 ? MAIN_TABLE : deviceTable(device);
  const route = { destination: '::/0', link, gateway: ROUTER6, table };
  const routed = port.addresses6.length === 0 || hasRoute(state, route);
  return [
    ...stale.map((one): NetworkStep => ({ op: 'address-delete', ...one, ignoreMissing: true })),
    ...missing.map((address): NetworkStep => {
      return { op: 'address-add', link, address, prefixBits: 128, ignoreExisting: true };
    }),
    ...(routed ? [] : [{ op: 'route-replace', ...route } as const]),
  ];
}

function hasRoute(state: NetnsState, want: Route & { destination: string; table: number }) {
  return state.routes.some(
    (one) =>
      one.destination === want.destination && one.table === want.table && sameRoute(one, want),
  );
}

function primaryRouteSteps(port: DesiredPort, state: NetnsState): NetworkStep[] {
  const { hostLink: link, ipv4 } = port;
  if (ipv4 === undefined) return [];
  const route = { destination: '0.0.0.0/0', link, gateway: ipv4.gateway, table: MAIN_TABLE };
  return hasRoute(state, route) ? [] : [{ op: 'route-replace', ...route }];
}

/** A secondary interface has its own table; the trunk lacks the rule that would lead to it. */
function deviceRouteSteps(
  port: DesiredPort,
  state: NetnsState,
  device: { readonly index: number; readonly trunk: boolean },
): NetworkStep[] {
  const { hostLink: link, ipv4 } = port;
  if (ipv4 === undefined) return [];
  const { gateway, cidr } = ipv4;
  const table = deviceTable(device.index);
  const route = { destination: '0.0.0.0/0', link, gateway, table };
  if (hasRoute(state, route)) return [];
  const from = `${port.addresses[0]}/32`;
  const source: NetworkStep = {
    op: 'rule-add',
    priority: PRIORITY.fromInterface,
    table,
    from,
    ignoreExisting: true,
  };
  return [
    { op: 'route-replace', destination: `${gateway}/32`, link, scope: 'link', table },
    { op: 'route-replace', ...route },
    { op: 'route-delete', destination: cidr, link, ignoreMissing: true },
    ...(device.trunk ? [] : [source]),
  ];
}
