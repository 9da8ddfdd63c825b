import { describe, expect, test } from 'vitest';
import { packetOf, smallWorld } from '../../test/arbitrary/small-world.ts';
import { evaluate } from './evaluate.ts';
import { explainVerdict } from './explain.ts';

const world = smallWorld(
  {
    'sg-payments': ['out -1 * 0.0.0.0/0'],
    'sg-catalog': ['out -1 * 0.0.0.0/0'],
    'sg-rds': ['in tcp 5432 sg-payments', 'in tcp 22-23 10.0.9.0/24'],
    'sg-mute': [],
  },
  {
    'eni-checkout': '10.0.1.6 sg-payments',
    'eni-catalog': '10.0.1.7 sg-catalog',
    'eni-rds': '10.0.2.9 sg-rds',
    'eni-mute': '10.0.1.8 sg-mute',
    'eni-lost': '10.0.1.9 sg-gone',
    'eni-bare': '10.0.1.10',
    'eni-both': '10.0.1.11 sg-catalog sg-mute',
  },
);

describe('a verdict in words', () => {
  test.each([
    [
      'tcp/5432 10.0.1.6 > 10.0.2.9',
      'admitted; egress of eni-checkout by sg-payments (payments) sgr-payments-0; ' +
        'ingress of eni-rds by sg-rds (rds) sgr-rds-0',
    ],
    [
      'tcp/5432 10.0.1.7 > 10.0.2.9',
      'dropped at the ingress gate of eni-rds: ' +
        'tcp/5432 from 10.0.1.7: sg-rds has no rule for group sg-catalog; sg-payments has',
    ],
    [
      'tcp/5432 10.0.1.11 > 10.0.2.9',
      'dropped at the ingress gate of eni-rds: tcp/5432 from 10.0.1.11: ' +
        'sg-rds has no rule for groups sg-catalog, sg-mute; sg-payments has',
    ],
    [
      'tcp/5433 10.0.1.6 > 10.0.2.9',
      'dropped at the ingress gate of eni-rds: tcp/5433 from 10.0.1.6: ' +
        'sg-rds has rules for group sg-payments only for tcp/5432',
    ],
    [
      'tcp/22 198.51.100.1 > 10.0.2.9',
      'dropped at the ingress gate of eni-rds: ' +
        'tcp/22 from 198.51.100.1: sg-rds has no rule for 198.51.100.1; 10.0.9.0/24 has',
    ],
    [
      'icmp/8.0 10.0.1.7 > 10.0.2.9',
      'dropped at the ingress gate of eni-rds: icmp type 8 code 0 from 10.0.1.7: ' +
        'sg-rds has no ingress rule for group sg-catalog or for this service',
    ],
    [
      'udp/53 10.0.1.8 > 198.51.100.1',
      'dropped at the egress gate of eni-mute: ' +
        'udp/53 to 198.51.100.1: sg-mute has no egress rules',
    ],
    [
      '47 10.0.1.9 > 198.51.100.1',
      'dropped at the egress gate of eni-lost: ' +
        'protocol 47 to 198.51.100.1: group sg-gone does not exist',
    ],
    [
      'tcp/1 10.0.1.10 > 198.51.100.1',
      'dropped at the egress gate of eni-bare: tcp/1 to 198.51.100.1: eni-bare has no egress rules',
    ],
    [
      'tcp/1 10.0.1.8 > 10.0.1.7',
      'dropped at the egress gate of eni-mute: tcp/1 to 10.0.1.7: sg-mute has no egress rules; ' +
        'and at the ingress gate of eni-catalog: tcp/1 from 10.0.1.8: sg-catalog has no ingress rules',
    ],
    [
      'tcp/1 10.0.1.7 > 198.51.100.1',
      'admitted; egress of eni-catalog by sg-catalog (catalog) sgr-catalog-0; ' +
        'ingress not filtered: receiver 198.51.100.1 is outside the VPC',
    ],
  ])('%s', (text, expected) => {
    const packet = packetOf(text);
    const line = explainVerdict(world, packet, evaluate(world, packet));
    expect(line.slice(line.indexOf(': ') + 2)).toBe(expected);
    expect(line).not.toContain('\n');
  });

  test('counts further rules and further names', () => {
    const many = smallWorld(
      {
        'sg-a': ['out -1 * 0.0.0.0/0', 'out tcp 80 10.0.0.0/8'],
        'sg-b': [1, 2, 3, 4, 5].map((n) => `in tcp 80 10.9.${n}.0/24`),
      },
      { 'eni-a': '10.0.1.7 sg-a', 'eni-b': '10.0.1.8 sg-b' },
    );
    const packet = packetOf('tcp/80 10.0.1.7 > 10.0.1.8');
    const verdict = evaluate(many, packet);
    expect(explainVerdict(many, packet, verdict)).toContain(
      'sg-b has no rule for group sg-a; 10.9.1.0/24, 10.9.2.0/24, 10.9.3.0/24 and 2 more have',
    );
    const out = packetOf('tcp/80 10.0.1.7 > 10.7.7.7');
    expect(explainVerdict(many, out, evaluate(many, out))).toContain('sgr-a-0 (and 1 more);');
  });
});
