import type { KubeClient } from '../../../api/client.ts';
import { silentLog } from '../../../base/log.ts';
import { systemClock } from '../../../io/clock.ts';
import { createKubeClient } from '../../../io/kube-client.ts';
import { cryptoRandom } from '../../../io/random.ts';
import { createPki, type Pki } from '../pki.ts';
import { startKubeApi, type KubeApi, type KubeApiOptions } from './server.ts';

/** A real API server on a free loopback port, with a client that may do everything. */
export interface TestServer {
  readonly api: KubeApi;
  readonly url: string;
  readonly kube: KubeClient;
  readonly token: string;
  /** A raw request with the token. */
  fetch(path: string, options?: RawRequest): Promise<RawAnswer>;
  close(): Promise<void>;
}

/** A request as a client would send it. */
export interface RawRequest {
  readonly method?: string;
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  /** Instead of the test's own; '' sends none. */
  readonly token?: string;
}

/** What came back. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // Tests look into answers freely.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

let pki: Promise<Pki> | undefined;

/** Starts a server for tests; objects are in memory unless a file is given. */
export async function startTestServer(options: Partial<KubeApiOptions> = {}): Promise<TestServer> {
  pki ??= createPki();
  const api = await startKubeApi({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    dataFile: ':memory:',
    serverNames: ['127.0.0.1'],
    pki: await pki,
    clock: systemClock,
    random: cryptoRandom,
    log: silentLog,
    podRuntime: () => undefined,
    garbageDelayMs: 0,
    ...options,
  });
  const url = `https://127.0.0.1:${api.port}`;
  const token = api.issueToken('tester', ['system:masters']);
  const kube = createKubeClient({ server: url, caPem: api.caPem, token });
  return {
    api,
    url,
    kube,
    token,
    fetch: (path, request) => rawFetch({ api, token }, path, request ?? {}),
    close: async () => {
      await kube.close();
      await api.close();
    },
  };
}

async function rawFetch(
  { api, token }: Pick<TestServer, 'api' | 'token'>,
  path: string,
  request: RawRequest,
): Promise<RawAnswer> {
  const { request: httpsRequest } = await import('node:https');
  const bearer = request.token ?? token;
  const { body } = request;
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      {
        host: '127.0.0.1',
        port: api.port,
        path,
        method: request.method ?? 'GET',
        ca: api.caPem,
        agent: false,
        headers: {
          ...(bearer !== '' && { authorization: `Bearer ${bearer}` }),
          ...(request.accept !== undefined && { accept: request.accept }),
          'content-type': request.type ?? 'application/json',
          ...(payload !== undefined && { 'content-length': Buffer.byteLength(payload) }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            get json(): unknown {
              return JSON.parse(text) as unknown;
            },
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}
