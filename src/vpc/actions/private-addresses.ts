import type {
  AssignPrivateIpAddressesRequest,
  AssignPrivateIpAddressesResult,
  UnassignPrivateIpAddressesRequest,
} from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { Ec2Error, isEc2Error } from '../../ec2/error.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import type { Call, Handler } from '../context.ts';
import { invalidValue, own, required } from '../own.ts';
import type { Reservation } from '../store/address-pool.ts';
import { isAmbiguous } from '../store/collection.ts';

/** Addresses of an interface that is attached nowhere: the largest limit of any instance type. */
const UNATTACHED_LIMIT = 64;

/** AssignPrivateIpAddresses: answers the new addresses only. */
export const assignPrivateIpAddresses: Handler<
  AssignPrivateIpAddressesRequest,
  AssignPrivateIpAddressesResult
> = (input, call) => {
  const { store } = call;
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  const wanted = input.PrivateIpAddresses ?? [];
  const count = input.SecondaryPrivateIpAddressCount ?? 0;
  checkAssign(input, wanted, count);
  const { subnetId } = own(call, store.interfaces, id).spec;
  return store.locks.hold({ shared: [subnetId], exclusive: [id] }, async () => {
    const eni = own(call, store.interfaces, id);
    checkAddressLimit(call, eni, wanted.length + count);
    const reservation = reserve(call, eni, { wanted, count });
    await assign(call, id, reservation);
    return {
      NetworkInterfaceId: id,
      AssignedPrivateIpAddresses: reservation.addresses.map((PrivateIpAddress) => ({
        PrivateIpAddress,
      })),
      AssignedIpv4Prefixes: [],
    };
  });
};

function checkAssign(
  input: AssignPrivateIpAddressesRequest,
  wanted: readonly string[],
  count: number,
): void {
  if (input.Ipv4Prefixes?.length || input.Ipv4PrefixCount !== undefined)
    throw new Ec2Error('UnsupportedOperation', 'IPv4 prefixes are not supported yet.');
  if (input.AllowReassignment)
    throw new Ec2Error('UnsupportedOperation', 'AllowReassignment is not supported yet.');
  if (wanted.length > 0 && count > 0)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'Only one of privateIpAddresses or secondaryPrivateIpAddressCount can be specified',
    );
  if (wanted.length === 0 && !(Number.isInteger(count) && count > 0))
    throw new Ec2Error(
      'MissingParameter',
      'Either privateIpAddresses or secondaryPrivateIpAddressCount must be specified',
    );
}

function checkAddressLimit({ store }: Call, { spec }: NetworkInterface, more: number): void {
  const instance = store.instances.get(spec.attachment?.instanceId ?? '');
  const limits = instanceLimits(instance?.spec.instanceType ?? '');
  const limit = limits?.ipv4PerInterface ?? UNATTACHED_LIMIT;
  if (spec.privateIps.length + more > limit)
    throw new Ec2Error(
      'PrivateIpAddressLimitExceeded',
      'Number of private addresses will exceed limit.',
    );
}

function reserve(
  { store }: Call,
  { spec }: NetworkInterface,
  request: { wanted: readonly string[]; count: number },
): Reservation {
  try {
    return store.addresses.reserve(store.subnets.must(spec.subnetId), request);
  } catch (error) {
    if (isEc2Error(error, 'InvalidIPAddress.InUse'))
      throw new Ec2Error('Resource.AlreadyAssigned', error.message, { cause: error });
    throw error;
  }
}

async function assign({ store }: Call, id: string, reservation: Reservation): Promise<void> {
  try {
    await store.interfaces.update(id, ({ spec, ...eni }) => ({
      ...eni,
      spec: { ...spec, privateIps: [...spec.privateIps, ...reservation.addresses] },
    }));
    reservation.release();
  } catch (error) {
    if (isAmbiguous(error)) reservation.quarantine();
    else reservation.release();
    throw error;
  }
}

/** UnassignPrivateIpAddresses: secondary addresses only, all or none. */
export const unassignPrivateIpAddresses: Handler<UnassignPrivateIpAddressesRequest, void> = async (
  input,
  call,
) => {
  const { store } = call;
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  const gone = required(input.PrivateIpAddresses, 'privateIpAddresses');
  await store.locks.hold({ exclusive: [id] }, async () => {
    own(call, store.interfaces, id);
    await store.interfaces.update(id, ({ spec, ...eni }) => {
      const [primary, ...secondary] = spec.privateIps;
      for (const address of gone) {
        if (address === primary)
          throw invalidValue(`The primary private IP address ${address} cannot be unassigned.`);
        if (!secondary.includes(address))
          throw invalidValue(
            `Some of the specified addresses are not assigned to interface ${id}: ${address}`,
          );
      }
      const privateIps = spec.privateIps.filter((address) => !gone.includes(address));
      return { ...eni, spec: { ...spec, privateIps } };
    });
  });
};
