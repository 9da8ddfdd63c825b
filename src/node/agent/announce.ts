import type { KubeClient } from '../../api/client.ts';
import { CNI_NODES, type CniNode, type CniNodeFeature } from '../../api/cni-node.ts';
import { FEATURE_SECURITY_GROUPS } from '../../api/names.ts';
import { INSTANCES } from '../../api/vpc/instance.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';

/** What telling the cluster about this host needs. */
export interface AnnounceDeps {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

/**
 * Adds the feature SecurityGroupsForPods to the node's CNINode (spec 5.2), for as long as it takes
 * until the controller has made that object.
 */
export function requestSecurityGroups(nodeName: string, deps: AnnounceDeps): Promise<void> {
  return untilDone('request security groups for pods', deps, async () => {
    const node = await deps.kube.get(CNI_NODES, { name: nodeName });
    if (!node) return false;
    const features = withFeature(node);
    if (features === undefined) return true;
    const { resourceVersion } = node.metadata;
    await deps.kube.patch(
      CNI_NODES,
      { name: nodeName },
      { type: 'merge', body: { metadata: { resourceVersion }, spec: { features } } },
    );
    return true;
  });
}

/** The features with ours among them; undefined when nothing has to change. */
export function withFeature(node: CniNode): readonly CniNodeFeature[] | undefined {
  const features = node.spec?.features ?? [];
  const ours = { name: FEATURE_SECURITY_GROUPS, value: '' };
  const known = features.find((one) => one.name === ours.name);
  if (known && (known.value ?? '') === '') return undefined;
  return [...features.filter((one) => one !== known), ours];
}

/** Publishes where other fabrics reach this one; tried until it succeeds. */
export function publishTunnel(
  instanceId: string,
  tunnel: { readonly tunnelAddress: string; readonly tunnelMac: string },
  deps: AnnounceDeps,
): Promise<void> {
  return untilDone('publish the tunnel address', deps, async () => {
    const instance = await deps.kube.get(INSTANCES, { name: instanceId });
    if (!instance) return false;
    const { tunnelAddress, tunnelMac } = instance.status ?? {};
    if (tunnelAddress === tunnel.tunnelAddress && tunnelMac === tunnel.tunnelMac) return true;
    await deps.kube.patch(
      INSTANCES,
      { name: instanceId },
      { type: 'merge', body: { status: tunnel }, subresource: 'status' },
    );
    return true;
  });
}

async function untilDone(
  what: string,
  { clock, log, signal }: AnnounceDeps,
  attempt: () => Promise<boolean>,
): Promise<void> {
  let waitMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    try {
      if (await attempt()) return;
    } catch (error) {
      log.warn('Announcement failed', { what, error });
    }
    await clock.sleep(waitMs, signal).catch(() => {});
    waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS);
  }
}
