import type {
  CreateRouteRequest,
  CreateRouteResult,
  DeleteRouteRequest,
  ReplaceRouteRequest,
} from '@aws-sdk/client-ec2';
import type { RouteSpec, RouteTable } from '../../api/vpc/route-table.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { invalidValue, own, required } from '../own.ts';
import { keepManagedLists } from '../prefix-lists/aws-managed.ts';
import { liesIn, readDestination } from '../routes/destination.ts';
import { readTarget, type RouteTarget } from '../routes/target.ts';
import { localBlocks } from '../routes/view.ts';

type Routes = readonly RouteSpec[];

/** CreateRoute. */
export const createRoute: Handler<CreateRouteRequest, CreateRouteResult> = async (input, call) => {
  const destination = readDestination(call, input);
  await keepManagedLists(call, [destination]);
  await changeRoutes(call, input.RouteTableId, (table) => {
    const { routes } = table.spec;
    const local = localBlocks(call, table);
    const target = targetFor(call, table, { input, destination });
    if (local.includes(destination) || find(routes, destination) !== undefined)
      throw new Ec2Error(
        'RouteAlreadyExists',
        `The route identified by ${destination} already exists.`,
      );
    if (routes.length >= call.quotas.routesPerTable)
      throw new Ec2Error('RouteLimitExceeded', 'The maximum number of routes has been reached.');
    return [...routes, { destination, ...target }];
  });
  return { Return: true };
};

/** ReplaceRoute: another target; a local route may be led to an interface and back. */
export const replaceRoute: Handler<ReplaceRouteRequest, void> = async (input, call) => {
  const destination = readDestination(call, input);
  await keepManagedLists(call, [destination]);
  await changeRoutes(call, input.RouteTableId, (table) => {
    const { routes } = table.spec;
    const isLocal = localBlocks(call, table).includes(destination);
    const others = routes.filter((route) => route.destination !== destination);
    if (isLocal && (input.LocalTarget || input.GatewayId === 'local')) return others;
    if (input.LocalTarget)
      throw invalidValue(`The destination ${destination} has no local route to go back to.`);
    const target = targetFor(call, table, { input, destination });
    if (!isLocal && others.length === routes.length)
      throw invalidValue(
        `There is no route defined for '${destination}' in the route table. Use CreateRoute instead.`,
      );
    const route = { destination, ...target };
    if (others.length === routes.length) return [...routes, route];
    return routes.map((each) => (each.destination === destination ? route : each));
  });
};

/** DeleteRoute. */
export const deleteRoute: Handler<DeleteRouteRequest, void> = async (input, call) => {
  const destination = readDestination(call, input);
  await changeRoutes(call, input.RouteTableId, (table) => {
    const { routes } = table.spec;
    const id = table.metadata.name;
    if (localBlocks(call, table).includes(destination))
      throw invalidValue(`cannot remove local route ${destination} in route table ${id}`);
    if (find(routes, destination) === undefined)
      throw new Ec2Error(
        'InvalidRoute.NotFound',
        `no route with destination-cidr-block ${destination} in route table ${id}`,
      );
    return routes.filter((route) => route.destination !== destination);
  });
};

async function changeRoutes(
  call: Call,
  tableId: string | undefined,
  change: (table: RouteTable) => Routes,
): Promise<void> {
  const { store } = call;
  const id = required(tableId, 'routeTableId');
  await store.locks.hold({ shared: [id], exclusive: [`routes:${id}`] }, async () => {
    own(call, store.routeTables, id);
    await store.routeTables.update(id, (table) => ({
      ...table,
      spec: { ...table.spec, routes: change(table) },
    }));
  });
}

function find(routes: Routes, destination: string): RouteSpec | undefined {
  return routes.find((route) => route.destination === destination);
}

/** The target of a request, when it may have this destination. */
function targetFor(
  call: Call,
  { metadata, spec }: RouteTable,
  { input, destination }: { readonly input: CreateRouteRequest; readonly destination: string },
): RouteTarget {
  const { store } = call;
  const vpcId = spec.vpcId;
  const target = readTarget(call, input, { tableId: metadata.name, vpcId });
  if (target.egressOnlyInternetGatewayId !== undefined && !destination.includes(':'))
    throw invalidValue('Egress-only internet gateways are for IPv6 destinations only.');
  const vpc = store.vpcs.get(vpcId)?.spec;
  const blocks = [...(vpc?.cidrBlocks ?? []), ...(vpc?.ipv6CidrBlocks ?? [])];
  const inside = blocks.some(({ cidr }) => cidr !== destination && liesIn(cidr, destination));
  const isMiddlebox = [target.networkInterfaceId, target.natGatewayId].some(Boolean);
  if (inside && !isMiddlebox)
    throw invalidValue(
      `The destination ${destination} lies in the VPC; such a route can lead only to an instance or a network interface.`,
    );
  return target;
}
