import type { JsonWebKey, X509Certificate } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../base/clock.ts';

/** A public key as issuers publish it. */
export type PublicKey = JsonWebKey & { readonly kid?: string };

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 1024 * 1024;
/** Keys are kept this long, so that a rotated key is found soon and an issuer is not pestered. */
const KEPT_MS = 60_000;
/** Issuers in memory; the oldest goes first. */
const MAX_ISSUERS = 100;

interface Kept {
  readonly untilMs: number;
  readonly keys: Promise<readonly PublicKey[]>;
}

/**
 * Fetches the keys of OpenID Connect issuers: the discovery document, then the key set that it
 * names. A certificate is trusted when the system does, or when its chain has one of the
 * thumbprints (SHA-1, as IAM has them). Failures are not kept.
 */
export function createOidcKeys(
  clock: Pick<Clock, 'monotonicMs'>,
): (issuer: string, thumbprints: readonly string[]) => Promise<readonly PublicKey[]> {
  const kept = new Map<string, Kept>();
  return (issuer, thumbprints) => {
    const id = [issuer, ...thumbprints].join('\n');
    const nowMs = clock.monotonicMs();
    const known = kept.get(id);
    if (known !== undefined && nowMs < known.untilMs) return known.keys;
    const keys = fetchKeys(issuer, thumbprints);
    kept.delete(id);
    kept.set(id, { untilMs: nowMs + KEPT_MS, keys });
    const [oldest] = kept.keys();
    if (kept.size > MAX_ISSUERS && oldest !== undefined) kept.delete(oldest);
    keys.catch(() => kept.delete(id));
    return keys;
  };
}

async function fetchKeys(
  issuer: string,
  thumbprints: readonly string[],
): Promise<readonly PublicKey[]> {
  const path = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const discovery = (await getJson(path, thumbprints)) as Readonly<Record<string, unknown>>;
  if (discovery['issuer'] !== issuer)
    throw new Error(`${path} is of the issuer ${String(discovery['issuer'])}`);
  return keysIn(await getJson(String(discovery['jwks_uri']), thumbprints));
}

/** The keys in a file of an issuer; throws when it is no key set. */
export function readKeySet(json: Uint8Array): readonly PublicKey[] {
  return keysIn(JSON.parse(Buffer.from(json).toString('utf8')));
}

function keysIn(value: unknown): readonly PublicKey[] {
  const keys: unknown = (value as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new Error('it is no JSON Web Key Set');
  return keys as readonly PublicKey[];
}

/** Follows no redirects: the document must be where the issuer says. */
function getJson(text: string, thumbprints: readonly string[]): Promise<object> {
  const url = new URL(text);
  const secure = url.protocol === 'https:';
  const options = { timeout: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS), agent: false };
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage): void => {
      readAnswer(response, { url, thumbprints }).then(resolve, reject);
    };
    const sent = secure
      ? // Trust is decided by `checkTrust`, before anything of the answer is used.
        httpsRequest(url, { ...options, rejectUnauthorized: false }, answered)
      : httpRequest(url, options, answered);
    sent.on('error', reject);
    sent.end();
  });
}

async function readAnswer(
  response: IncomingMessage,
  { url, thumbprints }: { readonly url: URL; readonly thumbprints: readonly string[] },
): Promise<object> {
  const { socket, statusCode } = response;
  try {
    if (socket instanceof TLSSocket) checkTrust(socket, url.hostname, thumbprints);
    if (statusCode !== 200) throw new Error(`${url.href} answered ${statusCode}`);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new Error(`${url.href} is larger than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof value !== 'object' || value === null) throw new Error(`${url.href} is no object`);
    return value;
  } finally {
    socket.destroy();
  }
}

/** Throws unless the system trusts the server, or a valid chain leads to a known certificate. */
function checkTrust(socket: TLSSocket, host: string, thumbprints: readonly string[]): void {
  if (socket.authorized) return;
  const leaf = socket.getPeerX509Certificate();
  const known = new Set(thumbprints);
  if (leaf !== undefined && namesHost(leaf, host) && isCurrent(leaf) && leadsTo(leaf, known))
    return;
  throw new Error(
    `The certificate of ${host} is not trusted: ${String(socket.authorizationError)}`,
  );
}

function namesHost(leaf: X509Certificate, host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  return leaf.checkHost(address) !== undefined || leaf.checkIP(address) !== undefined;
}

function isCurrent({ validFromDate, validToDate }: X509Certificate): boolean {
  const now = new Date();
  return validFromDate <= now && now <= validToDate;
}

function leadsTo(leaf: X509Certificate, thumbprints: ReadonlySet<string>): boolean {
  let current = leaf;
  for (let depth = 0; depth < MAX_CHAIN; depth += 1) {
    if (thumbprints.has(current.fingerprint.replaceAll(':', '').toLowerCase())) return true;
    const issuer = current.issuerCertificate;
    if (issuer === undefined || !current.checkIssued(issuer)) return false;
    if (!current.verify(issuer.publicKey)) return false;
    current = issuer;
  }
  return false;
}

const MAX_CHAIN = 8;
