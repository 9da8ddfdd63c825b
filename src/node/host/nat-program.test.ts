import { describe, expect, test } from 'vitest';
import { natProgram } from './nat-program.ts';
import { DEFAULT_HOST_SETTINGS, type HostSettings } from './settings.ts';

const FACTS = { link: 'eth0', address: '10.0.0.5', vpcCidrs: ['10.0.0.0/16', '100.64.0.0/16'] };
const FORGET = 'table ip aws-cni\ndelete table ip aws-cni\n';

/** Rules of each chain. */
function chains(changed: Partial<HostSettings>): Record<string, string[]> {
  const text = natProgram({ ...DEFAULT_HOST_SETTINGS, ...changed }, FACTS);
  return Object.fromEntries(
    [...text.matchAll(/chain (\S+) \{\n([^}]*)\}/g)].map(([, name = '', body = '']) => [
      name,
      body.trim().split(/\n\s*/),
    ]),
  );
}

describe('the NAT program', () => {
  test('exempts the VPC and excluded blocks in both chains, and translates the rest last', () => {
    const found = chains({ excludedSnatCidrs: ['172.16.0.0/12'] });
    expect(found['AWS-SNAT-CHAIN-0']).toEqual([
      'ip daddr 10.0.0.0/16 return comment "AWS SNAT CHAIN"',
      'ip daddr 100.64.0.0/16 return comment "AWS SNAT CHAIN"',
      'ip daddr 172.16.0.0/12 return comment "AWS SNAT CHAIN EXCLUSION"',
      'oifname != "vlan*" fib daddr type != local snat to 10.0.0.5 fully-random comment "AWS, SNAT"',
    ]);
    expect(found['snat-mark']).toEqual([
      'ip daddr 10.0.0.0/16 return',
      'ip daddr 100.64.0.0/16 return',
      'ip daddr 172.16.0.0/12 return',
      'ct mark set ct mark | 0x80',
    ]);
    expect(found['nat-postrouting']?.[1]).toBe('jump AWS-SNAT-CHAIN-0 comment "AWS SNAT CHAIN"');
  });

  test.each([
    ['prng', / 10\.0\.0\.5 fully-random comment/],
    ['hashrandom', / 10\.0\.0\.5 random comment/],
    ['none', / 10\.0\.0\.5 comment/],
  ] as const)('chooses ports by %s', (randomizeSnat, expected) => {
    expect(chains({ randomizeSnat })['AWS-SNAT-CHAIN-0']?.at(-1)).toMatch(expected);
  });

  test('leaves translation out when it is done outside, and still sends replies back by eth0', () => {
    const found = chains({ externalSnat: true });
    expect(Object.keys(found)).toEqual(['mangle-prerouting']);
    expect(found['mangle-prerouting']).toEqual([
      'type filter hook prerouting priority mangle; policy accept;',
      'iifname "eth0" fib daddr . iif type local ct mark set ct mark | 0x80 comment "AWS, primary ENI"',
      'iifname "eni*" meta mark set meta mark & 0xffffff7f',
      'iifname "eni*" ct mark & 0x80 == 0x80 meta mark set meta mark | 0x80',
      'iifname "vlan*" meta mark set meta mark & 0xffffff7f',
      'iifname "vlan*" ct mark & 0x80 == 0x80 meta mark set meta mark | 0x80',
    ]);
  });

  test('without node ports marks only what is translated', () => {
    const found = chains({ nodePortSupport: false, connmark: 0x8000_0000, vethPrefix: 'pod' });
    expect(found['mangle-prerouting']?.slice(1)).toEqual([
      'iifname "pod*" meta mark set meta mark & 0x7fffffff',
      'iifname "pod*" ct mark & 0x80000000 == 0x80000000 meta mark set meta mark | 0x80000000',
    ]);
    expect(found['nat-prerouting']).toContain('fib daddr type local return');
  });

  test('removes the table when there is nothing to do, or no IPv4', () => {
    const nothing = { ...DEFAULT_HOST_SETTINGS, externalSnat: true, nodePortSupport: false };
    expect(natProgram(nothing, FACTS)).toBe(FORGET);
    expect(natProgram(DEFAULT_HOST_SETTINGS, undefined)).toBe(FORGET);
    expect(natProgram(DEFAULT_HOST_SETTINGS, FACTS).startsWith(FORGET)).toBe(true);
  });
});
