import { describe, expect, test } from 'vitest';
import type { Pod } from '../../api/core/pod.ts';
import { POD_ENI } from '../../api/names.ts';
import { withFeature } from './announce.ts';
import { parsePodEni, wantsBranch } from './pod-eni.ts';

const ENTRY = {
  eniId: 'eni-0123456789abcdef0',
  ifAddress: '02:AA:22:33:44:55',
  privateIp: '192.168.71.10',
  ipv6Addr: '',
  vlanId: 1,
  subnetCidr: '192.168.64.0/19',
  subnetV6Cidr: '',
  associationID: 'trunk-assoc-1',
};

function pod(annotation?: string, limits?: Record<string, string>): Pod {
  return {
    metadata: {
      name: 'p',
      ...(annotation !== undefined && { annotations: { [POD_ENI]: annotation } }),
    },
    spec: { containers: [{ name: 'c', ...(limits && { resources: { limits } }) }, { name: 'd' }] },
  };
}

describe('the pod-eni annotation', () => {
  test('gives the branch; the gateway is the second address of the subnet', () => {
    expect(parsePodEni(pod(JSON.stringify([ENTRY])))).toEqual({
      ok: true,
      value: {
        eniId: 'eni-0123456789abcdef0',
        mac: '02:aa:22:33:44:55',
        address: '192.168.71.10',
        vlanId: 1,
        gateway: '192.168.64.1',
      },
    });
  });

  test('may spell the VLAN id as the AWS agent does', () => {
    const { vlanId, ...rest } = ENTRY;
    expect(parsePodEni(pod(JSON.stringify([{ ...rest, vlanID: vlanId }]))).ok).toBe(true);
  });

  test.each([
    ['no annotation', undefined, /not there yet/],
    ['no JSON', '[', /not a JSON array/],
    ['the literal null', 'null', /not a JSON array/],
    ['an empty array', '[]', /not a JSON array/],
    ['an object', '{}', /not a JSON array/],
    ['no address', JSON.stringify([{ ...ENTRY, privateIp: '' }]), /lacks/],
    ['no MAC', JSON.stringify([{ ...ENTRY, ifAddress: '' }]), /lacks/],
    ['VLAN id 0', JSON.stringify([{ ...ENTRY, vlanId: 0 }]), /vlanId/],
    ['a VLAN id in text', JSON.stringify([{ ...ENTRY, vlanId: '1' }]), /vlanId/],
    ['a bad subnet', JSON.stringify([{ ...ENTRY, subnetCidr: 'x' }]), /CIDR/],
    ['a bad address', JSON.stringify([{ ...ENTRY, privateIp: '10.0.0.256' }]), /no address/],
  ])('is refused with %s', (_, text, why) => {
    const parsed = parsePodEni(pod(text));
    expect(parsed.ok ? '' : parsed.error).toMatch(why);
  });

  test.each([
    [{ [POD_ENI]: '1' }, true],
    [{ cpu: '1' }, false],
    [undefined, false],
  ])('is wanted with limits %j: %s', (limits, wants) => {
    expect(wantsBranch(pod(undefined, limits as Record<string, string> | undefined))).toBe(wants);
  });
});

describe('the CNINode feature', () => {
  const ours = { name: 'SecurityGroupsForPods', value: '' };
  test.each([
    ['is added to none', undefined, [ours]],
    ['is added to others', [{ name: 'a', value: 'b' }], [{ name: 'a', value: 'b' }, ours]],
    ['replaces another value', [{ ...ours, value: 'x' }], [ours]],
    ['is left alone', [ours], undefined],
    ['is left alone without a value', [{ name: ours.name }], undefined],
  ])('%s', (_, features, expected) => {
    const spec = features ? { spec: { features } } : {};
    expect(withFeature({ metadata: { name: 'n' }, ...spec })).toEqual(expected);
  });
});
