import type { CreateFlowLogsRequest, FlowLogsResourceType } from '@aws-sdk/client-ec2';
import type { FlowLog } from '../../api/vpc/flow-log.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import type { Call } from '../context.ts';
import { invalidValue, own, required } from '../own.ts';

/** What a flow log records and where to, apart from whose traffic it is. */
export type FlowLogDraft = Omit<
  FlowLog['spec'],
  'account' | 'region' | 'resourceId' | 'createdAt' | 'tags' | 'clientToken' | 'clientTokenDigest'
>;

/** The format when none is given (AWS: version 2). */
const DEFAULT_FORMAT =
  '${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}';
const INTERVALS_SECONDS: ReadonlySet<number> = new Set([60, 600]);
const DEFAULT_INTERVAL_SECONDS = 600;
const TRAFFIC_TYPES = ['ACCEPT', 'REJECT', 'ALL'] as const;
const DESTINATION_TYPES = ['cloud-watch-logs', 's3', 'kinesis-data-firehose'] as const;

/** Reads all of a request but its resources. */
export function readFlowLog(input: CreateFlowLogsRequest): FlowLogDraft {
  const logDestinationType = oneOf(
    DESTINATION_TYPES,
    input.LogDestinationType ?? 'cloud-watch-logs',
    'logDestinationType',
  );
  checkDestination(input, logDestinationType);
  const maxAggregationSeconds = input.MaxAggregationInterval ?? DEFAULT_INTERVAL_SECONDS;
  if (!INTERVALS_SECONDS.has(maxAggregationSeconds))
    throw new Ec2Error('InvalidParameter', 'Invalid Flow Log Max Aggregation Interval');
  return compact<FlowLogDraft>({
    trafficType: oneOf(TRAFFIC_TYPES, required(input.TrafficType, 'trafficType'), 'trafficType'),
    logDestinationType,
    logDestination: input.LogDestination,
    logGroupName: input.LogGroupName,
    deliverLogsPermissionArn: input.DeliverLogsPermissionArn,
    deliverCrossAccountRole: input.DeliverCrossAccountRole,
    logFormat: input.LogFormat ?? DEFAULT_FORMAT,
    maxAggregationSeconds,
    destinationOptions: destinationOptions(input),
  });
}

function oneOf<T extends string>(values: readonly T[], text: string, parameter: string): T {
  const value = values.find((each) => each === text);
  if (value !== undefined) return value;
  throw invalidValue(`Value (${text}) for parameter ${parameter} is invalid.`);
}

function checkDestination(input: CreateFlowLogsRequest, type: string): void {
  const { LogGroupName: group, LogDestination: destination } = input;
  const problem = (message: string): Ec2Error => new Ec2Error('InvalidParameter', message);
  if (group === undefined && destination === undefined)
    throw problem("LogDestination can't be empty if LogGroupName is not provided.");
  if (group !== undefined && type !== 'cloud-watch-logs')
    throw problem('LogDestination type must be cloud-watch-logs if LogGroupName is provided.');
  if (group !== undefined && destination !== undefined)
    throw problem('Please only provide LogGroupName or only provide LogDestination.');
  if (type === 'cloud-watch-logs' && input.DeliverLogsPermissionArn === undefined)
    throw problem(
      "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
    );
}

function destinationOptions({
  DestinationOptions: options,
}: CreateFlowLogsRequest): FlowLogDraft['destinationOptions'] {
  if (options === undefined) return undefined;
  return {
    fileFormat: options.FileFormat ?? 'plain-text',
    hiveCompatiblePartitions: options.HiveCompatiblePartitions ?? false,
    perHourPartition: options.PerHourPartition ?? false,
  };
}

/** Checks that the resource of a flow log exists; throws its NotFound. */
export function checkResource(call: Call, type: FlowLogsResourceType, id: string): void {
  const { store } = call;
  if (type === 'VPC') own(call, store.vpcs, id);
  else if (type === 'Subnet') own(call, store.subnets, id);
  else if (type === 'NetworkInterface') own(call, store.interfaces, id);
  else throw invalidValue(`Value (${type}) for parameter resourceType is invalid.`);
}
