import { expect, test } from 'vitest';
import { fnv1a64 } from './hash.ts';

test.each([
  // Landon Curt Noll's published test vectors.
  ['', 0xcbf29ce484222325n],
  ['a', 0xaf63dc4c8601ec8cn],
  ['foobar', 0x85944171f73967e8n],
])('of %j', (text, expected) => {
  expect(fnv1a64(text)).toBe(expected);
});
