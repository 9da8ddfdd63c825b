import type { InstanceNetworkInterface } from '@aws-sdk/client-ec2';
import { TAG_INSTANCE_ID, TRUNK_DESCRIPTION } from '../../api/names.ts';
import type { EniId } from '../../base/ids.ts';
import { Ec2Error, isEc2Error } from '../../ec2/error.ts';
import type { InstanceLimits } from '../../ec2/limits.ts';
import type { ControllerDeps } from '../deps.ts';
import { describeAll } from '../describe-interfaces.ts';
import { ownerTags, tagFilter, tagSpecifications } from '../ec2-tags.ts';
import { ATTACH_WAIT, DELETE_RETRY, retrying } from '../retry.ts';
import type { LoadedInstance } from './instance.ts';

/**
 * The trunk of an instance: the one that is attached, else one that an earlier run made and did not
 * get to attach, else a new one (spec: eks-behaviour 3.4). What fails half way is taken back.
 */
export async function ensureTrunk(
  deps: ControllerDeps,
  instance: LoadedInstance,
  limits: InstanceLimits,
): Promise<EniId> {
  const attached = instance.interfaces.find(({ InterfaceType }) => InterfaceType === 'trunk');
  if (attached) return adoptTrunk(deps, attached);
  const trunkId = (await findLeftover(deps, instance)) ?? (await createTrunk(deps, instance));
  let attachmentId: string | undefined;
  try {
    await permit(deps, trunkId);
    const DeviceIndex = freeDeviceIndex(instance, limits);
    const answer = await deps.ec2.attachNetworkInterface({
      InstanceId: instance.instanceId,
      NetworkInterfaceId: trunkId,
      DeviceIndex,
    });
    attachmentId = answer.AttachmentId;
    await finishTrunk(deps, trunkId, attachmentId);
    return trunkId;
  } catch (error) {
    await rollBack(deps, trunkId, attachmentId);
    throw error;
  }
}

async function adoptTrunk(
  deps: ControllerDeps,
  attached: InstanceNetworkInterface,
): Promise<EniId> {
  const trunkId = attached.NetworkInterfaceId ?? '';
  const { Attachment } = attached;
  const done = Attachment?.Status === 'attached' && Attachment.DeleteOnTermination === true;
  if (!done) await finishTrunk(deps, trunkId, Attachment?.AttachmentId);
  return trunkId;
}

/** A trunk that a crashed run created for this instance and did not attach. */
async function findLeftover(
  deps: ControllerDeps,
  { instanceId, subnetId }: LoadedInstance,
): Promise<EniId | undefined> {
  const leftovers = await describeAll(deps.ec2, [
    tagFilter(TAG_INSTANCE_ID, instanceId),
    { Name: 'description', Values: [TRUNK_DESCRIPTION] },
    { Name: 'status', Values: ['available'] },
    { Name: 'subnet-id', Values: [subnetId] },
  ]);
  return leftovers[0]?.NetworkInterfaceId;
}

async function createTrunk(deps: ControllerDeps, instance: LoadedInstance): Promise<EniId> {
  const created = await deps.ec2.createNetworkInterface({
    InterfaceType: 'trunk',
    Description: TRUNK_DESCRIPTION,
    SubnetId: instance.subnetId,
    Groups: [...instance.groupIds],
    TagSpecifications: tagSpecifications(ownerTags(deps, instance.instanceId)),
  });
  return created.NetworkInterface?.NetworkInterfaceId ?? '';
}

/** Lets the account attach the interface; branches and trunks need it (spec: 3.4, 3.5). */
export async function permit(
  { ec2, accountId }: Pick<ControllerDeps, 'ec2' | 'accountId'>,
  eniId: EniId,
): Promise<void> {
  await ec2.createNetworkInterfacePermission({
    NetworkInterfaceId: eniId,
    Permission: 'INSTANCE-ATTACH',
    AwsAccountId: accountId,
  });
}

/** The highest free device index on the default network card: the agent takes the lowest. */
function freeDeviceIndex(instance: LoadedInstance, limits: InstanceLimits): number {
  const card = limits.defaultNetworkCard;
  const size = Math.min(limits.maxInterfaces, limits.networkCards[card] ?? limits.maxInterfaces);
  const used = new Set(
    instance.interfaces
      .filter(({ Attachment }) => (Attachment?.NetworkCardIndex ?? card) === card)
      .map(({ Attachment }) => Attachment?.DeviceIndex),
  );
  for (let index = size - 1; index > 0; index -= 1) if (!used.has(index)) return index;
  const message = `Cannot attach a trunk to ${instance.instanceId}: all ${size} device indexes are in use`;
  throw new Ec2Error('AttachmentLimitExceeded', message);
}

async function finishTrunk(
  deps: ControllerDeps,
  trunkId: EniId,
  attachmentId: string | undefined,
): Promise<void> {
  await deps.ec2.modifyNetworkInterfaceAttribute({
    NetworkInterfaceId: trunkId,
    Attachment: { AttachmentId: attachmentId, DeleteOnTermination: true },
  });
  await retrying(deps, ATTACH_WAIT, async () => {
    const described = await deps.ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [trunkId] });
    const status = described.NetworkInterfaces?.[0]?.Attachment?.Status;
    if (status === 'attached') return;
    throw new Ec2Error('Unavailable', `${trunkId} is ${status ?? 'not attached'}, not attached`);
  });
}

async function rollBack(
  deps: ControllerDeps,
  trunkId: EniId,
  attachmentId: string | undefined,
): Promise<void> {
  const { ec2, log, signal } = deps;
  if (signal.aborted) return;
  try {
    if (attachmentId !== undefined)
      await ec2.detachNetworkInterface({ AttachmentId: attachmentId });
    await retrying(deps, DELETE_RETRY, () => deleteInterface(deps, trunkId));
  } catch (error) {
    // Not lost: the next try finds it by its tags, as after a crash.
    log.warn('Trunk could not be taken back', { trunkId, error });
  }
}

/** Deletes an interface; one that is gone already is fine. */
export async function deleteInterface(
  { ec2 }: Pick<ControllerDeps, 'ec2'>,
  eniId: EniId,
): Promise<void> {
  try {
    await ec2.deleteNetworkInterface({ NetworkInterfaceId: eniId });
  } catch (error) {
    if (!isEc2Error(error, 'InvalidNetworkInterfaceID.NotFound')) throw error;
  }
}
