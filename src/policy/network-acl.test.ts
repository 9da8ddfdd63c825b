import { describe, expect, test } from 'vitest';
import { packetOf, smallObjects } from '../../test/arbitrary/small-world.ts';
import type { NetworkAcl, NetworkAclEntrySpec } from '../api/vpc/network-acl.ts';
import type { Subnet } from '../api/vpc/subnet.ts';
import { evaluate } from './evaluate.ts';
import { explainVerdict } from './explain.ts';
import { worldFromObjects, type World } from './world.ts';

const OPEN = ['out -1 * 0.0.0.0/0', 'out -1 * ::/0', 'in -1 * 0.0.0.0/0', 'in -1 * ::/0'];
const objects = smallObjects(
  { 'sg-open': OPEN },
  {
    'eni-a': '10.0.1.7 fd00:1::7 sg-open',
    'eni-c': '10.0.1.9 sg-open',
    'eni-b': '10.0.2.8 sg-open',
  },
);
const CROSSING = 'tcp/80 10.0.1.7 > 10.0.2.8';

/** `100 out allow 6 10.0.0.0/8 80-90`; ICMP has type and code in the last place. */
function entry(text: string): NetworkAclEntrySpec {
  const [number, way, ruleAction = '', protocol = '', block = '', numbers] = text.split(' ');
  return {
    ruleNumber: Number(number),
    egress: way === 'out',
    ruleAction: ruleAction === 'allow' ? 'allow' : 'deny',
    protocol,
    ...(block.includes(':') ? { ipv6CidrBlock: block } : { cidrBlock: block }),
    ...(numbers !== undefined && numbersOf(protocol, numbers)),
  };
}

function numbersOf(protocol: string, text: string): Partial<NetworkAclEntrySpec> {
  const [first = 0, last = 0] = text.split(/(?<=\d)-/).map(Number);
  if (protocol === '1' || protocol === '58') return { icmpType: first, icmpCode: last };
  return { portFirst: first, portLast: last };
}

function acl(name: string, isDefault: boolean, entries: readonly string[]): NetworkAcl {
  const spec = { account: '1', vpcId: 'vpc-1', isDefault, entries: entries.map(entry) };
  return { metadata: { name }, spec };
}

function subnet(name: string, cidr: string, more: Partial<Subnet['spec']> = {}): Subnet {
  const spec = { account: '1', vpcId: 'vpc-1', cidr, availabilityZone: 'a', ...more };
  return { metadata: { name }, spec };
}

const ALLOW_ALL = ['100 out allow -1 0.0.0.0/0', '100 in allow -1 0.0.0.0/0'];

/** Subnet 1 (10.0.1.0/24) has the entries, subnet 2 (10.0.2.0/24) the default ACL, which is open. */
function world(entries: readonly string[], more: Partial<Subnet['spec']> = {}): World {
  const networkAcl = { associationId: 'x', networkAclId: 'acl-1' };
  const interfaces = objects.interfaces.map((item) => {
    const subnetId = item.metadata.name === 'eni-b' ? 'subnet-2' : 'subnet-1';
    return { ...item, spec: { ...item.spec, subnetId } };
  });
  return worldFromObjects({
    ...objects,
    interfaces,
    subnets: [
      subnet('subnet-1', '10.0.1.0/24', { networkAcl, ...more }),
      subnet('subnet-2', '10.0.2.0/24'),
    ],
    networkAcls: [acl('acl-1', false, entries), acl('acl-0', true, ALLOW_ALL)],
  });
}

function passes(entries: readonly string[], packet = CROSSING): boolean {
  return evaluate(world(entries), packetOf(packet)).admitted;
}

