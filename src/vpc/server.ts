import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { KubeClient } from '../api/client.ts';
import type { Informers } from '../api/informer.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { randomHex, type Random } from '../base/random.ts';
import { createAuthenticate } from './auth/authenticate.ts';
import { createFindCredential } from './auth/credentials.ts';
import { checkListeners, checkSockets } from './auth/listen-guard.ts';
import type { FetchKeys, OidcIssuer } from './auth/oidc.ts';
import type { Account } from './auth/principal.ts';
import { createSealer, type Sealer } from './auth/sealer.ts';
import { loadServerKey } from './auth/server-key.ts';
import type { WireRequest } from './auth/sigv4.ts';
import type { Services } from './context.ts';
import { withDevRoutes } from './dev-routes.ts';
import {
  createDispatch,
  type Dispatch,
  type DispatchServices,
  type WireResponse,
} from './dispatch.ts';
import { Distributor } from './distribution/distributor.ts';
import { Replica, type HaSettings } from './ha/replica.ts';
import { createImds, type Imds } from './imds/imds.ts';
import { sourceFromStore } from './imds/source.ts';
import { createKnobs, type KnobSettings } from './knobs/knobs.ts';
import { DEFAULT_QUOTAS, type Quotas } from './quotas.ts';
import { plantSeeds, type Seed } from './seeds.ts';
import { createInstanceCredentials } from './sts/instance-credentials.ts';
import { delayReads } from './store/delay-reads.ts';
import { collectionsOf, createStore, followStore, type Store } from './store/store.ts';
import { sweep } from './store/sweep.ts';

/** Where a server listens: an inherited socket, or an address. */
export type Listener = { readonly fd: number } | { readonly host: string; readonly port: number };

/** What the VPC API needs. The CRDs of `api/vpc/all.ts` must be installed. */
export interface VpcApiOptions {
  readonly listeners: readonly Listener[];
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly accounts: readonly Account[];
  /** DescribeRegions lists it in any case; calls act in the region that their signature names. */
  readonly region?: string;
  readonly quotas?: Partial<Quotas>;
  /** Certificate and key: the listeners speak HTTPS. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string } | undefined;
  /** Whose tokens AssumeRoleWithWebIdentity takes; none by default. */
  readonly oidcIssuers?: readonly OidcIssuer[];
  /** Gets the keys of issuers that accounts add as providers. */
  readonly fetchOidcKeys?: FetchKeys;
  /** What exists in each account before the first request, and after a reset. */
  readonly seeds?: readonly Seed[];
  /** The Kubernetes API that DescribeCluster names. */
  readonly kubernetes?: Services['kubernetes'];
  /** The evaluator behind StartNetworkInsightsAnalysis. */
  readonly analyse?: Services['analyse'];
  /** Latency, errors and throttling on request. */
  readonly knobs?: KnobSettings;
  /** One of several servers over the same Kubernetes: one writes, the others forward to it. */
  readonly ha?: HaSettings;
  /** For tests: a kept view that is stale fails the request. */
  readonly checkViews?: boolean;
  /** Keeps the address slices, from which agents of hosts learn about other hosts. */
  readonly distribute?: boolean;
  /** How long a client may take to send a request, headers and body; default 30 s. */
  readonly requestTimeoutMs?: number;
  /** Adds `/_trunkline/health` and `/_trunkline/reset`. */
  readonly dev?: boolean;
}

