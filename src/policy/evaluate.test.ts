import { describe, expect, test } from 'vitest';
import { packetOf, smallWorld } from '../../test/arbitrary/small-world.ts';
import { cidrAround } from '../base/cidr.ts';
import { evaluate } from './evaluate.ts';
import type { World } from './world.ts';

const ALL_OUT = ['out -1 * 0.0.0.0/0', 'out -1 * ::/0'];

/** `egress,ingress` outcomes. */
function outcomes(world: World, packet: string): string {
  const { egress, ingress } = evaluate(world, packetOf(packet));
  return `${egress.outcome},${ingress.outcome}`;
}

describe('two interfaces', () => {
  const interfaces = {
    'eni-app': '10.0.1.7 10.0.1.107 fd00::7 sg-app',
    'eni-db': '10.0.2.9 fd00::9 sg-db',
  };
  const world = (rules: readonly string[]) =>
    smallWorld({ 'sg-app': ALL_OUT, 'sg-db': rules }, interfaces);

  test.each([
    ['in tcp 5432 sg-app', 'tcp/5432 10.0.1.7 > 10.0.2.9', true],
    ['in tcp 5432 sg-app', 'tcp/5431 10.0.1.7 > 10.0.2.9', false],
    ['in tcp 5432 sg-app', 'tcp/5433 10.0.1.7 > 10.0.2.9', false],
    ['in tcp 5432 sg-app', 'udp/5432 10.0.1.7 > 10.0.2.9', false],
    // A reference covers secondary addresses and both families.
    ['in tcp 5432 sg-app', 'tcp/5432 10.0.1.107 > 10.0.2.9', true],
    ['in tcp 5432 sg-app', 'tcp/5432 fd00::7 > fd00::9', true],
    // A group says nothing about itself unless a rule names it.
    ['in tcp 5432 sg-db', 'tcp/5432 10.0.1.7 > 10.0.2.9', false],
    ['in tcp 5432 sg-gone', 'tcp/5432 10.0.1.7 > 10.0.2.9', false],
    ['in tcp 5432 pl-gone', 'tcp/5432 10.0.1.7 > 10.0.2.9', false],
    ['in 6 5432 10.0.1.0/24', 'tcp/5432 10.0.1.7 > 10.0.2.9', true],
    ['in tcp 5432 10.0.1.8/32', 'tcp/5432 10.0.1.7 > 10.0.2.9', false],
    ['in tcp * 10.0.0.0/16', 'tcp/0 10.0.1.7 > 10.0.2.9', true],
    ['in tcp * 10.0.0.0/16', 'tcp/65535 10.0.1.7 > 10.0.2.9', true],
    // 0.0.0.0/0 does not cover IPv6.
    ['in -1 * 0.0.0.0/0', 'tcp/1 fd00::7 > fd00::9', false],
    ['in -1 * ::/0', 'tcp/1 fd00::7 > fd00::9', true],
    ['in icmp 8-0 sg-app', 'icmp/8.0 10.0.1.7 > 10.0.2.9', true],
    ['in icmp 8-0 sg-app', 'icmp/8.1 10.0.1.7 > 10.0.2.9', false],
    ['in icmp * sg-app', 'icmp/3.4 10.0.1.7 > 10.0.2.9', true],
    // icmp is of IPv4, icmpv6 of IPv6, whatever the reference covers.
    ['in icmp * sg-app', 'icmpv6/128.0 fd00::7 > fd00::9', false],
    ['in icmpv6 128-0 sg-app', 'icmpv6/128.0 fd00::7 > fd00::9', true],
    ['in icmpv6 * 0.0.0.0/0', 'icmpv6/128.0 10.0.1.7 > 10.0.2.9', false],
    // Ports of other protocols are ignored.
    ['in 47 80-90 sg-app', '47 10.0.1.7 > 10.0.2.9', true],
    ['in 47 80-90 sg-app', '50 10.0.1.7 > 10.0.2.9', false],
    ['in -1 80-80 sg-app', 'tcp/443 10.0.1.7 > 10.0.2.9', true],
    // An egress rule is no ingress rule.
    ['out -1 * 0.0.0.0/0', 'tcp/443 10.0.1.7 > 10.0.2.9', false],
  ])('ingress rule %s, %s: %s', (rule, packet, admitted) => {
    expect(outcomes(world([rule]), packet)).toBe(`admitted,${admitted ? 'admitted' : 'dropped'}`);
  });

  test('need both gates, and each is judged by itself', () => {
    const noEgress = smallWorld({ 'sg-app': [], 'sg-db': ['in tcp 80 sg-app'] }, interfaces);
    expect(outcomes(noEgress, 'tcp/80 10.0.1.7 > 10.0.2.9')).toBe('dropped,admitted');
    expect(evaluate(noEgress, packetOf('tcp/80 10.0.1.7 > 10.0.2.9')).admitted).toBe(false);
    const neither = smallWorld({ 'sg-app': [], 'sg-db': [] }, interfaces);
    expect(outcomes(neither, 'tcp/80 10.0.1.7 > 10.0.2.9')).toBe('dropped,dropped');
  });

  test('are admitted by the union of their groups, and all rules that match are named', () => {
    const rules = ['in tcp 80-90 sg-app', 'in tcp 22 sg-app', 'in -1 * 10.0.0.0/8'];
    const { ingress } = evaluate(world(rules), packetOf('tcp/80 10.0.1.7 > 10.0.2.9'));
    expect(ingress).toMatchObject({
      outcome: 'admitted',
      eniId: 'eni-db',
      groupIds: ['sg-db'],
      rules: [
        { groupId: 'sg-db', ruleId: 'sgr-db-0' },
        { groupId: 'sg-db', ruleId: 'sgr-db-2' },
      ],
    });
  });

  test('admit nothing by a group that does not exist', () => {
    const lost = smallWorld({ 'sg-app': ALL_OUT }, interfaces);
    expect(outcomes(lost, 'tcp/80 10.0.1.7 > 10.0.2.9')).toBe('admitted,dropped');
  });
});

