import type {
  AttachNetworkInterfaceRequest,
  AttachNetworkInterfaceResult,
  DetachNetworkInterfaceRequest,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import type { InterfaceAttachment, NetworkInterface } from '../../api/vpc/network-interface.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { checkId, ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import { nowText, type Call, type Handler } from '../context.ts';
import { checkAddressLimit } from '../interfaces/address-limits.ts';
import { checkDeviceIndex, checkSlots, sameSlot, type Slot } from '../interfaces/slots.ts';
import { invalidValue, own, required, sees } from '../own.ts';
import { isInUse } from '../interfaces/status.ts';

/** AttachNetworkInterface: attached at once. */
export const attachNetworkInterface: Handler<
  AttachNetworkInterfaceRequest,
  AttachNetworkInterfaceResult
> = (input, call) => {
  const { store } = call;
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  const instanceId = required(input.InstanceId, 'instanceId');
  const deviceIndex = required(input.DeviceIndex, 'deviceIndex');
  const networkCardIndex = input.NetworkCardIndex ?? 0;
  return store.locks.hold({ exclusive: [id, instanceId] }, async () => {
    own(call, store.interfaces, id);
    const instance = own(call, store.instances, instanceId);
    const attachment: InterfaceAttachment = {
      attachmentId: newId(call.random, 'eni-attach'),
      instanceId,
      deviceIndex,
      networkCardIndex,
      deleteOnTermination: false,
      attachTime: nowText(call),
    };
    await store.interfaces.update(id, (eni) => {
      checkAttach(call, { eni, instance, attachment });
      return { ...eni, spec: { ...eni.spec, attachment } };
    });
    return { AttachmentId: attachment.attachmentId, NetworkCardIndex: networkCardIndex };
  });
};

interface Attach {
  readonly eni: NetworkInterface;
  readonly instance: Instance;
  readonly attachment: InterfaceAttachment;
}

function checkAttach(call: Call, attach: Attach): void {
  const { eni, instance } = attach;
  const id = eni.metadata.name;
  if (isInUse(eni.spec))
    throw new Ec2Error('InvalidNetworkInterface.InUse', `Interface: [${id}] in use.`);
  if (!['running', 'stopped', 'pending'].includes(instance.spec.state))
    throw new Ec2Error(
      'IncorrectState',
      `The instance '${instance.metadata.name}' is not in a valid state for this operation.`,
    );
  const zone = call.store.subnets.get(instance.spec.subnetId)?.spec.availabilityZone;
  if (eni.spec.vpcId !== instance.spec.vpcId || eni.spec.availabilityZone !== zone)
    throw invalidValue(
      `You may not attach a network interface to an instance if they are not in the same availability zone`,
    );
  checkPlace(call, attach);
  checkAddressLimit(eni.spec, instance.spec.instanceType);
  checkTrunk(call, attach);
}

/** What is attached to an instance, where. */
function slotsOf({ store }: Call, instance: Instance): readonly Slot[] {
  return store.interfaces.table
    .by('instance', instance.metadata.name)
    .flatMap(({ spec }) => spec.attachment ?? []);
}

function checkPlace(call: Call, { instance, attachment }: Attach): void {
  const { deviceIndex } = attachment;
  const slots = slotsOf(call, instance);
  checkDeviceIndex(deviceIndex);
  if (slots.some((slot) => sameSlot(slot, attachment)))
    throw invalidValue(
      `Instance '${instance.metadata.name}' already has an interface attached at device index '${deviceIndex}'.`,
    );
  checkSlots(instance.spec.instanceType, [...slots, attachment]);
}

/** All trunks of an instance share its branch limit. */
function checkTrunk(call: Call, { eni, instance }: Attach): void {
  const { instanceType } = instance.spec;
  const limits = instanceLimits(instanceType);
  if (limits === undefined || eni.spec.interfaceType !== 'trunk') return;
  if (!limits.trunkCompatible)
    throw invalidValue(`Instance type ${instanceType} does not support trunk interfaces.`);
  const branches =
    branchCount(call, instance.metadata.name) +
    call.store.interfaces.table.count('trunk', eni.metadata.name);
  if (branches > limits.branchInterfaces)
    throw new Ec2Error(
      'AttachmentLimitExceeded',
      `Branch interface count ${branches} exceeds the limit for ${instanceType}`,
    );
}

/** Branches of all trunks of an instance. */
export function branchCount({ store }: Call, instanceId: string): number {
  const { table } = store.interfaces;
  return table
    .by('instance', instanceId)
    .reduce((sum, { metadata }) => sum + table.count('trunk', metadata.name), 0);
}

/** DetachNetworkInterface: detached at once. The primary interface stays. */
export const detachNetworkInterface: Handler<DetachNetworkInterfaceRequest, void> = async (
  input,
  call,
) => {
  const { store } = call;
  const attachmentId = required(input.AttachmentId, 'attachmentId');
  const found = attachedInterface(call, attachmentId);
  const id = found.metadata.name;
  await store.locks.hold({ exclusive: [id] }, () =>
    store.interfaces.update(id, (eni) => {
      const { attachment, ...spec } = eni.spec;
      if (attachment?.attachmentId !== attachmentId)
        throw notFound(ID_KINDS.attachment, attachmentId);
      if (attachment.deviceIndex === 0)
        throw new Ec2Error(
          'OperationNotPermitted',
          `The network interface at device index 0 and networkCard index ${attachment.networkCardIndex} cannot be detached.`,
        );
      if (store.interfaces.table.count('trunk', id) > 0)
        throw new Ec2Error(
          'OperationNotPermitted',
          `The trunk interface '${id}' has associated branch interfaces and cannot be detached.`,
        );
      return { ...eni, spec };
    }),
  );
};

/** The caller's interface that has this attachment. */
export function attachedInterface(call: Call, attachmentId: string): NetworkInterface {
  checkId(ID_KINDS.attachment, attachmentId);
  const [found] = call.store.interfaces.table.by('attachment', attachmentId);
  if (found === undefined || !sees(call, found)) throw notFound(ID_KINDS.attachment, attachmentId);
  return found;
}
