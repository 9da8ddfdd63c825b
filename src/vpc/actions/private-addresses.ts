import type {
  AssignPrivateIpAddressesRequest,
  AssignPrivateIpAddressesResult,
  UnassignPrivateIpAddressesRequest,
} from '@aws-sdk/client-ec2';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { isWanted, need } from '../interfaces/address-wish.ts';
import { assignAddresses, unassignAddresses } from '../interfaces/assign.ts';
import { required } from '../own.ts';
import type { AddressRequest } from '../store/address-pool.ts';

/** AssignPrivateIpAddresses: answers the new addresses and prefixes only. */
export const assignPrivateIpAddresses: Handler<
  AssignPrivateIpAddressesRequest,
  AssignPrivateIpAddressesResult
> = async (input, call) => {
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  const request = assignRequest(input);
  const reassign = input.AllowReassignment ?? false;
  const got = await assignAddresses(call, { id, request, reassign });
  return {
    NetworkInterfaceId: id,
    AssignedPrivateIpAddresses: got.ipv4.map((PrivateIpAddress) => ({ PrivateIpAddress })),
    AssignedIpv4Prefixes: got.ipv4Prefix.map((Ipv4Prefix) => ({ Ipv4Prefix })),
  };
};

function assignRequest(input: AssignPrivateIpAddressesRequest): AddressRequest {
  const ipv4 = need('privateIpAddress', {
    named: input.PrivateIpAddresses,
    count: input.SecondaryPrivateIpAddressCount,
  });
  const ipv4Prefix = need('ipv4Prefix', {
    named: input.Ipv4Prefixes,
    count: input.Ipv4PrefixCount,
  });
  if (isWanted(ipv4) && isWanted(ipv4Prefix))
    throw new Ec2Error(
      'InvalidParameterCombination',
      'Private IPv4 addresses and IPv4 prefixes cannot be specified in the same request.',
    );
  if (!isWanted(ipv4) && !isWanted(ipv4Prefix))
    throw new Ec2Error(
      'MissingParameter',
      'Either privateIpAddresses or secondaryPrivateIpAddressCount must be specified',
    );
  return { ipv4, ipv4Prefix };
}

/** UnassignPrivateIpAddresses: secondary addresses and prefixes, all or none. */
export const unassignPrivateIpAddresses: Handler<UnassignPrivateIpAddressesRequest, void> = async (
  input,
  call,
) => {
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  const ipv4Prefix = input.Ipv4Prefixes ?? [];
  const ipv4 =
    ipv4Prefix.length > 0
      ? (input.PrivateIpAddresses ?? [])
      : required(input.PrivateIpAddresses, 'privateIpAddresses');
  await unassignAddresses(call, { id, gone: { ipv4, ipv4Prefix, ipv6: [], ipv6Prefix: [] } });
};
