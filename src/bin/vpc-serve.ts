/** The composition of `trunkline vpc serve`: the VPC API over an embedded store or Kubernetes. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { LabProblem } from '../cli/lab-port.ts';
import type { VpcServe } from '../cli/vpc-serve.ts';
import type { VpcServeRequest } from '../cli/vpc-serve-request.ts';
import { systemClock } from '../io/clock.ts';
import { createInformers } from '../io/informer.ts';
import { createLog } from '../io/log.ts';
import { createOidcKeys, readKeySet } from '../io/oidc-keys.ts';
import { cryptoRandom } from '../io/random.ts';
import { analyse } from '../lab/world/analyse.ts';
import { readKnobs } from '../vpc/knobs/read-knobs.ts';
import { DEFAULT_QUOTAS, type Quotas } from '../vpc/quotas.ts';
import { startVpcApi, type VpcApi, type VpcApiOptions } from '../vpc/server.ts';
import { fromFile, problemOf } from './serve-problem.ts';
import { openStore, type OpenedStore } from './vpc-store.ts';

/** Serves until SIGTERM or SIGINT; then lets running requests end and closes the store. */
export const serveVpc: VpcServe = async (request, listening) => {
  const stop = new AbortController();
  const stopped = signalled(stop.signal, 'SIGTERM', 'SIGINT');
  const { store, api } = await start(request, stop.signal).catch((error: unknown) => {
    stop.abort(error);
    throw problemOf(error, request);
  });
  const host = request.host.includes(':') ? `[${request.host}]` : request.host;
  listening(`${request.tls === undefined ? 'http' : 'https'}://${host}:${api.port}`);
  await stopped;
  await api.close();
  stop.abort(new Error('The server is stopping'));
  await store.close();
};

async function start(
  request: VpcServeRequest,
  signal: AbortSignal,
): Promise<{ readonly store: OpenedStore; readonly api: VpcApi }> {
  const settings = settingsOf(request);
  const [clock, random, log] = [systemClock, cryptoRandom, createLog({ level: 'info' })];
  const store = await openStore(request, { clock, random, env: process.env });
  const { kube, ha } = store;
  const kubernetes = eksApi(request) ?? store.kubernetes;
  const informers = createInformers({ kube, clock, log, signal });
  const shared = { ...(ha && { ha, distribute: true }), ...(kubernetes && { kubernetes }) };
  const more = { ...shared, kube, informers, clock, random, log, analyse };
  try {
    return { store, api: await startVpcApi({ ...settings, ...more }) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What DescribeCluster tells `aws eks update-kubeconfig`. */
function eksApi({ eks }: VpcServeRequest): VpcApiOptions['kubernetes'] {
  if (eks === undefined) return undefined;
  const caPem = fromFile('--eks-ca', eks.caFile, (file) => readFileSync(file, 'utf8'));
  return { endpoint: eks.endpoint, caPem };
}

type Settings = Omit<VpcApiOptions, 'kube' | 'informers' | 'clock' | 'random' | 'log'>;

function settingsOf(request: VpcServeRequest): Settings {
  const { accountId, accessKeyId, secretAccessKey, knobsFile } = request;
  return {
    listeners: [{ host: request.host, port: request.port }],
    accounts: [{ accountId, accessKeyId, secretAccessKey, userName: 'admin' }],
    region: request.region,
    quotas: checkedQuotas(request.quotas),
    seeds: request.seeds,
    dev: request.dev,
    ...oidcSettings(request),
    tls: readTls(request.tls),
    ...(knobsFile !== undefined && {
      knobs: fromFile('--knobs', knobsFile, (file) => readKnobs(readFileSync(file, 'utf8'))),
    }),
  };
}

function oidcSettings({
  oidcIssuers,
}: VpcServeRequest): Required<Pick<VpcApiOptions, 'oidcIssuers' | 'fetchOidcKeys'>> {
  const fetchOidcKeys = createOidcKeys(systemClock);
  const issuers = oidcIssuers.map(({ url: issuer, keysFile }) => {
    if (keysFile === undefined) return { issuer, keys: () => fetchOidcKeys(issuer, []) };
    const keys = fromFile('--oidc-issuer', keysFile, (file) => readKeySet(readFileSync(file)));
    return { issuer, keys: () => Promise.resolve(keys) };
  });
  return { oidcIssuers: issuers, fetchOidcKeys };
}

function readTls(files: VpcServeRequest['tls']): VpcApiOptions['tls'] {
  if (files === undefined) return undefined;
  const certPem = fromFile('--tls-cert', files.certFile, (file) => readFileSync(file, 'utf8'));
  const keyPem = fromFile('--tls-key', files.keyFile, (file) => readFileSync(file, 'utf8'));
  fromFile('--tls-cert, --tls-key', files.certFile, () =>
    createSecureContext({ cert: certPem, key: keyPem }),
  );
  return { certPem, keyPem };
}

function checkedQuotas(quotas: VpcServeRequest['quotas']): Partial<Quotas> {
  const unknown = Object.keys(quotas).filter((name) => !Object.hasOwn(DEFAULT_QUOTAS, name));
  if (unknown.length === 0) return quotas;
  const known = Object.keys(DEFAULT_QUOTAS).join(', ');
  throw new LabProblem(`There is no quota ${unknown.join(', ')} (--quota); there are ${known}`);
}

function signalled(ignored: AbortSignal, ...names: readonly NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => resolve();
    for (const name of names) process.once(name, done);
    ignored.addEventListener('abort', () => {
      for (const name of names) process.off(name, done);
    });
  });
}
