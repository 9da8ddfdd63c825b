import type {
  CreateRouteTableRequest,
  CreateRouteTableResult,
  DeleteRouteTableRequest,
  DescribeRouteTablesRequest,
  DescribeRouteTablesResult,
} from '@aws-sdk/client-ec2';
import type { RouteTable } from '../../api/vpc/route-table.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { createInVpc } from '../network/create-in-vpc.ts';
import { checkNoDependants } from '../network/dependants.ts';
import { endpointsLock, leaveEndpoints } from '../endpoints/parts.ts';
import { own, required, sees } from '../own.ts';
import { associationsOf, routesOf, routeTableView } from '../routes/view.ts';
import { specifiedTags } from '../tags.ts';

/** CreateRouteTable: with the local routes of the VPC. */
export const createRouteTable: Handler<CreateRouteTableRequest, CreateRouteTableResult> = async (
  input,
  call,
) => {
  const vpcId = required(input.VpcId, 'vpcId');
  const tags = specifiedTags(input.TagSpecifications, 'route-table', call.quotas);
  const table = await createInVpc(call, input, {
    collection: call.store.routeTables,
    action: 'CreateRouteTable',
    most: call.quotas.routeTablesPerVpc,
    lock: 'route-tables',
    tooMany: () =>
      new Ec2Error(
        'RouteTableLimitExceeded',
        'The maximum number of route tables has been reached.',
      ),
    spec: { account: call.accountId, vpcId, routes: [], tags },
  });
  return { RouteTable: routeTableView(call, table), ClientToken: input.ClientToken };
};

/** DeleteRouteTable: refused while a subnet or gateway uses it, and for the main table. */
export const deleteRouteTable: Handler<DeleteRouteTableRequest, void> = async (input, call) => {
  const { store } = call;
  const id = required(input.RouteTableId, 'routeTableId');
  const { vpcId } = own(call, store.routeTables, id).spec;
  await store.locks.hold({ exclusive: [id, endpointsLock(vpcId)] }, async () => {
    own(call, store.routeTables, id);
    checkNoDependants(call, 'routeTable', id);
    await leaveEndpoints(call, id);
    await store.routeTables.remove(id);
  });
};

/** DescribeRouteTables. */
export const describeRouteTables: Handler<DescribeRouteTablesRequest, DescribeRouteTablesResult> = (
  input,
  call,
) => {
  const tables = selectObjects(
    call.store.routeTables,
    { ids: input.RouteTableIds, filters: input.Filters },
    { table: filtersOf(call), visible: (table) => sees(call, table) },
  );
  const page = paginate(tables, input, { key: ({ metadata }) => metadata.name, range: [5, 100] });
  return {
    RouteTables: page.items.map((table) => routeTableView(call, table)),
    NextToken: page.nextToken,
  };
};

function filtersOf(call: Call): FilterTable<RouteTable> {
  type Association = ReturnType<typeof associationsOf>[number];
  type Route = ReturnType<typeof routesOf>[number];
  const ofAssociations = (read: (each: Association) => string | undefined) => (table: RouteTable) =>
    associationsOf(call, table).map(read);
  const ofRoutes = (read: (each: Route) => string | undefined) => (table: RouteTable) =>
    routesOf(call, table).map(read);
  return {
    tags: ({ spec }) => spec.tags,
    indexed: { 'vpc-id': 'vpc' },
    filters: {
      'route-table-id': ({ metadata }) => [metadata.name],
      'vpc-id': ({ spec }) => [spec.vpcId],
      'owner-id': ({ spec }) => [spec.account],
      'association.main': ofAssociations((each) => String(each.Main)),
      'association.subnet-id': ofAssociations((each) => each.SubnetId),
      'association.gateway-id': ofAssociations((each) => each.GatewayId),
      'association.route-table-id': ofAssociations((each) => each.RouteTableId),
      'association.route-table-association-id': ofAssociations(
        (each) => each.RouteTableAssociationId,
      ),
      'route.destination-cidr-block': ofRoutes((each) => each.DestinationCidrBlock),
      'route.destination-ipv6-cidr-block': ofRoutes((each) => each.DestinationIpv6CidrBlock),
      'route.destination-prefix-list-id': ofRoutes((each) => each.DestinationPrefixListId),
      'route.egress-only-internet-gateway-id': ofRoutes((each) => each.EgressOnlyInternetGatewayId),
      'route.gateway-id': ofRoutes((each) => each.GatewayId),
      'route.instance-id': ofRoutes((each) => each.InstanceId),
      'route.nat-gateway-id': ofRoutes((each) => each.NatGatewayId),
      'route.transit-gateway-id': ofRoutes((each) => each.TransitGatewayId),
      'route.origin': ofRoutes((each) => each.Origin),
      'route.state': ofRoutes((each) => each.State),
      'route.vpc-peering-connection-id': ofRoutes((each) => each.VpcPeeringConnectionId),
    },
  };
}
