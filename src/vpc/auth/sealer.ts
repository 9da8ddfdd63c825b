import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { Random } from '../../base/random.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a sealed text is for; a text sealed for one purpose does not open for another. */
export type SealPurpose = 'session' | 'secret' | 'authorization';

/** Encrypts and authenticates values that leave the server and come back. */
export interface Sealer {
  /** The value, as base64url text that only `open` can read. */
  seal(purpose: SealPurpose, value: unknown): string;
  /** What was sealed; undefined for anything that this key did not seal. */
  open(purpose: SealPurpose, text: string): unknown;
}

/** Seals with AES-256-GCM under keys that are derived from `key` (32 bytes) for each purpose. */
export function createSealer(key: Uint8Array, random: Random): Sealer {
  const keyOf = (purpose: SealPurpose): Uint8Array =>
    createHmac('sha256', key).update(`trunkline ${purpose}`).digest();
  return {
    seal: (purpose, value) => {
      const nonce = random.bytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', keyOf(purpose), nonce);
      const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
    },
    open: (purpose, text) => {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv(
        'aes-256-gcm',
        keyOf(purpose),
        bytes.subarray(0, NONCE_BYTES),
        { authTagLength: TAG_BYTES },
      );
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      try {
        const body = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
        return JSON.parse(Buffer.concat([body, decipher.final()]).toString('utf8')) as unknown;
      } catch {
        return undefined;
      }
    },
  };
}
