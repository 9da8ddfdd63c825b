import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../base/assert.ts';
import { instanceLimits, instanceTypes } from '../ec2/limits.ts';
import { capacityOf, type Capacity, type CapacitySettings } from './capacity.ts';

function capacity(type: string, settings?: CapacitySettings): Capacity {
  return capacityOf(
    type,
    must(instanceLimits(type), () => type),
    settings,
  );
}

describe("the article's m5.large", () => {
  const m5 = capacity('m5.large');

  test('has 9 branches, 27 secondary addresses and 29 pods, of which 20 may do without groups', () => {
    expect(m5).toMatchObject({
      branchInterfaces: 9,
      secondaryAddresses: 27,
      maxPods: 29,
      otherPods: 20,
    });
  });

  test('loses nine addresses to the trunk, so that 29 pods need exactly nine branches', () => {
    expect(m5.secondaryAddressesWithTrunk).toBe(18);
    expect(m5.podsWithTrunk).toBe(18 + 2 + 9);
    expect(m5.notes).toEqual([]);
  });
});

/** Rows of spec 4.1: type, interfaces, addresses of each, branches. */
const LIMITS: readonly (readonly [string, number, number, number])[] = [
  ['m5.large', 3, 10, 9],
  ['m5.xlarge', 4, 15, 18],
  ['a1.medium', 2, 4, 10],
  ['r7g.medium', 2, 4, 4],
  ['c5.4xlarge', 8, 30, 54],
  ['m6i.32xlarge', 15, 50, 107],
  ['p4d.24xlarge', 15, 50, 62],
  ['t3.medium', 3, 6, 0],
];

/** Formulas of spec 4.2: settings, max-pods, and plain pods once a trunk is attached. */
const FORMULAS: readonly (readonly [string, CapacitySettings, number, number])[] = [
  ['classic', {}, 29, 20],
  ['custom networking', { customNetworking: true }, 20, 11],
  ['prefix delegation', { prefixDelegation: true }, 110, 290],
  ['prefix delegation, uncapped', { prefixDelegation: true, uncapped: true }, 434, 290],
  ['MAX_ENI 2', { interfacesMax: 2 }, 20, 11],
  ['MAX_ENI above the limit', { interfacesMax: 9 }, 29, 20],
  ['both', { customNetworking: true, prefixDelegation: true }, 110, 146],
];

describe('capacity', () => {
  test.each(LIMITS)('%s has %i interfaces of %i addresses, and %i branches', (type, ...limits) => {
    const { interfaces, ipv4PerInterface, branchInterfaces } = capacity(type);
    expect([interfaces, ipv4PerInterface, branchInterfaces]).toEqual(limits);
  });

  test.each(FORMULAS)('m5.large with %s', (_, settings, maxPods, withTrunk) => {
    const found = capacity('m5.large', settings);
    expect(found.maxPods).toBe(maxPods);
    expect(found.secondaryAddressesWithTrunk + 2).toBe(withTrunk);
    expect(found.podsWithTrunk).toBe(withTrunk + 9);
  });

  test.each([
    ['m5.large', 110],
    ['c5.4xlarge', 110],
    ['a1.metal', 110],
    ['mac1.metal', 110],
    ['m5.8xlarge', 250],
    ['c5.9xlarge', 250],
    ['i3.metal', 250],
    ['c7i.metal-24xl', 250],
  ])('%s is held to %i pods, and says from how many', (type, ceiling) => {
    const found = capacity(type, { prefixDelegation: true });
    expect(found.maxPods).toBe(ceiling);
    expect(found.cappedFrom).toBeGreaterThan(ceiling);
  });

  test('a type without a trunk keeps all its addresses, and says so', () => {
    const t3 = capacity('t3.medium');
    expect(t3).toMatchObject({ branchInterfaces: 0, maxPods: 17, otherPods: 17 });
    expect(t3.secondaryAddressesWithTrunk).toBe(t3.secondaryAddresses);
    expect(t3.notes[0]).toContain('no trunk interface');
  });

  test('counts the default card of a type with several', () => {
    expect(capacity('p4d.24xlarge', { uncapped: true }).maxPods).toBe(15 * 49 + 2);
    expect(capacity('p4d.24xlarge').notes[0]).toContain('60 interfaces on 4 cards');
  });

  test('leaves no branch when MAX_ENI leaves no slot for the trunk', () => {
    const found = capacity('m5.large', { interfacesMax: 1, customNetworking: true });
    expect(found).toMatchObject({ branchInterfaces: 0, secondaryAddresses: 0, maxPods: 2 });
    expect(found.notes[0]).toContain('MAX_ENI');
  });

  test('counts single addresses where there are no prefixes', () => {
    const found = capacity('m4.large', { prefixDelegation: true });
    expect(found.addressesPerInterface).toBe(9);
    expect(found.notes.at(-1)).toContain('Nitro');
  });

  test('is never negative and never above what the interfaces have, for every type', () => {
    const types = fc.constantFrom(...instanceTypes());
    const settings = fc.record({
      customNetworking: fc.boolean(),
      prefixDelegation: fc.boolean(),
      uncapped: fc.boolean(),
      interfacesMax: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(types, settings, (type, { interfacesMax, ...rest }) => {
        const found = capacity(type, {
          ...rest,
          ...(interfacesMax !== undefined && { interfacesMax }),
        });
        const pods = [found.otherPods, found.secondaryAddressesWithTrunk, found.branchInterfaces];
        expect(pods.every((count) => count >= 0)).toBe(true);
        expect(found.secondaryAddressesWithTrunk).toBeLessThanOrEqual(found.secondaryAddresses);
        expect(found.maxPods).toBeLessThanOrEqual(found.secondaryAddresses + 2);
      }),
    );
  });
});
