import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { Ec2Error } from '../../ec2/error.ts';

/** An OIDC issuer whose tokens stand for identities, such as a cluster's service accounts. */
export interface OidcIssuer {
  /** As in the `iss` claim: `https://...`. */
  readonly issuer: string;
  /** Accepted `aud` claims. Default: `sts.amazonaws.com`. */
  readonly audiences?: readonly string[];
  /** The issuer's public keys; asked for each token, so cache what comes from far away. */
  readonly keys: () => Promise<readonly (JsonWebKey & { readonly kid?: string })[]>;
}

/**
 * Fetches the public keys of an issuer by its discovery document. `thumbprints` are SHA-1 digests
 * of certificates that are trusted besides the system's. Rejects when that is not possible.
 */
export type FetchKeys = (
  issuer: string,
  thumbprints: readonly string[],
) => Promise<readonly (JsonWebKey & { readonly kid?: string })[]>;

/** What a valid token says. */
export interface Claims {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

const DEFAULT_AUDIENCES = ['sts.amazonaws.com'];
const HASHES: Readonly<Record<string, string>> = {
  RS256: 'sha256',
  RS384: 'sha384',
  RS512: 'sha512',
  ES256: 'sha256',
  ES384: 'sha384',
};

type Json = Readonly<Record<string, unknown>>;

interface Token {
  readonly header: Json;
  readonly payload: Json;
  /** What was signed: the first two parts as they came. */
  readonly signed: string;
  readonly signature: Uint8Array;
}

/** Verifies a JWT against the keys of its issuer; throws the error that STS answers. */
export async function verifyWebIdentity(
  text: string,
  options: { readonly issuers: readonly OidcIssuer[]; readonly nowMs: number },
): Promise<Claims> {
  const token = parseToken(text);
  const named = token.payload['iss'];
  const issuer = options.issuers.find((each) => each.issuer === named);
  if (issuer === undefined)
    throw invalid(`No OpenIDConnect provider found in your account for ${String(named)}`);
  await checkSignature(token, issuer);
  checkLife(token.payload, options.nowMs);
  const subject = token.payload['sub'];
  if (typeof subject !== 'string' || subject === '') throw invalid('Missing a required claim: sub');
  return { issuer: issuer.issuer, subject, audience: audienceOf(token.payload, issuer) };
}

function parseToken(text: string): Token {
  const parts = text.split('.');
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || header === undefined || payload === undefined) throw notAJwt();
  return {
    header: jsonPart(header),
    payload: jsonPart(payload),
    signed: `${header}.${payload}`,
    signature: Buffer.from(signature ?? '', 'base64url'),
  };
}

function jsonPart(text: string): Json {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (value !== null && typeof value === 'object') return value as Json;
  } catch {
    // Answered below, like any other text that is no token.
  }
  throw notAJwt();
}

async function checkSignature(token: Token, issuer: OidcIssuer): Promise<void> {
  const { alg, kid } = token.header;
  const hash = typeof alg === 'string' && Object.hasOwn(HASHES, alg) ? HASHES[alg] : undefined;
  if (hash === undefined) throw notAJwt();
  const type = String(alg).startsWith('RS') ? 'RSA' : 'EC';
  const keys = (await keysOf(issuer)).filter(
    (key) => key.kty === type && (kid === undefined || key.kid === undefined || key.kid === kid),
  );
  const good = keys.some((key) =>
    verify(
      hash,
      Buffer.from(token.signed),
      { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
      token.signature,
    ),
  );
  if (!good) throw invalid("Couldn't verify the signature of the token with the issuer's keys");
}

/** With the error that STS answers when an issuer cannot be reached. */
async function keysOf(issuer: OidcIssuer): ReturnType<OidcIssuer['keys']> {
  try {
    return await issuer.keys();
  } catch {
    throw new Ec2Error(
      'IDPCommunicationError',
      "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
    );
  }
}

function checkLife(payload: Json, nowMs: number): void {
  const now = Math.floor(nowMs / 1000);
  const { exp, nbf } = payload;
  if (typeof exp !== 'number') throw invalid('Missing a required claim: exp');
  if (now >= exp)
    throw new Ec2Error(
      'ExpiredTokenException',
      `Token expired: current date/time ${now} must be before the expiration date/time ${exp}`,
    );
  if (typeof nbf === 'number' && now < nbf) throw invalid('The token is not valid yet');
}

function audienceOf({ aud }: Json, { audiences = DEFAULT_AUDIENCES }: OidcIssuer): string {
  const found = [aud].flat().find((each) => typeof each === 'string' && audiences.includes(each));
  if (typeof found !== 'string') throw invalid('Incorrect token audience');
  return found;
}

function notAJwt(): Ec2Error {
  return invalid(
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  );
}

function invalid(message: string): Ec2Error {
  return new Ec2Error('InvalidIdentityToken', message);
}
