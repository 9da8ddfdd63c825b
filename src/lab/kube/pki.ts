import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
  type Extension,
  type JsonName,
} from '@peculiar/x509';

/** A certificate with its private key (PKCS#8), both PEM. */
export interface KeyPair {
  readonly certPem: string;
  readonly keyPem: string;
}

/** The lab's certificate authority: issues what the API server, the webhook and users need. */
export interface Pki {
  /** The authority's certificate; what clients trust. */
  readonly caPem: string;
  /** A serving certificate for DNS names and IP addresses. */
  serverCertificate(names: readonly string[]): Promise<KeyPair>;
  /** A client certificate: the common name is the user, organisations are the groups. */
  clientCertificate(user: string, groups: readonly string[]): Promise<KeyPair>;
}

/** Where the authority is kept. */
export interface PkiOptions {
  /** Folder of `ca.pem` and `ca-key.pem`, made when absent. Without it the authority is not kept. */
  readonly dir?: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
// A development authority: fixed dates, so that no clock can make the lab's certificates invalid.
const NOT_BEFORE = new Date('2020-01-01T00:00:00Z');
const NOT_AFTER = new Date('2099-12-31T23:59:59Z');
const CA_NAME: JsonName = [{ CN: ['trunkline-lab-ca'] }];

interface Authority {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** Opens the authority in `dir`, or makes a new one. ECDSA P-256 throughout. */
export async function createPki(options: PkiOptions = {}): Promise<Pki> {
  const authority = (await loadAuthority(options.dir)) ?? (await newAuthority(options.dir));
  return {
    caPem: authority.certificate.toString('pem'),
    serverCertificate: (names) => issueServer(authority, names),
    clientCertificate: (user, groups) => issueClient(authority, user, groups),
  };
}

async function loadAuthority(dir: string | undefined): Promise<Authority | undefined> {
  if (dir === undefined) return undefined;
  const certPem = await readIfPresent(join(dir, 'ca.pem'));
  const keyPem = await readIfPresent(join(dir, 'ca-key.pem'));
  if (certPem === undefined || keyPem === undefined) return undefined;
  const certificate = new X509Certificate(certPem);
  const privateKey = await crypto.subtle.importKey(
    'pkcs8',
    PemConverter.decodeFirst(keyPem),
    ALGORITHM,
    true,
    ['sign'],
  );
  return { certificate, keys: { privateKey, publicKey: await certificate.publicKey.export() } };
}

async function newAuthority(dir: string | undefined): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: CA_NAME,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  if (dir !== undefined) {
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'ca-key.pem'), await privatePem(keys), { mode: 0o600 });
    await writeFile(join(dir, 'ca.pem'), certificate.toString('pem'));
  }
  return { certificate, keys };
}

function issueServer(authority: Authority, names: readonly string[]): Promise<KeyPair> {
  const alternatives = names.map((value) => ({
    type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
    value,
  }));
  return issue(
    authority,
    [{ CN: [names[0] ?? 'localhost'] }],
    [
      new SubjectAlternativeNameExtension(alternatives),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    ],
  );
}

function issueClient(
  authority: Authority,
  user: string,
  groups: readonly string[],
): Promise<KeyPair> {
  const subject: JsonName = [...groups.map((group) => ({ O: [group] })), { CN: [user] }];
  return issue(authority, subject, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])]);
}

async function issue(
  authority: Authority,
  subject: JsonName,
  extensions: readonly Extension[],
): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: authority.certificate.subjectName,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      await AuthorityKeyIdentifierExtension.create(authority.certificate),
      ...extensions,
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: await privatePem(keys) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return PemConverter.encode(der, PemConverter.PrivateKeyTag);
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
