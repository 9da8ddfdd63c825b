/** The composition of `trunkline vpc serve`: the VPC API over an embedded store. */
import { readFileSync } from 'node:fs';
import type { VpcServe, VpcServeRequest } from '../cli/vpc-serve.ts';
import { systemClock } from '../io/clock.ts';
import { createInformers } from '../io/informer.ts';
import { createLog } from '../io/log.ts';
import { cryptoRandom } from '../io/random.ts';
import { openEmbeddedKube } from '../lab/embedded/open.ts';
import { analyse } from '../lab/world/analyse.ts';
import { readKnobs } from '../vpc/knobs/read-knobs.ts';
import { DEFAULT_QUOTAS, type Quotas } from '../vpc/quotas.ts';
import { startVpcApi, type VpcApiOptions } from '../vpc/server.ts';

/** Serves until SIGTERM or SIGINT; then lets running requests end and closes the store. */
export const serveVpc: VpcServe = async (request, listening) => {
  const stopped = signalled('SIGTERM', 'SIGINT');
  const log = createLog({ level: 'info' });
  const store = openEmbeddedKube({
    path: request.storePath,
    clock: systemClock,
    random: cryptoRandom,
  });
  const stop = new AbortController();
  const { kube } = store;
  const api = await startVpcApi({
    ...settingsOf(request),
    kube,
    informers: createInformers({ kube, clock: systemClock, log, signal: stop.signal }),
    clock: systemClock,
    random: cryptoRandom,
    log,
    analyse,
  });
  const host = request.host.includes(':') ? `[${request.host}]` : request.host;
  listening(`${request.tls === undefined ? 'http' : 'https'}://${host}:${api.port}`);
  await stopped;
  await api.close();
  stop.abort(new Error('The server is stopping'));
  store.close();
};

type Settings = Omit<VpcApiOptions, 'kube' | 'informers' | 'clock' | 'random' | 'log'>;

function settingsOf(request: VpcServeRequest): Settings {
  const { accountId, accessKeyId, secretAccessKey, tls, knobsFile } = request;
  return {
    listeners: [{ host: request.host, port: request.port }],
    accounts: [{ accountId, accessKeyId, secretAccessKey, userName: 'admin' }],
    region: request.region,
    quotas: checkedQuotas(request.quotas),
    seeds: request.seeds,
    dev: request.dev,
    tls: tls && {
      certPem: readFileSync(tls.certFile, 'utf8'),
      keyPem: readFileSync(tls.keyFile, 'utf8'),
    },
    ...(knobsFile !== undefined && { knobs: readKnobs(readFileSync(knobsFile, 'utf8')) }),
  };
}

function checkedQuotas(quotas: VpcServeRequest['quotas']): Partial<Quotas> {
  const unknown = Object.keys(quotas).filter((name) => !Object.hasOwn(DEFAULT_QUOTAS, name));
  if (unknown.length === 0) return quotas;
  const known = Object.keys(DEFAULT_QUOTAS).join(', ');
  throw new Error(`There is no quota ${unknown.join(', ')}; there are ${known}`);
}

function signalled(...names: readonly NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    for (const name of names) process.once(name, () => resolve());
  });
}
