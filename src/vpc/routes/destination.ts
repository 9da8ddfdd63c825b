import { cidrContains, formatCidr, parseCidr } from '../../base/cidr.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call } from '../context.ts';
import { readBlock } from '../network/blocks.ts';
import { usableList } from '../prefix-lists/aws-managed.ts';

/** The three ways in which requests name a destination. */
export interface DestinationFields {
  readonly DestinationCidrBlock?: string | undefined;
  readonly DestinationIpv6CidrBlock?: string | undefined;
  readonly DestinationPrefixListId?: string | undefined;
}

/** Reads the destination of a route: a block in canonical form, or the id of a prefix list. */
export function readDestination(call: Call, input: DestinationFields): string {
  const { DestinationCidrBlock: ipv4, DestinationIpv6CidrBlock: ipv6 } = input;
  const { DestinationPrefixListId: list } = input;
  const given = [ipv4, ipv6, list].filter((each) => each !== undefined);
  if (given.length === 0)
    throw new Ec2Error(
      'MissingParameter',
      'The request must contain exactly one of: destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId',
    );
  if (given.length > 1)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'Only one of destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId can be specified',
    );
  if (ipv4 !== undefined) return formatCidr(readBlock(ipv4, 'destinationCidrBlock', 4));
  if (ipv6 !== undefined) return formatCidr(readBlock(ipv6, 'destinationIpv6CidrBlock', 6));
  return usableList(call, list ?? '').metadata.name;
}

/** The fields under which a destination is shown. */
export function destinationFields(destination: string): DestinationFields {
  if (destination.startsWith('pl-')) return { DestinationPrefixListId: destination };
  if (destination.includes(':')) return { DestinationIpv6CidrBlock: destination };
  return { DestinationCidrBlock: destination };
}

/** Whether every address of the inner destination lies in the outer block. */
export function liesIn(outer: string, inner: string): boolean {
  const [a, b] = [parseCidr(outer), parseCidr(inner)];
  return a.ok && b.ok && cidrContains(a.value, b.value);
}
