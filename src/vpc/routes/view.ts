import type {
  Route,
  RouteTable as RouteTableView,
  RouteTableAssociation,
} from '@aws-sdk/client-ec2';
import type { RouteSpec, RouteTable } from '../../api/vpc/route-table.ts';
import type { Place } from '../context.ts';
import { prefixListOf } from '../endpoints/parts.ts';
import { byName } from '../store/table.ts';
import { peeringStatus } from '../network/peerings.ts';
import { tagList } from '../tags.ts';
import { destinationFields } from './destination.ts';

/** A route table as EC2 shows it. */
export function routeTableView(place: Place, table: RouteTable): RouteTableView {
  const { metadata, spec } = table;
  return {
    RouteTableId: metadata.name,
    VpcId: spec.vpcId,
    OwnerId: spec.account,
    Associations: associationsOf(place, table),
    Routes: routesOf(place, table),
    PropagatingVgws: [],
    Tags: tagList(spec.tags),
  };
}

/** Who uses the table: the VPC as its main one, subnets, gateways. */
export function associationsOf(
  { store }: Place,
  { metadata }: RouteTable,
): RouteTableAssociation[] {
  const id = metadata.name;
  const of = (associationId: string | undefined, fields: RouteTableAssociation) => ({
    RouteTableAssociationId: associationId,
    RouteTableId: id,
    AssociationState: { State: 'associated' as const },
    ...fields,
  });
  return [
    ...store.vpcs.table
      .by('routeTable', id)
      .map(({ spec }) => of(spec.mainRouteTable?.associationId, { Main: true })),
    ...byName(store.subnets.table.by('routeTable', id)).map(({ metadata: { name }, spec }) =>
      of(spec.routeTable?.associationId, { Main: false, SubnetId: name }),
    ),
    ...store.internetGateways.table
      .by('routeTable', id)
      .map(({ metadata: { name }, spec }) =>
        of(spec.routeTable?.associationId, { Main: false, GatewayId: name }),
      ),
  ];
}

/** The blocks of the VPC: they are reached locally, whatever else a table says. */
export function localBlocks({ store }: Place, { spec }: RouteTable): readonly string[] {
  const vpc = store.vpcs.get(spec.vpcId)?.spec;
  return [...(vpc?.cidrBlocks ?? []), ...(vpc?.ipv6CidrBlocks ?? [])].map(({ cidr }) => cidr);
}

/** The routes of a table, the local ones first. A local route may lead to an interface instead. */
export function routesOf(place: Place, table: RouteTable): Route[] {
  const stored = table.spec.routes.map((route) => routeView(place, route, table.spec.vpcId));
  const local = localBlocks(place, table)
    .filter((block) => !table.spec.routes.some(({ destination }) => destination === block))
    .map((block): Route => ({
      ...destinationFields(block),
      GatewayId: 'local',
      Origin: 'CreateRouteTable',
      State: 'active',
    }));
  return [...local, ...stored, ...endpointRoutes(place, table)];
}

/** Routes to the services that the VPC reaches by gateway endpoints; nobody makes them by hand. */
function endpointRoutes({ store, region }: Place, { metadata }: RouteTable): Route[] {
  return byName(store.vpcEndpoints.table.by('routeTable', metadata.name)).map((endpoint) => ({
    DestinationPrefixListId: prefixListOf(region, endpoint.spec),
    GatewayId: endpoint.metadata.name,
    Origin: 'CreateRoute',
    State: 'active',
  }));
}

function routeView(place: Place, route: RouteSpec, vpcId: string): Route {
  const attachment = place.store.interfaces.get(route.networkInterfaceId ?? '')?.spec.attachment;
  return {
    ...destinationFields(route.destination),
    GatewayId: route.gatewayId,
    NatGatewayId: route.natGatewayId,
    EgressOnlyInternetGatewayId: route.egressOnlyInternetGatewayId,
    NetworkInterfaceId: route.networkInterfaceId,
    VpcPeeringConnectionId: route.vpcPeeringConnectionId,
    InstanceId: attachment?.instanceId,
    InstanceOwnerId: attachment && place.store.instances.get(attachment.instanceId)?.spec.account,
    Origin: 'CreateRoute',
    State: isAlive(place, route, vpcId) ? 'active' : 'blackhole',
  };
}

/** Whether packets would get through: the target is there, attached, running, accepted. */
function isAlive(place: Place, route: RouteSpec, vpcId: string): boolean {
  const { store } = place;
  if (route.gatewayId !== undefined)
    return store.internetGateways.get(route.gatewayId)?.spec.vpcId === vpcId;
  if (route.egressOnlyInternetGatewayId !== undefined)
    return store.egressOnlyGateways.get(route.egressOnlyInternetGatewayId) !== undefined;
  if (route.natGatewayId !== undefined)
    return store.natGateways.get(route.natGatewayId)?.spec.state === 'available';
  if (route.networkInterfaceId !== undefined) return isServed(place, route.networkInterfaceId);
  const peering = store.peerings.get(route.vpcPeeringConnectionId ?? '');
  return peering !== undefined && peeringStatus(place, peering) === 'active';
}

/** Whether the interface is attached to a running instance. */
function isServed({ store }: Place, interfaceId: string): boolean {
  const attachment = store.interfaces.get(interfaceId)?.spec.attachment;
  if (attachment === undefined) return false;
  return store.instances.get(attachment.instanceId)?.spec.state === 'running';
}
