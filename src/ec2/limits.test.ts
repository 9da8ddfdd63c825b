import { describe, expect, test } from 'vitest';
import { httpStatusOf } from './errors.ts';
import { checkId, ID_KINDS, notFound } from './id-kinds.ts';
import { instanceLimits, instanceTypes } from './limits.ts';

describe('instance limits', () => {
  test('m5.large has what the scenario counts on', () => {
    expect(instanceLimits('m5.large')).toEqual({
      maxInterfaces: 3,
      ipv4PerInterface: 10,
      branchInterfaces: 9,
      trunkCompatible: true,
      hypervisor: 'nitro',
      bareMetal: false,
      defaultNetworkCard: 0,
      networkCards: [3],
    });
  });

  test('types with several network cards list them all', () => {
    expect(instanceLimits('c6in.32xlarge')?.networkCards).toEqual([8, 8]);
  });

  test.each(['', 'm5', 'toString', '__proto__'])('%j is no type', (name) => {
    expect(instanceLimits(name)).toBeUndefined();
  });

  test('1060 types can have trunks', () => {
    const all = instanceTypes().map((name) => instanceLimits(name));
    expect(all).toHaveLength(1164);
    expect(all.filter((limits) => limits?.trunkCompatible)).toHaveLength(1060);
  });
});

describe('ids', () => {
  test.each(['sg-0123456789abcdef0', 'sg-01234567'])('%s is well formed', (id) => {
    expect(() => checkId(ID_KINDS.group, id)).not.toThrow();
  });

  test.each([
    'sg-xyz',
    'sgr-0123456789abcdef0',
    'sg-0123456789ABCDEF0',
    '',
    'sg-0123456789abcdef01',
  ])('%j is malformed', (id) => {
    expect(() => checkId(ID_KINDS.group, id)).toThrow(
      expect.objectContaining({ code: 'InvalidGroupId.Malformed' }),
    );
  });

  test('one missing id and several are told apart', () => {
    expect(notFound(ID_KINDS.instance, 'i-1')).toMatchObject({
      code: 'InvalidInstanceID.NotFound',
      message: "The instance ID 'i-1' does not exist",
    });
    expect(notFound(ID_KINDS.instance, 'i-1', 'i-2').message).toBe(
      "The instance IDs 'i-1, i-2' do not exist",
    );
  });

  test.each([
    ['InvalidVpcID.NotFound', 400],
    ['AuthFailure', 401],
    ['UnauthorizedOperation', 403],
    ['DryRunOperation', 412],
    ['InternalError', 500],
    ['RequestLimitExceeded', 503],
  ])('%s is sent as %i', (code, status) => {
    expect(httpStatusOf(code)).toBe(status);
  });
});
