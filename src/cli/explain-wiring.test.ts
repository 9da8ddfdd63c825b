import { describe, expect, test } from 'vitest';
import type { Pod } from '../api/core/pod.ts';
import { ENFORCING_MODE_ANNOTATION, POD_ENI } from '../api/names.ts';
import { directPath, wiringNote } from './explain-wiring.ts';

type Wiring = 'strict' | 'standard' | 'plain' | 'host';

function pod(wiring: Wiring, nodeName: string | undefined = 'node-1'): Pod {
  const branch = wiring === 'strict' || wiring === 'standard';
  const annotations = {
    ...(branch && { [POD_ENI]: '[]' }),
    ...(wiring === 'standard' && { [ENFORCING_MODE_ANNOTATION]: 'standard' }),
  };
  return {
    metadata: { namespace: 'shop', name: wiring, annotations },
    spec: { containers: [], hostNetwork: wiring === 'host', ...(nodeName !== '' && { nodeName }) },
  };
}

describe('the wiring of pods', () => {
  test.each([
    ['standard', 'standard'],
    ['standard', 'plain'],
    ['plain', 'plain'],
  ] as const)('%s and %s on one node meet no group', (a, b) => {
    expect(directPath(pod(a), pod(b))).toContain('both pods are on node-1');
    expect(directPath(pod(b), pod(a))).toContain('meet no group');
    expect(directPath(pod(a), pod(b, 'node-2'))).toBeUndefined();
    expect(directPath(pod(a, ''), pod(b, ''))).toBeUndefined();
  });

  test.each(['standard', 'plain', 'strict', 'host'] as const)('strict and %s do', (other) => {
    expect(directPath(pod('strict'), pod(other))).toBeUndefined();
    expect(directPath(pod(other), pod('strict'))).toBeUndefined();
  });

  test('is no matter with pods of the host’s network, or with no pod', () => {
    expect(directPath(pod('standard'), pod('host'))).toBeUndefined();
    expect(directPath(undefined, pod('plain'))).toBeUndefined();
    expect(directPath(pod('plain'), undefined)).toBeUndefined();
  });

  test('is noted for standard pods only', () => {
    expect(wiringNote(pod('standard'))).toMatch(/^pod shop\/standard is wired in standard mode/);
    for (const other of [pod('strict'), pod('plain'), undefined])
      expect(wiringNote(other)).toBeUndefined();
  });
});
