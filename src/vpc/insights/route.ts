import type { RouteSpec } from '../../api/vpc/route-table.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { cidrHasIp, parseCidr, type Cidr } from '../../base/cidr.ts';
import { parseIp, type Ip } from '../../base/ip.ts';
import type { Call } from '../context.ts';
import { blocksOf } from '../network/blocks.ts';
import { peeringStatus } from '../network/peerings.ts';

/** Where a subnet sends packets for an address. */
export type RouteVerdict =
  | { readonly kind: 'local' }
  | { readonly kind: 'route'; readonly routeTableId: string; readonly peeringId?: string }
  | { readonly kind: 'none'; readonly routeTableId: string };

/** The most specific route of a subnet for an address; the local route of the VPC goes first. */
export function routeFor(call: Call, subnet: Subnet, address: string): RouteVerdict {
  const vpc = call.store.vpcs.must(subnet.spec.vpcId);
  const ip = parseIp(address);
  if (ip.ok && isLocal(vpc, ip.value)) return { kind: 'local' };
  const routeTableId = (subnet.spec.routeTable ?? vpc.spec.mainRouteTable)?.routeTableId ?? '';
  const route = ip.ok ? bestRoute(call, routeTableId, ip.value) : undefined;
  if (route === undefined || !isUsable(call, route)) return { kind: 'none', routeTableId };
  const { vpcPeeringConnectionId: peeringId } = route;
  return { kind: 'route', routeTableId, ...(peeringId !== undefined && { peeringId }) };
}

function bestRoute(call: Call, routeTableId: string, ip: Ip): RouteSpec | undefined {
  const routes = call.store.routeTables.get(routeTableId)?.spec.routes ?? [];
  const [best] = routes
    .flatMap((route) => destinationBlocks(call, route.destination).map((cidr) => ({ route, cidr })))
    .filter(({ cidr }) => cidrHasIp(cidr, ip))
    .sort((a, b) => b.cidr.prefixBits - a.cidr.prefixBits);
  return best?.route;
}

/** Routes through a peering that is not active lead nowhere. */
function isUsable(call: Call, { vpcPeeringConnectionId: id }: RouteSpec): boolean {
  if (id === undefined) return true;
  const peering = call.store.peerings.get(id);
  return peering !== undefined && peeringStatus(call, peering) === 'active';
}

function isLocal(vpc: Vpc, ip: Ip): boolean {
  return blocksOf(vpc).some((cidr) => cidrHasIp(cidr, ip));
}

/** A destination is a block or a prefix list. */
function destinationBlocks({ store }: Call, destination: string): Cidr[] {
  const entries = store.prefixLists.get(destination)?.spec.entries;
  const texts = entries?.map(({ cidr }) => cidr) ?? [destination];
  return texts.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr.ok ? [cidr.value] : [];
  });
}
