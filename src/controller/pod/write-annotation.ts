import { PODS, type Pod } from '../../api/core/pod.ts';
import { isKubeError, KubeError } from '../../api/kube-error.ts';
import { keyOf } from '../../api/meta.ts';
import { POD_ENI } from '../../api/names.ts';
import { must } from '../../base/assert.ts';
import type { Entry } from '../branch-pool/ledger.ts';
import type { ControllerDeps } from '../deps.ts';
import type { ManagedNode } from '../node/managed-node.ts';
import { branchDetails, formatAnnotation } from './annotation.ts';

/** The kubelet writes to a pod while we do; after so many conflicts the queue takes over. */
const ATTEMPTS = 5;

/** The annotation for these entries. */
export function annotationOf(node: ManagedNode, entries: readonly Entry[]): string {
  const { subnetCidr, subnetV6Cidr } = node;
  const details = entries.map((entry) => {
    const branch = must(entry.branch, () => `Slot ${entry.slot} has no interface`);
    const vlanId = must(entry.vlanId, () => `Slot ${entry.slot} has no VLAN id`);
    return branchDetails(branch, { vlanId, subnetCidr, subnetV6Cidr });
  });
  return formatAnnotation(details);
}

/**
 * Writes the annotation of a pod that has none. The write carries the version that was read: of two
 * controllers (one that was taken for dead, and its successor) only one can tell the pod.
 */
export async function writeAnnotation(
  { kube }: Pick<ControllerDeps, 'kube'>,
  pod: Pod,
  value: string,
): Promise<void> {
  let current = pod;
  for (let attempt = 1; ; attempt += 1) {
    const { uid, resourceVersion } = current.metadata;
    const body = { metadata: { uid, resourceVersion, annotations: { [POD_ENI]: value } } };
    try {
      await kube.patch(PODS, keyOf(current), { type: 'merge', body });
      return;
    } catch (error) {
      if (!isKubeError(error, 'Conflict') || attempt >= ATTEMPTS) throw error;
    }
    current = await unannotated(kube, pod, value);
    if (current.metadata.annotations?.[POD_ENI] === value) return;
  }
}

/** The pod as it is now; throws, not to be retried, when it is not ours to tell any more. */
async function unannotated(kube: ControllerDeps['kube'], pod: Pod, value: string): Promise<Pod> {
  const { name, uid } = pod.metadata;
  const fresh = await kube.get(PODS, keyOf(pod));
  if (fresh?.metadata.uid !== uid || !fresh) {
    throw new KubeError('NotFound', `pods "${name}" not found`, { status: 404 });
  }
  const told = fresh.metadata.annotations?.[POD_ENI] ?? '';
  if (told === '' || told === value) return fresh;
  const message = `pods "${name}" has been told of another branch meanwhile`;
  throw new KubeError('Invalid', message, { status: 422 });
}
