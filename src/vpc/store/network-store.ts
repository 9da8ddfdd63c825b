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
import type { Collection } from './collection.ts';
import { present, tagKeys } from './keys.ts';
import type { MakeCollection } from './make-collection.ts';

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
export function createNetworkStore(make: MakeCollection): NetworkStore {
  const byVpc = { vpc: ofVpc, tag: tagKeys };
  return {
    routeTables: make(ROUTE_TABLES, ID_KINDS.routeTable, byVpc),
    internetGateways: make(INTERNET_GATEWAYS, ID_KINDS.internetGateway, GATEWAY_INDEXES),
    egressOnlyGateways: make(
      EGRESS_ONLY_INTERNET_GATEWAYS,
      ID_KINDS.egressOnlyInternetGateway,
      byVpc,
    ),
    vpcEndpoints: make(VPC_ENDPOINTS, ID_KINDS.vpcEndpoint, {
      ...byVpc,
      routeTable: ({ spec }) => spec.routeTableIds ?? [],
    }),
    natGateways: make(NAT_GATEWAYS, ID_KINDS.natGateway, byVpc),
    networkAcls: make(NETWORK_ACLS, ID_KINDS.networkAcl, byVpc),
    cidrReservations: make(SUBNET_CIDR_RESERVATIONS, ID_KINDS.subnetCidrReservation, {
      subnet: ({ spec }) => [spec.subnetId],
      tag: tagKeys,
    }),
    ...createAccountStore(make),
  };
}

/** The kinds that belong to an account and a region, not to a VPC. */
function createAccountStore(
  make: MakeCollection,
): Pick<NetworkStore, 'dhcpOptions' | 'elasticIps' | 'peerings' | 'flowLogs' | 'keyPairs'> {
  return {
    elasticIps: make(ELASTIC_IPS, ID_KINDS.elasticIp, ELASTIC_IP_INDEXES),
    dhcpOptions: make(DHCP_OPTIONS, ID_KINDS.dhcpOptions, { tag: tagKeys }),
    peerings: make(VPC_PEERING_CONNECTIONS, ID_KINDS.peering, {
      vpc: ({ spec }) => [spec.requester.vpcId, spec.accepter.vpcId],
    }),
    flowLogs: make(FLOW_LOGS, ID_KINDS.flowLog, {
      resource: ({ spec }) => [spec.resourceId],
      tag: tagKeys,
    }),
    keyPairs: make(KEY_PAIRS, ID_KINDS.keyPair, {
      name: ({ spec }) => [keyPairKey(spec)],
      tag: tagKeys,
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
