import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Cidr } from '../../base/cidr.ts';
import type { Clock } from '../../base/clock.ts';
import { Ec2Error } from '../../ec2/error.ts';
import {
  ADDRESS_KINDS,
  ADDRESSES_PER_PREFIX,
  DELEGATED_BITS,
  familyBlock,
  familyOf,
  isPrefixKind,
  parseSpace,
  RESERVED_FIRST,
  RESERVED_LAST,
  spaceAt,
  touchesReserved,
  type AddressKind,
  type Space,
} from './address-space.ts';
import type { KeptBack } from './kept-back.ts';
import { addressKey } from './keys.ts';
import type { Table } from './table.ts';

/** A write whose answer was lost may still be stored for this long. */
const QUARANTINE_MS = 120_000;

/** Of one kind: addresses of the caller's choice, and how many more of ours. */
export interface AddressNeed {
  readonly named?: readonly string[];
  readonly count?: number;
}

/** What a call wants from a subnet. */
export type AddressRequest = Partial<Readonly<Record<AddressKind, AddressNeed>>>;

/** What a call got: per kind the named ones first, then the chosen ones. */
export type Addresses = Readonly<Record<AddressKind, readonly string[]>>;

/** Addresses taken out of the pool for one write. */
export interface Reservation {
  readonly addresses: Addresses;
  /** The write was acknowledged, or certainly failed. */
  release(): void;
  /** Nobody knows what became of the write: keep the addresses back for a while. */
  quarantine(): void;
}

/** One reserve call while it runs. */
interface Claims {
  readonly subnet: Subnet;
  /** Interfaces whose addresses the call may take over. */
  readonly takeFrom: ReadonlySet<string>;
  readonly spaces: Space[];
}

interface Held {
  readonly block: string;
  untilMs: number;
}

/**
 * Hands out addresses and delegated prefixes of subnets. One is used when an interface of the VPC
 * has it, or something that overlaps it, or when a write that would give it to one is under way.
 * INVARIANT: choosing and reserving is one synchronous step, so no two calls get the same address.
 * A cursor per subnet goes round, so that a freed address rests as long as possible.
 */
export class AddressPool {
  readonly #interfaces: Table<NetworkInterface>;
  readonly #clock: Clock;
  readonly #reserved = new Map<string, Held>();
  readonly #cursors = new Map<string, bigint>();

  readonly #keptBack: KeptBack;

  /** The table needs the indexes `subnet`, `address` and `block`. */
  constructor(options: {
    readonly interfaces: Table<NetworkInterface>;
    readonly clock: Clock;
    readonly keptBack?: KeptBack;
  }) {
    this.#interfaces = options.interfaces;
    this.#keptBack = options.keptBack ?? (() => []);
    this.#clock = options.clock;
  }

  /** Reserves all of the request or nothing. */
  reserve(
    subnet: Subnet,
    request: AddressRequest,
    { takeFrom = [] }: { readonly takeFrom?: readonly string[] } = {},
  ): Reservation {
    const claims: Claims = { subnet, takeFrom: new Set(takeFrom), spaces: [] };
    try {
      this.#claimAll(claims, request);
    } catch (error) {
      this.#free(claims);
      throw error;
    }
    return {
      addresses: byKind(claims.spaces),
      release: () => this.#free(claims),
      quarantine: () => this.#quarantine(claims),
    };
  }

  /** How many IPv4 addresses of a subnet are free; none of one that is IPv6 only. */
  available(subnet: Subnet): number {
    const block = familyBlock(subnet, 4);
    if (block === undefined) return 0;
    const { first, last } = block;
    let used = 0;
    for (const { spec } of this.#interfaces.by('subnet', subnet.metadata.name))
      used += spec.privateIps.length + ADDRESSES_PER_PREFIX * (spec.ipv4Prefixes?.length ?? 0);
    return Math.max(0, Number(last - first + 1n - RESERVED_FIRST - RESERVED_LAST) - used);
  }

  /** What is named goes first, or else our choice could take it. */
  #claimAll(claims: Claims, request: AddressRequest): void {
    for (const kind of ADDRESS_KINDS)
      for (const text of request[kind]?.named ?? []) this.#claim(claims, kind, text);
    for (const kind of ADDRESS_KINDS) {
      const count = request[kind]?.count ?? 0;
      for (let i = 0; i < count; i++) this.#claimNext(claims, kind);
    }
  }

  #claim(claims: Claims, kind: AddressKind, text: string): void {
    const space = parseSpace(kind, text);
    if (space === undefined) throw invalid(`Invalid ${NOUNS[kind]}: '${text}'`);
    const block = blockOf(claims.subnet, kind);
    if (space.first < block.first || space.last > block.last)
      throw invalid(`Address ${text} does not fall within the subnet's address range`);
    if (touchesReserved(block, space))
      throw invalid(`Address ${text} is in subnet's reserved address range`);
    if (this.#isUsed(claims, space))
      throw new Ec2Error('InvalidIPAddress.InUse', `Address ${text} is in use.`);
    this.#hold(claims, space);
  }

