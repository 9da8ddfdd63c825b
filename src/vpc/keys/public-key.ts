import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Ec2Error } from '../../ec2/error.ts';
import { magnitudeOf, mpint, readStrings, writeStrings } from './ssh-wire.ts';

/** Types of keys that EC2 knows. */
export type KeyType = 'rsa' | 'ed25519';

/** The public half of a key pair. */
export interface PublicKey {
  readonly keyType: KeyType;
  readonly key: KeyObject;
}

const RSA_BITS: ReadonlySet<number | undefined> = new Set([1024, 2048, 4096]);
const SSH_NAMES = { rsa: 'ssh-rsa', ed25519: 'ssh-ed25519' } as const;
const ED25519_BYTES = 32;

/** Reads a public key as ImportKeyPair takes it: OpenSSH, SSH2 (RFC 4716), PEM, or DER in base64. */
export function readPublicKey(material: Uint8Array): PublicKey {
  const text = Buffer.from(material).toString().trim();
  const key = quietly(() => readSsh(text) ?? readSpki(text));
  const keyType = key?.asymmetricKeyType;
  const isRsa = keyType === 'rsa' && RSA_BITS.has(key?.asymmetricKeyDetails?.modulusLength);
  if (key !== undefined && (isRsa || keyType === 'ed25519'))
    return { keyType: isRsa ? 'rsa' : 'ed25519', key };
  throw new Ec2Error('InvalidKeyPair.Format', 'Key is not in valid OpenSSH public key format');
}

/** Whatever a parser says about bad bytes, it is a bad key. */
function quietly(read: () => KeyObject | undefined): KeyObject | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function readSsh(text: string): KeyObject | undefined {
  const [name, first, second] = readStrings(Buffer.from(sshBase64(text), 'base64')) ?? [];
  if (first === undefined) return undefined;
  if (name?.toString() === SSH_NAMES.ed25519 && first.length === ED25519_BYTES)
    return fromJwk({ kty: 'OKP', crv: 'Ed25519', x: first });
  if (name?.toString() !== SSH_NAMES.rsa || second === undefined) return undefined;
  return fromJwk({ kty: 'RSA', e: magnitudeOf(first), n: magnitudeOf(second) });
}

/** The base64 part of an OpenSSH line, or of a file between SSH2 marks; empty when it is neither. */
function sshBase64(text: string): string {
  const [name, base64 = ''] = text.split(/\s+/, 2);
  if (name === SSH_NAMES.rsa || name === SSH_NAMES.ed25519) return base64;
  if (!text.startsWith('---- BEGIN SSH2 PUBLIC KEY ----')) return '';
  const lines = text.split(/\r?\n/).slice(1);
  return lines.filter((line) => !line.includes(':') && !line.startsWith('----')).join('');
}

function fromJwk(fields: Readonly<Record<string, string | Buffer>>): KeyObject {
  const key = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : value.toString('base64url'),
    ]),
  );
  return createPublicKey({ key, format: 'jwk' });
}

function readSpki(text: string): KeyObject {
  if (text.startsWith('-----BEGIN')) return createPublicKey(text);
  return createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
}

/** The binary OpenSSH form. */
export function sshBlob({ keyType, key }: PublicKey): Buffer {
  const { e = '', n = '', x = '' } = key.export({ format: 'jwk' });
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');
  return keyType === 'rsa'
    ? writeStrings(SSH_NAMES.rsa, mpint(bytes(e)), mpint(bytes(n)))
    : writeStrings(SSH_NAMES.ed25519, bytes(x));
}

/** The line of an `authorized_keys` file. */
export function sshLine(key: PublicKey, comment: string): string {
  return `${SSH_NAMES[key.keyType]} ${sshBlob(key).toString('base64')} ${comment}`;
}

/** As AWS does it: SHA-256 of the OpenSSH form for ED25519, MD5 of the DER form for RSA. */
export function importedFingerprint(key: PublicKey): string {
  if (key.keyType === 'ed25519') return ed25519Fingerprint(key);
  return colons(
    createHash('md5')
      .update(key.key.export({ format: 'der', type: 'spki' }))
      .digest(),
  );
}

/** The fingerprint that OpenSSH shows. */
export function ed25519Fingerprint(key: PublicKey): string {
  return createHash('sha256').update(sshBlob(key)).digest('base64');
}

/** Bytes as hexadecimal pairs with colons between. */
export function colons(bytes: Buffer): string {
  return bytes.toString('hex').replace(/(..)(?!$)/g, '$1:');
}
