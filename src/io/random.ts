import { randomFillSync } from 'node:crypto';
import type { Random } from '../base/random.ts';

/** A call into the operating system costs as much for 16 bytes as for 4,096. */
const POOL_BYTES = 4096;
const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;

/** Randomness of the operating system, fit for ids and tokens. */
export const cryptoRandom: Random = {
  bytes: (lengthBytes) => {
    if (lengthBytes > POOL_BYTES) return randomFillSync(new Uint8Array(lengthBytes));
    if (used + lengthBytes > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const fresh = pool.slice(used, used + lengthBytes);
    // What was handed out may be a key: no copy of it stays here.
    pool.fill(0, used, used + lengthBytes);
    used += lengthBytes;
    return fresh;
  },
};
