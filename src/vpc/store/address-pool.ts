import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { cidrAt, cidrHasIp, parseCidr, type Cidr } from '../../base/cidr.ts';
import type { Clock } from '../../base/clock.ts';
import { must } from '../../base/assert.ts';
import { formatIp, parseIp } from '../../base/ip.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Table } from './table.ts';

/** Reserved at the start of a subnet: network, router, DNS, future use; and the last address. */
const RESERVED_FIRST = 4n;
const RESERVED_LAST = 1n;
/** A write whose answer was lost may still be stored for this long. */
const QUARANTINE_MS = 120_000;

/** Addresses taken out of the pool for one write. */
export interface Reservation {
  readonly addresses: readonly string[];
  /** The write was acknowledged, or certainly failed. */
  release(): void;
  /** Nobody knows what became of the write: keep the addresses back for a while. */
  quarantine(): void;
}

/**
 * Hands out addresses of subnets. An address is used when an interface of the VPC has it, or when a
 * write that would give it to one is under way.
 * INVARIANT: choosing and reserving is one synchronous step, so no two calls get the same address.
 * A cursor per subnet goes round, so that a freed address rests as long as possible.
 */
export class AddressPool {
  readonly #interfaces: Table<NetworkInterface>;
  readonly #clock: Clock;
  readonly #reserved = new Map<string, number>();
  readonly #cursors = new Map<string, bigint>();

  constructor(options: { interfaces: Table<NetworkInterface>; clock: Clock }) {
    this.#interfaces = options.interfaces;
    this.#clock = options.clock;
  }

  /** Reserves the wanted addresses, and `count` more of the pool's choice after them. */
  reserve(subnet: Subnet, request: { wanted?: readonly string[]; count: number }): Reservation {
    const block = subnetBlock(subnet);
    const keys: string[] = [];
    try {
      for (const address of request.wanted ?? []) this.#claim(subnet, block, address, keys);
      for (let i = 0; i < request.count; i++) this.#claimNext(subnet, block, keys);
    } catch (error) {
      this.#free(keys);
      throw error;
    }
    return {
      addresses: keys.map((key) => key.slice(key.indexOf('/') + 1)),
      release: () => this.#free(keys),
      quarantine: () => {
        const untilMs = this.#clock.nowMs() + QUARANTINE_MS;
        for (const key of keys) this.#reserved.set(key, untilMs);
      },
    };
  }

  /** How many addresses of a subnet are free. */
  available(subnet: Subnet): number {
    const { first, last } = subnetBlock(subnet);
    let used = 0;
    for (const { spec } of this.#interfaces.by('subnet', subnet.metadata.name))
      used += spec.privateIps.length;
    return Math.max(0, Number(last - first + 1n - RESERVED_FIRST - RESERVED_LAST) - used);
  }

  #claim(subnet: Subnet, block: Cidr, address: string, keys: string[]): void {
    const ip = parseIp(address);
    if (!ip.ok || ip.value.family !== 4) throw invalid(`Invalid IP address: '${address}'`);
    if (!cidrHasIp(block, ip.value))
      throw invalid(`Address ${address} does not fall within the subnet's address range`);
    if (isReserved(block, ip.value.value))
      throw invalid(`Address ${address} is in subnet's reserved address range`);
    const key = this.#key(subnet, formatIp(ip.value));
    if (this.#isUsed(key))
      throw new Ec2Error('InvalidIPAddress.InUse', `Address ${address} is in use.`);
    this.#hold(key, keys);
  }

  #claimNext(subnet: Subnet, block: Cidr, keys: string[]): void {
    const size = block.last - block.first + 1n - RESERVED_FIRST - RESERVED_LAST;
    const start = this.#cursors.get(subnet.metadata.name) ?? 0n;
    for (let i = 0n; i < size; i++) {
      const offset = (start + i) % size;
      const key = this.#key(subnet, formatIp(cidrAt(block, RESERVED_FIRST + offset)));
      if (this.#isUsed(key)) continue;
      this.#cursors.set(subnet.metadata.name, offset + 1n);
      this.#hold(key, keys);
      return;
    }
    throw new Ec2Error(
      'InsufficientFreeAddressesInSubnet',
      `The specified subnet does not have enough free addresses to satisfy the request.`,
    );
  }

  #isUsed(key: string): boolean {
    const untilMs = this.#reserved.get(key);
    if (untilMs !== undefined && untilMs > this.#clock.nowMs()) return true;
    return this.#interfaces.count('address', key) > 0;
  }

  #key(subnet: Subnet, address: string): string {
    return `${subnet.spec.vpcId}/${address}`;
  }

  #hold(key: string, keys: string[]): void {
    this.#reserved.set(key, Number.POSITIVE_INFINITY);
    keys.push(key);
  }

  #free(keys: readonly string[]): void {
    for (const key of keys) this.#reserved.delete(key);
  }
}

/** The IPv4 block of a stored subnet. */
export function subnetBlock(subnet: Subnet): Cidr {
  const block = parseCidr(subnet.spec.cidr);
  return must(
    block.ok ? block.value : undefined,
    () => `Subnet ${subnet.metadata.name} has no block`,
  );
}

function isReserved(block: Cidr, value: bigint): boolean {
  return value < block.first + RESERVED_FIRST || value > block.last - RESERVED_LAST;
}

function invalid(message: string): Ec2Error {
  return new Ec2Error('InvalidParameterValue', message);
}
