import type { ModifySubnetAttributeRequest } from '@aws-sdk/client-ec2';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { invalidValue, own, required } from '../own.ts';

type Spec = Subnet['spec'];
type Change = (spec: Spec) => Spec;

/** Attributes that are switched on and off, and the fields that hold them. */
const SWITCHES = {
  MapPublicIpOnLaunch: 'mapPublicIpOnLaunch',
  AssignIpv6AddressOnCreation: 'assignIpv6AddressOnCreation',
  EnableDns64: 'enableDns64',
  EnableResourceNameDnsARecordOnLaunch: 'enableResourceNameDnsARecord',
  EnableResourceNameDnsAAAARecordOnLaunch: 'enableResourceNameDnsAaaaRecord',
} as const satisfies Partial<Record<keyof ModifySubnetAttributeRequest, keyof Spec>>;

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
    await store.subnets.update(subnetId, (subnet) => ({ ...subnet, spec: change(subnet.spec) }));
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
  return (spec) => {
    if (name === 'AssignIpv6AddressOnCreation' && value && !spec.ipv6CidrBlocks?.length)
      throw invalidValue(
        'Invalid value for parameter assignIpv6AddressOnCreation. The subnet does not have an IPv6 CIDR block.',
      );
    return { ...spec, [SWITCHES[name]]: value };
  };
}

function nameBy(hostnameType: string): Change {
  if (hostnameType !== 'ip-name' && hostnameType !== 'resource-name')
    throw invalidValue(
      `Value (${hostnameType}) for parameter privateDnsHostnameTypeOnLaunch is invalid.`,
    );
  return (spec) => ({ ...spec, hostnameType });
}
