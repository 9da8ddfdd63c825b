import { describe, expect, test } from 'vitest';
import { packetOf, smallWorld } from '../../test/arbitrary/small-world.ts';
import { evaluate } from './evaluate.ts';
import { flowOf, judgeKnown } from './flow.ts';
import type { World } from './world.ts';

const INTERFACES = { 'eni-a': '10.0.1.7 fd00::7 sg-a', 'eni-b': '10.0.1.8 fd00::8 sg-b' };
const ALL_OUT = ['out -1 * 0.0.0.0/0', 'out -1 * ::/0'];
const REQUEST = 'tcp/80 10.0.1.7 > 10.0.1.8';
const REPLY = 'tcp/40000 10.0.1.8 > 10.0.1.7';

function world(a: readonly string[], b: readonly string[]): World {
  return smallWorld({ 'sg-a': a, 'sg-b': b }, INTERFACES);
}

/** `origin,answerer`: how a flow is tracked that the rules admit. */
function tracking(a: readonly string[], b: readonly string[], packet = REQUEST): string {
  const verdict = evaluate(world(a, b), packetOf(packet));
  expect(verdict.admitted).toBe(true);
  const { origin, answerer } = flowOf(verdict);
  return [origin, answerer].map((tracked) => (tracked ? 'tracked' : 'untracked')).join();
}

describe('a flow', () => {
  test.each([
    // The rule that admits it is for all, and everything may go the other way.
    ['in tcp 80 0.0.0.0/0', 'untracked'],
    ['in tcp 0-65535 0.0.0.0/0', 'untracked'],
    ['in -1 * 0.0.0.0/0', 'untracked'],
    ['in tcp 80 0.0.0.0/1', 'tracked'],
    ['in tcp 80 10.0.0.0/8', 'tracked'],
    ['in tcp 80 sg-a', 'tracked'],
  ])('into an interface that may send anything, admitted by %s, is %s there', (rule, how) => {
    expect(tracking(ALL_OUT, [...ALL_OUT, rule])).toBe(`tracked,${how}`);
  });

  test.each([
    ['out tcp 0-65535 0.0.0.0/0', 'untracked'],
    ['out 6 * 0.0.0.0/0', 'untracked'],
    ['out tcp 0-65534 0.0.0.0/0', 'tracked'],
    ['out tcp 1-65535 0.0.0.0/0', 'tracked'],
    ['out udp 0-65535 0.0.0.0/0', 'tracked'],
    ['out -1 * ::/0', 'tracked'],
    ['out -1 * 0.0.0.0/1', 'tracked'],
    ['out -1 * sg-a', 'tracked'],
  ])('into an interface with %s is %s there', (rule, how) => {
    expect(tracking(ALL_OUT, ['in tcp 80 0.0.0.0/0', rule])).toBe(`tracked,${how}`);
  });

  test('out of an interface that takes anything in is untracked there', () => {
    const open = [...ALL_OUT, 'in -1 * 0.0.0.0/0'];
    expect(tracking(open, ['in tcp 80 sg-a'])).toBe('untracked,tracked');
    expect(tracking(open, [...ALL_OUT, 'in tcp 80 0.0.0.0/0'])).toBe('untracked,untracked');
  });

  test('is untracked when one of several rules that admit it is for all addresses', () => {
    const rules = [...ALL_OUT, 'in tcp 80 sg-a', 'in tcp 80 0.0.0.0/0'];
    expect(tracking(ALL_OUT, rules)).toBe('tracked,untracked');
  });

  test('of ICMP or another protocol is always tracked', () => {
    const open = [...ALL_OUT, 'in -1 * 0.0.0.0/0', 'in -1 * ::/0'];
    expect(tracking(open, open, 'icmp/8.0 10.0.1.7 > 10.0.1.8')).toBe('tracked,tracked');
    expect(tracking(open, open, '47 10.0.1.7 > 10.0.1.8')).toBe('tracked,tracked');
    expect(tracking(open, open, 'udp/53 10.0.1.7 > 10.0.1.8')).toBe('untracked,untracked');
    expect(tracking(open, open, 'udp/53 fd00::7 > fd00::8')).toBe('untracked,untracked');
  });
});

describe('a later packet of a flow', () => {
  const tracked = { origin: true, answerer: true };

  test('passes a gate that tracks the flow although no rule is left', () => {
    const closed = world([], []);
    for (const [packet, way] of [
      [REQUEST, 'original'],
      [REPLY, 'reply'],
    ] as const)
      expect(judgeKnown(closed, packetOf(packet), { ...tracked, way }).admitted).toBe(true);
  });

  test('meets the rules of a gate that does not track it', () => {
    const flow = { origin: true, answerer: false };
    const without = world(ALL_OUT, ALL_OUT);
    const request = judgeKnown(without, packetOf(REQUEST), { ...flow, way: 'original' });
    expect(request.ingress.outcome).toBe('dropped');
    const mute = world(ALL_OUT, ['in tcp 80 0.0.0.0/0']);
    const reply = judgeKnown(mute, packetOf(REPLY), { ...flow, way: 'reply' });
    expect([reply.egress.outcome, reply.ingress.outcome]).toEqual(['dropped', 'admitted']);
  });

  test('with an address that its sender does not have is dropped all the same', () => {
    const packet = { ...packetOf(REPLY), senderEniId: 'eni-a' };
    const verdict = judgeKnown(world([], []), packet, { ...tracked, way: 'reply' });
    expect(verdict.egress.outcome).toBe('dropped');
  });

  test('between the VPC and the outside passes where nothing filters', () => {
    const out = packetOf('tcp/443 10.0.1.7 > 198.51.100.1');
    const verdict = judgeKnown(world([], []), out, { ...tracked, way: 'original' });
    expect([verdict.admitted, verdict.ingress.outcome]).toEqual([true, 'not-filtered']);
  });
});
