import type { KubeClient } from '../../api/client.ts';
import { DHCP_OPTIONS, type DhcpOptions } from '../../api/vpc/dhcp-options.ts';
import {
  EGRESS_ONLY_INTERNET_GATEWAYS,
  type EgressOnlyInternetGateway,
} from '../../api/vpc/egress-only-internet-gateway.ts';
import { ELASTIC_IPS, type ElasticIp } from '../../api/vpc/elastic-ip.ts';
import { FLOW_LOGS, type FlowLog } from '../../api/vpc/flow-log.ts';
import { INTERNET_GATEWAYS, type InternetGateway } from '../../api/vpc/internet-gateway.ts';
import { KEY_PAIRS, type KeyPair } from '../../api/vpc/key-pair.ts';
import { NAT_GATEWAYS, type NatGateway } from '../../api/vpc/nat-gateway.ts';
import { NETWORK_ACLS, type NetworkAcl } from '../../api/vpc/network-acl.ts';
import { ROUTE_TABLES, type RouteTable } from '../../api/vpc/route-table.ts';
import {
  SUBNET_CIDR_RESERVATIONS,
  type SubnetCidrReservation,
} from '../../api/vpc/subnet-cidr-reservation.ts';
import {
  VPC_PEERING_CONNECTIONS,
  type VpcPeeringConnection,
} from '../../api/vpc/vpc-peering-connection.ts';
import { VPC_ENDPOINTS, type VpcEndpoint } from '../../api/vpc/vpc-endpoint.ts';
import { ID_KINDS } from '../../ec2/id-kinds.ts';
import { Collection } from './collection.ts';
import { present, tagKeys } from './keys.ts';

/** The kinds around VPCs and subnets: routing, gateways, ACLs, peerings; and key pairs. */
export interface NetworkStore {
  readonly routeTables: Collection<RouteTable>;
  readonly internetGateways: Collection<InternetGateway>;
  readonly egressOnlyGateways: Collection<EgressOnlyInternetGateway>;
  readonly vpcEndpoints: Collection<VpcEndpoint>;
  readonly natGateways: Collection<NatGateway>;
  readonly dhcpOptions: Collection<DhcpOptions>;
  readonly networkAcls: Collection<NetworkAcl>;
  readonly elasticIps: Collection<ElasticIp>;
  readonly peerings: Collection<VpcPeeringConnection>;
  readonly flowLogs: Collection<FlowLog>;
  readonly keyPairs: Collection<KeyPair>;
  readonly cidrReservations: Collection<SubnetCidrReservation>;
}

const ofVpc = ({ spec }: { spec: { readonly vpcId?: string } }): readonly string[] =>
  present(spec.vpcId);

/** Builds the collections. */
export function createNetworkStore(kube: KubeClient): NetworkStore {
  const byVpc = { vpc: ofVpc, tag: tagKeys };
  return {
    routeTables: new Collection<RouteTable>({
      kube,
      resource: ROUTE_TABLES,
      idKind: ID_KINDS.routeTable,
      indexes: byVpc,
    }),
    internetGateways: new Collection<InternetGateway>({
      kube,
      resource: INTERNET_GATEWAYS,
      idKind: ID_KINDS.internetGateway,
      indexes: GATEWAY_INDEXES,
    }),
    egressOnlyGateways: new Collection<EgressOnlyInternetGateway>({
      kube,
      resource: EGRESS_ONLY_INTERNET_GATEWAYS,
      idKind: ID_KINDS.egressOnlyInternetGateway,
      indexes: byVpc,
    }),
    vpcEndpoints: new Collection<VpcEndpoint>({
      kube,
      resource: VPC_ENDPOINTS,
      idKind: ID_KINDS.vpcEndpoint,
      indexes: { ...byVpc, routeTable: ({ spec }: VpcEndpoint) => spec.routeTableIds ?? [] },
    }),
    natGateways: new Collection<NatGateway>({
      kube,
      resource: NAT_GATEWAYS,
      idKind: ID_KINDS.natGateway,
      indexes: byVpc,
    }),
    networkAcls: new Collection<NetworkAcl>({
      kube,
      resource: NETWORK_ACLS,
      idKind: ID_KINDS.networkAcl,
      indexes: byVpc,
    }),
    cidrReservations: new Collection<SubnetCidrReservation>({
      kube,
      resource: SUBNET_CIDR_RESERVATIONS,
      idKind: ID_KINDS.subnetCidrReservation,
      indexes: { subnet: ({ spec }) => [spec.subnetId], tag: tagKeys },
    }),
    ...createAccountStore(kube),
  };
}

/** The kinds that belong to an account and a region, not to a VPC. */
function createAccountStore(
  kube: KubeClient,
): Pick<NetworkStore, 'dhcpOptions' | 'elasticIps' | 'peerings' | 'flowLogs' | 'keyPairs'> {
  return {
    elasticIps: new Collection<ElasticIp>({
      kube,
      resource: ELASTIC_IPS,
      idKind: ID_KINDS.elasticIp,
      indexes: ELASTIC_IP_INDEXES,
    }),
    dhcpOptions: new Collection<DhcpOptions>({
      kube,
      resource: DHCP_OPTIONS,
      idKind: ID_KINDS.dhcpOptions,
      indexes: { tag: tagKeys },
    }),
    peerings: new Collection<VpcPeeringConnection>({
      kube,
      resource: VPC_PEERING_CONNECTIONS,
      idKind: ID_KINDS.peering,
      indexes: { vpc: ({ spec }) => [spec.requester.vpcId, spec.accepter.vpcId] },
    }),
    flowLogs: new Collection<FlowLog>({
      kube,
      resource: FLOW_LOGS,
      idKind: ID_KINDS.flowLog,
      indexes: { resource: ({ spec }) => [spec.resourceId], tag: tagKeys },
    }),
    keyPairs: new Collection<KeyPair>({
      kube,
      resource: KEY_PAIRS,
      idKind: ID_KINDS.keyPair,
      indexes: { name: ({ spec }) => [keyPairKey(spec)], tag: tagKeys },
    }),
  };
}

const ELASTIC_IP_INDEXES = {
  publicIp: ({ spec }: ElasticIp) => [spec.publicIp],
  interface: ({ spec }: ElasticIp) => present(spec.association?.networkInterfaceId),
  association: ({ spec }: ElasticIp) => present(spec.association?.associationId),
  tag: tagKeys,
};

const GATEWAY_INDEXES = {
  vpc: ofVpc,
  routeTable: ({ spec }: InternetGateway) => present(spec.routeTable?.routeTableId),
  association: ({ spec }: InternetGateway) => present(spec.routeTable?.associationId),
  tag: tagKeys,
};

/** Index key of a key pair: names are unique per account and region. */
export function keyPairKey(spec: Pick<KeyPair['spec'], 'account' | 'region' | 'keyName'>): string {
  return `${spec.account}/${spec.region}/${spec.keyName}`;
}
