import { createServer, type Server } from 'node:https';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { Random } from '../../../base/random.ts';
import { serverEnd } from '../../../io/server-end.ts';
import { createPki, type KeyPair, type Pki } from '../pki.ts';
import type { PodRuntime } from '../pod-runtime.ts';
import { createAdmission } from './admission/webhooks.ts';
import type { Api } from './api.ts';
import { createTokens } from './authn/tokens.ts';
import { bootstrap } from './controllers/bootstrap.ts';
import { expireEvents } from './controllers/event-expiry.ts';
import { followCustomResources } from './controllers/custom-resources.ts';
import { runGarbageCollector } from './controllers/garbage-collector.ts';
import { runNamespaceController } from './controllers/namespaces.ts';
import { createHandler, type Handler } from './http/handler.ts';
import { createUpgradeHandler, type UpgradeHandler } from './http/upgrade.ts';
import { builtinKinds } from './registry/builtin-kinds.ts';
import { Registry } from './registry/registry.ts';
import { Journal } from './store/journal.ts';
import { Store } from './store/store.ts';

/** Where to listen: an inherited socket, or an address (port 0 = any free one). */
export type Listener = { readonly fd: number } | { readonly host: string; readonly port: number };

/** What the API server needs. */
export interface KubeApiOptions {
  readonly listeners: readonly Listener[];
  /** SQLite file of all objects, or `:memory:`. */
  readonly dataFile: string;
  /** DNS names and addresses of the serving certificate. */
  readonly serverNames: readonly string[];
  /** Folder of the certificate authority; without it a new one is made at each start. */
  readonly pkiDir?: string;
  /** An authority that is already open; instead of `pkiDir`. */
  readonly pki?: Pki;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /**
   * How long after an owner its dependents are deleted. Real collectors work from events of their
   * own and are some 100 ms behind; what was told of both at once would tell controllers more than a
   * cluster does. Default: 250.
   */
  readonly garbageDelayMs?: number;
  /** The kubelet of a node, for logs and exec. */
  readonly podRuntime: (nodeName: string) => PodRuntime | undefined;
}

/** A running API server. */
export interface KubeApi {
  /** Of the first host/port listener; 0 when there is none. */
  readonly port: number;
  readonly caPem: string;
  issueClientCertificate(subject: {
    readonly user: string;
    readonly groups: readonly string[];
  }): Promise<KeyPair>;
  issueToken(user: string, groups: readonly string[]): string;
  /** Ends watches and connections, then closes the file. */
  close(): Promise<void>;
}

/**
 * Starts the embedded Kubernetes API: a development default, not a production server. Not in it:
 * authorisation (everybody authenticated may do everything), SPDY, attach, port-forward, conversion
 * webhooks, CEL rules of CRDs, quotas, API priority; of patches only applies record managedFields.
 */
export async function startKubeApi(options: KubeApiOptions): Promise<KubeApi> {
  const { log } = options;
  const pki = options.pki ?? (await createPki(pkiOptions(options)));
  const journal = new Journal(options.dataFile);
  const api = createApi(options, journal);
  const tokens = createTokens(journal, options.random);
  await bootstrap(api);
  const controllers = [
    runNamespaceController(api),
    runGarbageCollector(api, options.garbageDelayMs ?? GARBAGE_DELAY_MS),
  ];
  const closing = new AbortController();
  const expiring = expireEvents(api, closing.signal);
  const servers = await listen(options, pki, {
    request: createHandler(api, tokens, closing.signal),
    upgrade: createUpgradeHandler(api, tokens),
  });
  const port = firstPort(servers);
  log.info('Kubernetes API is listening', { port, objects: api.store.version });
  return {
    port,
    caPem: pki.caPem,
    issueClientCertificate: ({ user, groups }) => pki.clientCertificate(user, groups),
    issueToken: (user, groups) => tokens.issue(user, groups),
    close: async () => {
      closing.abort();
      await Promise.all([expiring, ...controllers.map((controller) => controller.close())]);
      await Promise.all(servers.map(({ end }) => end()));
      journal.close();
    },
  };
}

const GARBAGE_DELAY_MS = 250;

function pkiOptions({ pkiDir }: KubeApiOptions): { dir?: string } {
  return pkiDir === undefined ? {} : { dir: pkiDir };
}

function createApi(options: KubeApiOptions, journal: Journal): Api {
  const { clock, random, log, podRuntime } = options;
  const store = new Store(journal);
  const registry = new Registry(builtinKinds());
  followCustomResources(registry, store);
  const admission = createAdmission({ store, clock, random, log });
  return { registry, store, admission, clock, random, log, podRuntime };
}

/** Connections without a request are kept this long. */
const KEEP_ALIVE_MS = 60_000;

interface Handlers {
  readonly request: Handler;
  readonly upgrade: UpgradeHandler;
}

/** A server, and how to end it with all of its connections. */
interface Serving {
  readonly server: Server;
  readonly end: () => Promise<void>;
}

async function listen(options: KubeApiOptions, pki: Pki, handlers: Handlers): Promise<Serving[]> {
  const { certPem, keyPem } = await pki.serverCertificate(options.serverNames);
  return Promise.all(
    options.listeners.map(async (listener) => {
      const server = createServer({
        cert: certPem,
        key: keyPem,
        ca: pki.caPem,
        requestCert: true,
        // Tokens are as good as certificates; authentication decides, not TLS.
        rejectUnauthorized: false,
        keepAliveTimeout: KEEP_ALIVE_MS,
        // Watches are requests that last.
        requestTimeout: 0,
        noDelay: true,
      });
      const end = serverEnd(server);
      server.on('request', handlers.request);
      server.on('upgrade', handlers.upgrade);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(listener, resolve);
      });
      return { server, end };
    }),
  );
}

function firstPort(servers: readonly Serving[]): number {
  for (const { server } of servers) {
    const address = server.address();
    if (typeof address === 'object' && address !== null) return address.port;
  }
  return 0;
}
