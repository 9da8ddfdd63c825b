import type { Authenticate, Caller } from '../auth/authenticate.ts';
import type { WireRequest } from '../auth/sigv4.ts';

/** A token that was checked. */
export type TokenReview =
  | { readonly authenticated: true; readonly caller: Caller }
  | { readonly authenticated: false; readonly error: string };

const PREFIX = 'k8s-aws-v1.';
const CLUSTER_HEADER = 'x-k8s-aws-id';
const MOST_EXPIRES_SECONDS = 900;
const MAX_TOKEN_LENGTH = 8192;

/**
 * Checks the token of `aws eks get-token`: a presigned GetCallerIdentity that names the cluster in a
 * signed header. Whoever signed it is the user. The host in the token is the one it was signed for;
 * `hosts` says which ones are ours, so that a token for another STS is refused.
 */
export function reviewToken(
  token: string,
  options: {
    readonly clusterName: string;
    readonly hosts: readonly string[];
    readonly authenticate: Authenticate;
  },
): TokenReview {
  const url = parseToken(token);
  if (url === undefined) return refused('The token is not one of aws eks get-token');
  if (!options.hosts.includes(url.host)) return refused(`The token is for the host ${url.host}`);
  const problem = problemOf(url.searchParams);
  if (problem !== undefined) return refused(problem);
  const request: WireRequest = {
    method: 'GET',
    path: url.pathname,
    query: url.search.slice(1),
    headers: new Map([
      ['host', url.host],
      [CLUSTER_HEADER, options.clusterName],
    ]),
    body: new Uint8Array(),
  };
  try {
    return { authenticated: true, caller: options.authenticate(request, 'sts') };
  } catch (error) {
    return refused(error instanceof Error ? error.message : 'The signature is not valid');
  }
}

function refused(error: string): TokenReview {
  return { authenticated: false, error };
}

function parseToken(token: string): URL | undefined {
  if (!token.startsWith(PREFIX) || token.length > MAX_TOKEN_LENGTH) return undefined;
  const text = Buffer.from(token.slice(PREFIX.length), 'base64url').toString();
  return URL.canParse(text) ? new URL(text) : undefined;
}

function problemOf(query: URLSearchParams): string | undefined {
  if (query.get('Action') !== 'GetCallerIdentity') return 'The token is not for GetCallerIdentity';
  const signed = (query.get('X-Amz-SignedHeaders') ?? '').split(';');
  if (!signed.includes(CLUSTER_HEADER)) return 'The token names no cluster';
  const expires = Number(query.get('X-Amz-Expires'));
  if (!(expires > 0 && expires <= MOST_EXPIRES_SECONDS)) return 'The token lives too long';
  return undefined;
}
