/** Randomness as a dependency, so that ids and addresses are reproducible in tests. */
export interface Random {
  /** A fresh array of `lengthBytes` random bytes. */
  bytes(lengthBytes: number): Uint8Array;
}

/** `lengthDigits` random lower-case hexadecimal digits. */
export function randomHex(random: Random, lengthDigits: number): string {
  const bytes = random.bytes(Math.ceil(lengthDigits / 2));
  let digits = '';
  for (const byte of bytes) digits += HEX[byte] ?? '';
  return digits.slice(0, lengthDigits);
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_each, byte) =>
  byte.toString(16).padStart(2, '0'),
);
