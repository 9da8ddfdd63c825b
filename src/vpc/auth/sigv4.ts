import { createHmac, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto';

/** A request as it came over the wire, before anything was decoded. */
export interface WireRequest {
  readonly method: string;
  /** Path before `?`, still percent-encoded. */
  readonly path: string;
  /** Text after `?`; '' when there is none. */
  readonly query: string;
  /** Lower-case names; values of repeated headers joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** Of the peer; not part of what is signed. */
  readonly remoteAddress?: string | undefined;
  /** Whether it came over TLS. */
  readonly secure?: boolean | undefined;
}

/** The signature that a request carries, in its header or its query string. */
export interface Signature {
  readonly accessKeyId: string;
  /** YYYYMMDD. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  /** Lower-case hexadecimal. */
  readonly signature: string;
  /** YYYYMMDDTHHMMSSZ. */
  readonly amzDate: string;
  readonly presigned: boolean;
  /** Of presigned requests. */
  readonly expiresSeconds?: number;
  readonly sessionToken?: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Reads the signature of a request; undefined when it carries none that we understand. */
export function parseSignature(request: WireRequest): Signature | undefined {
  const header = request.headers.get('authorization');
  return header === undefined ? parsePresigned(request) : parseHeader(header, request);
}

/** The service in the scope of a signature, before anything is checked. */
export function signedService(request: WireRequest): string | undefined {
  const header = request.headers.get('authorization');
  const pattern = header === undefined ? PRESIGNED_SCOPE : HEADER_SCOPE;
  return pattern.exec(header ?? request.query)?.[1];
}

const HEADER_SCOPE = /Credential=[^/,]+\/\d{8}\/[^/,]+\/([a-z0-9-]+)\//;
const PRESIGNED_SCOPE = /X-Amz-Credential=[^&]+?%2F\d{8}%2F[^%&]+%2F([a-z0-9-]+)%2F/i;

function parseHeader(header: string, request: WireRequest): Signature | undefined {
  if (!header.startsWith(`${ALGORITHM} `)) return undefined;
  const fields = new Map(
    header
      .slice(ALGORITHM.length + 1)
      .split(',')
      .map((field) => splitOnce(field.trim(), '=')),
  );
  const sessionToken = request.headers.get('x-amz-security-token');
  return signatureFrom({
    credential: fields.get('Credential'),
    signedHeaders: fields.get('SignedHeaders'),
    signature: fields.get('Signature'),
    amzDate: request.headers.get('x-amz-date'),
    presigned: false,
    ...(sessionToken !== undefined && { sessionToken }),
  });
}

function parsePresigned(request: WireRequest): Signature | undefined {
  const params = new Map(queryPairs(request.query));
  if (params.get('X-Amz-Algorithm') !== ALGORITHM) return undefined;
  const sessionToken = params.get('X-Amz-Security-Token');
  return signatureFrom({
    credential: params.get('X-Amz-Credential'),
    signedHeaders: params.get('X-Amz-SignedHeaders'),
    signature: params.get('X-Amz-Signature'),
    amzDate: params.get('X-Amz-Date'),
    presigned: true,
    expiresSeconds: Number(params.get('X-Amz-Expires') ?? Number.NaN),
    ...(sessionToken !== undefined && { sessionToken }),
  });
}

interface Parts extends Pick<Signature, 'presigned' | 'expiresSeconds' | 'sessionToken'> {
  readonly credential: string | undefined;
  readonly signedHeaders: string | undefined;
  readonly signature: string | undefined;
  readonly amzDate: string | undefined;
}

function signatureFrom(parts: Parts): Signature | undefined {
  const { credential, signedHeaders, signature, amzDate, ...rest } = parts;
  const scope = parseCredential(credential ?? '');
  if (scope === undefined || signedHeaders === undefined) return undefined;
  if (signature === undefined || !/^[0-9a-f]{64}$/.test(signature)) return undefined;
  if (amzDate === undefined || !/^\d{8}T\d{6}Z$/.test(amzDate)) return undefined;
  return { ...scope, signature, amzDate, signedHeaders: signedHeaders.split(';'), ...rest };
}

type Scope = Pick<Signature, 'accessKeyId' | 'date' | 'region' | 'service'>;

function parseCredential(text: string): Scope | undefined {
  const match = /^([^/]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request$/.exec(text);
  if (match === null) return undefined;
  const [, accessKeyId = '', date = '', region = '', service = ''] = match;
  return { accessKeyId, date, region, service };
}

/**
 * Whether the signature is the one that this signing key makes over the request. Also false when
 * `host` is not signed, a signed header is missing, or the stated payload hash is not that of the body.
 */
export function signatureMatches(
  request: WireRequest,
  signature: Signature,
  signingKey: KeyObject,
): boolean {
  const { signedHeaders } = signature;
  if (!signedHeaders.includes('host')) return false;
  if (signedHeaders.some((name) => !request.headers.has(name))) return false;
  const payloadHash = payloadHashOf(request, signature);
  if (payloadHash === undefined) return false;
  const canonical = canonicalRequest(request, signature, payloadHash);
  const scope = `${signature.date}/${signature.region}/${signature.service}/aws4_request`;
  const text = `${ALGORITHM}\n${signature.amzDate}\n${scope}\n${sha256(canonical)}`;
  const expected = createHmac('sha256', signingKey).update(text).digest();
  return timingSafeEqual(expected, Buffer.from(signature.signature, 'hex'));
}

/** The key that signs for one day, region and service. */
export function deriveSigningKey(
  secretAccessKey: string,
  scope: Pick<Signature, 'date' | 'region' | 'service'>,
): KeyObject {
  const steps = [scope.date, scope.region, scope.service, 'aws4_request'];
  const key = steps.reduce<Uint8Array>(
    (before, step) => createHmac('sha256', before).update(step).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  return createSecretKey(key);
}

/** The body is always hashed; what the client says about it must agree. */
function payloadHashOf(request: WireRequest, { presigned }: Signature): string | undefined {
  const stated = request.headers.get('x-amz-content-sha256');
  if (presigned && request.method === 'GET' && stated === 'UNSIGNED-PAYLOAD') return stated;
  const actual = sha256(request.body);
  return stated === undefined || stated === actual ? actual : undefined;
}

function canonicalRequest(request: WireRequest, signature: Signature, payload: string): string {
  const headers = signature.signedHeaders.map(
    (name) => `${name}:${collapse(request.headers.get(name) ?? '')}\n`,
  );
  return [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query),
    headers.join(''),
    signature.signedHeaders.join(';'),
    payload,
  ].join('\n');
}

function canonicalPath(path: string): string {
  if (path === '/') return path;
  return path.split('/').map(encodeRfc3986).join('/') || '/';
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  return queryPairs(query)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function queryPairs(query: string): (readonly [string, string])[] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => splitOnce(pair, '='))
    .map(([name, value]) => [decode(name), decode(value)] as const);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function collapse(value: string): string {
  return value.trim().replace(/ +/g, ' ');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function sha256(data: string | Uint8Array): string {
  return hash('sha256', data);
}
