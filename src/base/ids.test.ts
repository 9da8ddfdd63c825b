import { describe, expect, test } from 'vitest';
import { isId, newId } from './ids.ts';
import { randomHex, type Random } from './random.ts';

const counting: Random = {
  bytes: (lengthBytes) => Uint8Array.from({ length: lengthBytes }, (_, i) => i * 17),
};

describe('ids', () => {
  test('are the prefix and 17 hexadecimal digits', () => {
    expect(newId(counting, 'sg')).toBe('sg-00112233445566778');
    expect(isId(newId(counting, 'subnet-cidr-assoc'), 'subnet-cidr-assoc')).toBe(true);
  });

  test.each([
    ['sg-0123456789abcdef0', 'sg', true],
    ['sg-01234567', 'sg', true],
    ['sg-0123456789abcdef', 'sg', false],
    ['sg-0123456789ABCDEF0', 'sg', false],
    ['sgr-0123456789abcdef0', 'sg', false],
    ['sg0123456789abcdef01', 'sg', false],
    ['sg-', 'sg', false],
    ['', 'sg', false],
    [' sg-01234567', 'sg', false],
    ['sg-01234567\n', 'sg', false],
  ])('%j with prefix %s: %s', (text, prefix, expected) => {
    expect(isId(text, prefix)).toBe(expected);
  });
});

describe('random digits', () => {
  test.each([0, 1, 2, 17, 32])('come in the length asked for: %i', (length) => {
    expect(randomHex(counting, length)).toMatch(new RegExp(`^[0-9a-f]{${length}}$`));
  });

  test('keep leading zeros of each byte', () => {
    expect(randomHex({ bytes: (n) => new Uint8Array(n).fill(1) }, 4)).toBe('0101');
  });
});
