import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Pod, PodSpec } from '../../../../api/core/pod.ts';
import { hostsFile, resolvConf, writeNameFiles } from './name-files.ts';

const DNS = { address: '10.100.0.10', domain: 'cluster.local', nodeSearches: ['ec2.internal'] };

function pod(spec: Partial<PodSpec> = {}): Pod {
  return { metadata: { name: 'p', namespace: 'shop' }, spec: { containers: [], ...spec } };
}

function lines(spec: Partial<PodSpec>): readonly string[] | undefined {
  return resolvConf(pod(spec), DNS)?.trimEnd().split('\n');
}

const OF_CLUSTER = [
  'search shop.svc.cluster.local svc.cluster.local cluster.local ec2.internal',
  'nameserver 10.100.0.10',
  'options ndots:5',
];

describe('resolv.conf', () => {
  test.each<[string, Partial<PodSpec>, readonly string[] | undefined]>([
    ['without a policy', {}, OF_CLUSTER],
    ['with ClusterFirst', { dnsPolicy: 'ClusterFirst' }, OF_CLUSTER],
    ['with ClusterFirst on the host network', { hostNetwork: true }, undefined],
    [
      'with ClusterFirstWithHostNet',
      { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
      OF_CLUSTER,
    ],
    ['with Default', { dnsPolicy: 'Default' }, undefined],
    [
      'with None and a configuration',
      {
        dnsPolicy: 'None',
        dnsConfig: {
          nameservers: ['1.1.1.1', '1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'],
          searches: ['a.b'],
          options: [{ name: 'timeout', value: '1' }, { name: 'rotate' }],
        },
      },
      [
        'search a.b',
        'nameserver 1.1.1.1',
        'nameserver 2.2.2.2',
        'nameserver 3.3.3.3',
        'options timeout:1 rotate',
      ],
    ],
    [
      'with a configuration besides the policy',
      {
        dnsConfig: { searches: ['a.b', 'cluster.local'], options: [{ name: 'ndots', value: '1' }] },
      },
      [`${OF_CLUSTER[0]} a.b`, 'nameserver 10.100.0.10', 'options ndots:1'],
    ],
  ])('%s', (_, spec, expected) => {
    expect(lines(spec)).toEqual(expected);
  });
});

test('the hosts file has the pod and its aliases', () => {
  const hostAliases = [{ ip: '10.0.0.1', hostnames: ['db', 'cache'] }, { ip: '10.0.0.2' }];
  expect(hostsFile(pod({ hostAliases }), '10.0.0.7').split('\n').slice(3)).toEqual([
    '10.0.0.7\tp',
    '10.0.0.1\tdb\tcache',
    '10.0.0.2',
    '',
  ]);
  expect(hostsFile(pod({ hostname: 'web-0' }), '10.0.0.7')).toContain('10.0.0.7\tweb-0\n');
});

test.each<[string, Partial<PodSpec>, readonly string[]]>([
  ['both', {}, ['hosts', 'resolv.conf']],
  ['its own hosts file', { dnsPolicy: 'Default' }, ['hosts']],
  ['its own resolver', { hostNetwork: true, dnsPolicy: 'None' }, ['resolv.conf']],
  ['nothing of its own', { hostNetwork: true }, []],
])('a pod gets %s', async (_, spec, expected) => {
  const root = mkdtempSync(join(tmpdir(), 'trunkline-etc-'));
  try {
    const folder = join(root, 'etc');
    const made = await writeNameFiles(pod(spec), folder, { dns: DNS, podIp: '10.0.0.7' });
    expect(made).toBe(expected.length > 0 ? folder : undefined);
    expect(made === undefined ? [] : readdirSync(folder).sort()).toEqual(expected);
    if (expected.includes('hosts'))
      expect(readFileSync(join(folder, 'hosts'), 'utf8')).toContain('10.0.0.7');
  } finally {
    rmSync(root, { recursive: true });
  }
});
