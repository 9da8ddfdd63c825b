import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const METADATA_OPTIONS = {
  type: 'object',
  description: 'What of the instance metadata service differs from the defaults.',
  properties: {
    httpEndpoint: { type: 'string', enum: ['enabled', 'disabled'] },
    httpTokens: { type: 'string', enum: ['optional', 'required'] },
    httpPutResponseHopLimit: { type: 'integer', minimum: 1, maximum: 64 },
    httpProtocolIpv6: { type: 'string', enum: ['enabled', 'disabled'] },
    instanceMetadataTags: { type: 'string', enum: ['enabled', 'disabled'] },
  },
} as const;

const PLACEMENT = {
  type: 'object',
  description: 'What a launch said about its place besides the zone; nothing acts on it.',
  properties: {
    tenancy: { type: 'string', enum: ['default', 'dedicated', 'host'] },
    groupName: { type: 'string' },
    hostId: { type: 'string' },
    affinity: { type: 'string' },
    partitionNumber: { type: 'integer' },
  },
} as const;

const SPEC = {
  type: 'object',
  required: ['account', 'vpcId', 'subnetId', 'instanceType', 'imageId', 'state', 'launchTime'],
  properties: {
    account: { type: 'string' },
    vpcId: { type: 'string' },
    subnetId: { type: 'string' },
    instanceType: { type: 'string' },
    imageId: { type: 'string' },
    state: {
      type: 'string',
      enum: ['pending', 'running', 'shutting-down', 'terminated', 'stopping', 'stopped'],
    },
    launchTime: { type: 'string' },
    reservationId: { type: 'string' },
    terminatedAt: { type: 'string' },
    iamInstanceProfileArn: { type: 'string' },
    userData: { type: 'string' },
    clientToken: { type: 'string' },
    clientTokenDigest: {
      type: 'string',
      description: 'Digest of the parameters that came with the token.',
    },
    launchIndex: { type: 'integer' },
    stateChangedAt: { type: 'string' },
    stateReason: {
      type: 'string',
      description: 'Such as Client.UserInitiatedShutdown; absent while it runs.',
    },
    keyName: { type: 'string' },
    disableApiTermination: { type: 'boolean' },
    disableApiStop: { type: 'boolean' },
    ebsOptimized: { type: 'boolean' },
    shutdownBehavior: { type: 'string', enum: ['stop', 'terminate'] },
    metadataOptions: METADATA_OPTIONS,
    availabilityZone: { type: 'string' },
    iamInstanceProfileAssociationId: { type: 'string' },
    monitoring: { type: 'boolean' },
    hibernation: { type: 'boolean' },
    placement: PLACEMENT,
    tags: STRING_MAP,
  },
} as const;

const STATUS = {
  type: 'object',
  description: 'Where the host of the instance is reached by other fabrics; set by its agent.',
  properties: {
    tunnelAddress: { type: 'string', description: 'Underlay IPv4 address of the VXLAN endpoint.' },
    tunnelMac: { type: 'string', description: 'MAC address of the VXLAN device.' },
  },
} as const;

/** An instance: a host of interfaces. `metadata.name` is its id. */
export interface Instance extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
  readonly status?: FromSchema<typeof STATUS>;
}

/** The `instances` resource. */
export const INSTANCES: Resource<Instance> = resource<Instance>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'Instance',
  plural: 'instances',
  namespaced: false,
});

/** The CRD. */
export const INSTANCE_CRD: CustomResource = {
  resource: INSTANCES,
  singular: 'instance',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Type', type: 'string', jsonPath: '.spec.instanceType' },
    { name: 'State', type: 'string', jsonPath: '.spec.state' },
    { name: 'Tunnel', type: 'string', jsonPath: '.status.tunnelAddress' },
  ],
  statusSubresource: true,
  schema: {
    type: 'object',
    required: ['spec'],
    properties: { spec: SPEC, status: STATUS },
  },
};
