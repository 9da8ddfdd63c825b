import type { Subnet } from '../../api/vpc/subnet.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { invalidValue } from '../own.ts';
import { tooManyAddresses } from './address-limits.ts';
import type { AddressNeed, AddressRequest } from '../store/address-pool.ts';

/** Which addresses a request wants for a new interface. */
export interface AddressWish {
  /** Of the caller's choice. */
  readonly primary: string | undefined;
  /** The primary address included. */
  readonly request: AddressRequest;
  /** The first IPv6 address is primary: it stays until the interface goes. */
  readonly primaryIpv6: boolean;
}

/** Most secondary addresses, or prefixes, of one request. */
const MOST = 49;

type Maybe<T> = T | undefined;

/** The parameters that CreateNetworkInterface and RunInstances share. */
export interface AddressFields {
  readonly PrivateIpAddress?: Maybe<string>;
  readonly PrivateIpAddresses?: Maybe<
    readonly { readonly Primary?: Maybe<boolean>; readonly PrivateIpAddress?: Maybe<string> }[]
  >;
  readonly SecondaryPrivateIpAddressCount?: Maybe<number>;
  readonly Ipv4Prefixes?: Maybe<readonly { readonly Ipv4Prefix?: Maybe<string> }[]>;
  readonly Ipv4PrefixCount?: Maybe<number>;
  readonly Ipv6Addresses?: Maybe<readonly { readonly Ipv6Address?: Maybe<string> }[]>;
  readonly Ipv6AddressCount?: Maybe<number>;
  readonly Ipv6Prefixes?: Maybe<readonly { readonly Ipv6Prefix?: Maybe<string> }[]>;
  readonly Ipv6PrefixCount?: Maybe<number>;
  readonly PrimaryIpv6?: Maybe<boolean>;
  readonly EnablePrimaryIpv6?: Maybe<boolean>;
}

/** Reads the address parameters of a new interface in a subnet. */
export function addressWish(input: AddressFields, subnet: Subnet): AddressWish {
  if (subnet.spec.ipv6Native) return nativeWish(input, subnet);
  const { primary, secondary, count } = ipv4Wish(input);
  const prefixes = need('ipv4Prefix', {
    named: (input.Ipv4Prefixes ?? []).flatMap((each) => each.Ipv4Prefix ?? []),
    count: input.Ipv4PrefixCount,
  });
  if (isWanted(prefixes) && secondary.length + count > 0)
    throw combination('IPv4 prefixes and secondary private IPv4 addresses');
  const { ipv6, ipv6Prefix } = ipv6Wish(input, subnet);
  return {
    primary,
    primaryIpv6: (input.PrimaryIpv6 ?? input.EnablePrimaryIpv6 ?? false) && isWanted(ipv6),
    request: {
      ipv4: {
        named: [...(primary === undefined ? [] : [primary]), ...secondary],
        count: count + (primary === undefined ? 1 : 0),
      },
      ipv4Prefix: prefixes,
      ipv6,
      ipv6Prefix,
    },
  };
}

const IPV4_FIELDS = [
  ['PrivateIpAddress', 'privateIpAddress'],
  ['PrivateIpAddresses', 'privateIpAddresses'],
  ['SecondaryPrivateIpAddressCount', 'secondaryPrivateIpAddressCount'],
  ['Ipv4Prefixes', 'ipv4Prefix'],
  ['Ipv4PrefixCount', 'ipv4PrefixCount'],
] as const satisfies readonly (readonly [keyof AddressFields, string])[];

/** In an IPv6-only subnet an interface has no IPv4 address, and always one of IPv6. */
function nativeWish(input: AddressFields, subnet: Subnet): AddressWish {
  for (const [field, parameter] of IPV4_FIELDS)
    if (input[field] !== undefined && input[field] !== 0)
      throw new Ec2Error(
        'InvalidParameterCombination',
        `The parameter ${parameter} cannot be specified for the IPv6-only subnet '${subnet.metadata.name}'.`,
      );
  const { ipv6, ipv6Prefix } = ipv6Wish(input, subnet);
  return {
    primary: undefined,
    primaryIpv6: input.PrimaryIpv6 ?? input.EnablePrimaryIpv6 ?? false,
    request: { ipv6: isWanted(ipv6) ? ipv6 : { count: 1 }, ipv6Prefix },
  };
}

interface Ipv4Wish {
  readonly primary: string | undefined;
  readonly secondary: readonly string[];
  /** Secondary addresses of our choice. */
  readonly count: number;
}

function ipv4Wish(input: AddressFields): Ipv4Wish {
  const listed = input.PrivateIpAddresses ?? [];
  const primaries = listed.filter((each) => each.Primary);
  const count = input.SecondaryPrivateIpAddressCount ?? 0;
  if (primaries.length > (input.PrivateIpAddress === undefined ? 1 : 0))
    throw new Ec2Error(
      'InvalidParameterCombination',
      'Only one primary private IP address can be specified.',
    );
  checkCount('secondaryPrivateIpAddressCount', count, listed.length);
  return {
    primary: input.PrivateIpAddress ?? primaries[0]?.PrivateIpAddress,
    secondary: listed
      .filter((each) => !each.Primary)
      .flatMap((each) => each.PrivateIpAddress ?? []),
    count,
  };
}

/** Without a word about IPv6 in the request, the subnet says whether there is an address. */
function ipv6Wish(
  input: AddressFields,
  { spec }: Subnet,
): { readonly ipv6: AddressNeed; readonly ipv6Prefix: AddressNeed } {
  const ipv6 = need('ipv6Address', {
    named: (input.Ipv6Addresses ?? []).flatMap((each) => each.Ipv6Address ?? []),
    count: input.Ipv6AddressCount,
  });
  const ipv6Prefix = need('ipv6Prefix', {
    named: (input.Ipv6Prefixes ?? []).flatMap((each) => each.Ipv6Prefix ?? []),
    count: input.Ipv6PrefixCount,
  });
  if (isWanted(ipv6) && isWanted(ipv6Prefix)) throw combination('IPv6 prefixes and IPv6 addresses');
  const isAutomatic =
    spec.assignIpv6AddressOnCreation === true &&
    input.Ipv6AddressCount === undefined &&
    !isWanted(ipv6) &&
    !isWanted(ipv6Prefix);
  return { ipv6: isAutomatic ? { count: 1 } : ipv6, ipv6Prefix };
}

/** Named ones or a count of ours, not both. */
export function need(
  what: string,
  {
    named,
    count,
  }: { readonly named: readonly string[] | undefined; readonly count: Maybe<number> },
): AddressNeed {
  if (named?.length && count !== undefined && count > 0)
    throw combination(`${what} and ${what}Count`);
  checkCount(`${what}Count`, count ?? 0, named?.length ?? 0);
  return { named: named ?? [], count: count ?? 0 };
}

/** Whether the need asks for anything. */
export function isWanted({ named = [], count = 0 }: AddressNeed): boolean {
  return named.length + count > 0;
}

function checkCount(parameter: string, count: number, named: number): void {
  if (!Number.isInteger(count) || count < 0)
    throw invalidValue(`Value ( ${count} ) for parameter ${parameter} is invalid.`);
  if (count + named > MOST)
    throw tooManyAddresses(parameter.startsWith('ipv6') ? 'IPv6' : 'private');
}

function combination(what: string): Ec2Error {
  return new Ec2Error(
    'InvalidParameterCombination',
    `${what} cannot be specified in the same request.`,
  );
}
