import type { Clock } from '../../base/clock.ts';
import { randomHex, type Random } from '../../base/random.ts';
import type { Instance } from '../../api/vpc/instance.ts';
import type { ImdsSource } from './source.ts';
import { metadataTree, type Tree } from './tree.ts';

/** A request to the metadata service. */
export interface ImdsRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Its answer: text without an end of line. */
export interface ImdsResponse {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many hops the packets of the answer may travel; any number when absent. */
  readonly hopLimit?: number;
}

/** The metadata service of one instance. */
export type Imds = (request: ImdsRequest) => ImdsResponse;

const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_HEADER = 'x-aws-ec2-metadata-token';
const TOKEN_PATH = '/latest/api/token';
const LONGEST_TTL_SECONDS = 21_600;
/** The packets of an answer to PUT end at the instance itself, so that its pods get no token. */
const DEFAULT_HOP_LIMIT = 1;
const TOKEN_DIGITS = 56;
/** Of one instance at a time; the oldest go first. */
const MAX_TOKENS = 10_000;
const VERSION = /^\/(latest|1\.0|\d{4}-\d\d-\d\d)(?=\/|$)/;

/**
 * IMDSv2, and v1 where the instance's options allow it (spec: ec2-surface 1.10). Go's SDK fails
 * unless the answer to PUT repeats the TTL, and the VPC CNI takes 404 for "none": an absent key is
 * never an empty 200.
 */
export function createImds(options: {
  readonly source: ImdsSource;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly random: Random;
}): Imds {
  const tokens = new Tokens(options);
  return (request) => {
    const instance = options.source.instance();
    if (instance === undefined) return refusal(404);
    const response = answerOf({ request, source: options.source, tokens }, instance);
    if (request.method !== 'PUT') return response;
    const { httpPutResponseHopLimit = DEFAULT_HOP_LIMIT } = instance.spec.metadataOptions ?? {};
    return { ...response, hopLimit: httpPutResponseHopLimit };
  };
}

function answerOf(
  {
    request,
    source,
    tokens,
  }: { readonly request: ImdsRequest; readonly source: ImdsSource; readonly tokens: Tokens },
  instance: Instance,
): ImdsResponse {
  if (instance.spec.metadataOptions?.httpEndpoint === 'disabled') return refusal(403);
  if (request.path === TOKEN_PATH) return tokenAnswer(request, tokens);
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405);
  if (!mayRead(instance, request, tokens)) return refusal(401);
  return treeAnswer(request.path, metadataTree(source, instance));
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
};

function refusal(status: number): ImdsResponse {
  const title = `${status} - ${TITLES[status]}`;
  const body = `<?xml version="1.0" encoding="iso-8859-1"?>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
  return { status, body, headers: { 'content-type': 'text/html' } };
}

function tokenAnswer({ method, headers }: ImdsRequest, tokens: Tokens): ImdsResponse {
  if (method !== 'PUT') return refusal(405);
  // A proxy that forwards for others must not get a token (so AWS).
  if (headers['x-forwarded-for'] !== undefined) return refusal(403);
  const text = headers[TTL_HEADER] ?? '';
  const ttlSeconds = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (ttlSeconds < 1 || ttlSeconds > LONGEST_TTL_SECONDS) return refusal(400);
  return {
    status: 200,
    body: tokens.issue(ttlSeconds),
    headers: { 'content-type': 'text/plain', [TTL_HEADER]: String(ttlSeconds) },
  };
}

function mayRead({ spec }: Instance, { headers }: ImdsRequest, tokens: Tokens): boolean {
  const token = headers[TOKEN_HEADER];
  if (token === undefined) return spec.metadataOptions?.httpTokens !== 'required';
  return tokens.isValid(token);
}

function treeAnswer(path: string, tree: Tree): ImdsResponse {
  if (path === '/' || path === '') return text('latest');
  const version = VERSION.exec(path)?.[0];
  if (version === undefined) return refusal(404);
  const node = find(tree, path.slice(version.length));
  if (node === undefined || node === '') return refusal(404);
  return text(typeof node === 'string' ? node : listing(node));
}

function find(tree: Tree, path: string): Tree {
  return path
    .split('/')
    .filter((part) => part !== '')
    .reduce<Tree>(
      (node, part) =>
        typeof node === 'object' && Object.hasOwn(node, part) ? node[part] : undefined,
      tree,
    );
}

function listing(directory: Exclude<Tree, string | undefined>): string {
  return Object.entries(directory)
    .filter(([, child]) => child !== undefined && child !== '')
    .map(([name, child]) => (typeof child === 'object' ? `${name}/` : name))
    .sort()
    .join('\n');
}

function text(body: string): ImdsResponse {
  return { status: 200, body, headers: { 'content-type': 'text/plain' } };
}

class Tokens {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #random: Random;
  readonly #endMs = new Map<string, number>();

  constructor({ clock, random }: { clock: Pick<Clock, 'nowMs'>; random: Random }) {
    this.#clock = clock;
    this.#random = random;
  }

  issue(ttlSeconds: number): string {
    const oldest = this.#endMs.keys().next();
    if (this.#endMs.size >= MAX_TOKENS && !oldest.done) this.#endMs.delete(oldest.value);
    const token = randomHex(this.#random, TOKEN_DIGITS);
    this.#endMs.set(token, this.#clock.nowMs() + ttlSeconds * 1000);
    return token;
  }

  isValid(token: string): boolean {
    const endMs = this.#endMs.get(token);
    if (endMs === undefined) return false;
    if (this.#clock.nowMs() < endMs) return true;
    this.#endMs.delete(token);
    return false;
  }
}
