import type {
  CreateSubnetCidrReservationRequest,
  CreateSubnetCidrReservationResult,
  DeleteSubnetCidrReservationRequest,
  DeleteSubnetCidrReservationResult,
  GetSubnetCidrReservationsRequest,
  GetSubnetCidrReservationsResult,
  SubnetCidrReservation as ReservationView,
} from '@aws-sdk/client-ec2';
import type { SubnetCidrReservation } from '../../api/vpc/subnet-cidr-reservation.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { cidrContains, cidrOverlaps, formatCidr, parseCidr, type Cidr } from '../../base/cidr.ts';
import { newId } from '../../base/ids.ts';
import { compact } from '../compact.ts';
import type { Call, Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { blocksOf, readBlock } from '../network/blocks.ts';
import { invalidValue, own, required } from '../own.ts';
import { specifiedTags, tagList } from '../tags.ts';

/** CreateSubnetCidrReservation. */
export const createSubnetCidrReservation: Handler<
  CreateSubnetCidrReservationRequest,
  CreateSubnetCidrReservationResult
> = (input, call) => {
  const { store } = call;
  const subnetId = required(input.SubnetId, 'subnetId');
  const text = required(input.Cidr, 'cidr');
  const reservationType = required(input.ReservationType, 'reservationType');
  const tags = specifiedTags(input.TagSpecifications, 'subnet-cidr-reservation', call.quotas);
  if (reservationType !== 'prefix' && reservationType !== 'explicit')
    throw invalidValue(
      `Value (${String(reservationType)}) for parameter reservationType is invalid.`,
    );
  return store.locks.hold({ exclusive: [subnetId] }, async () => {
    const subnet = own(call, store.subnets, subnetId);
    const reservation = await store.cidrReservations.create({
      metadata: { name: newId(call.random, 'scr') },
      spec: compact<SubnetCidrReservation['spec']>({
        account: call.accountId,
        vpcId: subnet.spec.vpcId,
        subnetId,
        cidr: formatCidr(checkReservation(call, subnet, text)),
        reservationType,
        description: input.Description,
        tags,
      }),
    });
    return { SubnetCidrReservation: reservationView(reservation) };
  });
};

function checkReservation({ store }: Call, subnet: Subnet, text: string): Cidr {
  const block = readBlock(text, 'cidr', text.includes(':') ? 6 : 4);
  const own = blocksOf(subnet);
  if (!own.some((outer) => cidrContains(outer, block)))
    throw invalidValue(
      `Reservation CIDR should be within subnet CIDR block (${own
        .filter(({ family }) => family === block.family)
        .map(formatCidr)
        .join(', ')})`,
    );
  for (const { spec } of store.cidrReservations.table.by('subnet', subnet.metadata.name)) {
    const other = parseCidr(spec.cidr);
    if (other.ok && cidrOverlaps(other.value, block))
      throw invalidValue(`Reservation CIDR ${text} has overlap with existing reserved CIDR block`);
  }
  return block;
}

/** DeleteSubnetCidrReservation. */
export const deleteSubnetCidrReservation: Handler<
  DeleteSubnetCidrReservationRequest,
  DeleteSubnetCidrReservationResult
> = (input, call) => {
  const { cidrReservations, locks } = call.store;
  const id = required(input.SubnetCidrReservationId, 'subnetCidrReservationId');
  return locks.hold({ exclusive: [id] }, async () => {
    const reservation = own(call, cidrReservations, id);
    await cidrReservations.remove(id);
    return { DeletedSubnetCidrReservation: reservationView(reservation) };
  });
};

const FILTERS: FilterTable<SubnetCidrReservation> = {
  tags: ({ spec }) => spec.tags,
  filters: {
    reservationType: ({ spec }) => [spec.reservationType],
    'reservation-type': ({ spec }) => [spec.reservationType],
    'subnet-id': ({ spec }) => [spec.subnetId],
  },
};

/** GetSubnetCidrReservations. */
export const getSubnetCidrReservations: Handler<
  GetSubnetCidrReservationsRequest,
  GetSubnetCidrReservationsResult
> = (input, call) => {
  const { store } = call;
  const subnetId = required(input.SubnetId, 'subnetId');
  own(call, store.subnets, subnetId);
  const all = store.cidrReservations.table.by('subnet', subnetId);
  const found = all.filter(filterTest(FILTERS, input.Filters));
  const page = paginate(found, input, { key: ({ metadata }) => metadata.name, range: [5, 1000] });
  const isIpv6 = ({ spec }: SubnetCidrReservation): boolean => spec.cidr.includes(':');
  return {
    SubnetIpv4CidrReservations: page.items.filter((each) => !isIpv6(each)).map(reservationView),
    SubnetIpv6CidrReservations: page.items.filter(isIpv6).map(reservationView),
    NextToken: page.nextToken,
  };
};

function reservationView({ metadata, spec }: SubnetCidrReservation): ReservationView {
  return {
    SubnetCidrReservationId: metadata.name,
    SubnetId: spec.subnetId,
    Cidr: spec.cidr,
    ReservationType: spec.reservationType,
    OwnerId: spec.account,
    Description: spec.description,
    Tags: tagList(spec.tags),
  };
}
