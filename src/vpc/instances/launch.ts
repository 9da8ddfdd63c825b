import type { Instance } from '../../api/vpc/instance.ts';
import type { InterfaceAttachment, NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error, isEc2Error } from '../../ec2/error.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import { interfaceDraft } from '../actions/create-interface.ts';
import { compact } from '../compact.ts';
import { nowText, type Call } from '../context.ts';
import { wornGroups } from '../group-lookup.ts';
import { checkAddressLimit } from '../interfaces/address-limits.ts';
import { addressWish } from '../interfaces/address-wish.ts';
import { connectionTracking } from '../interfaces/connection-tracking.ts';
import { placeInterface, type InterfaceDraft } from '../interfaces/place.ts';
import { giveBackInterfaces } from '../interfaces/release.ts';
import { invalidValue, own, ownVpc } from '../own.ts';
import { withPublicIp } from '../public-ips/pick.ts';
import { isAmbiguous } from '../store/collection.ts';
import { checkReplay, creationId } from '../tokens.ts';
import type { Launch, LaunchInterface } from './launch-request.ts';
import { withMetadataOptions } from './metadata-options.ts';

/** The id of the n-th instance of a launch. */
export function launchId(
  call: Call,
  { ClientToken: token }: Launch['input'],
  index: number,
): string {
  return creationId(call, { prefix: 'i', action: `RunInstances ${index}`, token });
}

/** The groups that the interfaces of a launch wear. The caller looks before it locks, and after. */
export function launchGroups(call: Call, launch: Launch): readonly string[] {
  return launch.interfaces.flatMap((each) =>
    each.NetworkInterfaceId === undefined ? groupsOf(call, each) : [],
  );
}

function groupsOf(call: Call, { SubnetId, Groups }: LaunchInterface): readonly string[] {
  const { vpcId } = own(call, call.store.subnets, SubnetId).spec;
  try {
    return wornGroups(call, ownVpc(call, vpcId), Groups);
  } catch (error) {
    if (isEc2Error(error, 'SecurityGroupsPerInterfaceLimitExceeded'))
      throw new Ec2Error('SecurityGroupsPerInstanceLimitExceeded', error.message);
    throw error;
  }
}

/**
 * Starts the n-th instance of a launch. Its interfaces are stored first, attached to an id that does
 * not exist yet, and the instance last. After a crash in between, the sweep gives back interfaces of
 * no instance; an instance without its interfaces cannot exist.
 */
export async function launchOne(call: Call, launch: Launch, index: number): Promise<Instance> {
  const { store } = call;
  const id = launchId(call, launch.input, index);
  const earlier = store.instances.get(id);
  if (earlier !== undefined) {
    checkReplay(earlier.spec.clientTokenDigest, launch.input);
    if (earlier.spec.state === 'terminated')
      throw new Ec2Error('IdempotentInstanceTerminated', `The instance '${id}' is terminated.`);
    return earlier;
  }
  await giveBackInterfaces(store, id);
  try {
    for (const each of launch.interfaces) await launchInterface(call, launch, { id, each });
    return await storeInstance(call, launch, { id, index });
  } catch (error) {
    if (!isAmbiguous(error)) await undoLaunch(call, id);
    throw error;
  }
}

interface Target {
  readonly id: string;
  readonly each: LaunchInterface;
}

async function launchInterface(call: Call, launch: Launch, { id, each }: Target): Promise<void> {
  const attachment: InterfaceAttachment = {
    attachmentId: newId(call.random, 'eni-attach'),
    instanceId: id,
    ...each.slot,
    deleteOnTermination: each.DeleteOnTermination ?? true,
    attachTime: nowText(call),
  };
  if (each.NetworkInterfaceId !== undefined)
    await attachExisting(call, launch, { ...each, attachment });
  else await makeInterface(call, launch, { ...each, attachment });
}

type Attached = LaunchInterface & { readonly attachment: InterfaceAttachment };

async function makeInterface(call: Call, launch: Launch, each: Attached): Promise<void> {
  const subnet = own(call, call.store.subnets, each.SubnetId);
  const wish = addressWish(each, subnet);
  checkNative(launch.instanceType, subnet);
  checkLaunchAddresses(launch.instanceType, wish.request);
  const id = newId(call.random, 'eni');
  const fields = {
    ...interfaceDraft(call, subnet, {
      groups: groupsOf(call, each),
      description: each.Description,
      tags: launch.interfaceTags,
    }),
    connectionTracking: connectionTracking(each.ConnectionTrackingSpecification),
    attachment: each.attachment,
  };
  const place = async (publicIp?: string): Promise<void> => {
    const draft = compact<InterfaceDraft>({ ...fields, publicIp });
    await placeInterface(call, { id, subnet, wish, draft });
  };
  await (wantsPublicIp(launch, each, subnet) ? withPublicIp(call, place) : place());
}

