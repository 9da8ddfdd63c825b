import type { CustomResource } from '../custom-resource.ts';
import { INSTANCE_CRD } from './instance.ts';
import { NETWORK_INTERFACE_CRD } from './network-interface.ts';
import { SECURITY_GROUP_CRD } from './security-group.ts';
import { SUBNET_CRD } from './subnet.ts';
import { VPC_CRD } from './vpc.ts';

/** Every VPC object's CRD; the VPC API needs them installed before it starts. */
export const VPC_OBJECT_CRDS: readonly CustomResource[] = [
  VPC_CRD,
  SUBNET_CRD,
  SECURITY_GROUP_CRD,
  NETWORK_INTERFACE_CRD,
  INSTANCE_CRD,
];
