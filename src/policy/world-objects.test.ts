import { describe, expect, test } from 'vitest';
import { ip, packetOf, smallObjects } from '../../test/arbitrary/small-world.ts';
import type { NetworkInterface } from '../api/vpc/network-interface.ts';
import type { PrefixList } from '../api/vpc/prefix-list.ts';
import type { SecurityGroup, SecurityGroupRuleSpec } from '../api/vpc/security-group.ts';
import type { VpcPeeringConnection } from '../api/vpc/vpc-peering-connection.ts';
import { evaluate } from './evaluate.ts';
import { hasAddress, isUnfiltered, worldFromObjects, type WorldObjects } from './world.ts';

const objects = smallObjects(
  { 'sg-a': ['out -1 * 0.0.0.0/0', 'out -1 * ::/0'], 'sg-b': ['in tcp 80 sg-a'] },
  { 'eni-a': '10.0.1.7 sg-a', 'eni-b': '10.0.1.8 sg-b' },
);

/** The objects with more fields on the first interface. */
function withFields(spec: Partial<NetworkInterface['spec']>): WorldObjects {
  const [first, ...others] = objects.interfaces;
  if (first === undefined) throw new Error('no interface');
  return { ...objects, interfaces: [{ ...first, spec: { ...first.spec, ...spec } }, ...others] };
}

/** The objects with one more ingress rule on sg-b. */
function withRule(rule: Partial<SecurityGroupRuleSpec>): WorldObjects {
  const added = { ruleId: 'sgr-x', isEgress: false, ipProtocol: 'tcp', fromPort: 81, toPort: 81 };
  const groups = objects.groups.map((group): SecurityGroup =>
    group.metadata.name === 'sg-b'
      ? { ...group, spec: { ...group.spec, rules: [{ ...added, ...rule }] } }
      : group,
  );
  return { ...objects, groups };
}

function prefixList(...cidrs: string[]): PrefixList {
  return {
    metadata: { name: 'pl-1' },
    spec: {
      account: '1',
      region: 'us-east-1',
      listName: 'l',
      addressFamily: 'IPv4',
      maxEntries: 9,
      state: 'create-complete',
      version: 1,
      entries: cidrs.map((cidr) => ({ cidr })),
      history: [],
    },
  };
}

describe('addresses of an interface', () => {
  test('include IPv6 addresses and each address of a delegated /28', () => {
    const world = worldFromObjects(
      withFields({ ipv6Addresses: ['fd00::7'], ipv4Prefixes: ['10.0.1.16/28'] }),
    );
    const [eni] = world.interfaces;
    if (eni === undefined) throw new Error('no interface');
    const own = ['10.0.1.7', 'fd00::7', '10.0.1.16', '10.0.1.31'];
    for (const text of own) expect(hasAddress(eni, ip(text)), text).toBe(true);
    for (const text of ['10.0.1.15', '10.0.1.32', 'fd00::8'])
      expect(hasAddress(eni, ip(text)), text).toBe(false);
    expect(evaluate(world, packetOf('tcp/80 10.0.1.20 > 10.0.1.8')).admitted).toBe(true);
    expect(world.problems).toEqual([]);
  });

  test('include every address of a delegated /80', () => {
    const world = worldFromObjects(withFields({ ipv6Prefixes: ['fd00:0:0:1:2::/80'] }));
    const [eni] = world.interfaces;
    if (eni === undefined) throw new Error('no interface');
    for (const text of ['fd00:0:0:1:2::', 'fd00:0:0:1:2:ffff:ffff:ffff'])
      expect(hasAddress(eni, ip(text)), text).toBe(true);
    for (const text of ['fd00:0:0:1:1:ffff:ffff:ffff', 'fd00:0:0:1:3::'])
      expect(hasAddress(eni, ip(text)), text).toBe(false);
    expect(world.problems).toEqual([]);
  });

  test('leave out what cannot be or read, and say so', () => {
    const world = worldFromObjects(
      withFields({ ipv6Prefixes: ['fd00:0:0:1::/64'], ipv4Prefixes: ['10.0.1/28'] }),
    );
    expect(world.interfaces[0]?.addresses).toHaveLength(1);
    expect(world.problems).toEqual([
      'Interface eni-a: CIDR block 10.0.1/28 is malformed',
      'Interface eni-a: fd00:0:0:1::/64 is no prefix that is delegated',
    ]);
  });
});

describe('a rule with a prefix list', () => {
  const rule = { prefixListId: 'pl-1' };

  test.each([
    ['holds for the blocks of the list', [prefixList('10.0.1.0/29', '192.0.2.0/24')], true],
    ['does not hold for others', [prefixList('192.0.2.0/24')], false],
    ['holds for nobody without the list', [], false],
  ])('%s', (_what, prefixLists, admitted) => {
    const world = worldFromObjects({ ...withRule(rule), prefixLists });
    expect(evaluate(world, packetOf('tcp/81 10.0.1.7 > 10.0.1.8')).admitted).toBe(admitted);
  });

  test('says which entries cannot be read', () => {
    const world = worldFromObjects({ ...objects, prefixLists: [prefixList('x', '10.0.0.0/8')] });
    expect(world.prefixLists?.get('pl-1')).toHaveLength(1);
    expect(world.problems).toEqual(['Prefix list pl-1: CIDR block x is malformed']);
  });
});

describe('a rule with a group of a peered VPC', () => {
  const rule = {
    referencedGroupId: 'sg-a',
    referencedAccount: '2',
    referencedVpcId: 'vpc-2',
    vpcPeeringConnectionId: 'pcx-1',
  };
  const peering = (status: 'active' | 'deleted'): VpcPeeringConnection => ({
    metadata: { name: 'pcx-1' },
    spec: {
      account: '1',
      region: 'us-east-1',
      requester: { account: '1', region: 'us-east-1', vpcId: 'vpc-1' },
      accepter: { account: '2', region: 'us-east-1', vpcId: 'vpc-2' },
      status,
      statusMessage: '',
      statusTime: '',
      expirationTime: '',
    },
  });

  test.each([
    ['covers its members there while the peering is active', 'vpc-2', [peering('active')], true],
    ['covers nobody of its own VPC', 'vpc-1', [peering('active')], false],
    ['covers nobody when the peering is deleted', 'vpc-2', [peering('deleted')], false],
    ['covers nobody when the peering is gone', 'vpc-2', [], false],
  ] as const)('%s', (_what, vpcId, peerings, admitted) => {
    const { interfaces } = withFields({ vpcId });
    const world = worldFromObjects({ ...withRule(rule), interfaces, peerings });
    const packet = {
      ...packetOf('tcp/81 10.0.1.7 > 10.0.1.8'),
      senderEniId: 'eni-a',
      receiverEniId: 'eni-b',
    };
    expect(evaluate(world, packet).admitted).toBe(admitted);
  });
});

test('the IPv6 router of a subnet is never filtered', () => {
  const world = worldFromObjects({
    ...objects,
    subnets: [
      {
        metadata: { name: 'subnet-1' },
        spec: {
          account: '1',
          vpcId: 'vpc-1',
          cidr: '10.0.1.0/24',
          availabilityZone: 'a',
          ipv6CidrBlocks: [{ associationId: 'x', cidr: 'fd00:1::/64' }],
        },
      },
    ],
  });
  expect(isUnfiltered(world, 'vpc-1', ip('fd00:1::1'))).toBe(true);
  expect(isUnfiltered(world, 'vpc-1', ip('fd00:1::2'))).toBe(false);
});
