import { OTHER_KEY, startTestApi, TEST_KEY } from '../../../src/vpc/testing.fake.ts';
import { KEY, startServe } from '../../vpc/serve-process.ts';
import type { Keys, ServerName } from './story.ts';

/** A server that stories are played on. */
export interface StoryServer {
  readonly endpoint: string;
  readonly keys: Keys;
  /** What its stories may name: `{account}` and the like. */
  readonly variables: Readonly<Record<string, string>>;
}

/** All servers of the suite. */
export interface Servers {
  of(name: ServerName): StoryServer;
  close(): Promise<void>;
}

/** Small enough to be reached in a few calls. */
const SMALL = [
  'vpcsPerRegion=2',
  'subnetsPerVpc=2',
  'groupsPerRegion=5',
  'rulesPerGroup=3',
  'groupsPerInterface=2',
  'interfacesPerRegion=3',
  'routeTablesPerVpc=2',
  'routesPerTable=2',
];

/** Starts the real program twice, and the API with two accounts in this process. */
export async function startServers(): Promise<Servers> {
  const [standard, small, accounts] = await Promise.all([
    startServe('--seed', 'default-vpcs', '--quota', 'vpcsPerRegion=100'),
    startServe(...SMALL.flatMap((quota) => ['--quota', quota])),
    startTestApi(),
  ]);
  const account = '111122223333';
  const process = { keys: KEY, variables: { account } };
  const servers: Readonly<Record<ServerName, StoryServer>> = {
    standard: { endpoint: standard.url, ...process },
    'small quotas': { endpoint: small.url, ...process },
    'two accounts': {
      endpoint: accounts.endpoint,
      keys: TEST_KEY,
      variables: {
        account,
        other: '444455556666',
        otherKey: OTHER_KEY.accessKeyId,
        otherSecret: OTHER_KEY.secretAccessKey,
      },
    },
  };
  return {
    of: (name) => servers[name],
    close: async () => {
      await Promise.all([standard.end('SIGTERM'), small.end('SIGTERM'), accounts.close()]);
    },
  };
}
