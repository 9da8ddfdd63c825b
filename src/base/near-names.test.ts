import { describe, expect, test } from 'vitest';
import { nearNames } from './near-names.ts';

const KNOWN = ['m5.large', 'm5.xlarge', 'm5a.large', 'c5.4xlarge', 'x'];

describe('near names', () => {
  test.each([
    ['m5.larg', ['m5.large', 'm5.xlarge', 'm5a.large']],
    ['M5.LARGE', ['m5.large', 'm5.xlarge', 'm5a.large']],
    ['c5.4xl', []],
    ['c54xlarge', ['c5.4xlarge', 'm5.xlarge']],
    ['postgres', []],
    ['', ['x']],
  ])('of %j are %j', (name, near) => {
    expect(nearNames(name, KNOWN, 3)).toEqual(near);
  });

  test('begin with those that begin alike', () => {
    expect(nearNames('m5.larg', ['c5.large', 'm1.large', 'm5.lara'], 3)).toEqual([
      'm5.lara',
      'm1.large',
      'c5.large',
    ]);
  });

  test('are as many as asked for', () => {
    expect(nearNames('m5.large', KNOWN, 1)).toEqual(['m5.large']);
    expect(nearNames('m5.large', [], 3)).toEqual([]);
  });
});
