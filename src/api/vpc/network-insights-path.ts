import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['account', 'region', 'source', 'protocol', 'createdAt'],
  properties: {
    account: { type: 'string' },
    region: { type: 'string' },
    source: { type: 'string', description: 'Id of an interface or instance.' },
    destination: { type: 'string', description: 'The same; absent when an address says it.' },
    sourceIp: { type: 'string' },
    destinationIp: { type: 'string' },
    protocol: { type: 'string', enum: ['tcp', 'udp'] },
    destinationPort: { type: 'integer', minimum: 0, maximum: 65_535 },
    createdAt: { type: 'string' },
    clientToken: { type: 'string' },
    clientTokenDigest: {
      type: 'string',
      description: 'Digest of the parameters that came with the token.',
    },
    tags: STRING_MAP,
  },
} as const;

/** A path whose reachability can be analysed; `metadata.name` is its id. */
export interface NetworkInsightsPath extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `networkinsightspaths` resource. */
export const NETWORK_INSIGHTS_PATHS: Resource<NetworkInsightsPath> = resource<NetworkInsightsPath>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'NetworkInsightsPath',
  plural: 'networkinsightspaths',
  namespaced: false,
});

/** The CRD. */
export const NETWORK_INSIGHTS_PATH_CRD: CustomResource = {
  resource: NETWORK_INSIGHTS_PATHS,
  singular: 'networkinsightspath',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Source', type: 'string', jsonPath: '.spec.source' },
    { name: 'Destination', type: 'string', jsonPath: '.spec.destination' },
    { name: 'Protocol', type: 'string', jsonPath: '.spec.protocol' },
    { name: 'Port', type: 'integer', jsonPath: '.spec.destinationPort' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
