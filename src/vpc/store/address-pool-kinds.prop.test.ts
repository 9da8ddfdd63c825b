import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { cidrOverlaps, parseCidr, type Cidr } from '../../base/cidr.ts';
import { systemClock } from '../../io/clock.ts';
import { isEc2Error } from '../../ec2/error.ts';
import { AddressPool, type Addresses, type Reservation } from './address-pool.ts';
import { ADDRESS_KINDS, addressKeys, blockKeys, type AddressKind } from './address-space.ts';
import { Table } from './table.ts';

const SUBNET: Subnet = {
  metadata: { name: 'subnet-1' },
  spec: {
    account: '1',
    vpcId: 'vpc-1',
    cidr: '10.0.0.0/25',
    availabilityZone: 'us-east-1a',
    ipv6CidrBlocks: [{ associationId: 'a', cidr: 'fd00::/76' }],
  },
};

const step = fc.oneof(
  fc.record({
    do: fc.constant('reserve' as const),
    kind: fc.constantFrom(...ADDRESS_KINDS),
    count: fc.integer({ min: 1, max: 3 }),
    named: fc.option(fc.nat({ max: 127 })),
  }),
  fc.record({ do: fc.constantFrom('commit', 'fail', 'delete'), pick: fc.nat({ max: 9 }) }),
);

function textAt(kind: AddressKind, n: number): string {
  switch (kind) {
    case 'ipv4':
      return `10.0.0.${n}`;
    case 'ipv6':
      return `fd00::${n % 16}:0:0:${n}`;
    case 'ipv4Prefix':
      return `10.0.0.${n - (n % 16)}/28`;
    case 'ipv6Prefix':
      return `fd00::${(n % 16).toString(16)}:0:0:0/80`;
  }
}

function blocksOf(got: Addresses): Cidr[] {
  return [
    ...got.ipv4.map((text) => `${text}/32`),
    ...got.ipv6.map((text) => `${text}/128`),
    ...got.ipv4Prefix,
    ...got.ipv6Prefix,
  ].flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr.ok ? [cidr.value] : [];
  });
}

function specOf(got: Addresses): NetworkInterface['spec'] {
  return {
    vpcId: 'vpc-1',
    subnetId: 'subnet-1',
    privateIps: got.ipv4,
    ipv6Addresses: got.ipv6,
    ipv4Prefixes: got.ipv4Prefix,
    ipv6Prefixes: got.ipv6Prefix,
  } as unknown as NetworkInterface['spec'];
}

/** Reserves may be refused: reserved, in use, or nothing left. Then nothing may have been taken. */
const REFUSALS = [
  'InvalidParameterValue',
  'InvalidIPAddress.InUse',
  'InsufficientCidrBlocks',
  'InsufficientFreeAddressesInSubnet',
] as const;

class Scene {
  readonly #interfaces = new Table<NetworkInterface>({
    subnet: ({ spec }) => [spec.subnetId],
    address: addressKeys,
    block: blockKeys,
  });
  readonly #pool = new AddressPool({ interfaces: this.#interfaces, clock: systemClock });
  readonly #pending: Reservation[] = [];
  readonly #stored = new Map<string, Addresses>();
  #version = 0;

  reserve(kind: AddressKind, count: number, named: readonly string[]): void {
    try {
      this.#pending.push(this.#pool.reserve(SUBNET, { [kind]: { named, count } }));
    } catch (error) {
      expect(isEc2Error(error, ...REFUSALS)).toBe(true);
    }
  }

  finish(pick: number, isStored: boolean): void {
    const [reservation] = this.#pending.splice(pick % Math.max(1, this.#pending.length), 1);
    if (isStored && reservation !== undefined) {
      this.#version += 1;
      const name = `eni-${this.#version}`;
      const metadata = { name, uid: name, resourceVersion: String(this.#version) };
      this.#interfaces.apply({ metadata, spec: specOf(reservation.addresses) });
      this.#stored.set(name, reservation.addresses);
    }
    reservation?.release();
  }

  delete(pick: number): void {
    const name = [...this.#stored.keys()][pick % Math.max(1, this.#stored.size)] ?? '';
    this.#stored.delete(name);
    this.#interfaces.remove(name);
  }

  check(): void {
    const held = [...this.#stored.values(), ...this.#pending.map(({ addresses }) => addresses)];
    const blocks = held.flatMap(blocksOf);
    for (const [n, block] of blocks.entries())
      expect(blocks.slice(n + 1).some((other) => cidrOverlaps(block, other))).toBe(false);
  }
}

test('addresses and delegated prefixes of both families never overlap, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const scene = new Scene();
      for (const each of steps) {
        if (each.do === 'reserve')
          scene.reserve(
            each.kind,
            each.count,
            each.named === null ? [] : [textAt(each.kind, each.named)],
          );
        else if (each.do === 'delete') scene.delete(each.pick);
        else scene.finish(each.pick, each.do === 'commit');
        scene.check();
      }
    }),
  );
});
