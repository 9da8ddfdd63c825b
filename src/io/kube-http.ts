import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { kubeErrorOf, unreachable } from './kube-status.ts';

/** How to reach and authenticate to a Kubernetes API server. */
export interface KubeTransportOptions {
  /** Such as `https://127.0.0.1:6443`; a path is kept as a prefix. */
  readonly server: string;
  /** CA certificates that the server's certificate must chain to. Default: the system's. */
  readonly caPem?: string;
  /** Bearer token; a function is asked for each request, so that tokens can rotate. */
  readonly token?: string | (() => string);
  readonly certPem?: string;
  readonly keyPem?: string;
  /** Name in the server's certificate when it differs from the host in `server`. */
  readonly serverName?: string;
}

/** One call. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query, from `/api` or `/apis`. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** JSON over HTTP(S) with kept-alive connections; failures throw KubeError. */
export interface KubeTransport {
  call(request: KubeRequest): Promise<unknown>;
  /** Yields one parsed JSON line at a time; ends quietly when the signal aborts. */
  stream(path: string, signal: AbortSignal): AsyncIterable<unknown>;
  close(): void;
}

/** A call without an answer for this long fails as Unreachable. */
const CALL_TIMEOUT_MS = 35_000;
/** A stream without a byte for this long is taken for dead; the server ends watches sooner. */
const STREAM_IDLE_MS = 330_000;
const MAX_IDLE_SOCKETS = 16;

type Open = (request: KubeRequest, signal?: AbortSignal) => Promise<IncomingMessage>;

/** Opens a transport. Connections are made on demand. */
export function createKubeTransport(options: KubeTransportOptions): KubeTransport {
  const base = new URL(options.server);
  const secure = base.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS, noDelay: true };
  const agent = secure
    ? new HttpsAgent({ ...agentOptions, ...tlsOptions(options) })
    : new HttpAgent(agentOptions);
  const open: Open = (request, signal) =>
    send({ base, agent, options, timeoutMs: signal ? STREAM_IDLE_MS : CALL_TIMEOUT_MS }, request, {
      ...(signal && { signal }),
    });
  return {
    call: (request) => call(open, request),
    stream: (path, signal) => stream(open, path, signal),
    close: () => agent.destroy(),
  };
}

function tlsOptions(options: KubeTransportOptions): Record<string, string> {
  return {
    ...(options.caPem !== undefined && { ca: options.caPem }),
    ...(options.certPem !== undefined && { cert: options.certPem }),
    ...(options.keyPem !== undefined && { key: options.keyPem }),
    ...(options.serverName !== undefined && { servername: options.serverName }),
  };
}

interface Target {
  readonly base: URL;
  readonly agent: HttpAgent;
  readonly options: KubeTransportOptions;
  readonly timeoutMs: number;
}

function send(
  target: Target,
  request: KubeRequest,
  extra: { readonly signal?: AbortSignal; readonly retried?: boolean },
): Promise<IncomingMessage> {
  const { base, agent } = target;
  const prefix = base.pathname === '/' ? '' : base.pathname.replace(/\/$/, '');
  const payload = request.body === undefined ? undefined : JSON.stringify(request.body);
  const start = base.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = start({
      agent,
      host: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port === '' ? (base.protocol === 'https:' ? 443 : 80) : Number(base.port),
      method: request.method,
      path: prefix + request.path,
      headers: headersOf(target.options, request, payload),
      ...(extra.signal && { signal: extra.signal }),
    });
    outgoing.setTimeout(target.timeoutMs, () => {
      outgoing.destroy(new Error(`No answer within ${target.timeoutMs} ms`));
    });
    outgoing.once('response', resolve);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // The server may close an idle connection just as we reuse it. A create is not sent twice.
      const stale = outgoing.reusedSocket && error.code === 'ECONNRESET';
      if (stale && extra.retried !== true && request.method !== 'POST') {
        resolve(send(target, request, { ...extra, retried: true }));
      } else {
        reject(error);
      }
    });
    outgoing.end(payload);
  });
}

function headersOf(
  options: KubeTransportOptions,
  request: KubeRequest,
  payload: string | undefined,
): Record<string, string | number> {
  const token = typeof options.token === 'function' ? options.token() : options.token;
  return {
    accept: 'application/json',
    'user-agent': 'trunkline',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(payload !== undefined && {
      'content-type': request.contentType ?? 'application/json',
      'content-length': Buffer.byteLength(payload),
    }),
  };
}

async function call(open: Open, request: KubeRequest): Promise<unknown> {
  let response: IncomingMessage;
  let text: string;
  try {
    response = await open(request);
    text = await readAll(response);
  } catch (error) {
    throw unreachable(error);
  }
  const status = response.statusCode ?? 0;
  if (status >= 300) throw kubeErrorOf(status, text);
  return text === '' ? undefined : JSON.parse(text);
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function* stream(open: Open, path: string, signal: AbortSignal): AsyncIterable<unknown> {
  if (signal.aborted) return;
  try {
    const response = await open({ method: 'GET', path }, signal);
    const status = response.statusCode ?? 0;
    if (status >= 300) throw kubeErrorOf(status, await readAll(response));
    yield* jsonLines(response);
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof Error && error.name === 'KubeError' ? error : unreachable(error);
  }
}

async function* jsonLines(response: IncomingMessage): AsyncIterable<unknown> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
  }
}
