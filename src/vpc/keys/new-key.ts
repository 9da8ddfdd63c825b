import { createHash, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '../../base/random.ts';
import { colons, ed25519Fingerprint, sshBlob, type KeyType, type PublicKey } from './public-key.ts';
import { uint32, writeStrings } from './ssh-wire.ts';

const RSA_BITS = 2048;
const generate = promisify(generateKeyPair);

/** A new key pair. The private half is given out once and not kept. */
export interface NewKey {
  readonly publicKey: PublicKey;
  readonly fingerprint: string;
  /** PEM: PKCS #1 for RSA, OpenSSH's own for ED25519. */
  readonly material: string;
}

/** Makes a key pair as CreateKeyPair does. */
export async function makeKey(keyType: KeyType, random: Random): Promise<NewKey> {
  return keyType === 'rsa' ? makeRsa() : makeEd25519(random);
}

async function makeRsa(): Promise<NewKey> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: RSA_BITS });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  return {
    publicKey: { keyType: 'rsa', key: publicKey },
    fingerprint: colons(createHash('sha1').update(der).digest()),
    material: privateKey.export({ format: 'pem', type: 'pkcs1' }).toString().trim(),
  };
}

async function makeEd25519(random: Random): Promise<NewKey> {
  const { privateKey } = await generate('ed25519');
  const publicKey: PublicKey = { keyType: 'ed25519', key: createPublicKey(privateKey) };
  return {
    publicKey,
    fingerprint: ed25519Fingerprint(publicKey),
    material: opensshPem(publicKey, privateKey, random),
  };
}

const LINE_LENGTH = 70;
/** Unencrypted private keys are padded to blocks of eight bytes. */
const BLOCK_BYTES = 8;

/** The file format of OpenSSH (PROTOCOL.key), without a passphrase. */
function opensshPem(publicKey: PublicKey, privateKey: KeyObject, random: Random): string {
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const check = random.bytes(4);
  const body = Buffer.concat([
    check,
    check,
    writeStrings('ssh-ed25519', point, Buffer.concat([seed, point]), ''),
  ]);
  const padding = Buffer.from(
    Array.from(
      { length: (BLOCK_BYTES - (body.length % BLOCK_BYTES)) % BLOCK_BYTES },
      (_, i) => i + 1,
    ),
  );
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    writeStrings('none', 'none', ''),
    uint32(1),
    writeStrings(sshBlob(publicKey), Buffer.concat([body, padding])),
  ]);
  const lines = file.toString('base64').match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  return [
    '-----BEGIN OPENSSH PRIVATE KEY-----',
    ...lines,
    '-----END OPENSSH PRIVATE KEY-----',
  ].join('\n');
}
