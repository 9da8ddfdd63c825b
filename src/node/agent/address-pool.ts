import { isEc2Error } from '../../ec2/error.ts';
import type { Ec2Client } from '../../ec2/client.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Fabric } from '../fabric/fabric.ts';
import type { DesiredPort } from '../fabric/desired.ts';
import { Lock } from './lock.ts';
import type { SandboxStore } from './sandbox.ts';

/** Addresses to ask for at a time; the rest stays free for others of the subnet. */
const WARM_ADDRESSES = 2;
/** Longest wait for a new address to reach the fabric. */
const ASSIGN_TIMEOUT_MS = 5_000;

/** What the pool needs. */
export interface AddressPoolOptions {
  readonly ec2: Ec2Client;
  readonly fabric: Fabric;
  readonly store: SandboxStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** An address for a plain pod, and the interface that has it. */
export interface PoolAddress {
  readonly address: string;
  readonly port: DesiredPort;
}

/**
 * Secondary addresses of the primary interface for plain pods. What is assigned is read from the
 * fabric's ports; what is taken or cooling comes from the store; nothing else is remembered.
 */
export class AddressPool {
  readonly #options: AddressPoolOptions;
  readonly #assigning = new Lock();
  /** Given to an ADD that is not on record yet. */
  readonly #reserved = new Set<string>();

  constructor(options: AddressPoolOptions) {
    this.#options = options;
  }

  /**
   * A free address, already served by the fabric; undefined when none is to be had. It stays
   * reserved until `release`, which the caller owes once the address is on record, or unused.
   */
  async take(): Promise<PoolAddress | undefined> {
    const now = await this.#free();
    return now ?? this.#assigning.run(async () => (await this.#free()) ?? this.#assign());
  }

  /** Ends a reservation. */
  release(address: string): void {
    this.#reserved.delete(address);
  }

  /** The free address in the fabric as it is, without asking EC2. */
  async #free(timeoutMs = 0): Promise<PoolAddress | undefined> {
    const { fabric, store, clock } = this.#options;
    const unused = (port: DesiredPort): string | undefined => {
      if (port.device?.index !== 0) return undefined;
      const busy = store.busy(clock.nowMs());
      return port.addresses
        .slice(1)
        .find((address) => !busy.has(address) && !this.#reserved.has(address));
    };
    const port = await fabric.port('settled', (one) => unused(one) !== undefined, timeoutMs);
    const address = port && unused(port);
    if (!port || address === undefined) return undefined;
    this.#reserved.add(address);
    return { address, port };
  }

  async #assign(): Promise<PoolAddress | undefined> {
    const { ec2, fabric, log } = this.#options;
    const primary = await fabric.port('settled', (port) => port.device?.index === 0, 0);
    if (!primary) return undefined;
    for (const count of [WARM_ADDRESSES, 1]) {
      try {
        await ec2.assignPrivateIpAddresses({
          NetworkInterfaceId: primary.eniId,
          SecondaryPrivateIpAddressCount: count,
        });
        return await this.#free(ASSIGN_TIMEOUT_MS);
      } catch (error) {
        log.warn('Cannot assign addresses', { eniId: primary.eniId, count, error });
        // Only a limit can be met by asking for less.
        if (!isEc2Error(error, 'PrivateIpAddressLimitExceeded')) return undefined;
      }
    }
    return undefined;
  }
}
