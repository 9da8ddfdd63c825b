import type {
  DescribeInstancesRequest,
  DescribeInstancesResult,
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult,
  InstanceStateChange,
  Reservation,
  TerminateInstancesRequest,
  TerminateInstancesResult,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { nowText, type Call, type Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable, FilterValues } from '../filters.ts';
import { own, required, sees } from '../own.ts';
import { releaseInterfaces } from '../interfaces/release.ts';
import { instanceView, interfacesOf, stateView } from '../views/instance.ts';
import { privateDnsName } from '../views/interface.ts';

/** Terminated instances stay listed for about an hour, as on AWS. */
const TERMINATED_SHOWN_MS = 3_600_000;

/** DescribeInstances. */
export const describeInstances: Handler<DescribeInstancesRequest, DescribeInstancesResult> = (
  input,
  call,
) => {
  if (input.InstanceIds?.length && input.MaxResults !== undefined)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
  const instances = select(input, call);
  const page = paginate(instances, input, {
    key: ({ metadata }) => metadata.name,
    range: [5, 1000],
  });
  return { Reservations: reservations(call, page.items), NextToken: page.nextToken };
};

function select(input: DescribeInstancesRequest, call: Call): Instance[] {
  return selectObjects(
    call.store.instances,
    { ids: input.InstanceIds, filters: input.Filters },
    {
      table: filtersOf(call),
      visible: (instance) => sees(call, instance) && isListed(call, instance),
    },
  );
}

function isListed(call: Call, { spec }: Instance): boolean {
  if (spec.terminatedAt === undefined) return true;
  return call.clock.nowMs() - Date.parse(spec.terminatedAt) < TERMINATED_SHOWN_MS;
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

function filtersOf(call: Call): FilterTable<Instance> {
  const ofInterfaces =
    (read: (eni: NetworkInterface) => readonly (string | undefined)[]): FilterValues<Instance> =>
    ({ metadata }) =>
      interfacesOf(call, metadata.name).flatMap(read);
  const groupIds = ofInterfaces(({ spec }) => spec.groups);
  const groupNames = ofInterfaces(({ spec }) =>
    spec.groups.map((id) => call.store.groups.get(id)?.spec.groupName),
  );
  const primaryAddress = ({ metadata }: Instance): string | undefined =>
    interfacesOf(call, metadata.name)[0]?.spec.privateIps[0];
  return {
    tags: ({ spec }) => spec.tags,
    indexed: { 'vpc-id': 'vpc', 'subnet-id': 'subnet' },
    filters: {
      ...OWN_FILTERS,
      'private-ip-address': (instance) => [primaryAddress(instance)],
      'private-dns-name': (instance) => [
        privateDnsName(primaryAddress(instance) ?? '', call.region),
      ],
      'source-dest-check': ({ metadata }) => [
        interfacesOf(call, metadata.name)[0]?.spec.sourceDestCheck.toString(),
      ],
      'instance.group-id': groupIds,
      'instance.group-name': groupNames,
      'network-interface.network-interface-id': ofInterfaces(({ metadata }) => [metadata.name]),
      'network-interface.subnet-id': ofInterfaces(({ spec }) => [spec.subnetId]),
      'network-interface.vpc-id': ofInterfaces(({ spec }) => [spec.vpcId]),
      'network-interface.group-id': groupIds,
      'network-interface.group-name': groupNames,
      'network-interface.private-dns-name': ofInterfaces(({ spec }) => [
        privateDnsName(spec.privateIps[0] ?? '', call.region),
      ]),
    },
  };
}

const OWN_FILTERS: FilterTable<Instance>['filters'] = {
  'instance-id': ({ metadata }) => [metadata.name],
  'instance-state-name': ({ spec }) => [spec.state],
  'instance-state-code': ({ spec }) => [String(stateView(spec.state).Code)],
  'instance-type': ({ spec }) => [spec.instanceType],
  'availability-zone': ({ spec }) => [spec.availabilityZone],
  'vpc-id': ({ spec }) => [spec.vpcId],
  'subnet-id': ({ spec }) => [spec.subnetId],
  'image-id': ({ spec }) => [spec.imageId],
  'owner-id': ({ spec }) => [spec.account],
  'reservation-id': ({ spec }) => [spec.reservationId],
  'client-token': ({ spec }) => [spec.clientToken],
  architecture: () => ['x86_64'],
};

/** DescribeInstanceStatus: running instances, or all with IncludeAllInstances. */
export const describeInstanceStatus: Handler<
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult
> = (input, call) => {
  const chosen = select({ InstanceIds: input.InstanceIds, Filters: input.Filters }, call).filter(
    ({ spec }) => input.IncludeAllInstances || spec.state === 'running',
  );
  const page = paginate(chosen, input, { key: ({ metadata }) => metadata.name, range: [5, 1000] });
  return {
    InstanceStatuses: page.items.map(({ metadata, spec }) => {
      const status = spec.state === 'running' ? 'ok' : 'not-applicable';
      return {
        InstanceId: metadata.name,
        AvailabilityZone: spec.availabilityZone,
        InstanceState: stateView(spec.state),
        InstanceStatus: { Status: status },
        SystemStatus: { Status: status },
      };
    }),
    NextToken: page.nextToken,
  };
};

/** TerminateInstances: terminated at once; all ids are checked before any is touched. */
export const terminateInstances: Handler<
  TerminateInstancesRequest,
  TerminateInstancesResult
> = async (input, call) => {
  const ids = [...new Set(required(input.InstanceIds, 'InstanceId'))];
  select({ InstanceIds: ids }, call);
  const changes: InstanceStateChange[] = [];
  for (const id of ids) changes.push(await terminate(call, id));
  return { TerminatingInstances: changes };
};

/** The state is written first; the sweep at start-up releases interfaces that are left over. */
async function terminate(call: Call, id: string): Promise<InstanceStateChange> {
  const { store } = call;
  const before = await store.locks.hold({ exclusive: [id] }, async () => {
    const { state } = own(call, store.instances, id).spec;
    if (state !== 'terminated')
      await store.instances.update(id, (instance) => ({
        ...instance,
        spec: { ...instance.spec, state: 'terminated', terminatedAt: nowText(call) },
      }));
    return state;
  });
  await releaseInterfaces(store, id);
  return {
    InstanceId: id,
    CurrentState: stateView(before === 'terminated' ? 'terminated' : 'shutting-down'),
    PreviousState: stateView(before),
  };
}
