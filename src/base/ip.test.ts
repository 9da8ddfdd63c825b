import { describe, expect, test } from 'vitest';
import { formatIp, ipBits, ipEquals, parseIp } from './ip.ts';

/** Canonical text of what `text` reads as, or the error. */
function round(text: string): string {
  const ip = parseIp(text);
  return ip.ok ? formatIp(ip.value) : ip.error;
}

describe('addresses', () => {
  test.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['128.0.0.1', '128.0.0.1'],
    ['10.0.1.7', '10.0.1.7'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['FD00:0:0:1::00A', 'fd00:0:0:1::a'],
    ['fd00:ec2::254', 'fd00:ec2::254'],
    // RFC 5952 4.2.2: a single zero group is not shortened; 4.2.3: the longest run is, the first of equals.
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('reads %s as %s', (text, canonical) => {
    expect(round(text)).toBe(canonical);
  });

  test.each([
    '',
    '10.0.0',
    '10.0.0.0.1',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.00',
    ' 10.0.0.1',
    '10.0.0.1 ',
    '1e1.0.0.1',
    '-1.0.0.0',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '1::2::3',
    '1:',
    ':1',
    'g::',
    '12345::',
    'fe80::1%eth0',
    '::1.2.3',
    '::1.2.3.256',
    '1.2.3.4::',
    '1:2:3:4:5:6:7:1.2.3.4',
  ])('refuses %j', (text) => {
    expect(round(text)).toBe(`'${text}' is not an IP address`);
  });

  test('of different families are never equal', () => {
    expect(ipEquals({ family: 4, value: 1n }, { family: 6, value: 1n })).toBe(false);
    expect(ipEquals({ family: 4, value: 1n }, { family: 4, value: 1n })).toBe(true);
    expect([ipBits(4), ipBits(6)]).toEqual([32, 128]);
  });
});
