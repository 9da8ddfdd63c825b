import type { CreateRouteRequest } from '@aws-sdk/client-ec2';
import type { RouteSpec } from '../../api/vpc/route-table.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call } from '../context.ts';
import { ownPeering } from '../network/peerings.ts';
import { invalidValue, own, sees } from '../own.ts';

/** What a route leads to. */
export type RouteTarget = Omit<RouteSpec, 'destination'>;

/** The table that gets the route. */
interface Table {
  readonly tableId: string;
  readonly vpcId: string;
}

type Reader = (call: Call, id: string, table: Table) => RouteTarget;

/** Targets that we have, by the parameter that names them. */
const READERS: Partial<Record<keyof CreateRouteRequest, Reader>> = {
  GatewayId: readGateway,
  NetworkInterfaceId: readInterface,
  InstanceId: readInstance,
  VpcPeeringConnectionId: readPeering,
  EgressOnlyInternetGatewayId: readEgressOnly,
  NatGatewayId: readNat,
};

/** Targets that we do not have: no such object can exist. Codes and nouns are AWS's. */
const ABSENT = {
  TransitGatewayId: ['InvalidTransitGatewayID.NotFound', 'transitGateway ID'],
  VpcEndpointId: ['InvalidVpcEndpointId.NotFound', 'Vpc Endpoint Id'],
  LocalGatewayId: ['InvalidLocalGatewayID.NotFound', 'localGateway ID'],
  CarrierGatewayId: ['InvalidCarrierGatewayID.NotFound', 'carrierGateway ID'],
  CoreNetworkArn: ['InvalidCoreNetworkArn.NotFound', 'core network'],
  OdbNetworkArn: ['InvalidOdbNetworkArn.NotFound', 'ODB network'],
} as const satisfies Partial<Record<keyof CreateRouteRequest, readonly [string, string]>>;

const NAMES = [...Object.keys(READERS), ...Object.keys(ABSENT)] as (keyof CreateRouteRequest)[];

/** Reads the one target of a request, and checks that the table's VPC can reach it. */
export function readTarget(call: Call, input: CreateRouteRequest, table: Table): RouteTarget {
  const [name, ...more] = NAMES.filter((each) => input[each] !== undefined);
  if (name === undefined)
    throw new Ec2Error(
      'MissingParameter',
      'The request must contain exactly one of: gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, instanceId',
    );
  if (more.length > 0)
    throw new Ec2Error(
      'InvalidParameterCombination',
      `The request must contain exactly one target; given are ${[name, ...more].join(', ')}`,
    );
  const id = String(input[name]);
  const reader = READERS[name];
  if (reader !== undefined) return reader(call, id, table);
  const [code, noun] = ABSENT[name as keyof typeof ABSENT];
  throw new Ec2Error(code, `The ${noun} '${id}' does not exist`);
}

/** GatewayId names several kinds of gateways. */
function readGateway(call: Call, id: string, table: Table): RouteTarget {
  if (id.startsWith('vgw-'))
    throw new Ec2Error(
      'InvalidVpnGatewayID.NotFound',
      `The virtual private gateway ID '${id}' does not exist`,
    );
  if (id.startsWith('vpce-'))
    throw new Ec2Error(
      'InvalidVpcEndpointId.NotFound',
      `The VpcEndPoint ID '${id}' does not exist`,
    );
  const gateway = own(call, call.store.internetGateways, id);
  checkNetwork(gateway.spec.vpcId, table, `network gateway ${id}`);
  return { gatewayId: id };
}

function readInterface(call: Call, id: string, table: Table): RouteTarget {
  checkNetwork(own(call, call.store.interfaces, id).spec.vpcId, table, `interface ${id}`);
  return { networkInterfaceId: id };
}

function readInstance(call: Call, id: string, table: Table): RouteTarget {
  const { store } = call;
  checkNetwork(own(call, store.instances, id).spec.vpcId, table, `instance ${id}`);
  const [only, ...more] = store.interfaces.table.by('instance', id);
  if (only === undefined || more.length > 0)
    throw new Ec2Error(
      'InvalidInstanceID',
      `There are ${more.length + (only === undefined ? 0 : 1)} interfaces attached to instance '${id}'. Please specify an interface ID for the operation instead.`,
    );
  return { networkInterfaceId: only.metadata.name };
}

function readPeering(call: Call, id: string, table: Table): RouteTarget {
  const { requester, accepter } = ownPeering(call, id).spec;
  const side = [requester, accepter].find(({ vpcId }) => vpcId === table.vpcId);
  checkNetwork(side?.vpcId, table, `vpc peering connection ${id}`);
  return { vpcPeeringConnectionId: id };
}

function readEgressOnly(call: Call, id: string, table: Table): RouteTarget {
  const gateway = own(call, call.store.egressOnlyGateways, id);
  checkNetwork(gateway.spec.vpcId, table, `egress only internet gateway ${id}`);
  return { egressOnlyInternetGatewayId: id };
}

function readNat(call: Call, id: string, table: Table): RouteTarget {
  const gateway = call.store.natGateways.get(id);
  if (gateway?.spec.state !== 'available' || !sees(call, gateway))
    throw new Ec2Error('InvalidNatGatewayID.NotFound', `The natGateway ID '${id}' does not exist`);
  checkNetwork(gateway.spec.vpcId, table, `nat gateway ${id}`);
  return { natGatewayId: id };
}

function checkNetwork(vpcId: string | undefined, table: Table, what: string): void {
  if (vpcId !== table.vpcId)
    throw invalidValue(`route table ${table.tableId} and ${what} belong to different networks`);
}
