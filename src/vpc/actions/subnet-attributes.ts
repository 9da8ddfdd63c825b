import type { ModifySubnetAttributeRequest } from '@aws-sdk/client-ec2';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { invalidValue, own, required } from '../own.ts';

type Spec = Subnet['spec'];
type Change = (subnet: Subnet) => Spec;

/** Attributes that are switched on and off, and the fields that hold them. */
const SWITCHES = {
  MapPublicIpOnLaunch: 'mapPublicIpOnLaunch',
  AssignIpv6AddressOnCreation: 'assignIpv6AddressOnCreation',
  EnableDns64: 'enableDns64',
  EnableResourceNameDnsARecordOnLaunch: 'enableResourceNameDnsARecord',
  EnableResourceNameDnsAAAARecordOnLaunch: 'enableResourceNameDnsAaaaRecord',
} as const satisfies Partial<Record<keyof ModifySubnetAttributeRequest, keyof Spec>>;

/** What an IPv6-only subnet cannot do without, or has no use for. */
const NATIVE_SWITCHES: Partial<Record<keyof typeof SWITCHES, boolean>> = {
  MapPublicIpOnLaunch: false,
  AssignIpv6AddressOnCreation: true,
  EnableResourceNameDnsARecordOnLaunch: false,
};

const UNSUPPORTED = [
  'MapCustomerOwnedIpOnLaunch',
  'CustomerOwnedIpv4Pool',
  'EnableLniAtDeviceIndex',
  'DisableLniAtDeviceIndex',
] as const satisfies readonly (keyof ModifySubnetAttributeRequest)[];

/** ModifySubnetAttribute: one attribute in a call. */
export const modifySubnetAttribute: Handler<ModifySubnetAttributeRequest, void> = async (
  input,
  call,
) => {
  const { store } = call;
  const subnetId = required(input.SubnetId, 'subnetId');
  const change = readChange(input);
  await store.locks.hold({ exclusive: [subnetId] }, async () => {
    own(call, store.subnets, subnetId);
    await store.subnets.update(subnetId, (subnet) => ({ ...subnet, spec: change(subnet) }));
  });
};

function readChange(input: ModifySubnetAttributeRequest): Change {
  const unsupported = UNSUPPORTED.find((name) => input[name] !== undefined);
  if (unsupported !== undefined)
    throw new Ec2Error('UnsupportedOperation', `Attribute ${unsupported} is not supported.`);
  const names = (Object.keys(SWITCHES) as (keyof typeof SWITCHES)[]).filter(
    (name) => input[name]?.Value !== undefined,
  );
  const changes: Change[] = names.map((name) => switchTo(name, input[name]?.Value ?? false));
  const { PrivateDnsHostnameTypeOnLaunch: hostnameType } = input;
  if (hostnameType !== undefined) changes.push(nameBy(hostnameType));
  const [change] = changes;
  if (change !== undefined && changes.length === 1) return change;
  throw new Ec2Error(
    'InvalidParameterCombination',
    changes.length === 0
      ? 'No attributes specified.'
      : 'Fields for multiple attribute types specified.',
  );
}

function switchTo(name: keyof typeof SWITCHES, value: boolean): Change {
  return ({ metadata, spec }) => {
    if (name === 'AssignIpv6AddressOnCreation' && value && !spec.ipv6CidrBlocks?.length)
      throw invalidValue(
        `Invalid value 'true' for assign-ipv6-address-on-creation. Cannot set assign-ipv6-address-on-creation to true unless the subnet (${metadata.name}) has an IPv6 CIDR block associated with it.`,
      );
    if (spec.ipv6Native && value !== (NATIVE_SWITCHES[name] ?? value))
      throw invalidValue(`Attribute ${name} of an IPv6-only subnet cannot be ${value}.`);
    return { ...spec, [SWITCHES[name]]: value };
  };
}

function nameBy(hostnameType: string): Change {
  if (hostnameType !== 'ip-name' && hostnameType !== 'resource-name')
    throw invalidValue(
      `Value (${hostnameType}) for parameter privateDnsHostnameTypeOnLaunch is invalid.`,
    );
  return ({ spec }) => {
    if (spec.ipv6Native && hostnameType === 'ip-name')
      throw invalidValue('Instances of an IPv6-only subnet are named by their resource.');
    return { ...spec, hostnameType };
  };
}