/** A running VPC API. */
export interface VpcApi {
  /** Port of the first listener with a host; 0 when there is none. */
  readonly port: number;
  /** The metadata service of an instance, to be served where the instance is (`serveImds`). */
  readonly metadataOf: (instanceId: string) => Imds;
  /** Stops listening, lets running requests end and forgets the state. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1024 * 1024;
const KEEP_ALIVE_MS = 60_000;
/** Nobody keeps a connection busy by sending slowly; Node's default is five minutes. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How often Node looks for connections that are late. */
const TIMEOUT_CHECKS_MS = 5_000;
/** How long running requests may take to end when the server stops. */
const DRAIN_MS = 5_000;

/** Loads the state, finishes what a crash left half done, and serves all services on the listeners. */
export async function startVpcApi(options: VpcApiOptions): Promise<VpcApi> {
  const { kube, informers, clock, random, log } = options;
  checkListeners(options);
  const replica = options.ha && new Replica(options.ha, { kube, clock, random, log });
  const sealer = createSealer(await loadServerKey(kube, random), random);
  const store = createStore({ kube: replica?.kube ?? kube, clock });
  const unfollow = await followStore(store, informers);
  const services = createServices(options, store, sealer);
  const seed = (): Promise<void> => plantSeeds(services, options.accounts, options.seeds ?? []);
  const prepare = async (): Promise<void> => {
    await sweep(store, { log, clock });
    await seed();
  };
  if (replica === undefined) await prepare();
  const alone = createDispatch(services);
  const here = options.dev === true ? withDevRoutes(alone, { store, seed }) : alone;
  const dispatch = replica?.route(here, store) ?? here;
  const requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const serving = { dispatch, random, log, tls: options.tls, requestTimeoutMs };
  const servers = await Promise.all(options.listeners.map((listener) => listen(listener, serving)));
  await checkSockets(servers, options);
  const distributor = await startDistributor(options, replica);
  replica?.start(portOf(servers), store, { prepare, ready: () => distributor?.resync() });
  return {
    port: portOf(servers),
    metadataOf: (instanceId) => {
      const credentials = createInstanceCredentials(store, instanceId, services);
      return createImds({ source: sourceFromStore(store, instanceId, credentials), clock, random });
    },
    close: async () => {
      await Promise.all(servers.map((server) => closeServer(server, clock)));
      await distributor?.close();
      await replica?.stop();
      unfollow();
    },
  };
}

async function startDistributor(
  { distribute = false, ...options }: VpcApiOptions,
  replica: Replica | undefined,
): Promise<Distributor | undefined> {
  if (!distribute) return undefined;
  const distributor = new Distributor({
    ...options,
    kube: replica?.kube ?? options.kube,
    leads: () => replica?.leads() ?? true,
  });
  await distributor.start();
  return distributor;
}

/** What handlers and dispatch share, but for what belongs to listeners. */
export function createServices(
  options: VpcApiOptions,
  store: Store,
  sealer: Sealer,
): DispatchServices {
  const { clock, random, log, accounts } = options;
  if (options.checkViews === true) for (const { views } of collectionsOf(store)) views.checkEach();
  delayReads(store, { clock, delayMs: options.knobs?.consistencyDelayMs ?? 0 });
  return {
    store,
    clock,
    random,
    log,
    homeRegion: options.region ?? 'us-east-1',
    quotas: { ...DEFAULT_QUOTAS, ...options.quotas },
    kubernetes: options.kubernetes,
    sealer,
    oidcIssuers: options.oidcIssuers ?? [],
    fetchOidcKeys: options.fetchOidcKeys,
    authenticate: createAuthenticate({
      find: createFindCredential({ accounts, iam: store.iam, sealer }),
      clock,
    }),
    analyse: options.analyse,
    knobs: createKnobs(options.knobs ?? {}, { clock, random }),
  };
}

interface Serving {
  readonly dispatch: Dispatch;
  readonly random: Random;
  readonly log: Log;
  readonly tls: VpcApiOptions['tls'];
  readonly requestTimeoutMs: number;
}

function listen(listener: Listener, serving: Serving): Promise<Server> {
  const isListening = (): boolean => server.listening;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response, { ...serving, isListening }).catch((error: unknown) => {
      serving.log.warn('Connection failed', { error });
      response.destroy();
    });
  };
  const { tls, requestTimeoutMs } = serving;
  const settings = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECKS_MS, requestTimeoutMs),
  };
  const server =
    tls === undefined
      ? createServer(settings, answer)
      : createTlsServer({ ...settings, cert: tls.certPem, key: tls.keyPem }, answer);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listener, () => resolve(server));
  });
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { dispatch, random, isListening }: Serving & { readonly isListening: () => boolean },
): Promise<void> {
  const requestId = newRequestId(random);
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const answer = await dispatch(wireRequest(request, body), requestId);
  // A connection that is kept would hold the end of the server up.
  if (!isListening()) response.shouldKeepAlive = false;
  write(response, answer);
}

/** From this size on a body is not joined to the head, which would copy it once more. */
const LARGE_CHARACTERS = 16_384;

function write(response: ServerResponse, answer: WireResponse): void {
  const body = answer.body.length < LARGE_CHARACTERS ? answer.body : Buffer.from(answer.body);
  response.writeHead(answer.status, {
    'content-type': answer.contentType ?? 'text/xml;charset=UTF-8',
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': answer.requestId,
    'cache-control': 'no-cache, no-store',
    ...answer.headers,
  });
  response.end(body);
}

/** The whole body; undefined when it is larger than we take. */
function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else resolve(undefined);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new Error('The request was cut off'));
    });
  });
}

function wireRequest(request: IncomingMessage, body: Uint8Array): WireRequest {
  const url = request.url ?? '/';
  const at = url.indexOf('?');
  return {
    method: request.method ?? 'GET',
    path: at < 0 ? url : url.slice(0, at),
    query: at < 0 ? '' : url.slice(at + 1),
    headers: rawHeaders(request.rawHeaders),
    body,
    remoteAddress: request.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, ''),
    secure: 'encrypted' in request.socket,
  };
}

/** As they were signed: node's own parsing drops or joins some of them differently. */
function rawHeaders(raw: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = (raw[i + 1] ?? '').trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}

function newRequestId(random: Random): string {
  const hex = randomHex(random, 32);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}

function portOf(servers: readonly Server[]): number {
  for (const server of servers) {
    const address = server.address();
    if (address !== null && typeof address === 'object') return address.port;
  }
  return 0;
}

/** Idle connections end at once, busy ones when their answer is out or the time is up. */
async function closeServer(server: Server, clock: Clock): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const drained = new AbortController();
  const late = clock.sleep(DRAIN_MS, drained.signal).then(
    () => server.closeAllConnections(),
    () => {},
  );
  await Promise.race([closed, late]);
  drained.abort();
}