describe('a network ACL', () => {
  test.each([
    ['allows nothing without entries', [], CROSSING, false],
    ['allows what an entry covers', ['100 out allow 6 10.0.2.0/24 80-80'], CROSSING, true],
    ['does not mind another port', ['100 out allow 6 10.0.2.0/24 81-82'], CROSSING, false],
    ['does not mind another protocol', ['100 out allow 17 10.0.2.0/24 80-80'], CROSSING, false],
    ['does not mind the other direction', ['100 in allow -1 0.0.0.0/0'], CROSSING, false],
    ['is of one family', ['100 out allow -1 ::/0'], CROSSING, false],
    [
      'is decided by the lowest number',
      ['200 out allow -1 0.0.0.0/0', '100 out deny 6 10.0.2.8/32 80-80'],
      CROSSING,
      false,
    ],
    [
      'is not decided by a higher number',
      ['100 out allow -1 0.0.0.0/0', '200 out deny 6 10.0.2.8/32 80-80'],
      CROSSING,
      true,
    ],
    ['takes all ports when it names none', ['1 out allow 6 0.0.0.0/0'], CROSSING, true],
    ['knows ICMP types', ['1 out allow 1 0.0.0.0/0 8-0'], 'icmp/8.0 10.0.1.7 > 10.0.2.8', true],
    ['knows ICMP codes', ['1 out allow 1 0.0.0.0/0 3-1'], 'icmp/3.4 10.0.1.7 > 10.0.2.8', false],
    ['knows all codes', ['1 out allow 1 0.0.0.0/0 3--1'], 'icmp/3.4 10.0.1.7 > 10.0.2.8', true],
    [
      'judges what comes in by its source',
      ['1 in deny -1 0.0.0.0/0'],
      'tcp/1 10.0.2.8 > 10.0.1.7',
      false,
    ],
    [
      'judges replies like all else',
      ['1 in allow 6 0.0.0.0/0 1024-65535'],
      'tcp/40000 10.0.2.8 > 10.0.1.7',
      true,
    ],
    ['has no say inside a subnet', [], 'tcp/80 10.0.1.7 > 10.0.1.9', true],
    ['never judges link-local services', [], 'tcp/80 10.0.1.7 > 169.254.169.254', true],
    ['never judges the router', [], 'icmp/8.0 10.0.1.7 > 10.0.2.1', true],
    ['has no say in a family that the subnet lacks', [], 'tcp/80 fd00:1::7 > 2001:db8::1', true],
  ] as const)('%s', (_what, entries, packet, admitted) => {
    expect(passes(entries, packet)).toBe(admitted);
  });

  test('says which entry decided, and where', () => {
    const strict = world(['90 out deny 6 10.0.2.0/24 80-80']);
    const packet = packetOf(CROSSING);
    const verdict = evaluate(strict, packet);
    expect(verdict.acls).toEqual([
      {
        direction: 'egress',
        subnetId: 'subnet-1',
        networkAclId: 'acl-1',
        allowed: false,
        entry: 90,
      },
      {
        direction: 'ingress',
        subnetId: 'subnet-2',
        networkAclId: 'acl-0',
        allowed: true,
        entry: 100,
      },
    ]);
    expect(explainVerdict(strict, packet, verdict)).toContain(
      'leaving subnet-1: acl-1, entry 90 denies it',
    );
    const none = world([]);
    expect(explainVerdict(none, packet, evaluate(none, packet))).toContain(
      'leaving subnet-1: acl-1, no entry of it allows it',
    );
  });

  test('that does not exist allows nothing', () => {
    const networkAcl = { associationId: 'x', networkAclId: 'acl-gone' };
    expect(evaluate(world(ALLOW_ALL, { networkAcl }), packetOf(CROSSING)).admitted).toBe(false);
  });

  test('is absent where a VPC has none', () => {
    const bare = worldFromObjects({
      ...objects,
      subnets: [subnet('subnet-1', '10.0.1.0/24')],
      networkAcls: [],
    });
    expect(evaluate(bare, packetOf(CROSSING)).acls).toEqual([]);
  });

  test('with an entry that cannot be read denies from there on, and says so', () => {
    const broken = world(['90 out allow -1 10.0.0.0/33', '100 out allow -1 0.0.0.0/0']);
    expect(evaluate(broken, packetOf(CROSSING)).admitted).toBe(false);
    expect(broken.problems).toEqual([
      'Network ACL acl-1, entry 90: CIDR block 10.0.0.0/33 is malformed',
    ]);
    const unknown = world(['90 out allow 300 0.0.0.0/0', '100 out allow -1 0.0.0.0/0']);
    expect(evaluate(unknown, packetOf(CROSSING)).admitted).toBe(false);
    expect(unknown.problems).toHaveLength(1);
  });
});
