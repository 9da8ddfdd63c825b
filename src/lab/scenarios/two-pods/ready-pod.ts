import type { KubeClient } from '../../../api/client.ts';
import { EVENTS } from '../../../api/core/event.ts';
import { PODS, type Pod } from '../../../api/core/pod.ts';
import type { Clock } from '../../../base/clock.ts';
import { DEMO_NAMESPACE } from './manifests.ts';
import type { DemoPod } from './probe.ts';

const LIMIT_MS = 30_000;
const PAUSE_MS = 50;

/**
 * Waits for a ready pod with label app=<name>. Fails after 30 s with the pod's last events, which
 * say what it waits for.
 */
export async function readyPod(
  deps: { readonly kube: KubeClient; readonly clock: Clock; readonly signal: AbortSignal },
  name: string,
): Promise<DemoPod> {
  const deadlineMs = deps.clock.monotonicMs() + LIMIT_MS;
  const where = { namespace: DEMO_NAMESPACE, labelSelector: `app=${name}` };
  while (deps.clock.monotonicMs() < deadlineMs) {
    const { items } = await deps.kube.list(PODS, where);
    const ready = items.find(isReady);
    if (ready) return demoPod(name, ready);
    await deps.clock.sleep(PAUSE_MS, deps.signal);
  }
  throw new Error(
    `No pod of ${name} was ready within ${LIMIT_MS / 1000} s. ${await lastEvents(deps.kube, name)}`,
  );
}

function isReady(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  const condition = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return condition?.status === 'True' && pod.status?.podIP !== undefined;
}

function demoPod(label: string, pod: Pod): DemoPod {
  return {
    label,
    name: pod.metadata.name,
    namespace: DEMO_NAMESPACE,
    ip: pod.status?.podIP ?? '',
  };
}

async function lastEvents(kube: KubeClient, name: string): Promise<string> {
  const { items } = await kube.list(EVENTS, { namespace: DEMO_NAMESPACE });
  const about = items.filter(({ involvedObject }) => involvedObject.name.startsWith(name));
  const lines = about.slice(-5).map((event) => `${event.reason}: ${event.message}`);
  return lines.length > 0 ? `Last events: ${lines.join('; ')}` : 'It has no events.';
}
