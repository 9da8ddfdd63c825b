import type {
  ModifyNetworkInterfaceAttributeRequest,
  ResetNetworkInterfaceAttributeRequest,
} from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { wornGroups } from '../group-lookup.ts';
import { invalidValue, own, ownVpc, required } from '../own.ts';

type Spec = NetworkInterface['spec'];

const ATTRIBUTES = [
  'Groups',
  'Description',
  'SourceDestCheck',
  'Attachment',
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
  if (given.length === 0) throw nothingToDo(input);
  await store.locks.hold({ shared: input.Groups ?? [], exclusive: [id] }, async () => {
    own(call, store.interfaces, id);
    await store.interfaces.update(id, (eni) => ({ ...eni, spec: changed(call, eni.spec, input) }));
  });
};

function nothingToDo(input: ModifyNetworkInterfaceAttributeRequest): Ec2Error {
  if (input.ConnectionTrackingSpecification !== undefined)
    return new Ec2Error(
      'UnsupportedOperation',
      'Parameter ConnectionTrackingSpecification is not supported yet.',
    );
  return new Ec2Error('InvalidParameterCombination', 'No attributes specified.');
}

function changed(call: Call, spec: Spec, input: ModifyNetworkInterfaceAttributeRequest): Spec {
  if (input.Groups !== undefined) {
    if (input.Groups.length === 0)
      throw invalidValue('An interface must have at least one security group.');
    return { ...spec, groups: wornGroups(call, ownVpc(call, spec.vpcId), input.Groups) };
  }
  if (input.Description !== undefined)
    return { ...spec, description: input.Description.Value ?? '' };
  if (input.SourceDestCheck !== undefined)
    return { ...spec, sourceDestCheck: required(input.SourceDestCheck.Value, 'value') };
  return { ...spec, ...changedAttachment(spec, input.Attachment ?? {}) };
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
    own(call, store.interfaces, id);
    await store.interfaces.update(id, (eni) => ({
      ...eni,
      spec: { ...eni.spec, sourceDestCheck: true },
    }));
  });
};
