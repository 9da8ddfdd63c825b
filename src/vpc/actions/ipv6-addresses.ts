import type {
  AssignIpv6AddressesRequest,
  AssignIpv6AddressesResult,
  UnassignIpv6AddressesRequest,
  UnassignIpv6AddressesResult,
} from '@aws-sdk/client-ec2';
import { formatIp, parseIp } from '../../base/ip.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { isWanted, need } from '../interfaces/address-wish.ts';
import { assignAddresses, unassignAddresses } from '../interfaces/assign.ts';
import { invalidValue, required } from '../own.ts';
import type { AddressRequest } from '../store/address-pool.ts';
import { parseSpace } from '../store/address-space.ts';

/** AssignIpv6Addresses: answers the new addresses and prefixes only. */
export const assignIpv6Addresses: Handler<
  AssignIpv6AddressesRequest,
  AssignIpv6AddressesResult
> = async (input, call) => {
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  const got = await assignAddresses(call, { id, request: assignRequest(input) });
  return {
    NetworkInterfaceId: id,
    AssignedIpv6Addresses: [...got.ipv6],
    AssignedIpv6Prefixes: [...got.ipv6Prefix],
  };
};

function assignRequest(input: AssignIpv6AddressesRequest): AddressRequest {
  const ipv6 = need('ipv6Address', {
    named: input.Ipv6Addresses,
    count: input.Ipv6AddressCount,
  });
  const ipv6Prefix = need('ipv6Prefix', {
    named: input.Ipv6Prefixes,
    count: input.Ipv6PrefixCount,
  });
  if (isWanted(ipv6) && isWanted(ipv6Prefix))
    throw new Ec2Error(
      'InvalidParameterCombination',
      'IPv6 addresses and IPv6 prefixes cannot be specified in the same request.',
    );
  if (!isWanted(ipv6) && !isWanted(ipv6Prefix))
    throw new Ec2Error(
      'MissingParameter',
      'Either ipv6Addresses or ipv6AddressCount must be specified',
    );
  return { ipv6, ipv6Prefix };
}

/** UnassignIpv6Addresses: all or none. */
export const unassignIpv6Addresses: Handler<
  UnassignIpv6AddressesRequest,
  UnassignIpv6AddressesResult
> = async (input, call) => {
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  const prefixes = (input.Ipv6Prefixes ?? []).map(canonicalPrefix);
  const listed =
    prefixes.length > 0
      ? (input.Ipv6Addresses ?? [])
      : required(input.Ipv6Addresses, 'ipv6Addresses');
  const addresses = listed.map(canonicalAddress);
  const gone = { ipv6: addresses, ipv6Prefix: prefixes, ipv4: [], ipv4Prefix: [] };
  await unassignAddresses(call, { id, gone });
  return {
    NetworkInterfaceId: id,
    UnassignedIpv6Addresses: addresses,
    UnassignedIpv6Prefixes: prefixes,
  };
};

function canonicalAddress(text: string): string {
  const ip = parseIp(text);
  if (ip.ok && ip.value.family === 6) return formatIp(ip.value);
  throw invalidValue(`Invalid IPv6 address: '${text}'`);
}

function canonicalPrefix(text: string): string {
  const prefix = parseSpace('ipv6Prefix', text);
  if (prefix !== undefined) return prefix.text;
  throw invalidValue(`Invalid IPv6 prefix: '${text}'`);
}