/** The subnet says so, unless the launch does; several interfaces never get one. */
function wantsPublicIp({ interfaces }: Launch, each: Attached, { spec }: Subnet): boolean {
  const isOnly = interfaces.length === 1;
  if (spec.ipv6Native && each.AssociatePublicIpAddress === true)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'The associatePublicIPAddress parameter cannot be specified for an IPv6-only subnet.',
    );
  if (!isOnly && each.AssociatePublicIpAddress === true)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.',
    );
  return isOnly && (each.AssociatePublicIpAddress ?? spec.mapPublicIpOnLaunch ?? false);
}

/** Only Nitro instances, and bare metal, do without IPv4 (AWS: "IPv6-only subnets"). */
function checkNative(instanceType: string, { spec }: Subnet): void {
  if (spec.ipv6Native && instanceLimits(instanceType)?.hypervisor === 'xen')
    throw new Ec2Error(
      'Unsupported',
      'The requested configuration is currently not supported. Please check the documentation for supported configurations.',
    );
}

function checkLaunchAddresses(
  instanceType: string,
  request: ReturnType<typeof addressWish>['request'],
): void {
  const limit = instanceLimits(instanceType)?.ipv4PerInterface ?? 0;
  const size = (kind: keyof typeof request): number =>
    (request[kind]?.named?.length ?? 0) + (request[kind]?.count ?? 0);
  if (Math.max(size('ipv4') + size('ipv4Prefix'), size('ipv6') + size('ipv6Prefix')) > limit)
    throw new Ec2Error(
      'InvalidInterface.IpAddressLimitExceeded',
      `The number of IP addresses exceeds the limit of ${limit} for ${instanceType}`,
    );
}

async function attachExisting(call: Call, launch: Launch, each: Attached): Promise<void> {
  const [primary] = launch.interfaces;
  const zone = own(call, call.store.subnets, primary?.SubnetId ?? '').spec.availabilityZone;
  const id = each.NetworkInterfaceId ?? '';
  own(call, call.store.interfaces, id);
  await call.store.interfaces.update(id, (eni) => {
    checkAvailable(eni);
    if (eni.spec.availabilityZone !== zone)
      throw invalidValue(`Network interface '${id}' is not in the availability zone ${zone}.`);
    checkAddressLimit(eni.spec, launch.instanceType);
    const attachment = { ...each.attachment, existedBefore: true };
    return { ...eni, spec: { ...eni.spec, attachment } };
  });
}

function checkAvailable({ metadata, spec }: NetworkInterface): void {
  if (spec.attachment !== undefined || spec.trunkAssociation !== undefined)
    throw new Ec2Error('InvalidNetworkInterface.InUse', `Interface: [${metadata.name}] in use.`);
  if (spec.interfaceType !== 'interface')
    throw invalidValue(
      `Network interface '${metadata.name}' of type ${spec.interfaceType} cannot be attached at launch.`,
    );
}

function storeInstance(
  call: Call,
  launch: Launch,
  { id, index }: { id: string; index: number },
): Promise<Instance> {
  const { input, interfaces } = launch;
  const subnet = own(call, call.store.subnets, interfaces[0]?.SubnetId ?? '');
  const options = withMetadataOptions(undefined, input.MetadataOptions ?? {});
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
      iamInstanceProfileArn: launch.profileArn,
      iamInstanceProfileAssociationId:
        launch.profileArn === undefined ? undefined : newId(call.random, 'iip-assoc'),
      ...launch.options,
      userData: input.UserData,
      keyName: input.KeyName,
      disableApiTermination: input.DisableApiTermination,
      disableApiStop: input.DisableApiStop,
      ebsOptimized: input.EbsOptimized,
      shutdownBehavior: input.InstanceInitiatedShutdownBehavior,
      metadataOptions: Object.keys(options).length === 0 ? undefined : options,
      clientToken: input.ClientToken,
      clientTokenDigest: launch.digest,
      tags: launch.instanceTags,
    }),
  });
}

/**
 * Best effort: what stays behind is given back by the sweep at the next start. Only after a certain
 * failure, or else the instance could turn up later without its interfaces.
 */
async function undoLaunch(call: Call, id: string): Promise<void> {
  await giveBackInterfaces(call.store, id).catch((error: unknown) => {
    call.log.warn('Interfaces of a failed launch are left for the sweep', { instance: id, error });
  });
}
