import type {
  CreateNatGatewayRequest,
  CreateNatGatewayResult,
  DeleteNatGatewayRequest,
  DeleteNatGatewayResult,
  DescribeNatGatewaysRequest,
  DescribeNatGatewaysResult,
  NatGateway as NatGatewayView,
} from '@aws-sdk/client-ec2';
import type { ElasticIp } from '../../api/vpc/elastic-ip.ts';
import type { NatGateway } from '../../api/vpc/nat-gateway.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import { nowText, type Call, type Handler, type Place } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { makeManagedInterface, removeManagedInterfaces } from '../managed/interfaces.ts';
import { invalidValue, own, required, sees } from '../own.ts';
import { alreadyAssociated } from '../public-ips/errors.ts';
import { liveAssociation } from '../public-ips/association.ts';
import { isAmbiguous } from '../store/collection.ts';
import { specifiedTags, tagList } from '../tags.ts';
import { checkReplay, creationId, tokenFields } from '../tokens.ts';

type Spec = NatGateway['spec'];

/** Deleted and failed gateways stay listed for about an hour, as on AWS. */
const ENDED_SHOWN_MS = 3_600_000;

/** CreateNatGateway: available at once, or failed where the network has no internet gateway. */
export const createNatGateway: Handler<CreateNatGatewayRequest, CreateNatGatewayResult> = async (
  input,
  call,
) => {
  const { store } = call;
  const { ClientToken: token } = input;
  const subnetId = required(input.SubnetId, 'subnetId');
  const id = creationId(call, { prefix: 'nat', action: 'CreateNatGateway', token });
  const address = addressFor(call, input);
  const tags = specifiedTags(input.TagSpecifications, 'natgateway', call.quotas);
  const exclusive = [id, ...(address === undefined ? [] : [address.metadata.name])];
  const gateway = await store.locks.hold({ shared: [subnetId], exclusive }, async () => {
    const earlier = store.natGateways.get(id);
    checkReplay(earlier?.spec.clientTokenDigest, input);
    if (earlier !== undefined) return earlier;
    const { vpcId, ipv6Native } = own(call, store.subnets, subnetId).spec;
    if (ipv6Native)
      throw invalidValue(`Subnet ${subnetId} is IPv6 only: it has no addresses to give.`);
    const base = { ...tokenFields(input), account: call.accountId, vpcId, subnetId, tags };
    if (address !== undefined && store.internetGateways.table.count('vpc', vpcId) === 0)
      return store.natGateways.create({ metadata: { name: id }, spec: failed(call, base) });
    return make(call, { id, base, input, addressId: address?.metadata.name });
  });
  return { NatGateway: natGatewayView(gateway), ClientToken: token };
};

type Base = Pick<Spec, 'account' | 'vpcId' | 'subnetId' | 'tags'>;

function failed(call: Call, base: Base): Spec {
  const now = nowText(call);
  const ended = { createdAt: now, deletedAt: now, failure: 'Gateway.NotAttached' };
  return { ...base, ...ended, connectivityType: 'public', state: 'failed' };
}

/** Public gateways have an Elastic IP address, private ones none. */
function addressFor(call: Call, input: CreateNatGatewayRequest): ElasticIp | undefined {
  const type = input.ConnectivityType ?? 'public';
  if (type !== 'public' && type !== 'private')
    throw invalidValue(`Value (${String(type)}) for parameter connectivityType is invalid.`);
  if (input.AvailabilityMode === 'regional')
    throw new Ec2Error('UnsupportedOperation', 'Regional NAT gateways are not supported.');
  const { AllocationId: id } = input;
  if (type === 'private') {
    if (id === undefined) return undefined;
    throw new Ec2Error(
      'InvalidParameterCombination',
      'An allocation ID cannot be specified for a private NAT gateway.',
    );
  }
  if (id !== undefined) return own(call, call.store.elasticIps, id);
  throw new Ec2Error(
    'MissingParameter',
    'The request must include the AllocationId parameter. Add the required parameter and retry the request.',
  );
}

interface Draft {
  readonly id: string;
  readonly base: Base;
  readonly input: CreateNatGatewayRequest;
  readonly addressId: string | undefined;
}

