import type {
  CreateNetworkInterfaceRequest,
  CreateNetworkInterfaceResult,
  DeleteNetworkInterfaceRequest,
} from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import type { Call, Handler } from '../context.ts';
import { wornGroups } from '../group-lookup.ts';
import { addressWish } from '../interfaces/address-wish.ts';
import { connectionTracking } from '../interfaces/connection-tracking.ts';
import { placeInterface, type InterfaceDraft } from '../interfaces/place.ts';
import { invalidValue, own, ownVpc, required } from '../own.ts';
import { specifiedTags } from '../tags.ts';
import { checkReplay, creationId, requestDigest } from '../tokens.ts';
import { interfaceView } from '../views/interface.ts';

/** CreateNetworkInterface. The same client token answers the same interface. */
export const createNetworkInterface: Handler<
  CreateNetworkInterfaceRequest,
  CreateNetworkInterfaceResult
> = async (input, call) => {
  const { store } = call;
  const token = input.ClientToken;
  const id = creationId(call, { prefix: 'eni', action: 'CreateNetworkInterface', token });
  const subnetId = required(input.SubnetId, 'subnetId');
  checkParameters(input);
  const subnet = own(call, store.subnets, subnetId);
  const groups = wornGroups(call, ownVpc(call, subnet.spec.vpcId), input.Groups);
  const eni = await store.locks.hold({ shared: [subnetId, ...groups], exclusive: [id] }, () => {
    const earlier = store.interfaces.get(id);
    if (earlier === undefined) return create(input, call, id);
    checkReplay(earlier.spec.clientTokenDigest, input);
    return earlier;
  });
  return { NetworkInterface: interfaceView(call, eni), ClientToken: token };
};

function checkParameters(input: CreateNetworkInterfaceRequest): void {
  interfaceTypeOf(input);
  if ((input.Description?.length ?? 0) > 255)
    throw invalidValue('The description must be at most 255 characters.');
}

/** An adapter for HPC is an ordinary interface here. */
const MADE_TYPES = ['interface', 'trunk', 'branch', 'efa'] as const;

/** Other types that AWS makes on request. */
const OTHER_TYPES = new Set(['efa-only', 'network_load_balancer', 'gateway_load_balancer']);

function interfaceTypeOf({ InterfaceType: type }: CreateNetworkInterfaceRequest): MadeType {
  const wanted: string = type ?? 'interface';
  const made = MADE_TYPES.find((each) => each === wanted);
  if (made !== undefined) return made;
  if (OTHER_TYPES.has(wanted))
    throw new Ec2Error('UnsupportedOperation', `Interface type '${wanted}' is not supported.`);
  throw invalidValue(`Value (${wanted}) for parameter interfaceType is invalid.`);
}

type MadeType = (typeof MADE_TYPES)[number];

/** Runs while subnet and groups are held: they are looked up again, and stay until it is done. */
function create(
  input: CreateNetworkInterfaceRequest,
  call: Call,
  id: string,
): Promise<NetworkInterface> {
  const subnet = own(call, call.store.subnets, input.SubnetId ?? '');
  const groups = wornGroups(call, ownVpc(call, subnet.spec.vpcId), input.Groups);
  const draft = interfaceDraft(call, subnet, {
    groups,
    description: input.Description,
    tags: specifiedTags(input.TagSpecifications, 'network-interface', call.quotas),
  });
  return placeInterface(call, {
    id,
    subnet,
    wish: addressWish(input, subnet),
    draft: compact<InterfaceDraft>({
      ...draft,
      interfaceType: interfaceTypeOf(input),
      connectionTracking: connectionTracking(input.ConnectionTrackingSpecification),
      clientToken: input.ClientToken,
      clientTokenDigest: input.ClientToken === undefined ? undefined : requestDigest(input),
    }),
  });
}

/** The parts of an interface that follow from its subnet and the caller. */
export function interfaceDraft(
  call: Call,
  subnet: Subnet,
  fields: Pick<InterfaceDraft, 'groups' | 'tags'> & { readonly description: string | undefined },
): InterfaceDraft {
  return compact<InterfaceDraft>({
    account: call.accountId,
    vpcId: subnet.spec.vpcId,
    subnetId: subnet.metadata.name,
    availabilityZone: subnet.spec.availabilityZone,
    description: fields.description ?? '',
    interfaceType: 'interface',
    groups: fields.groups,
    sourceDestCheck: true,
    requesterId: call.caller.account.userName,
    requesterManaged: false,
    tags: fields.tags,
  });
}

/**
 * DeleteNetworkInterface: refused while attached, and for a trunk that still carries branches. A
 * branch may be deleted while it is associated; its association ends with it.
 */
export const deleteNetworkInterface: Handler<DeleteNetworkInterfaceRequest, void> = async (
  input,
  call,
) => {
  const { store } = call;
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  await store.locks.hold({ exclusive: [id] }, async () => {
    const eni = own(call, store.interfaces, id);
    const { attachment, managedBy } = eni.spec;
    const isUsed = attachment !== undefined || managedBy !== undefined;
    if (isUsed || store.interfaces.table.count('trunk', id) > 0)
      throw invalidValue(`Network interface '${id}' is currently in use.`);
    await store.interfaces.remove(id);
  });
};
