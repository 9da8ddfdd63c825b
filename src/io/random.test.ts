import { expect, test } from 'vitest';
import { cryptoRandom } from './random.ts';

test('every call gets as many bytes as it asks for, its own and different ones', () => {
  const seen = new Set<string>();
  // Lengths that do not divide the pool: calls end before, at and behind its end.
  for (const length of [16, 13, 4096, 4097, 10_000, 1]) {
    for (let i = 0; i < 700 / Math.ceil(length / 100); i += 1) {
      const bytes = cryptoRandom.bytes(length);
      expect(bytes).toHaveLength(length);
      if (length >= 13) {
        const text = Buffer.from(bytes).toString('hex');
        expect(seen.has(text)).toBe(false);
        seen.add(text);
        expect(/^0+$/.test(text)).toBe(false);
      }
    }
  }
});

test('what a caller does with its bytes changes nobody else’s', () => {
  const first = cryptoRandom.bytes(32);
  const second = cryptoRandom.bytes(32);
  const before = Buffer.from(second).toString('hex');
  first.fill(0);
  new Uint8Array(first.buffer).fill(0);
  expect(Buffer.from(second).toString('hex')).toBe(before);
});

test('no value is more frequent than chance lets it be', () => {
  const counts = new Uint32Array(256);
  for (let i = 0; i < 4_000; i += 1) for (const byte of cryptoRandom.bytes(64)) counts[byte]! += 1;
  // 1,000 of each are expected, with a deviation of 32: seven of them are never seen.
  expect(Math.min(...counts)).toBeGreaterThan(776);
  expect(Math.max(...counts)).toBeLessThan(1_224);
});
