import type {
  InstanceNetworkInterfaceSpecification,
  Reservation,
  RunInstancesRequest,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { isId, newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import { compact } from '../compact.ts';
import { nowText, type Call, type Handler } from '../context.ts';
import { wornGroups } from '../group-lookup.ts';
import { addressWish, placeInterface } from '../interfaces/place.ts';
import { defaultVpc, invalidValue, own, ownVpc, required } from '../own.ts';
import { checkSpecification, mergeTags, type Tags } from '../tags.ts';
import { isAmbiguous } from '../store/collection.ts';
import { checkReplay, creationId, requestDigest } from '../tokens.ts';
import { instanceView } from '../views/instance.ts';
import { interfaceDraft } from './create-interface.ts';

const DEFAULT_TYPE = 'm1.small';
/** More at once is refused, so that one call cannot hold a subnet for minutes. */
const MAX_INSTANCES = 100;
const TAGGABLE = ['instance', 'network-interface', 'volume', 'spot-instances-request'] as const;

interface Launch {
  readonly input: RunInstancesRequest;
  readonly instanceType: string;
  readonly imageId: string;
  readonly interfaces: readonly InterfaceSpecification[];
  readonly instanceTags: Tags;
  readonly interfaceTags: Tags;
  readonly reservationId: string;
  readonly digest: string | undefined;
}

interface InterfaceSpecification extends InstanceNetworkInterfaceSpecification {
  readonly SubnetId: string;
}

/**
 * RunInstances: running at once. Per instance its interfaces are stored first, attached to an id
 * that does not exist yet, and the instance last. After a crash in between, the sweep finds
 * interfaces of no instance and removes them; an instance without its interfaces cannot exist.
 */
export const runInstances: Handler<RunInstancesRequest, Reservation> = async (input, call) => {
  const { store } = call;
  const count = instanceCount(input);
  const launch = parseLaunch(input, call);
  const groups = launch.interfaces.flatMap(
    (each) => wornGroups(call, vpcOfSubnet(call, each.SubnetId), each.Groups) as string[],
  );
  const firstId = instanceId(call, input, 0);
  const shared = [...launch.interfaces.map((each) => each.SubnetId), ...groups];
  return store.locks.hold({ shared, exclusive: [firstId] }, async () => {
    const instances: Instance[] = [];
    for (let i = 0; i < count; i++) instances.push(await launchOne(call, launch, i));
    return {
      ReservationId: instances[0]?.spec.reservationId,
      OwnerId: call.accountId,
      Groups: [],
      Instances: instances.map((instance) => instanceView(call, instance)),
    };
  });
};

function vpcOfSubnet(call: Call, subnetId: string): ReturnType<typeof ownVpc> {
  return ownVpc(call, own(call, call.store.subnets, subnetId).spec.vpcId);
}

function instanceCount({ MinCount: least, MaxCount: most }: RunInstancesRequest): number {
  const count = required(most, 'MaxCount');
  if (!(Number.isInteger(count) && count >= 1 && (least ?? 1) <= count && (least ?? 1) >= 1))
    throw invalidValue(`Invalid value for MinCount or MaxCount: ${least}, ${most}`);
  if (count > MAX_INSTANCES)
    throw new Ec2Error(
      'InstanceLimitExceeded',
      `You have requested more instances (${count}) than one call may start (${MAX_INSTANCES}).`,
    );
  return count;
}

function parseLaunch(input: RunInstancesRequest, call: Call): Launch {
  const imageId = required(input.ImageId, 'ImageId');
  const instanceType = input.InstanceType ?? DEFAULT_TYPE;
  if (!isId(imageId, 'ami'))
    throw new Ec2Error('InvalidAMIID.Malformed', `Invalid id: "${imageId}" (expecting "ami-...")`);
  const limits = instanceLimits(instanceType);
  if (limits === undefined) throw invalidValue(`Invalid value '${instanceType}' for InstanceType.`);
  const interfaces = interfaceSpecifications(input, call);
  if (interfaces.length > limits.maxInterfaces)
    throw new Ec2Error(
      'AttachmentLimitExceeded',
      `Interface count ${interfaces.length} exceeds the limit for ${instanceType}`,
    );
  return {
    input,
    imageId,
    instanceType,
    interfaces,
    instanceTags: tagsFor('instance', input, call),
    interfaceTags: tagsFor('network-interface', input, call),
    reservationId: newId(call.random, 'r'),
    digest: input.ClientToken === undefined ? undefined : requestDigest(input),
  };
}

function tagsFor(
  type: string,
  { TagSpecifications: all = [] }: RunInstancesRequest,
  call: Call,
): Tags {
  for (const each of all) checkSpecification(each, TAGGABLE);
  const tags = all.filter((each) => each.ResourceType === type).flatMap((each) => each.Tags ?? []);
  return mergeTags({}, tags, call.quotas);
}

/** The interfaces to make: those of the request, or one primary from its top-level fields. */
function interfaceSpecifications(
  input: RunInstancesRequest,
  call: Call,
): readonly InterfaceSpecification[] {
  const listed = input.NetworkInterfaces ?? [];
  if (listed.length === 0) {
    const SubnetId = input.SubnetId ?? defaultSubnet(call);
    const { SecurityGroupIds: Groups, PrivateIpAddress } = input;
    return [{ DeviceIndex: 0, DeleteOnTermination: true, SubnetId, Groups, PrivateIpAddress }];
  }
  for (const [field, name] of [
    [input.SubnetId, 'subnet ID'],
    [input.SecurityGroupIds, 'security groups'],
  ] as const)
    if (field !== undefined)
      throw new Ec2Error(
        'InvalidParameterCombination',
        `Network interfaces and an instance-level ${name} may not be specified on the same request`,
      );
  const indexes = listed.map((each) => each.DeviceIndex ?? -1);
  if (!indexes.includes(0) || new Set(indexes).size !== indexes.length)
    throw invalidValue('The device indexes of network interfaces must differ and include 0.');
  return listed.map(completeSpecification);
}

function completeSpecification(
  each: InstanceNetworkInterfaceSpecification,
): InterfaceSpecification {
  if (each.NetworkInterfaceId !== undefined || each.Ipv6AddressCount || each.Ipv6Addresses)
    throw new Ec2Error(
      'UnsupportedOperation',
      'Existing interfaces and IPv6 addresses are not supported at launch yet.',
    );
  return { DeleteOnTermination: true, ...each, SubnetId: required(each.SubnetId, 'subnetId') };
}

function defaultSubnet(call: Call): string {
  const vpcId = defaultVpc(call).metadata.name;
  const [subnet] = call.store.subnets.table.by('vpc', vpcId);
  if (subnet === undefined)
    throw new Ec2Error('MissingInput', `No subnets found for the default VPC '${vpcId}'.`);
  return subnet.metadata.name;
}

function instanceId(
  call: Call,
  { ClientToken: token }: RunInstancesRequest,
  index: number,
): string {
  return creationId(call, {
    prefix: 'i',
    action: `RunInstances ${index}`,
    token,
  });
}

async function launchOne(call: Call, launch: Launch, index: number): Promise<Instance> {
  const { store } = call;
  const id = instanceId(call, launch.input, index);
  const earlier = store.instances.get(id);
  if (earlier !== undefined) {
    checkReplay(earlier.spec.clientTokenDigest, launch.input);
    if (earlier.spec.state === 'terminated')
      throw new Ec2Error('IdempotentInstanceTerminated', `The instance '${id}' is terminated.`);
    return earlier;
  }
  await removeInterfaces(call, id);
  try {
    for (const each of launch.interfaces) await launchInterface(call, launch, { id, each });
    return await storeInstance(call, launch, { id, index });
  } catch (error) {
    if (!isAmbiguous(error)) await undoLaunch(call, id);
    throw error;
  }
}

async function launchInterface(
  call: Call,
  launch: Launch,
  { id, each }: { id: string; each: InterfaceSpecification },
): Promise<void> {
  const subnet = own(call, call.store.subnets, each.SubnetId);
  const groups = wornGroups(call, ownVpc(call, subnet.spec.vpcId), each.Groups);
  const draft = interfaceDraft(call, subnet, {
    groups,
    description: each.Description,
    tags: launch.interfaceTags,
  });
  await placeInterface(call, {
    id: newId(call.random, 'eni'),
    subnet,
    wish: addressWish(each),
    draft: {
      ...draft,
      attachment: {
        attachmentId: newId(call.random, 'eni-attach'),
        instanceId: id,
        deviceIndex: each.DeviceIndex ?? 0,
        networkCardIndex: each.NetworkCardIndex ?? 0,
        deleteOnTermination: each.DeleteOnTermination ?? true,
        attachTime: nowText(call),
      },
    },
  });
}

function storeInstance(
  call: Call,
  launch: Launch,
  { id, index }: { id: string; index: number },
): Promise<Instance> {
  const { input, interfaces } = launch;
  const primary = interfaces.find((each) => (each.DeviceIndex ?? 0) === 0);
  const subnet: Subnet = own(call, call.store.subnets, primary?.SubnetId ?? '');
  return call.store.instances.create({
    metadata: { name: id },
    spec: compact<Instance['spec']>({
      account: call.accountId,
      vpcId: subnet.spec.vpcId,
      subnetId: subnet.metadata.name,
      availabilityZone: subnet.spec.availabilityZone,
      instanceType: launch.instanceType,
      imageId: launch.imageId,
      state: 'running',
      launchTime: nowText(call),
      launchIndex: index,
      reservationId: launch.reservationId,
      iamInstanceProfileArn: input.IamInstanceProfile?.Arn,
      userData: input.UserData,
      clientToken: input.ClientToken,
      clientTokenDigest: launch.digest,
      tags: launch.instanceTags,
    }),
  });
}

/** Interfaces of an instance that is not stored: an earlier try with the same token made them. */
async function removeInterfaces({ store }: Call, id: string): Promise<void> {
  for (const { metadata } of store.interfaces.table.by('instance', id))
    await store.interfaces.remove(metadata.name);
}

/**
 * Best effort: what stays behind is removed by the sweep at the next start. Only after a certain
 * failure, or else the instance could turn up later without its interfaces.
 */
async function undoLaunch(call: Call, id: string): Promise<void> {
  await removeInterfaces(call, id).catch((error: unknown) => {
    call.log.warn('Interfaces of a failed launch are left for the sweep', { instance: id, error });
  });
}
