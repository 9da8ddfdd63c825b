import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wildRuleSpec } from '../../test/arbitrary/rules.ts';
import { ruleFromSpec } from './rule.ts';

const base = { ruleId: 'sgr-1', isEgress: false, cidrIpv4: '10.0.0.9/8' };

/** The protocol of a rule with these fields, or the error. */
function protocol(ipProtocol: string, fromPort?: number, toPort?: number): unknown {
  const rule = ruleFromSpec('sg-1', {
    ...base,
    ipProtocol,
    ...(fromPort !== undefined && { fromPort }),
    ...(toPort !== undefined && { toPort }),
  });
  return rule.ok ? rule.value.protocol : rule.error;
}

describe('a stored rule', () => {
  test.each([
    ['-1', 80, 90, { kind: 'all' }],
    ['tcp', 80, 90, { kind: 'ports', number: 6, ports: { first: 80, last: 90 } }],
    ['TCP', 0, 65_535, { kind: 'ports', number: 6, ports: { first: 0, last: 65_535 } }],
    ['17', -1, -1, { kind: 'ports', number: 17, ports: { first: 0, last: 65_535 } }],
    ['udp', undefined, undefined, { kind: 'ports', number: 17, ports: { first: 0, last: 65_535 } }],
    ['icmp', -1, -1, { kind: 'icmp', number: 1 }],
    ['1', 3, -1, { kind: 'icmp', number: 1, type: 3 }],
    ['icmp', 3, 4, { kind: 'icmp', number: 1, type: 3, code: 4 }],
    ['58', undefined, undefined, { kind: 'icmp', number: 58 }],
    ['icmpv6', 128, 0, { kind: 'icmp', number: 58, type: 128, code: 0 }],
    ['50', 5, 4, { kind: 'other', number: 50 }],
    ['0', undefined, undefined, { kind: 'other', number: 0 }],
    ['255', undefined, undefined, { kind: 'other', number: 255 }],
  ])('with protocol %s, %s, %s reads as %j', (text, from, to, expected) => {
    expect(protocol(text, from, to)).toEqual(expected);
  });

  test.each([
    ['256', undefined, undefined, "'256' is not a protocol"],
    ['sctp', undefined, undefined, "'sctp' is not a protocol"],
    ['', undefined, undefined, "'' is not a protocol"],
    ['-2', undefined, undefined, "'-2' is not a protocol"],
    ['constructor', undefined, undefined, "'constructor' is not a protocol"],
    ['tcp', 90, 80, 'ports 90-80 are no range'],
    ['tcp', 80, undefined, 'ports 80--1 are no range'],
    ['tcp', 0, 65_536, 'ports 0-65536 are no range'],
    ['tcp', -1, 80, 'ports -1-80 are no range'],
    ['icmp', -1, 4, 'ICMP -1/4 is no type/code'],
    ['icmp', 256, -1, 'ICMP 256/-1 is no type/code'],
  ])('with protocol %s, %s, %s is refused', (text, from, to, why) => {
    expect(protocol(text, from, to)).toBe(`Rule sgr-1 of sg-1: ${why}`);
  });

  test('names its peer in one of four ways', () => {
    const peer = (fields: object) => {
      const rule = ruleFromSpec('sg-1', {
        ruleId: 'sgr-1',
        isEgress: true,
        ipProtocol: '-1',
        ...fields,
      });
      return rule.ok ? rule.value.peer : rule.error;
    };
    expect(peer({ cidrIpv4: '10.0.0.9/8' })).toMatchObject({ cidr: { prefixBits: 8 } });
    expect(peer({ cidrIpv6: 'fd00::/8' })).toMatchObject({ cidr: { family: 6 } });
    expect(peer({ referencedGroupId: 'sg-2' })).toEqual({ kind: 'group', groupId: 'sg-2' });
    expect(peer({ prefixListId: 'pl-1' })).toEqual({ kind: 'prefix-list', prefixListId: 'pl-1' });
    expect(peer({})).toBe('Rule sgr-1 of sg-1: it names no peer');
    expect(peer({ cidrIpv4: '10.0.0.1' })).toContain('malformed');
  });

  test('of any content is read or refused, and never throws', () => {
    fc.assert(
      fc.property(wildRuleSpec, (spec) => {
        const rule = ruleFromSpec('sg-1', spec);
        expect(rule.ok ? rule.value.direction : 'refused').toBe(
          rule.ok ? (spec.isEgress ? 'egress' : 'ingress') : 'refused',
        );
      }),
      { numRuns: 500 },
    );
  });
});
