import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const SPEC = {
  type: 'object',
  required: [
    'account',
    'region',
    'resourceId',
    'trafficType',
    'logDestinationType',
    'logFormat',
    'maxAggregationSeconds',
    'createdAt',
  ],
  properties: {
    account: { type: 'string' },
    region: { type: 'string' },
    resourceId: { type: 'string' },
    trafficType: { type: 'string', enum: ['ACCEPT', 'REJECT', 'ALL'] },
    logDestinationType: {
      type: 'string',
      enum: ['cloud-watch-logs', 's3', 'kinesis-data-firehose'],
    },
    logDestination: { type: 'string' },
    logGroupName: { type: 'string' },
    deliverLogsPermissionArn: { type: 'string' },
    deliverCrossAccountRole: { type: 'string' },
    logFormat: { type: 'string' },
    maxAggregationSeconds: { type: 'integer' },
    destinationOptions: {
      type: 'object',
      required: ['fileFormat', 'hiveCompatiblePartitions', 'perHourPartition'],
      properties: {
        fileFormat: { type: 'string' },
        hiveCompatiblePartitions: { type: 'boolean' },
        perHourPartition: { type: 'boolean' },
      },
    },
    createdAt: { type: 'string' },
    clientToken: { type: 'string' },
    clientTokenDigest: { type: 'string' },
    tags: STRING_MAP,
  },
} as const;

/** A flow log; `metadata.name` is its id. */
export interface FlowLog extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `flowlogs` resource. */
export const FLOW_LOGS: Resource<FlowLog> = resource<FlowLog>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'FlowLog',
  plural: 'flowlogs',
  namespaced: false,
});

/** The CRD. */
export const FLOW_LOG_CRD: CustomResource = {
  resource: FLOW_LOGS,
  singular: 'flowlog',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Resource', type: 'string', jsonPath: '.spec.resourceId' },
    { name: 'Traffic', type: 'string', jsonPath: '.spec.trafficType' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
