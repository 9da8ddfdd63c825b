import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Credential, FindCredential } from './credentials.ts';
import { ANONYMOUS, type Account, type Principal } from './principal.ts';
import {
  deriveSigningKey,
  parseSignature,
  signatureMatches,
  type Signature,
  type WireRequest,
} from './sigv4.ts';

/** Who signed a request, for which service and region. */
export interface Caller {
  readonly account: Omit<Account, 'secretAccessKey'>;
  readonly principal: Principal;
  readonly region: string;
  readonly service: string;
  readonly sourceIp?: string | undefined;
  readonly secureTransport?: boolean | undefined;
  readonly userAgent?: string | undefined;
}

/**
 * Checks that a request is signed for the service; throws the Ec2Error that the service of AWS would
 * answer.
 */
export type Authenticate = (request: WireRequest, service: string) => Caller;

/** EC2 allows 15 minutes either way, the other services 5 (spec: ec2-surface 1.7). */
const MAX_SKEW_MS: Readonly<Record<string, number>> = { ec2: 15 * 60_000 };
const USUAL_SKEW_MS = 5 * 60_000;
const MAX_EXPIRES_SECONDS = 604_800;
const MAX_CACHED_KEYS = 1000;

/** Makes the check. Signing keys are cached per access key, day, region and service. */
export function createAuthenticate(options: {
  readonly find: FindCredential;
  readonly clock: Clock;
}): Authenticate {
  const keys = new Map<string, KeyObject>();
  return (request, service) => {
    const signature = parseSignature(request);
    if (signature === undefined) throw authError(service, 'missing');
    const { region, accessKeyId } = signature;
    const credential = options.find(accessKeyId, signature.sessionToken);
    if (credential === undefined) throw authError(service, 'unknown-key');
    if (signature.service !== service) throw authError(service, 'bad-signature');
    const nowMs = options.clock.nowMs();
    checkTime(signature, nowMs);
    const key = cachedKey(keys, credential, signature);
    if (!signatureMatches(request, signature, key)) throw authError(service, 'bad-signature');
    if ((credential.expiresAtMs ?? Infinity) <= nowMs) throw authError(service, 'expired-token');
    const { remoteAddress: sourceIp, secure: secureTransport } = request;
    const userAgent = request.headers.get('user-agent');
    return { ...callerOf(credential, { region, service }), sourceIp, secureTransport, userAgent };
  };
}

type Scope = Pick<Caller, 'region' | 'service'>;

function callerOf({ accessKeyId, principal }: Credential, scope: Scope): Caller {
  const { accountId, name } = principal;
  return { account: { accountId, accessKeyId, userName: name }, principal, ...scope };
}

/** The caller of an unsigned request. */
export function anonymousCaller(scope: Scope): Caller {
  return callerOf({ accessKeyId: '', secretAccessKey: '', principal: ANONYMOUS }, scope);
}

function cachedKey(
  keys: Map<string, KeyObject>,
  credential: Credential,
  signature: Signature,
): KeyObject {
  const { date, region, service } = signature;
  const name = `${credential.accessKeyId}/${date}/${region}/${service}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = deriveSigningKey(credential.secretAccessKey, signature);
  if (keys.size >= MAX_CACHED_KEYS) keys.clear();
  keys.set(name, key);
  return key;
}

function checkTime(signature: Signature, nowMs: number): void {
  const { amzDate, date, service } = signature;
  if (!amzDate.startsWith(date)) throw authError(service, 'bad-signature');
  const skewMs = MAX_SKEW_MS[service] ?? USUAL_SKEW_MS;
  const signedMs = parseAmzDate(amzDate);
  const lifeMs = signature.presigned ? presignedLifeMs(signature) : skewMs;
  if (!(signedMs - skewMs <= nowMs && nowMs <= signedMs + lifeMs))
    throw authError(service, 'expired');
}

/** YYYYMMDDTHHMMSSZ in milliseconds; NaN when there is no such day or time. */
function parseAmzDate(text: string): number {
  const day = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
  return Date.parse(`${day}T${text.slice(9, 11)}:${text.slice(11, 13)}:${text.slice(13)}`);
}

function presignedLifeMs({ expiresSeconds, service }: Signature): number {
  const valid = expiresSeconds !== undefined && expiresSeconds >= 1;
  if (!valid || expiresSeconds > MAX_EXPIRES_SECONDS) throw authError(service, 'bad-signature');
  return expiresSeconds * 1000;
}

type Failure = 'missing' | 'unknown-key' | 'bad-signature' | 'expired' | 'expired-token';

const EC2_FAILURE = new Ec2Error(
  'AuthFailure',
  'AWS was not able to validate the provided access credentials',
);
const FAILURES: Readonly<Record<Failure, readonly [string, string]>> = {
  missing: ['MissingAuthenticationToken', 'Request is missing Authentication Token'],
  'unknown-key': ['InvalidClientTokenId', 'The security token included in the request is invalid.'],
  'bad-signature': [
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
  ],
  expired: ['SignatureDoesNotMatch', 'Signature expired'],
  'expired-token': ['ExpiredToken', 'The security token included in the request is expired'],
};

function authError(service: string, failure: Failure): Ec2Error {
  if (service === 'ec2' && (failure === 'expired' || failure === 'expired-token'))
    return new Ec2Error('RequestExpired', 'Request has expired.');
  if (service === 'ec2') return new Ec2Error(EC2_FAILURE.code, EC2_FAILURE.message);
  return new Ec2Error(...FAILURES[failure]);
}
