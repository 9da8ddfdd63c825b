import { EC2Client } from '@aws-sdk/client-ec2';
import { createFakeKube, type FakeKube } from '../api/client.fake.ts';
import type { Clock } from '../base/clock.ts';
import type { Log, LogFields } from '../base/log.ts';
import { createInformers } from '../io/informer.ts';
import { systemClock } from '../io/clock.ts';
import { cryptoRandom } from '../io/random.ts';
import type { OidcIssuer } from './auth/oidc.ts';
import type { Quotas } from './quotas.ts';
import { startVpcApi, type Listener, type VpcApi, type VpcApiOptions } from './server.ts';

/** Key of the account in tests. */
export const TEST_KEY = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' } as const;
/** Key of a second account, which must not see the first one's objects. */
export const OTHER_KEY = { accessKeyId: 'AKIAOTHER', secretAccessKey: 'other' } as const;

/** Lines that the server logged at warn or error. */
export interface LoggedLine {
  readonly level: 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** A VPC API on a loopback port, over a Kubernetes in memory. */
export interface TestApi {
  readonly kube: FakeKube;
  readonly api: VpcApi;
  readonly endpoint: string;
  readonly logged: readonly LoggedLine[];
  client(
    key?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
    maxAttempts?: number,
  ): EC2Client;
  /** Fails when a handler returned a member that the model of its action does not have. */
  close(): Promise<void>;
}

/** What dispatch logs then: types catch most such members, but not those that come by a spread. */
const UNKNOWN_MEMBER = 'Handler returned an unknown member';

/** Starts the API; pass a `kube` to start again over what another one left. */
export async function startTestApi(
  options: {
    kube?: FakeKube;
    clock?: Clock;
    quotas?: Partial<Quotas>;
    oidcIssuers?: readonly OidcIssuer[];
    listeners?: readonly Listener[];
    more?: Partial<VpcApiOptions>;
  } = {},
): Promise<TestApi> {
  const kube = options.kube ?? createFakeKube();
  const clock = options.clock ?? systemClock;
  const stop = new AbortController();
  const logged: LoggedLine[] = [];
  const log = recordingLog(logged);
  const informers = createInformers({ kube, clock: systemClock, log, signal: stop.signal });
  const api = await startVpcApi({
    listeners: options.listeners ?? [{ host: '127.0.0.1', port: 0 }],
    kube,
    informers,
    clock,
    random: cryptoRandom,
    log,
    quotas: options.quotas ?? {},
    checkViews: true,
    ...options.more,
    oidcIssuers: options.oidcIssuers ?? [],
    accounts: [
      { accountId: '111122223333', userName: 'admin', ...TEST_KEY },
      { accountId: '444455556666', userName: 'other', ...OTHER_KEY },
    ],
  });
  const endpoint = `http://127.0.0.1:${api.port}`;
  const clients: EC2Client[] = [];
  return {
    kube,
    api,
    endpoint,
    logged,
    client: (credentials = TEST_KEY, maxAttempts = 1) => {
      const client = new EC2Client({ endpoint, region: 'us-east-1', credentials, maxAttempts });
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.destroy();
      stop.abort();
      await api.close();
      const strange = logged.find(({ message }) => message === UNKNOWN_MEMBER);
      if (strange !== undefined) throw new Error(`${UNKNOWN_MEMBER}: ${strange.fields?.['path']}`);
    },
  };
}

function recordingLog(lines: LoggedLine[]): Log {
  const log: Log = {
    debug: () => {},
    info: () => {},
    warn: (message, fields) => void lines.push({ level: 'warn', message, fields }),
    error: (message, fields) => void lines.push({ level: 'error', message, fields }),
    child: () => log,
  };
  return log;
}