/** The interface first, then its address, the gateway last: see `makeManagedInterface`. */
async function make(call: Call, { id, base, input, addressId }: Draft): Promise<NatGateway> {
  const { store } = call;
  try {
    const eni = await makeManagedInterface(call, own(call, store.subnets, base.subnetId), {
      ownerId: id,
      type: 'nat_gateway',
      description: `Interface for NAT Gateway ${id}`,
      groups: [],
      privateIp: input.PrivateIpAddress,
    });
    const [privateIp = ''] = eni.spec.privateIps;
    const networkInterfaceId = eni.metadata.name;
    const spec = compact<Spec>({
      ...base,
      connectivityType: addressId === undefined ? 'private' : 'public',
      state: 'available',
      createdAt: nowText(call),
      networkInterfaceId,
      privateIp,
      ...(addressId !== undefined &&
        (await takeAddress(call, addressId, { networkInterfaceId, privateIp }))),
    });
    return await store.natGateways.create({ metadata: { name: id }, spec });
  } catch (error) {
    if (!isAmbiguous(error)) await removeManagedInterfaces(store, id);
    throw error;
  }
}

async function takeAddress(
  call: Call,
  id: string,
  target: { readonly networkInterfaceId: string; readonly privateIp: string },
): Promise<Pick<Spec, 'allocationId' | 'associationId' | 'publicIp'>> {
  const { store } = call;
  const address = own(call, store.elasticIps, id);
  if (liveAssociation(store, address) !== undefined) throw alreadyAssociated(id, address);
  const associationId = newId(call.random, 'eipassoc');
  const association = { associationId, ...target };
  await store.elasticIps.update(id, (each) => ({ ...each, spec: { ...each.spec, association } }));
  return { allocationId: id, associationId, publicIp: address.spec.publicIp };
}

/** DeleteNatGateway: deleted at once. Its address stays allocated; routes to it are black holes. */
export const deleteNatGateway: Handler<DeleteNatGatewayRequest, DeleteNatGatewayResult> = (
  input,
  call,
) => {
  const { store } = call;
  const id = required(input.NatGatewayId, 'natGatewayId');
  return store.locks.hold({ exclusive: [id] }, async () => {
    own(call, store.natGateways, id);
    const deletedAt = nowText(call);
    await store.natGateways.update(id, (gateway) =>
      gateway.spec.state === 'deleted'
        ? gateway
        : { ...gateway, spec: { ...gateway.spec, state: 'deleted', deletedAt } },
    );
    await removeManagedInterfaces(store, id);
    return { NatGatewayId: id };
  });
};

const FILTERS: FilterTable<NatGateway> = {
  tags: ({ spec }) => spec.tags,
  indexed: { 'vpc-id': 'vpc' },
  filters: {
    'nat-gateway-id': ({ metadata }) => [metadata.name],
    'subnet-id': ({ spec }) => [spec.subnetId],
    'vpc-id': ({ spec }) => [spec.vpcId],
    state: ({ spec }) => [spec.state],
  },
};

/** DescribeNatGateways. */
export const describeNatGateways: Handler<DescribeNatGatewaysRequest, DescribeNatGatewaysResult> = (
  input,
  call,
) => {
  const gateways = selectObjects(
    call.store.natGateways,
    { ids: input.NatGatewayIds, filters: input.Filter },
    { table: FILTERS, visible: (gateway) => sees(call, gateway) && isListed(call, gateway) },
  );
  const page = paginate(gateways, input, {
    key: ({ metadata }) => metadata.name,
    range: [5, 1000],
  });
  return { NatGateways: page.items.map(natGatewayView), NextToken: page.nextToken };
};

/** Whether a gateway did not end, or did so lately. */
export function isListed({ clock }: Pick<Place, 'clock'>, { spec }: NatGateway): boolean {
  if (spec.deletedAt === undefined) return true;
  return clock.nowMs() - Date.parse(spec.deletedAt) < ENDED_SHOWN_MS;
}

function natGatewayView({ metadata, spec }: NatGateway): NatGatewayView {
  return {
    NatGatewayId: metadata.name,
    VpcId: spec.vpcId,
    SubnetId: spec.subnetId,
    ConnectivityType: spec.connectivityType,
    State: spec.state,
    CreateTime: new Date(spec.createdAt),
    ...(spec.deletedAt !== undefined && { DeleteTime: new Date(spec.deletedAt) }),
    ...(spec.failure !== undefined && {
      FailureCode: spec.failure,
      FailureMessage: `Network ${spec.vpcId} has no Internet gateway attached`,
    }),
    NatGatewayAddresses: spec.networkInterfaceId === undefined ? [] : [addressView(spec)],
    Tags: tagList(spec.tags),
  };
}

function addressView(spec: Spec): NonNullable<NatGatewayView['NatGatewayAddresses']>[number] {
  return {
    AllocationId: spec.allocationId,
    AssociationId: spec.associationId,
    NetworkInterfaceId: spec.networkInterfaceId,
    PrivateIp: spec.privateIp,
    PublicIp: spec.publicIp,
    IsPrimary: true,
    Status: 'succeeded',
  };
}