  #claimNext(claims: Claims, kind: AddressKind): void {
    const { base, step, size } = choicesOf(blockOf(claims.subnet, kind), kind);
    const cursor = `${claims.subnet.metadata.name}/${kind}`;
    const start = this.#cursors.get(cursor) ?? 0n;
    const keptBack = this.#keptBack(claims.subnet, kind);
    for (let i = 0n; i < size; i++) {
      const offset = (start + i) % size;
      const value = base + offset * step;
      const kept = keptBack.find(({ first, last }) => value <= last && value + step > first);
      if (kept !== undefined) {
        i += least((kept.last - value) / step, size - 1n - offset);
        continue;
      }
      const space = spaceAt(kind, value);
      if (this.#isUsed(claims, space)) continue;
      this.#cursors.set(cursor, offset + 1n);
      this.#hold(claims, space);
      return;
    }
    throw exhausted(kind);
  }

  #isUsed(claims: Claims, space: Space): boolean {
    const { vpcId } = claims.subnet.spec;
    const block = addressKey(vpcId, space.block);
    if (this.#isTaken(claims, block)) return true;
    if (!isPrefixKind(space.kind)) return this.#isTaken(claims, addressKey(vpcId, space.text));
    return this.#interfaces.count('block', block) > 0 || this.#isBlockReserved(block);
  }

  #isTaken({ takeFrom }: Claims, key: string): boolean {
    if (this.#isReserved(this.#reserved.get(key))) return true;
    if (takeFrom.size === 0) return this.#interfaces.count('address', key) > 0;
    return this.#interfaces.by('address', key).some(({ metadata }) => !takeFrom.has(metadata.name));
  }

  #isReserved(held: Held | undefined): boolean {
    return held !== undefined && held.untilMs > this.#clock.nowMs();
  }

  /** Only writes under way are looked through: they are few. */
  #isBlockReserved(block: string): boolean {
    for (const held of this.#reserved.values())
      if (held.block === block && this.#isReserved(held)) return true;
    return false;
  }

  #hold({ subnet, spaces }: Claims, space: Space): void {
    const { vpcId } = subnet.spec;
    this.#reserved.set(addressKey(vpcId, space.text), {
      block: addressKey(vpcId, space.block),
      untilMs: Number.POSITIVE_INFINITY,
    });
    spaces.push(space);
  }

  #free({ subnet, spaces }: Claims): void {
    for (const { text } of spaces) this.#reserved.delete(addressKey(subnet.spec.vpcId, text));
  }

  #quarantine({ subnet, spaces }: Claims): void {
    const untilMs = this.#clock.nowMs() + QUARANTINE_MS;
    for (const { text } of spaces) {
      const held = this.#reserved.get(addressKey(subnet.spec.vpcId, text));
      if (held !== undefined) held.untilMs = untilMs;
    }
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

const NOUNS: Readonly<Record<AddressKind, string>> = {
  ipv4: 'IP address',
  ipv6: 'IPv6 address',
  ipv4Prefix: 'IPv4 prefix',
  ipv6Prefix: 'IPv6 prefix',
};

function byKind(spaces: readonly Space[]): Addresses {
  const of = (kind: AddressKind): string[] =>
    spaces.filter((space) => space.kind === kind).map(({ text }) => text);
  return {
    ipv4: of('ipv4'),
    ipv6: of('ipv6'),
    ipv4Prefix: of('ipv4Prefix'),
    ipv6Prefix: of('ipv6Prefix'),
  };
}

function blockOf(subnet: Subnet, kind: AddressKind): Cidr {
  const family = familyOf(kind);
  const block = familyBlock(subnet, family);
  if (block !== undefined) return block;
  throw invalid(`The subnet '${subnet.metadata.name}' does not have an IPv${family} CIDR block.`);
}

interface Choices {
  readonly base: bigint;
  readonly step: bigint;
  readonly size: bigint;
}

/**
 * What we choose from. Prefixes: all but the first and the last, which have reserved addresses.
 * IPv6 addresses: those of the first prefix, which is never delegated for that reason.
 */
function choicesOf(block: Cidr, kind: AddressKind): Choices {
  const size = block.last - block.first + 1n;
  const step = 1n << BigInt((block.family === 4 ? 32 : 128) - DELEGATED_BITS[block.family]);
  if (isPrefixKind(kind)) return { base: block.first + step, step, size: size / step - 2n };
  const base = block.first + RESERVED_FIRST;
  if (kind === 'ipv6') return { base, step: 1n, size: step - RESERVED_FIRST };
  return { base, step: 1n, size: size - RESERVED_FIRST - RESERVED_LAST };
}

function exhausted(kind: AddressKind): Ec2Error {
  if (isPrefixKind(kind))
    return new Ec2Error(
      'InsufficientCidrBlocks',
      'The specified subnet does not have enough free cidr blocks to satisfy the request.',
    );
  return new Ec2Error(
    'InsufficientFreeAddressesInSubnet',
    `The specified subnet does not have enough free addresses to satisfy the request.`,
  );
}

function invalid(message: string): Ec2Error {
  return new Ec2Error('InvalidParameterValue', message);
}
