import type { ModifyInstanceAttributeRequest } from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import { branchCount } from '../actions/attach-interface.ts';
import type { Call } from '../context.ts';
import { checkAddressLimit } from '../interfaces/address-limits.ts';
import { checkSlots } from '../interfaces/slots.ts';
import { invalidValue, required } from '../own.ts';
import { interfacesOf } from '../views/instance.ts';

type Spec = Instance['spec'];

/** Changes of the instance itself, by the member of the request that asks for them. */
export const SPEC_CHANGES = {
  DisableApiTermination: (_call, { spec }, input) => ({
    ...spec,
    disableApiTermination: required(input.DisableApiTermination?.Value, 'value'),
  }),
  DisableApiStop: (_call, { spec }, input) => ({
    ...spec,
    disableApiStop: required(input.DisableApiStop?.Value, 'value'),
  }),
  EbsOptimized: (_call, { spec, metadata }, input) => {
    checkStopped(metadata.name, spec);
    return { ...spec, ebsOptimized: required(input.EbsOptimized?.Value, 'value') };
  },
  InstanceInitiatedShutdownBehavior: (_call, { spec }, input) => ({
    ...spec,
    shutdownBehavior: shutdownBehavior(input.InstanceInitiatedShutdownBehavior?.Value),
  }),
  UserData: (_call, { spec, metadata }, input) => {
    checkStopped(metadata.name, spec);
    return { ...spec, userData: Buffer.from(input.UserData?.Value ?? []).toString('base64') };
  },
  InstanceType: (call, instance, input) => {
    checkStopped(instance.metadata.name, instance.spec);
    const instanceType = required(input.InstanceType?.Value, 'value');
    checkTypeFits(call, instance, instanceType);
    return { ...instance.spec, instanceType };
  },
} as const satisfies Partial<
  Record<
    keyof ModifyInstanceAttributeRequest,
    (call: Call, instance: Instance, input: ModifyInstanceAttributeRequest) => Spec
  >
>;

function checkStopped(id: string, { state }: Spec): void {
  if (state !== 'stopped')
    throw new Ec2Error(
      'IncorrectInstanceState',
      `The instance '${id}' is not in the 'stopped' state.`,
    );
}

function shutdownBehavior(value: string | undefined): 'stop' | 'terminate' {
  if (value === 'stop' || value === 'terminate') return value;
  throw invalidValue(`Invalid value '${value ?? ''}' for InstanceInitiatedShutdownBehavior.`);
}

/** What is attached must fit the limits of the new type. */
function checkTypeFits(call: Call, instance: Instance, instanceType: string): void {
  const limits = instanceLimits(instanceType);
  if (limits === undefined) throw invalidValue(`Invalid value '${instanceType}' for InstanceType.`);
  const enis = interfacesOf(call, instance.metadata.name);
  checkSlots(
    instanceType,
    enis.flatMap(({ spec }) => spec.attachment ?? []),
  );
  for (const { spec } of enis) checkAddressLimit(spec, instanceType);
  if (!limits.trunkCompatible && enis.some(({ spec }) => spec.interfaceType === 'trunk'))
    throw invalidValue(`Instance type ${instanceType} does not support trunk interfaces.`);
  const branches = branchCount(call, instance.metadata.name);
  if (branches > limits.branchInterfaces)
    throw new Ec2Error(
      'AttachmentLimitExceeded',
      `Branch interface count ${branches} exceeds the limit for ${instanceType}`,
    );
}

/** The only interface of an instance; with several, the caller must name one. */
export function onlyInterface(call: Call, id: string): NetworkInterface {
  const [eni, ...others] = interfacesOf(call, id);
  if (eni !== undefined && others.length === 0) return eni;
  if (eni === undefined)
    throw new Ec2Error('IncorrectInstanceState', `The instance '${id}' has no network interface.`);
  throw new Ec2Error(
    'InvalidInstanceID',
    `There are multiple interfaces attached to instance '${id}'. Please specify an interface ID for the operation instead.`,
  );
}
