import { generateKeyPairSync, sign } from 'node:crypto';
import type { OidcIssuer } from '../../src/vpc/auth/oidc.ts';

/** Name of the issuer whose tokens the server takes. */
export const ISSUER = 'issuer.test/id';

const PAIR = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** What the server knows of it. */
export const OIDC_ISSUER: OidcIssuer = {
  issuer: `https://${ISSUER}`,
  keys: async () => [PAIR.publicKey.export({ format: 'jwk' })],
};

let token: string | undefined;

/** A token of a service account; valid for long. */
export function webIdentityToken(): string {
  token ??= makeToken();
  return token;
}

function makeToken(): string {
  const parts = [
    { alg: 'ES256', typ: 'JWT' },
    {
      iss: `https://${ISSUER}`,
      sub: 'system:serviceaccount:default:pod',
      aud: 'sts.amazonaws.com',
      exp: Date.UTC(2100, 0, 1) / 1000,
    },
  ];
  const signed = parts
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(signed), {
    key: PAIR.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${signed}.${signature.toString('base64url')}`;
}
