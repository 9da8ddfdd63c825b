import type {
  DescribeInstancesRequest,
  DescribeInstancesResult,
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult,
  InstanceStatus,
  Reservation,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { instanceFilters } from '../instances/filters.ts';
import { listedInstances } from '../instances/listed.ts';
import { instanceView, stateView } from '../views/instance.ts';
import { zoneIdOf } from '../zones.ts';

/** DescribeInstances. */
export const describeInstances: Handler<DescribeInstancesRequest, DescribeInstancesResult> = (
  input,
  call,
) => {
  checkPaging(input);
  const instances = listedInstances(call, {
    ids: input.InstanceIds,
    filters: input.Filters,
    table: instanceFilters(call),
  });
  const page = paginate(instances, input, {
    key: ({ metadata }) => metadata.name,
    range: [5, 1000],
  });
  return { Reservations: reservations(call, page.items), NextToken: page.nextToken };
};

function checkPaging({
  InstanceIds: ids,
  MaxResults: max,
}: DescribeInstancesRequest | DescribeInstanceStatusRequest): void {
  if (ids?.length && max !== undefined)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
}

function reservations(call: Call, instances: readonly Instance[]): Reservation[] {
  const byId = Map.groupBy(instances, ({ metadata, spec }) => spec.reservationId ?? metadata.name);
  return [...byId].map(([ReservationId, members]) => ({
    ReservationId,
    OwnerId: members[0]?.spec.account,
    Groups: [],
    Instances: members.map((instance) => instanceView(call, instance)),
  }));
}

const STATUS_FILTERS: FilterTable<Instance> = {
  tags: ({ spec }) => spec.tags,
  filters: {
    'availability-zone': ({ spec }) => [spec.availabilityZone],
    'availability-zone-id': ({ spec }) => [zoneIdOf(spec.availabilityZone ?? '')],
    'instance-state-name': ({ spec }) => [spec.state],
    'instance-state-code': ({ spec }) => [String(stateView(spec.state).Code)],
    'instance-status.status': (instance) => [checksOf(instance)],
    'instance-status.reachability': ({ spec }) => (spec.state === 'running' ? ['passed'] : []),
    'system-status.status': (instance) => [checksOf(instance)],
    'system-status.reachability': ({ spec }) => (spec.state === 'running' ? ['passed'] : []),
    'event.code': () => [],
    'event.description': () => [],
    'event.instance-event-id': () => [],
  },
};

function checksOf({ spec }: Instance): 'ok' | 'not-applicable' {
  return spec.state === 'running' ? 'ok' : 'not-applicable';
}

/** DescribeInstanceStatus: running instances, or all with IncludeAllInstances. */
export const describeInstanceStatus: Handler<
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult
> = (input, call) => {
  checkPaging(input);
  const { InstanceIds: ids, Filters: filters } = input;
  const chosen = listedInstances(call, { ids, filters, table: STATUS_FILTERS }).filter(
    ({ spec }) => input.IncludeAllInstances || spec.state === 'running',
  );
  const page = paginate(chosen, input, { key: ({ metadata }) => metadata.name, range: [5, 1000] });
  return { InstanceStatuses: page.items.map(statusView), NextToken: page.nextToken };
};

function statusView(instance: Instance): InstanceStatus {
  const { metadata, spec } = instance;
  const Details = [{ Name: 'reachability' as const, Status: 'passed' as const }];
  const summary = { Status: checksOf(instance), ...(spec.state === 'running' && { Details }) };
  return {
    InstanceId: metadata.name,
    AvailabilityZone: spec.availabilityZone,
    AvailabilityZoneId: zoneIdOf(spec.availabilityZone ?? ''),
    InstanceState: stateView(spec.state),
    InstanceStatus: summary,
    SystemStatus: summary,
    Events: [],
  };
}
