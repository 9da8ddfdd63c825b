import type { Command } from 'commander';
import type { GivenIssuer, GivenKey, ListenAddress } from './vpc-serve-parse.ts';

/** Several servers over one Kubernetes API, which holds the state. */
export interface KubernetesStore {
  readonly kind: 'kubernetes';
  /** Undefined: the service account of the pod that this process runs in. */
  readonly kubeconfig: string | undefined;
  /** Where the other servers reach this one; undefined: where it listens. */
  readonly advertise: string | undefined;
  /** Authority of the others' certificates (PEM); undefined: the system's. */
  readonly peerCaFile: string | undefined;
  readonly leaseSeconds: number;
}

/** Where the state is kept. */
export type StoreChoice =
  | { readonly kind: 'memory' }
  | { readonly kind: 'file'; readonly path: string }
  | KubernetesStore;

/** What to serve. */
export interface VpcServeRequest extends ListenAddress {
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly store: StoreChoice;
  readonly region: string;
  readonly seeds: readonly 'default-vpcs'[];
  readonly dev: boolean;
  /** Files in PEM form. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Quotas that differ from AWS's defaults, by name. */
  readonly quotas: Readonly<Record<string, number>>;
  /** The Kubernetes API that DescribeCluster names; undefined: that of the store, if it is one. */
  readonly eks: { readonly endpoint: string; readonly caFile: string } | undefined;
  /** A JSON file of throttles, latencies and errors to inject. */
  readonly knobsFile: string | undefined;
  /** Whose tokens AssumeRoleWithWebIdentity takes, besides providers that accounts add. */
  readonly oidcIssuers: readonly GivenIssuer[];
}

/** Options as commander hands them over. */
export interface ServeOptions {
  readonly listen: ListenAddress;
  readonly account: string;
  readonly accessKey: GivenKey;
  readonly store: string;
  readonly kubeconfig?: string;
  readonly advertise?: string;
  readonly peerCa?: string;
  readonly leaseSeconds: number;
  readonly region: string;
  readonly seed?: readonly 'default-vpcs'[];
  readonly dev?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly knobs?: string;
  readonly eksEndpoint?: string;
  readonly eksCa?: string;
  readonly oidcIssuer: readonly GivenIssuer[];
  readonly quota?: Readonly<Record<string, number>>;
}

/** Known to everybody: good for a loopback address only. */
export const DEFAULT_KEY = 'AKIATRUNKLINEDEFAULT:trunkline';
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
/** Listen on all addresses: no name that others could use. */
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

/** The request that options stand for; ends the command when they do not go together. */
export function checkRequest(command: Command, options: ServeOptions): VpcServeRequest {
  const { listen, accessKey, tlsCert, tlsKey } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    command.error('error: --tls-cert and --tls-key go together: give both or none');
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : { certFile: tlsCert, keyFile: tlsKey };
  if (!LOOPBACK.has(listen.host)) checkExposed(command, options, tls !== undefined);
  return {
    ...listen,
    accountId: options.account,
    accessKeyId: accessKey.id,
    secretAccessKey: accessKey.secret,
    store: storeChoice(command, options),
    region: options.region,
    seeds: options.seed ?? [],
    dev: options.dev === true,
    tls,
    quotas: options.quota ?? {},
    knobsFile: options.knobs,
    eks: eksApi(command, options),
    oidcIssuers: options.oidcIssuer,
  };
}

function eksApi(command: Command, options: ServeOptions): VpcServeRequest['eks'] {
  const { eksEndpoint: endpoint, eksCa: caFile } = options;
  if (endpoint !== undefined && caFile !== undefined) return { endpoint, caFile };
  if (endpoint !== undefined || caFile !== undefined)
    command.error('error: --eks-endpoint and --eks-ca go together: give both or none');
  return undefined;
}

function storeChoice(command: Command, options: ServeOptions): StoreChoice {
  const { store, advertise, peerCa, listen } = options;
  if (store === 'kubernetes') {
    if (advertise === undefined && ANY_ADDRESS.has(listen.host))
      command.error(
        `error: the other servers cannot reach ${listen.host}: give --advertise https://HOST:PORT`,
      );
    const { kubeconfig, leaseSeconds } = options;
    return { kind: 'kubernetes', kubeconfig, advertise, peerCaFile: peerCa, leaseSeconds };
  }
  for (const [flag, value] of [
    ['--advertise', advertise],
    ['--peer-ca', peerCa],
  ] as const)
    if (value !== undefined) command.error(`error: ${flag} needs --store kubernetes`);
  return store === 'memory' ? { kind: 'memory' } : { kind: 'file', path: store };
}

/** Others can reach the server: no key that everybody knows, no plain text, no open reset. */
function checkExposed(command: Command, options: ServeOptions, hasTls: boolean): void {
  const { listen, accessKey, dev } = options;
  const refuse = (why: string): never =>
    command.error(`error: refusing to listen on ${listen.host}, beyond loopback, ${why}`);
  if (`${accessKey.id}:${accessKey.secret}` === DEFAULT_KEY)
    refuse('with the default key: give --access-key');
  if (!hasTls) refuse('without TLS: give --tls-cert and --tls-key');
  if (dev === true) refuse('with --dev, whose routes ask for no signature');
}
