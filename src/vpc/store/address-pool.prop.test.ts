import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { systemClock } from '../../io/clock.ts';
import { AddressPool, type Reservation } from './address-pool.ts';
import { addressKeys, blockKeys } from './address-space.ts';
import { Table } from './table.ts';

const SUBNET: Subnet = {
  metadata: { name: 'subnet-1' },
  spec: { account: '1', vpcId: 'vpc-1', cidr: '10.0.0.0/28', availabilityZone: 'us-east-1a' },
};
/** 16 addresses without the first four and the last. */
const USABLE = Array.from({ length: 11 }, (_, i) => `10.0.0.${i + 4}`);

function scene(nowMs = () => 0) {
  const interfaces = new Table<NetworkInterface>({
    subnet: ({ spec }) => [spec.subnetId],
    address: addressKeys,
    block: blockKeys,
  });
  let version = 0;
  const store = (name: string, privateIps: readonly string[]): void =>
    interfaces.apply({
      metadata: { name, uid: `${name}-${version}`, resourceVersion: String(++version) },
      spec: { vpcId: 'vpc-1', subnetId: 'subnet-1', privateIps } as NetworkInterface['spec'],
    });
  const pool = new AddressPool({ interfaces, clock: { ...systemClock, nowMs } });
  return { pool, interfaces, store };
}

const step = fc.record({
  kind: fc.constantFrom('reserve', 'commit', 'fail', 'delete'),
  pick: fc.nat({ max: 10 }),
  count: fc.integer({ min: 1, max: 3 }),
});

describe('the address pool', () => {
  test('never hands out an address twice, whatever the order of writes and failures', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { pool, interfaces, store } = scene();
        const pending: Reservation[] = [];
        const stored = new Map<string, readonly string[]>();
        for (const [i, { kind, pick, count }] of steps.entries()) {
          const inUse = [
            ...pending.flatMap((r) => r.addresses.ipv4),
            ...[...stored.values()].flat(),
          ];
          if (kind === 'reserve') {
            const free = USABLE.length - inUse.length;
            const reserve = (): Reservation => pool.reserve(SUBNET, { ipv4: { count } });
            if (free < count) {
              expect(reserve).toThrow(
                expect.objectContaining({ code: 'InsufficientFreeAddressesInSubnet' }),
              );
              continue;
            }
            const reservation = reserve();
            for (const address of reservation.addresses.ipv4) {
              expect(USABLE).toContain(address);
              expect(inUse).not.toContain(address);
            }
            expect(new Set(reservation.addresses.ipv4).size).toBe(count);
            pending.push(reservation);
          } else if (kind === 'delete') {
            const name = [...stored.keys()][pick % Math.max(1, stored.size)];
            if (name === undefined) continue;
            stored.delete(name);
            interfaces.remove(name);
          } else {
            const [reservation] = pending.splice(pick % Math.max(1, pending.length), 1);
            if (reservation === undefined) continue;
            if (kind === 'commit') {
              store(`eni-${i}`, reservation.addresses.ipv4);
              stored.set(`eni-${i}`, reservation.addresses.ipv4);
            }
            reservation.release();
          }
          expect(pool.available(SUBNET)).toBe(USABLE.length - [...stored.values()].flat().length);
        }
      }),
    );
  });

  test.each([
    ['10.0.1.4', 'InvalidParameterValue', 'outside the subnet'],
    ['10.0.0.0', 'InvalidParameterValue', 'the network address'],
    ['10.0.0.3', 'InvalidParameterValue', 'reserved'],
    ['10.0.0.15', 'InvalidParameterValue', 'the last address'],
    ['fd00::4', 'InvalidParameterValue', 'of the other family'],
    ['10.0.0.04', 'InvalidParameterValue', 'not an address'],
    ['10.0.0.4', 'InvalidIPAddress.InUse', 'used'],
  ])('refuses %s: %s, %s', (address, code) => {
    const { pool, store } = scene();
    store('eni-1', ['10.0.0.4']);
    expect(() => pool.reserve(SUBNET, { ipv4: { named: [address] } })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('gives back what it reserved when one of several addresses is refused', () => {
    const { pool } = scene();
    expect(() => pool.reserve(SUBNET, { ipv4: { named: ['10.0.0.9', '10.0.0.9'] } })).toThrow();
    expect(pool.reserve(SUBNET, { ipv4: { named: ['10.0.0.9'] } }).addresses.ipv4).toEqual([
      '10.0.0.9',
    ]);
  });

  test('lets a freed address rest: the next one comes first', () => {
    const { pool } = scene();
    const first = pool.reserve(SUBNET, { ipv4: { count: 1 } });
    first.release();
    expect(pool.reserve(SUBNET, { ipv4: { count: 1 } }).addresses.ipv4).not.toEqual(
      first.addresses.ipv4,
    );
  });

  test('keeps addresses of unknown fate back for two minutes', () => {
    let nowMs = 0;
    const { pool } = scene(() => nowMs);
    pool.reserve(SUBNET, { ipv4: { named: ['10.0.0.9'] } }).quarantine();
    const again = (): Reservation => pool.reserve(SUBNET, { ipv4: { named: ['10.0.0.9'] } });
    nowMs = 119_000;
    expect(again).toThrow(expect.objectContaining({ code: 'InvalidIPAddress.InUse' }));
    nowMs = 121_000;
    expect(again().addresses.ipv4).toEqual(['10.0.0.9']);
  });
});
