import { ELASTIC_IPS, type ElasticIp } from '../../src/api/vpc/elastic-ip.ts';
import { NAT_GATEWAYS, type NatGateway } from '../../src/api/vpc/nat-gateway.ts';
import type { NetworkInterface } from '../../src/api/vpc/network-interface.ts';
import { ROUTE_TABLES } from '../../src/api/vpc/route-table.ts';
import { VPC_ENDPOINTS, type VpcEndpoint } from '../../src/api/vpc/vpc-endpoint.ts';
import type { Facts } from './facts.ts';

/** Interface and private address of an association that holds; it ends with either. */
function liveTarget(facts: Facts, { spec }: ElasticIp): string | undefined {
  const { networkInterfaceId = '', privateIp = '' } = spec.association ?? {};
  const eni = facts.interfaces.get(networkInterfaceId);
  return eni?.spec.privateIps.includes(privateIp) === true
    ? `${networkInterfaceId}/${privateIp}`
    : undefined;
}

function elasticIps(facts: Facts): void {
  const all = [...facts.all(ELASTIC_IPS).values()];
  const launched = [...facts.interfaces.values()].flatMap(({ spec }) => spec.publicIp ?? []);
  facts.distinct('Public address', [...all.map(({ spec }) => spec.publicIp), ...launched]);
  facts.distinct(
    'Address association',
    all.flatMap(({ spec }) => spec.association?.associationId ?? []),
  );
  facts.distinct(
    'Elastic IP of',
    all.flatMap((each) => liveTarget(facts, each) ?? []),
  );
  for (const address of all) {
    const eni = facts.interfaces.get(address.spec.association?.networkInterfaceId ?? '');
    const isForeign = eni !== undefined && eni.spec.account !== address.spec.account;
    facts.expect(!isForeign, `${address.metadata.name} is on an interface of another account`);
  }
}

function managedBy(facts: Facts, id: string): readonly NetworkInterface[] {
  return [...facts.interfaces.values()].filter(({ spec }) => spec.managedBy === id);
}

function natGateways(facts: Facts): void {
  for (const [id, gateway] of facts.all(NAT_GATEWAYS)) {
    const own = managedBy(facts, id);
    if (gateway.spec.state === 'available') checkGateway(facts, id, gateway);
    else facts.expect(own.length === 0, `${id} has ended and has ${own.length} interfaces`);
  }
}

function checkGateway(facts: Facts, id: string, { spec }: NatGateway): void {
  const [eni, ...others] = managedBy(facts, id);
  facts.expect(eni?.metadata.name === spec.networkInterfaceId, `${id} has another interface`);
  facts.expect(others.length === 0, `${id} has ${others.length} interfaces too many`);
  facts.expect(eni?.spec.subnetId === spec.subnetId, `${id} is not where its interface is`);
  facts.expect(eni?.spec.vpcId === spec.vpcId, `${id} is in another VPC than its interface`);
  facts.expect(eni?.spec.privateIps.join() === spec.privateIp, `${id} has another private address`);
  if (spec.connectivityType === 'private') return;
  const address = facts.all(ELASTIC_IPS).get(spec.allocationId ?? '');
  facts.expect(address?.spec.publicIp === spec.publicIp, `${id} has lost its public address`);
  const target = address && liveTarget(facts, address);
  facts.expect(
    target === `${spec.networkInterfaceId}/${spec.privateIp}`,
    `The address of ${id} is elsewhere`,
  );
}

function endpoints(facts: Facts): void {
  const all = facts.all(VPC_ENDPOINTS);
  for (const [id, endpoint] of all) {
    facts.expect(facts.vpcs.has(endpoint.spec.vpcId), `${id} is in a VPC which is gone`);
    for (const table of endpoint.spec.routeTableIds ?? [])
      facts.expectInVpc(id, endpoint.spec.vpcId, ROUTE_TABLES, table);
    if (endpoint.spec.type === 'Interface') checkEndpoint(facts, id, endpoint);
  }
  facts.distinct(
    'Route to a service',
    [...all.values()].flatMap(({ spec }) =>
      (spec.routeTableIds ?? []).map((table) => `${table}/${spec.serviceName}`),
    ),
  );
}

function checkEndpoint(facts: Facts, id: string, { spec }: VpcEndpoint): void {
  const own = managedBy(facts, id);
  const places = own.map(({ spec: { subnetId } }) => subnetId).sort();
  const wanted = [...(spec.subnetIds ?? [])].sort();
  facts.expect(places.join() === wanted.join(), `${id} has interfaces in ${places.join()}`);
  facts.distinct(
    `Zone of ${id}`,
    own.map(({ spec: { availabilityZone } }) => availabilityZone),
  );
  for (const eni of own) {
    const groups = eni.spec.groups.join();
    facts.expect(groups === spec.groupIds?.join(), `${eni.metadata.name} wears other groups`);
  }
}

function owners(facts: Facts): void {
  const known = new Set([...facts.all(NAT_GATEWAYS).keys(), ...facts.all(VPC_ENDPOINTS).keys()]);
  for (const [id, { spec }] of facts.interfaces)
    if (spec.managedBy !== undefined)
      facts.expect(known.has(spec.managedBy), `${id} is of ${spec.managedBy}, which is gone`);
}

/** Checks of Elastic IP addresses, NAT gateways, VPC endpoints and the interfaces of both. */
export const ADDRESS_CHECKS = [elasticIps, natGateways, endpoints, owners];
