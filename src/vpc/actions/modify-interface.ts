import type {
  ModifyNetworkInterfaceAttributeRequest,
  ResetNetworkInterfaceAttributeRequest,
} from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { wornGroups } from '../group-lookup.ts';
import { connectionTracking } from '../interfaces/connection-tracking.ts';
import { ownInterface } from '../managed/own-interface.ts';
import { invalidValue, ownVpc, required } from '../own.ts';

type Spec = NetworkInterface['spec'];

const ATTRIBUTES = [
  'Groups',
  'Description',
  'SourceDestCheck',
  'Attachment',
  'ConnectionTrackingSpecification',
  'EnablePrimaryIpv6',
] as const satisfies readonly (keyof ModifyNetworkInterfaceAttributeRequest)[];

/** ModifyNetworkInterfaceAttribute: one attribute per call. */
export const modifyNetworkInterfaceAttribute: Handler<
  ModifyNetworkInterfaceAttributeRequest,
  void
> = async (input, call) => {
  const { store } = call;
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  const given = ATTRIBUTES.filter((name) => input[name] !== undefined);
  if (given.length > 1)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'Fields for multiple attribute types specified',
    );
  if (given.length === 0)
    throw new Ec2Error('InvalidParameterCombination', 'No attributes specified.');
  await store.locks.hold({ shared: input.Groups ?? [], exclusive: [id] }, async () => {
    ownInterface(call, id);
    await store.interfaces.update(id, (eni) => ({ ...eni, spec: changed(call, eni.spec, input) }));
  });
};

function changed(call: Call, spec: Spec, input: ModifyNetworkInterfaceAttributeRequest): Spec {
  if (input.Groups !== undefined) {
    if (input.Groups.length === 0)
      throw invalidValue('An interface must have at least one security group.');
    return { ...spec, groups: wornGroups(call, ownVpc(call, spec.vpcId), input.Groups) };
  }
  if (input.Description !== undefined) return described(spec, input.Description.Value ?? '');
  if (input.SourceDestCheck !== undefined)
    return { ...spec, sourceDestCheck: required(input.SourceDestCheck.Value, 'value') };
  if (input.Attachment !== undefined)
    return { ...spec, ...changedAttachment(spec, input.Attachment) };
  if (input.EnablePrimaryIpv6 !== undefined) return primaryIpv6(spec, input.EnablePrimaryIpv6);
  const connection = connectionTracking(input.ConnectionTrackingSpecification);
  return { ...spec, connectionTracking: { ...spec.connectionTracking, ...connection } };
}

function described(spec: Spec, description: string): Spec {
  if (description.length > 255)
    throw invalidValue('The description must be at most 255 characters.');
  return { ...spec, description };
}

/** A primary IPv6 address stays primary: EC2 has no way back. */
function primaryIpv6(spec: Spec, isEnabled: boolean): Spec {
  if (!isEnabled && spec.primaryIpv6)
    throw invalidValue('The primary IPv6 address of a network interface cannot be disabled.');
  if (!isEnabled) return spec;
  if (!spec.ipv6Addresses?.length)
    throw invalidValue('The network interface has no IPv6 address to make primary.');
  return { ...spec, primaryIpv6: true };
}

function changedAttachment(
  { attachment }: Spec,
  change: NonNullable<ModifyNetworkInterfaceAttributeRequest['Attachment']>,
): Pick<Spec, 'attachment'> {
  const wanted = required(change.AttachmentId, 'attachment.attachmentId');
  if (attachment?.attachmentId !== wanted) throw notFound(ID_KINDS.attachment, wanted);
  const deleteOnTermination = change.DeleteOnTermination ?? attachment.deleteOnTermination;
  return { attachment: { ...attachment, deleteOnTermination } };
}

/** ResetNetworkInterfaceAttribute: the source/destination check goes back to on. */
export const resetNetworkInterfaceAttribute: Handler<
  ResetNetworkInterfaceAttributeRequest,
  void
> = async (input, call) => {
  const { store } = call;
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  await store.locks.hold({ exclusive: [id] }, async () => {
    ownInterface(call, id);
    await store.interfaces.update(id, (eni) => ({
      ...eni,
      spec: { ...eni.spec, sourceDestCheck: true },
    }));
  });
};
