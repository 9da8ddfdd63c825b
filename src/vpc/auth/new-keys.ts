import type { Random } from '../../base/random.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const SECRET_BYTES = 30;

/** Prefixes of IAM's unique ids, by what they identify, and how many characters follow. */
const LENGTHS = { AKIA: 16, ASIA: 16, AROA: 17, AIDA: 17, ANPA: 17, AIPA: 17 } as const;

/** A new id in the form of AWS: a prefix that tells the kind, and random characters. */
export function newIamId(random: Random, prefix: keyof typeof LENGTHS): string {
  const bytes = random.bytes(LENGTHS[prefix]);
  return prefix + Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** A new secret access key: 40 characters. */
export function newSecret(random: Random): string {
  return Buffer.from(random.bytes(SECRET_BYTES)).toString('base64');
}
