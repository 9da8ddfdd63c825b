import { describe, expect, test } from 'vitest';
import { ip, smallObjects } from '../../test/arbitrary/small-world.ts';
import { formatIp } from '../base/ip.ts';
import { allRulesOf, isUnfiltered, worldFromObjects } from './world.ts';

const objects = smallObjects(
  { 'sg-a': ['in tcp 80 0.0.0.0/0', 'out -1 * ::/0', 'in sctp 80 0.0.0.0/0'], 'sg-b': [] },
  { 'eni-a': '10.0.1.7 fd00::7 sg-a sg-b', 'eni-b': '10.0.1.999 sg-b router' },
);

describe('the world of stored objects', () => {
  const world = worldFromObjects(objects);

  test('has the groups with the rules that can be read', () => {
    expect([...world.groups.keys()]).toEqual(['sg-a', 'sg-b']);
    expect(world.groups.get('sg-a')?.rules.map(({ ruleId }) => ruleId)).toEqual([
      'sgr-a-0',
      'sgr-a-1',
    ]);
  });

  test('has the interfaces with their addresses and switches', () => {
    expect(world.interfaces.map(({ addresses }) => addresses.map(formatIp))).toEqual([
      ['10.0.1.7', 'fd00::7'],
      [],
    ]);
    expect(world.interfaces.map((item) => item.sourceDestCheck)).toEqual([true, false]);
  });

  test('says what could not be read', () => {
    expect(world.problems).toEqual([
      "Rule sgr-a-2 of sg-a: 'sctp' is not a protocol",
      "Interface eni-b: '10.0.1.999' is not an IP address",
    ]);
  });

  test('lists rules of one direction, and none of unknown groups', () => {
    const ids = allRulesOf(world, ['sg-gone', 'sg-a'], 'ingress').map(({ ruleId }) => ruleId);
    expect(ids).toEqual(['sgr-a-0']);
  });
});

test('the DNS server of a VPC and the routers of its subnets are never filtered', () => {
  const world = worldFromObjects({
    ...objects,
    vpcs: [
      {
        metadata: { name: 'vpc-1' },
        spec: {
          account: '1',
          region: 'us-east-1',
          cidrBlocks: [{ associationId: 'a', cidr: '10.0.0.0/16' }],
          isDefault: false,
        },
      },
    ],
    subnets: [
      {
        metadata: { name: 'subnet-1' },
        spec: { account: '1', vpcId: 'vpc-1', cidr: '10.0.1.0/24', availabilityZone: 'a' },
      },
      {
        metadata: { name: 'subnet-6' },
        spec: {
          account: '1',
          vpcId: 'vpc-1',
          ipv6Native: true,
          ipv6CidrBlocks: [{ associationId: 'a', cidr: '2001:db8::/64' }],
          availabilityZone: 'a',
        },
      },
    ],
  });
  const texts = ['10.0.0.2', '10.0.1.1', '10.0.1.2', '10.0.0.1', '2001:db8::1', '2001:db8::2'];
  const free = texts.filter((text) => isUnfiltered(world, 'vpc-1', ip(text)));
  expect(free).toEqual(['10.0.0.2', '10.0.1.1', '2001:db8::1']);
  expect(isUnfiltered(world, 'vpc-2', ip('10.0.0.2'))).toBe(false);
});
