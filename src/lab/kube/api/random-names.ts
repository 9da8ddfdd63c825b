import { randomHex, type Random } from '../../../base/random.ts';

/** Letters that make no words and no misreadings (k8s.io/apimachinery/pkg/util/rand). */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;

/** A random version 4 UUID. */
export function randomUid(random: Random): string {
  const hex = randomHex(random, 32);
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}

/** Five random characters for names made from `generateName`. */
export function randomSuffix(random: Random): string {
  return Array.from(random.bytes(SUFFIX_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join(
    '',
  );
}
