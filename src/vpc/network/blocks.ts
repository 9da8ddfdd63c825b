import { must } from '../../base/assert.ts';
import { cidrAround, cidrContains, cidrOverlaps, parseCidr, type Cidr } from '../../base/cidr.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Place } from '../context.ts';
import { invalidValue } from '../own.ts';

/** VPCs and subnets are /16../28 in IPv4 (spec: ec2-surface 3.8). */
const IPV4_PREFIX = { shortest: 16, longest: 28 } as const;
const VPC_IPV6_PREFIX = { shortest: 44, longest: 60 } as const;
const SUBNET_IPV6_PREFIX = { shortest: 44, longest: 64 } as const;
/** IPv6 blocks come in steps of four bits. */
const IPV6_STEP = 4;
/** Amazon gives a /56 to a VPC. */
const PROVIDED_PREFIX = 56;
/**
 * The range that "Amazon-provided" blocks are taken from: unique local addresses (RFC 4193), since
 * the fabric owns no public ones.
 */
const PROVIDED_RANGE = known('fd54:4c00::/24');

function known(text: string): Cidr {
  const block = parseCidr(text);
  return must(block.ok ? block.value : undefined, () => `${text} is not a block`);
}

/** Objects with blocks: VPCs and subnets. */
interface HasBlocks {
  readonly spec: {
    readonly cidr?: string;
    readonly cidrBlocks?: readonly { readonly cidr: string }[];
    readonly ipv6CidrBlocks?: readonly { readonly cidr: string }[];
  };
}

/** The blocks of a stored VPC or subnet, of both families. */
export function blocksOf({ spec }: HasBlocks): Cidr[] {
  const own = spec.cidr === undefined ? [] : [spec.cidr];
  const listed = [...(spec.cidrBlocks ?? []), ...(spec.ipv6CidrBlocks ?? [])];
  return [...own, ...listed.map(({ cidr }) => cidr)].map(known);
}

/** Reads a block of one family from a parameter, in canonical form. */
export function readBlock(text: string, parameter: string, family: 4 | 6): Cidr {
  const block = parseCidr(text);
  if (block.ok && block.value.family === family) return block.value;
  throw invalidValue(
    `Value (${text}) for parameter ${parameter} is invalid. This is not a valid CIDR block.`,
  );
}

/** An IPv4 block for a VPC. */
export function readVpcBlock(text: string): Cidr {
  const block = readBlock(text, 'cidrBlock', 4);
  if (!fits(block, IPV4_PREFIX))
    throw new Ec2Error('InvalidVpc.Range', `The CIDR '${text}' is invalid.`);
  return block;
}

/** An IPv6 block of the caller's own for a VPC. No two VPCs of the server may share addresses. */
export function readVpcIpv6Block(place: Place, text: string): Cidr {
  const block = readBlock(text, 'ipv6CidrBlock', 6);
  if (!fits(block, VPC_IPV6_PREFIX))
    throw new Ec2Error('InvalidVpc.Range', `The CIDR '${text}' is invalid.`);
  if (isTaken(place, block))
    throw new Ec2Error('InvalidVpc.Range', `The CIDR '${text}' conflicts with another VPC.`);
  return block;
}

/** A fresh /56, as Amazon provides it. */
export function provideIpv6Block(place: Place): Cidr {
  for (;;) {
    const bytes = place.random.bytes(4);
    const offset = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) << 72n;
    const block = cidrAround({ family: 6, value: PROVIDED_RANGE.first + offset }, PROVIDED_PREFIX);
    if (!isTaken(place, block)) return block;
  }
}

function isTaken({ store }: Place, block: Cidr): boolean {
  for (const vpc of store.vpcs.table.values())
    if (blocksOf(vpc).some((other) => cidrOverlaps(other, block))) return true;
  return false;
}

/** A block for a subnet: of a fitting size and inside one block of the VPC. */
export function readSubnetBlock(vpc: HasBlocks, text: string, family: 4 | 6): Cidr {
  const block = readBlock(text, family === 4 ? 'cidrBlock' : 'ipv6CidrBlock', family);
  const inVpc = blocksOf(vpc).some((outer) => cidrContains(outer, block));
  if (!fits(block, family === 4 ? IPV4_PREFIX : SUBNET_IPV6_PREFIX) || !inVpc)
    throw new Ec2Error('InvalidSubnet.Range', `The CIDR '${text}' is invalid.`);
  return block;
}

/** Refuses a block that shares addresses with a subnet of the VPC. */
export function checkFree({ store }: Place, vpcId: string, block: Cidr, text: string): void {
  const siblings = store.subnets.table.by('vpc', vpcId);
  if (siblings.some((subnet) => blocksOf(subnet).some((other) => cidrOverlaps(other, block))))
    throw new Ec2Error(
      'InvalidSubnet.Conflict',
      `The CIDR '${text}' conflicts with another subnet`,
    );
}

function fits({ family, prefixBits }: Cidr, size: { shortest: number; longest: number }): boolean {
  if (prefixBits < size.shortest || prefixBits > size.longest) return false;
  return family === 4 || prefixBits % IPV6_STEP === 0;
}

const PRIVATE_RANGES = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '198.19.0.0/16'].map(
  known,
);

/**
 * Whether a VPC with this primary block may also have the other one: AWS does not mix the private
 * ranges in one VPC. Carrier-grade NAT (100.64.0.0/10) and public blocks go with all.
 */
export function mayJoin(primary: Cidr, added: Cidr): boolean {
  const range = PRIVATE_RANGES.find((each) => cidrOverlaps(each, added));
  return range === undefined || cidrContains(range, primary);
}
