import type {
  DescribeInstanceAttributeRequest,
  InstanceAttribute,
  ModifyInstanceAttributeRequest,
  ModifyInstanceMetadataOptionsRequest,
  ModifyInstanceMetadataOptionsResult,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { wornGroups } from '../group-lookup.ts';
import { onlyInterface, SPEC_CHANGES } from '../instances/attributes.ts';
import { listedInstances } from '../instances/listed.ts';
import {
  checkMetadataOptions,
  metadataOptionsView,
  withMetadataOptions,
} from '../instances/metadata-options.ts';
import { invalidValue, own, ownVpc, required } from '../own.ts';
import { groupIdentifiers } from '../views/group.ts';
import { interfacesOf } from '../views/instance.ts';

type Input = ModifyInstanceAttributeRequest;
type SpecChange = keyof typeof SPEC_CHANGES;

const CHANGES = Object.keys(SPEC_CHANGES) as SpecChange[];

/** ModifyInstanceAttribute: one attribute per call, in either form of the request. */
export const modifyInstanceAttribute: Handler<Input, void> = async (raw, call) => {
  const input = structured(raw);
  const id = required(input.InstanceId, 'instanceId');
  const [change, ...more] = CHANGES.filter((name) => input[name] !== undefined);
  const onInterface = input.Groups !== undefined || input.SourceDestCheck !== undefined;
  if (more.length > 0 || (change !== undefined && onInterface))
    throw new Ec2Error(
      'InvalidParameterCombination',
      'Fields for multiple attribute types specified',
    );
  if (change !== undefined)
    await changeInstance(call, id, (each) => SPEC_CHANGES[change](call, each, input));
  else if (onInterface) await changeInterface(call, id, input);
  else throw new Ec2Error('InvalidParameterCombination', 'No attributes specified.');
};

/** `Attribute` and `Value` are the older form. */
function structured(input: Input): Input {
  const { Attribute: attribute, Value: value, ...rest } = input;
  if (attribute === undefined || value === undefined) return rest;
  const flag = { Value: value.toLowerCase() === 'true' };
  const text = { Value: value };
  const changes: Partial<Record<string, Partial<Input>>> = {
    instanceType: { InstanceType: text },
    disableApiTermination: { DisableApiTermination: flag },
    disableApiStop: { DisableApiStop: flag },
    ebsOptimized: { EbsOptimized: flag },
    sourceDestCheck: { SourceDestCheck: flag },
    instanceInitiatedShutdownBehavior: { InstanceInitiatedShutdownBehavior: text },
    userData: { UserData: { Value: Buffer.from(value, 'base64') } },
  };
  const change = Object.hasOwn(changes, attribute) ? changes[attribute] : undefined;
  if (change === undefined) throw unknownAttribute(attribute);
  return { ...rest, ...change };
}

function unknownAttribute(attribute: string): Ec2Error {
  return invalidValue(
    `Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`,
  );
}

async function changeInstance(
  call: Call,
  id: string,
  change: (instance: Instance) => Instance['spec'],
): Promise<Instance> {
  const { store } = call;
  return store.locks.hold({ exclusive: [id] }, () => {
    checkAlive(own(call, store.instances, id));
    return store.instances.update(id, (instance) => ({ ...instance, spec: change(instance) }));
  });
}

function checkAlive({ metadata, spec }: Instance): void {
  if (spec.state === 'terminated')
    throw new Ec2Error(
      'IncorrectInstanceState',
      `The instance '${metadata.name}' is terminated and cannot be changed.`,
    );
}

/** Groups and the source/destination check belong to the interface. */
async function changeInterface(call: Call, id: string, input: Input): Promise<void> {
  const { store } = call;
  own(call, store.instances, id);
  const eniId = onlyInterface(call, id).metadata.name;
  const { Groups: groups, SourceDestCheck: check } = input;
  if (groups?.length === 0)
    throw invalidValue('An interface must have at least one security group.');
  const locks = { shared: groups ?? [], exclusive: [eniId] };
  await store.locks.hold(locks, async () => {
    own(call, store.interfaces, eniId);
    await store.interfaces.update(eniId, ({ spec, ...eni }) => ({
      ...eni,
      spec: {
        ...spec,
        ...(groups && { groups: wornGroups(call, ownVpc(call, spec.vpcId), groups) }),
        ...(check?.Value !== undefined && { sourceDestCheck: check.Value }),
      },
    }));
  });
}

/** DescribeInstanceAttribute. */
export const describeInstanceAttribute: Handler<
  DescribeInstanceAttributeRequest,
  InstanceAttribute
> = (input, call) => {
  const id = required(input.InstanceId, 'instanceId');
  const attribute = required(input.Attribute, 'attribute');
  const [instance] = listedInstances(call, { ids: [id] });
  const read = Object.hasOwn(ATTRIBUTES, attribute) ? ATTRIBUTES[attribute] : undefined;
  if (instance === undefined || read === undefined) throw unknownAttribute(attribute);
  return { InstanceId: id, ...read(instance, call) };
};

const ATTRIBUTES: Partial<Record<string, (each: Instance, call: Call) => InstanceAttribute>> = {
  instanceType: ({ spec }) => ({ InstanceType: { Value: spec.instanceType } }),
  kernel: () => ({}),
  ramdisk: () => ({}),
  userData: ({ spec }) => ({ UserData: { Value: spec.userData } }),
  disableApiTermination: ({ spec }) => ({
    DisableApiTermination: { Value: spec.disableApiTermination ?? false },
  }),
  disableApiStop: ({ spec }) => ({ DisableApiStop: { Value: spec.disableApiStop ?? false } }),
  instanceInitiatedShutdownBehavior: ({ spec }) => ({
    InstanceInitiatedShutdownBehavior: { Value: spec.shutdownBehavior ?? 'stop' },
  }),
  rootDeviceName: () => ({ RootDeviceName: { Value: '/dev/xvda' } }),
  blockDeviceMapping: () => ({ BlockDeviceMappings: [] }),
  productCodes: () => ({ ProductCodes: [] }),
  ebsOptimized: ({ spec }) => ({ EbsOptimized: { Value: spec.ebsOptimized ?? false } }),
  sourceDestCheck: ({ metadata }, call) => ({
    SourceDestCheck: { Value: onlyInterface(call, metadata.name).spec.sourceDestCheck },
  }),
  groupSet: ({ metadata }, call) => ({
    Groups: groupIdentifiers(call, interfacesOf(call, metadata.name)[0]?.spec.groups ?? []),
  }),
  sriovNetSupport: () => ({}),
  enaSupport: () => ({ EnaSupport: { Value: true } }),
};

/** ModifyInstanceMetadataOptions: applied at once. */
export const modifyInstanceMetadataOptions: Handler<
  ModifyInstanceMetadataOptionsRequest,
  ModifyInstanceMetadataOptionsResult
> = async (input, call) => {
  const id = required(input.InstanceId, 'instanceId');
  const { InstanceId: _id, DryRun: _dry, ...change } = input;
  if (Object.values(change).every((value) => value === undefined))
    throw new Ec2Error('InvalidParameterCombination', 'No metadata options specified.');
  checkMetadataOptions(change);
  const instance = await changeInstance(call, id, ({ spec }) => ({
    ...spec,
    metadataOptions: withMetadataOptions(spec.metadataOptions, change),
  }));
  return { InstanceId: id, InstanceMetadataOptions: metadataOptionsView(instance) };
};
