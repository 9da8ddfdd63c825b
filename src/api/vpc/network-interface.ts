import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const ATTACHMENT = {
  type: 'object',
  required: [
    'attachmentId',
    'instanceId',
    'deviceIndex',
    'networkCardIndex',
    'deleteOnTermination',
    'attachTime',
  ],
  properties: {
    attachmentId: { type: 'string' },
    instanceId: { type: 'string' },
    deviceIndex: { type: 'integer' },
    networkCardIndex: { type: 'integer' },
    deleteOnTermination: { type: 'boolean' },
    attachTime: { type: 'string' },
    existedBefore: {
      type: 'boolean',
      description: 'Set when a launch took over an interface; without the instance it is detached.',
    },
  },
} as const;

const TRUNK_ASSOCIATION = {
  type: 'object',
  required: ['associationId', 'trunkInterfaceId', 'vlanId'],
  description: 'Set on branches only.',
  properties: {
    associationId: { type: 'string' },
    trunkInterfaceId: { type: 'string' },
    vlanId: { type: 'integer', minimum: 1, maximum: 4094 },
    clientToken: { type: 'string' },
  },
} as const;

const CONNECTION_TRACKING = {
  type: 'object',
  description: 'Idle timeouts in seconds; an absent one is the default.',
  properties: {
    tcpEstablishedTimeout: { type: 'integer', minimum: 60, maximum: 432_000 },
    udpStreamTimeout: { type: 'integer', minimum: 60, maximum: 180 },
    udpTimeout: { type: 'integer', minimum: 30, maximum: 60 },
  },
} as const;

const SPEC = {
  type: 'object',
  required: [
    'account',
    'vpcId',
    'subnetId',
    'availabilityZone',
    'description',
    'interfaceType',
    'macAddress',
    'privateIps',
    'groups',
    'sourceDestCheck',
  ],
  properties: {
    account: { type: 'string' },
    vpcId: { type: 'string' },
    subnetId: { type: 'string' },
    availabilityZone: { type: 'string' },
    description: { type: 'string' },
    interfaceType: {
      type: 'string',
      enum: ['interface', 'trunk', 'branch', 'efa', 'nat_gateway', 'vpc_endpoint'],
    },
    managedBy: { type: 'string', description: 'The NAT gateway or VPC endpoint that it is of.' },
    macAddress: { type: 'string' },
    privateIps: {
      type: 'array',
      description: 'IPv4 addresses, the primary one first.',
      items: { type: 'string' },
    },
    publicIp: {
      type: 'string',
      description: 'Of the primary address while the instance runs; not an Elastic IP.',
    },
    ipv6Addresses: { type: 'array', items: { type: 'string' } },
    primaryIpv6: {
      type: 'boolean',
      description: 'The first IPv6 address is primary: it cannot be unassigned.',
    },
    ipv4Prefixes: {
      type: 'array',
      description: 'Delegated /28 blocks of the subnet.',
      items: { type: 'string' },
    },
    ipv6Prefixes: {
      type: 'array',
      description: 'Delegated /80 blocks of the subnet.',
      items: { type: 'string' },
    },
    connectionTracking: CONNECTION_TRACKING,
    groups: { type: 'array', items: { type: 'string' } },
    sourceDestCheck: { type: 'boolean' },
    requesterId: { type: 'string' },
    requesterManaged: { type: 'boolean' },
    clientToken: { type: 'string' },
    clientTokenDigest: {
      type: 'string',
      description: 'Digest of the parameters that came with the token.',
    },
    attachment: ATTACHMENT,
    trunkAssociation: TRUNK_ASSOCIATION,
    permissions: {
      type: 'array',
      items: {
        type: 'object',
        required: ['permissionId', 'permission', 'account'],
        properties: {
          permissionId: { type: 'string' },
          permission: { type: 'string' },
          account: { type: 'string' },
        },
      },
    },
    tags: STRING_MAP,
  },
} as const;

/** Attachment of an interface to an instance. */
export type InterfaceAttachment = FromSchema<typeof ATTACHMENT>;

/** A network interface; `metadata.name` is its id. */
export interface NetworkInterface extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `networkinterfaces` resource. */
export const NETWORK_INTERFACES: Resource<NetworkInterface> = resource<NetworkInterface>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'NetworkInterface',
  plural: 'networkinterfaces',
  namespaced: false,
});

/** The CRD. */
export const NETWORK_INTERFACE_CRD: CustomResource = {
  resource: NETWORK_INTERFACES,
  singular: 'networkinterface',
  shortNames: ['eni'],
  categories: ['vpc-objects'],
  columns: [
    { name: 'Type', type: 'string', jsonPath: '.spec.interfaceType' },
    { name: 'Address', type: 'string', jsonPath: '.spec.privateIps[0]' },
    { name: 'Groups', type: 'string', jsonPath: '.spec.groups' },
    { name: 'Instance', type: 'string', jsonPath: '.spec.attachment.instanceId' },
    { name: 'Vlan', type: 'integer', jsonPath: '.spec.trunkAssociation.vlanId' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