describe('ends outside the VPC', () => {
  const world = smallWorld(
    { 'sg-app': [...ALL_OUT, 'in tcp 443 0.0.0.0/0'] },
    { 'eni-app': '10.0.1.7 sg-app' },
  );

  test.each([
    ['tcp/443 198.51.100.1 > 10.0.1.7', 'not-filtered,admitted'],
    ['tcp/444 198.51.100.1 > 10.0.1.7', 'not-filtered,dropped'],
    ['tcp/444 10.0.1.7 > 198.51.100.1', 'admitted,not-filtered'],
    ['tcp/1 198.51.100.1 > 198.51.100.2', 'not-filtered,not-filtered'],
  ])('have no gate: %s', (packet, expected) => {
    expect(outcomes(world, packet)).toBe(expected);
  });

  test('are named in the verdict', () => {
    const { egress } = evaluate(world, packetOf('tcp/443 198.51.100.1 > 10.0.1.7'));
    expect(egress.note).toBe('sender 198.51.100.1 is outside the VPC');
    expect(egress.eniId).toBeUndefined();
  });
});

describe('the source/destination check', () => {
  const world = smallWorld(
    { 'sg-a': [...ALL_OUT, 'in -1 * 0.0.0.0/0'] },
    { 'eni-a': '10.0.1.7 sg-a', 'eni-nat': '10.0.1.8 sg-a router', 'eni-b': '10.0.1.9 sg-a' },
  );
  const spoofed = packetOf('tcp/80 10.0.1.9 > 198.51.100.1');

  test('drops a foreign source at the egress gate', () => {
    const { egress } = evaluate(world, { ...spoofed, senderEniId: 'eni-a' });
    expect(egress).toMatchObject({
      outcome: 'dropped',
      eniId: 'eni-a',
      nearest: 'source 10.0.1.9 is no address of eni-a (source/destination check)',
    });
  });

  test('drops a foreign destination at the ingress gate', () => {
    const packet = { ...packetOf('tcp/80 10.0.1.9 > 10.0.1.77'), receiverEniId: 'eni-a' };
    expect(evaluate(world, packet).ingress.outcome).toBe('dropped');
    expect(evaluate(world, { ...packet, receiverEniId: 'eni-nat' }).ingress.outcome).toBe(
      'admitted',
    );
  });

  test('is off for routers', () => {
    expect(evaluate(world, { ...spoofed, senderEniId: 'eni-nat' }).admitted).toBe(true);
  });
});

describe('what groups never filter', () => {
  const closed = smallWorld({ 'sg-a': [] }, { 'eni-a': '10.0.1.7 fd00::7 sg-a' });

  test.each(['169.254.169.254', '169.254.169.253', '169.254.169.123', '169.254.170.2'])(
    'the link-local service %s',
    (service) => {
      const verdict = evaluate(closed, packetOf(`tcp/80 10.0.1.7 > ${service}`));
      expect(verdict).toMatchObject({ admitted: true, egress: { outcome: 'not-filtered' } });
      expect(verdict.egress.note).toBe(`${service} is never filtered`);
    },
  );

  test('ends at the next address', () => {
    expect(outcomes(closed, 'tcp/80 10.0.1.7 > 169.254.169.252')).toBe('dropped,not-filtered');
    expect(outcomes(closed, 'udp/53 fd00::7 > fd00:ec2::253')).toBe('not-filtered,not-filtered');
  });

  test('includes what the VPC reserves, in that VPC only', () => {
    const router = packetOf('tcp/80 10.0.1.7 > 10.0.1.1');
    const reserve = (vpcId: string) => ({
      ...closed,
      unfiltered: [{ vpcId, cidr: cidrAround(router.destination, 32) }],
    });
    expect(evaluate(reserve('vpc-1'), router).egress.outcome).toBe('not-filtered');
    expect(evaluate(reserve('vpc-2'), router).egress.outcome).toBe('dropped');
  });

  test('still wants an own source address', () => {
    const packet = { ...packetOf('tcp/80 10.0.1.8 > 169.254.169.254'), senderEniId: 'eni-a' };
    expect(evaluate(closed, packet).egress.outcome).toBe('dropped');
  });
});

test('a reference covers no interface of another VPC', () => {
  const world = smallWorld(
    { 'sg-a': ALL_OUT, 'sg-b': ['in tcp 80 sg-a'] },
    { 'eni-a': '10.0.1.7 sg-a', 'eni-b': '10.0.1.8 sg-b' },
  );
  const moved: World = {
    ...world,
    interfaces: world.interfaces.map((item) =>
      item.eniId === 'eni-a' ? { ...item, vpcId: 'vpc-2' } : item,
    ),
  };
  const packet = { ...packetOf('tcp/80 10.0.1.7 > 10.0.1.8'), vpcId: 'vpc-1' };
  expect(evaluate(world, packet).ingress.outcome).toBe('admitted');
  expect(evaluate(moved, packet).ingress.outcome).toBe('dropped');
});
