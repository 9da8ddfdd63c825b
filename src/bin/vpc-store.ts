/** Opens what `trunkline vpc serve --store` names. */
import { readFileSync } from 'node:fs';
import type { KubeClient } from '../api/client.ts';
import { VPC_OBJECT_CRDS } from '../api/vpc/all.ts';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { LabProblem } from '../cli/lab-port.ts';
import type { KubernetesStore, VpcServeRequest } from '../cli/vpc-serve-request.ts';
import { createKubeClient } from '../io/kube-client.ts';
import { KubeConfigError } from '../io/kube-config.ts';
import { readInCluster, type InCluster } from '../io/kube-in-cluster.ts';
import { openEmbeddedKube, StoreUnreadable } from '../lab/embedded/open.ts';
import type { HaSettings } from '../vpc/ha/replica.ts';
import { readKube } from './connect-kube.ts';
import { installCrds } from './install-crds.ts';

/** An open store. */
export interface OpenedStore {
  readonly kube: KubeClient;
  /** Set when other servers may share the store. */
  readonly ha?: HaSettings;
  /** Where the store is a Kubernetes API of its own. */
  readonly kubernetes?: { readonly endpoint: string; readonly caPem: string };
  /** No call may be under way. */
  close(): Promise<void>;
}

/** What opening takes. */
export interface OpenDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Opens the store; rejects with LabProblem when that is not possible. */
export async function openStore(request: VpcServeRequest, deps: OpenDeps): Promise<OpenedStore> {
  const { store } = request;
  if (store.kind === 'kubernetes') return openCluster(store, request, deps);
  const path = store.kind === 'file' ? store.path : undefined;
  try {
    const opened = openEmbeddedKube({ path, ...deps });
    return { kube: opened.kube, close: () => Promise.resolve(opened.close()) };
  } catch (error) {
    if (!(error instanceof StoreUnreadable)) throw error;
    throw new LabProblem(
      `Cannot open the store ${path} (--store): ${error.message}${adviceOn(error.message)}`,
    );
  }
}

function adviceOn(message: string): string {
  if (message.includes('locked')) return '. Another process has it open: stop that one';
  if (message.includes('not a database')) return '. Name a file that vpc serve made, or a new one';
  if (message.includes('unable to open')) return '. Its folder must exist and be writable';
  return '';
}

async function openCluster(
  store: KubernetesStore,
  { host, tls }: VpcServeRequest,
  { clock, env }: OpenDeps,
): Promise<OpenedStore> {
  const { transport, namespace } = await connectionOf(store, env);
  const kube = createKubeClient(transport);
  try {
    await installCrds(kube, clock, VPC_OBJECT_CRDS);
  } catch (error) {
    await kube.close();
    throw error;
  }
  const scheme = tls === undefined ? 'http' : 'https';
  const address = host.includes(':') ? `[${host}]` : host;
  const leaseMs = store.leaseSeconds * 1000;
  return {
    kube,
    kubernetes: { endpoint: transport.server, caPem: transport.caPem ?? '' },
    ha: {
      url: (port) => store.advertise ?? `${scheme}://${address}:${port}`,
      caPem: store.peerCaFile === undefined ? undefined : readFileSync(store.peerCaFile, 'utf8'),
      namespace,
      leaseMs,
      renewMs: leaseMs / RENEWALS,
    },
    close: () => kube.close(),
  };
}

/** Renewals in a lease, as Kubernetes' own controllers have it. */
const RENEWALS = 3;

async function connectionOf(
  { kubeconfig }: KubernetesStore,
  env: OpenDeps['env'],
): Promise<InCluster> {
  if (kubeconfig !== undefined)
    return { transport: await readKube(kubeconfig), namespace: 'default' };
  try {
    return readInCluster(env);
  } catch (error) {
    if (!(error instanceof KubeConfigError)) throw error;
    throw new LabProblem(
      `Cannot use --store kubernetes: ${error.message}. Give --kubeconfig FILE, or run in a pod`,
    );
  }
}
