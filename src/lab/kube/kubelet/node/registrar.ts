import { LEASES } from '../../../../api/core/lease.ts';
import { NODES, type Node } from '../../../../api/core/node.ts';
import { isKubeError } from '../../../../api/kube-error.ts';
import { backoffMs } from '../../../../base/backoff.ts';
import { loadCniConfig } from '../cni/invoke.ts';
import type { KubeletOptions } from '../options.ts';
import { readMachine } from './machine.real.ts';
import { newNode, nodeLabels, nodeStatus, staleAllocatable, type Machine } from './node-object.ts';

/** Namespace of the leases by which nodes say that they live. */
const LEASE_NAMESPACE = 'kube-node-lease';
/** Life of a lease, and how often it is renewed: the kubelet's values. */
const LEASE_SECONDS = 40;
const LEASE_RENEW_MS = 10_000;
/** How often the whole status is written although nothing changed. */
const STATUS_MS = 60_000;
/** How often an unready network is looked at: the agent writes its CNI configuration when it can. */
const NETWORK_POLL_MS = 250;

/** Registers the node, and keeps its status and lease fresh until the signal aborts. */
export async function keepNode(options: KubeletOptions, signal: AbortSignal): Promise<void> {
  const machine = readMachine();
  await retrying(options, signal, () => register(options, machine));
  const name = options.nodeName;
  const nodes = options.informers.informer(NODES, { fieldSelector: `metadata.name=${name}` });
  const copy = (node: Node): Promise<void> => copyExtended(options, node, signal);
  const unsubscribe = nodes.subscribe(({ type, object }) => {
    if (type !== 'deleted') void copy(object);
  });
  signal.addEventListener('abort', unsubscribe, { once: true });
  void every(options, { periodMs: LEASE_RENEW_MS, signal }, () => renewLease(options));
  void every(options, { periodMs: STATUS_MS, signal }, () =>
    writeStatus(options, machine, nodes.get({ name })),
  );
  void untilNetworkReady(options, signal).then(() =>
    retrying(options, signal, () => writeStatus(options, machine, nodes.get({ name }))),
  );
}

async function register(options: KubeletOptions, machine: Machine): Promise<void> {
  const { kube, clock, nodeName } = options;
  const facts = { networkReady: await networkReady(options), nowMs: clock.nowMs() };
  const node = newNode(options, machine, facts);
  try {
    await kube.create(NODES, node);
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error;
    const body = { metadata: { labels: nodeLabels(options, machine) } };
    await kube.patch(NODES, { name: nodeName }, { type: 'merge', body });
  }
  await writeStatus(options, machine, await kube.get(NODES, { name: nodeName }));
}

async function writeStatus(
  options: KubeletOptions,
  machine: Machine,
  before: Node | undefined,
): Promise<void> {
  const { kube, clock, nodeName } = options;
  const facts = { networkReady: await networkReady(options), nowMs: clock.nowMs(), before };
  const body = { status: nodeStatus(options, machine, facts) };
  await kube.patch(NODES, { name: nodeName }, { type: 'strategic', subresource: 'status', body });
}

async function networkReady({ cni }: KubeletOptions): Promise<boolean> {
  return (await loadCniConfig(cni.confDir)).ok;
}

async function untilNetworkReady(options: KubeletOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await networkReady(options)))
    await options.clock.sleep(NETWORK_POLL_MS, signal).catch(() => undefined);
}

/** Reacts to the watch: a pod may wait for the resource at this very moment. */
async function copyExtended(
  options: KubeletOptions,
  node: Node,
  signal: AbortSignal,
): Promise<void> {
  const allocatable = staleAllocatable(node);
  if (Object.keys(allocatable).length === 0) return;
  const key = { name: node.metadata.name };
  const body = { status: { allocatable } };
  await retrying(options, signal, async () => {
    await options.kube.patch(NODES, key, { type: 'merge', subresource: 'status', body });
  });
}

async function renewLease({ kube, clock, nodeName }: KubeletOptions): Promise<void> {
  const key = { name: nodeName, namespace: LEASE_NAMESPACE };
  const renewTime = new Date(clock.nowMs()).toISOString().replace('Z', '000Z');
  try {
    await kube.patch(LEASES, key, { type: 'merge', body: { spec: { renewTime } } });
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
    const spec = { holderIdentity: nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    await kube.create(LEASES, { metadata: key, spec });
  }
}

async function every(
  options: KubeletOptions,
  { periodMs, signal }: { readonly periodMs: number; readonly signal: AbortSignal },
  action: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await action().catch((error: unknown) => {
      if (!signal.aborted)
        options.log.warn('Node not kept fresh; will retry', { error: String(error) });
    });
    await options.clock.sleep(periodMs, signal).catch(() => undefined);
  }
}

async function retrying(
  options: KubeletOptions,
  signal: AbortSignal,
  action: () => Promise<void>,
): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    try {
      await action();
      return;
    } catch (error) {
      failures++;
      options.log.warn('Node not written; will retry', { failures, error: String(error) });
      await options.clock.sleep(backoffMs(failures), signal).catch(() => undefined);
    }
  }
}
