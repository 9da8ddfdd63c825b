import { describe, expect, test } from 'vitest';
import { must } from './assert.ts';
import { cidrAt, cidrContains, cidrHasIp, cidrOverlaps, formatCidr, parseCidr } from './cidr.ts';
import { formatIp, parseIp } from './ip.ts';

const block = (text: string) => {
  const cidr = parseCidr(text);
  return must(cidr.ok ? cidr.value : undefined, () => text);
};

describe('blocks', () => {
  test.each([
    ['100.68.0.18/18', '100.68.0.0/18'],
    ['10.0.0.1/32', '10.0.0.1/32'],
    ['255.255.255.255/0', '0.0.0.0/0'],
    ['10.0.0.255/31', '10.0.0.254/31'],
    ['FD00::1/64', 'fd00::/64'],
    ['::ffff/128', '::ffff/128'],
    ['ffff::/0', '::/0'],
  ])('reads %s as %s', (text, canonical) => {
    expect(formatCidr(block(text))).toBe(canonical);
  });

  test.each([
    '',
    '10.0.0.1',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/1x',
    '10.0.0/8',
    '10.0.0.0/8/8',
    '10.0.0.0 /8',
    '10.0.0.0/ 8',
    '::/129',
    '::/1234',
    '/8',
    // A length is written without leading zeros.
    '10.0.0.0/08',
    '::/000',
  ])('refuses %j', (text) => {
    expect(parseCidr(text)).toEqual({ ok: false, error: `CIDR block ${text} is malformed` });
  });

  test('know their addresses, and none of the other family', () => {
    const ip = parseIp('::a00:5');
    expect(cidrHasIp(block('10.0.0.0/29'), { family: 4, value: 0x0a000007n })).toBe(true);
    expect(cidrHasIp(block('10.0.0.0/29'), { family: 4, value: 0x0a000008n })).toBe(false);
    expect(ip.ok && cidrHasIp(block('0.0.0.0/0'), ip.value)).toBe(false);
    expect(cidrContains(block('::/0'), block('10.0.0.0/8'))).toBe(false);
    expect(cidrOverlaps(block('::/0'), block('10.0.0.0/8'))).toBe(false);
  });

  test('count addresses from their first one', () => {
    expect(formatIp(cidrAt(block('10.0.0.0/16'), 2n))).toBe('10.0.0.2');
  });
});
