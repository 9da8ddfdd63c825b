import { join } from 'node:path';
import { PODS, type Pod } from '../../../api/core/pod.ts';
import { createNetwork } from '../../../io/network.ts';
import { writeTools } from '../../images/runtime.real.ts';
import type { PodRuntime } from '../pod-runtime.ts';
import { createEventRecorder } from '../../../api/event-recorder.ts';
import { keepNode } from './node/registrar.ts';
import type { KubeletOptions } from './options.ts';
import type { PodContext } from './pod/context.ts';
import { destroySandbox, forgetSandbox, leftoverSandboxes } from './pod/sandbox.ts';
import { PodWorker } from './pod/worker.ts';
import { createPodRuntime } from './runtime.ts';

/** A running kubelet. */
export interface Kubelet {
  readonly runtime: PodRuntime;
  /** Kills all processes of its pods and removes their namespaces; pods stay in the API. */
  close(): Promise<void>;
}

/**
 * The agent of one node: registers it, and runs the pods bound to it as processes of this machine,
 * each pod in its own network namespace. Differences from a real kubelet that matter: no images, no
 * volumes, no cgroups, no file-system or process isolation. A kubelet that is started again on the
 * same state removes what the earlier one left and starts its pods anew; it adopts nothing.
 */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const context: PodContext = {
    options,
    network: options.network ?? createNetwork(),
    events: createEventRecorder({ ...options, component: 'kubelet', host: options.nodeName }),
    toolsFolder: writeTools(join(options.stateDir, 'tools')),
  };
  const closing = new AbortController();
  await removeLeftovers(context);
  const workers = new Map<string, PodWorker>();
  await keepNode(options, closing.signal);
  const pods = options.informers.informer(PODS, {
    fieldSelector: `spec.nodeName=${options.nodeName}`,
  });
  const unsubscribe = pods.subscribe(({ type, object }) => {
    const uid = object.metadata.uid ?? '';
    const worker = workers.get(uid);
    if (type === 'deleted') worker?.gone();
    else if (worker) worker.update(object);
    else if (!closing.signal.aborted) start(workers, { context, pod: object }, closing.signal);
  });
  const find = (namespace: string, name: string): PodWorker | undefined =>
    [...workers.values()].findLast(
      ({ pod }) => pod.metadata.name === name && pod.metadata.namespace === namespace,
    );
  return {
    runtime: createPodRuntime(options, find),
    async close() {
      unsubscribe();
      closing.abort();
      await Promise.all([...workers.values()].map((worker) => worker.done));
      await context.events.flush();
    },
  };
}

function start(
  workers: Map<string, PodWorker>,
  { context, pod }: { readonly context: PodContext; readonly pod: Pod },
  closing: AbortSignal,
): void {
  const uid = pod.metadata.uid ?? '';
  const worker = new PodWorker(context, pod, closing);
  workers.set(uid, worker);
  worker.done.then(
    () => workers.delete(uid),
    (error: unknown) =>
      context.options.log.error('Pod worker broke', { uid, error: String(error) }),
  );
}

async function removeLeftovers(context: PodContext): Promise<void> {
  for (const sandbox of await leftoverSandboxes(context)) {
    const { pod } = sandbox;
    context.options.log.info('Removing a sandbox of an earlier kubelet', { pod: pod.name });
    try {
      await destroySandbox(context, sandbox);
    } catch (error) {
      context.options.log.warn('The CNI plugin did not let go', { error: String(error) });
      await forgetSandbox(context, sandbox);
    }
  }
}
