import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const ANSWER_PARTS = {
  type: 'array',
  items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
} as const;

const SPEC = {
  type: 'object',
  required: ['account', 'region', 'pathId', 'startedAt', 'status'],
  properties: {
    account: { type: 'string' },
    region: { type: 'string' },
    pathId: { type: 'string' },
    startedAt: { type: 'string' },
    status: { type: 'string', enum: ['succeeded', 'failed'] },
    statusMessage: { type: 'string' },
    pathFound: { type: 'boolean' },
    forwardPath: { ...ANSWER_PARTS, description: 'PathComponents as EC2 shows them.' },
    explanations: { ...ANSWER_PARTS, description: 'Explanations as EC2 shows them.' },
    clientToken: { type: 'string' },
    clientTokenDigest: {
      type: 'string',
      description: 'Digest of the parameters that came with the token.',
    },
    tags: STRING_MAP,
  },
} as const;

/** The answer of one analysis of a path; `metadata.name` is its id. */
export interface NetworkInsightsAnalysis extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `networkinsightsanalyses` resource. */
export const NETWORK_INSIGHTS_ANALYSES: Resource<NetworkInsightsAnalysis> =
  resource<NetworkInsightsAnalysis>({
    group: VPC_GROUP,
    version: VPC_VERSION,
    kind: 'NetworkInsightsAnalysis',
    plural: 'networkinsightsanalyses',
    namespaced: false,
  });

/** The CRD. */
export const NETWORK_INSIGHTS_ANALYSIS_CRD: CustomResource = {
  resource: NETWORK_INSIGHTS_ANALYSES,
  singular: 'networkinsightsanalysis',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Path', type: 'string', jsonPath: '.spec.pathId' },
    { name: 'Status', type: 'string', jsonPath: '.spec.status' },
    { name: 'Found', type: 'boolean', jsonPath: '.spec.pathFound' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
