import { randomBytes } from 'node:crypto';
import type { Random } from '../base/random.ts';

/** Randomness of the operating system, fit for ids and tokens. */
export const cryptoRandom: Random = {
  bytes: (lengthBytes) => new Uint8Array(randomBytes(lengthBytes)),
};
