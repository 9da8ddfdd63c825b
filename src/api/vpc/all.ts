import type { CustomResource } from '../custom-resource.ts';
import { IAM_INSTANCE_PROFILE_CRD } from '../iam/instance-profile.ts';
import { IAM_OIDC_PROVIDER_CRD } from '../iam/oidc-provider.ts';
import { IAM_POLICY_CRD } from '../iam/policy.ts';
import { IAM_ROLE_CRD } from '../iam/role.ts';
import { SERVER_KEY_CRD } from '../iam/server-key.ts';
import { IAM_USER_CRD } from '../iam/user.ts';
import { ADDRESS_SLICE_CRD } from './slices/address-slice.ts';
import { DHCP_OPTION_CRD } from './dhcp-options.ts';
import { EGRESS_ONLY_INTERNET_GATEWAY_CRD } from './egress-only-internet-gateway.ts';
import { EKS_CLUSTER_CRD } from './eks-cluster.ts';
import { ELASTIC_IP_CRD } from './elastic-ip.ts';
import { FLOW_LOG_CRD } from './flow-log.ts';
import { INTERNET_GATEWAY_CRD } from './internet-gateway.ts';
import { KEY_PAIR_CRD } from './key-pair.ts';
import { NAT_GATEWAY_CRD } from './nat-gateway.ts';
import { NETWORK_ACL_CRD } from './network-acl.ts';
import { PREFIX_LIST_CRD } from './prefix-list.ts';
import { ROUTE_TABLE_CRD } from './route-table.ts';
import { SUBNET_CIDR_RESERVATION_CRD } from './subnet-cidr-reservation.ts';
import { VPC_PEERING_CONNECTION_CRD } from './vpc-peering-connection.ts';
import { VPC_ENDPOINT_CRD } from './vpc-endpoint.ts';
import { INSTANCE_CRD } from './instance.ts';
import { NETWORK_INSIGHTS_ANALYSIS_CRD } from './network-insights-analysis.ts';
import { NETWORK_INSIGHTS_PATH_CRD } from './network-insights-path.ts';
import { NETWORK_INTERFACE_CRD } from './network-interface.ts';
import { SECURITY_GROUP_CRD } from './security-group.ts';
import { SUBNET_CRD } from './subnet.ts';
import { VPC_CRD } from './vpc.ts';

/**
 * The format of what is stored. It grows when an older program would lose or misread what a newer
 * one writes; a server refuses a store of a format above its own.
 */
export const VPC_STATE_FORMAT = 1;

/** Every VPC object's CRD; the VPC API needs them installed before it starts. */
export const VPC_OBJECT_CRDS: readonly CustomResource[] = [
  VPC_CRD,
  SUBNET_CRD,
  SECURITY_GROUP_CRD,
  NETWORK_INTERFACE_CRD,
  INSTANCE_CRD,
  ADDRESS_SLICE_CRD,
  VPC_PEERING_CONNECTION_CRD,
  SUBNET_CIDR_RESERVATION_CRD,
  ROUTE_TABLE_CRD,
  NAT_GATEWAY_CRD,
  NETWORK_ACL_CRD,
  VPC_ENDPOINT_CRD,
  KEY_PAIR_CRD,
  INTERNET_GATEWAY_CRD,
  FLOW_LOG_CRD,
  EGRESS_ONLY_INTERNET_GATEWAY_CRD,
  DHCP_OPTION_CRD,
  EKS_CLUSTER_CRD,
  ELASTIC_IP_CRD,
  PREFIX_LIST_CRD,
  NETWORK_INSIGHTS_PATH_CRD,
  NETWORK_INSIGHTS_ANALYSIS_CRD,
  IAM_ROLE_CRD,
  IAM_USER_CRD,
  IAM_POLICY_CRD,
  IAM_INSTANCE_PROFILE_CRD,
  IAM_OIDC_PROVIDER_CRD,
  SERVER_KEY_CRD,
];
