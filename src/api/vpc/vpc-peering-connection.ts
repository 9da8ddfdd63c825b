import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const SIDE = {
  type: 'object',
  required: ['account', 'region', 'vpcId'],
  properties: {
    account: { type: 'string' },
    region: { type: 'string' },
    vpcId: { type: 'string' },
    allowDnsResolution: { type: 'boolean' },
  },
} as const;

const SPEC = {
  type: 'object',
  required: [
    'account',
    'region',
    'requester',
    'accepter',
    'status',
    'statusMessage',
    'statusTime',
    'expirationTime',
  ],
  properties: {
    account: { type: 'string', description: 'Of the requester.' },
    region: { type: 'string', description: 'Of the requester.' },
    requester: SIDE,
    accepter: SIDE,
    status: {
      type: 'string',
      enum: ['pending-acceptance', 'active', 'rejected', 'deleted', 'failed'],
    },
    statusMessage: { type: 'string' },
    statusTime: { type: 'string', description: 'When the status was reached, RFC 3339.' },
    expirationTime: { type: 'string', description: 'When a pending request expires, RFC 3339.' },
    accepterTags: STRING_MAP,
    tags: STRING_MAP,
  },
} as const;

/** One side of a peering. */
export type PeeringSide = FromSchema<typeof SIDE>;

/** A peering of two VPCs; `metadata.name` is its id. Each side has tags of its own. */
export interface VpcPeeringConnection extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `vpcpeeringconnections` resource. */
export const VPC_PEERING_CONNECTIONS: Resource<VpcPeeringConnection> =
  resource<VpcPeeringConnection>({
    group: VPC_GROUP,
    version: VPC_VERSION,
    kind: 'VpcPeeringConnection',
    plural: 'vpcpeeringconnections',
    namespaced: false,
  });

/** The CRD. */
export const VPC_PEERING_CONNECTION_CRD: CustomResource = {
  resource: VPC_PEERING_CONNECTIONS,
  singular: 'vpcpeeringconnection',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Requester', type: 'string', jsonPath: '.spec.requester.vpcId' },
    { name: 'Accepter', type: 'string', jsonPath: '.spec.accepter.vpcId' },
    { name: 'Status', type: 'string', jsonPath: '.spec.status' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
