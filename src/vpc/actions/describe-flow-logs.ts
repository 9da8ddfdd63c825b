import type {
  DescribeFlowLogsRequest,
  DescribeFlowLogsResult,
  FlowLog as FlowLogView,
} from '@aws-sdk/client-ec2';
import type { FlowLog } from '../../api/vpc/flow-log.ts';
import type { Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { sees } from '../own.ts';
import { tagList } from '../tags.ts';

const FILTERS: FilterTable<FlowLog> = {
  tags: ({ spec }) => spec.tags,
  indexed: { 'resource-id': 'resource' },
  filters: {
    'flow-log-id': ({ metadata }) => [metadata.name],
    'resource-id': ({ spec }) => [spec.resourceId],
    'traffic-type': ({ spec }) => [spec.trafficType],
    'log-destination-type': ({ spec }) => [spec.logDestinationType],
    'log-group-name': ({ spec }) => [spec.logGroupName],
    // Nothing is delivered, so there is no status of it.
    'deliver-log-status': () => [],
  },
};

/** DescribeFlowLogs. */
export const describeFlowLogs: Handler<DescribeFlowLogsRequest, DescribeFlowLogsResult> = (
  input,
  call,
) => {
  const flowLogs = selectObjects(
    call.store.flowLogs,
    { ids: input.FlowLogIds, filters: input.Filter },
    { table: FILTERS, visible: (flowLog) => sees(call, flowLog) },
  );
  const page = paginate(flowLogs, input, {
    key: ({ metadata }) => metadata.name,
    range: [1, 1000],
  });
  return { FlowLogs: page.items.map(flowLogView), NextToken: page.nextToken };
};

function flowLogView({ metadata, spec }: FlowLog): FlowLogView {
  const { destinationOptions: options } = spec;
  return {
    FlowLogId: metadata.name,
    FlowLogStatus: 'ACTIVE',
    CreationTime: new Date(spec.createdAt),
    ResourceId: spec.resourceId,
    TrafficType: spec.trafficType,
    LogDestinationType: spec.logDestinationType,
    LogDestination: spec.logDestination,
    LogGroupName: spec.logGroupName,
    DeliverLogsPermissionArn: spec.deliverLogsPermissionArn,
    DeliverCrossAccountRole: spec.deliverCrossAccountRole,
    LogFormat: spec.logFormat,
    MaxAggregationInterval: spec.maxAggregationSeconds,
    DestinationOptions: options && {
      FileFormat: options.fileFormat as 'plain-text',
      HiveCompatiblePartitions: options.hiveCompatiblePartitions,
      PerHourPartition: options.perHourPartition,
    },
    Tags: tagList(spec.tags),
  };
}
