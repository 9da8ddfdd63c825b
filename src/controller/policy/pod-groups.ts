import { PODS, type Pod } from '../../api/core/pod.ts';
import type { GroupId } from '../../base/ids.ts';
import type { ControllerDeps } from '../deps.ts';
import type { ManagedNode } from '../node/managed-node.ts';
import { selectGroups } from './selection.ts';

/** Selection could not be decided; the pod gets nothing until it can be (DESIGN: D8). */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
  readonly retry = 'backoff';
}

/** The groups that a new branch of the pod is to wear; tells the pod (events of 3.11). */
export async function groupsForPod(
  deps: Pick<ControllerDeps, 'kube' | 'events'>,
  node: ManagedNode,
  pod: Pod,
): Promise<readonly GroupId[]> {
  const groupIds = await selectedGroups(deps, pod);
  if (groupIds.length === 0) {
    deps.events.record(PODS, pod, {
      type: 'Warning',
      reason: 'SecurityGroupRequested',
      message:
        "Pod will get the instance security group as the pod didn't match any Security Group from SecurityGroupPolicy",
    });
    return node.instanceGroups;
  }
  deps.events.record(PODS, pod, {
    type: 'Normal',
    reason: 'SecurityGroupRequested',
    message: `Pod will get the following Security Groups [${groupIds.join(' ')}]`,
  });
  return groupIds;
}

/** The groups that the policies give the pod now; empty when none matches. */
export async function selectedGroups(
  { kube }: Pick<ControllerDeps, 'kube'>,
  pod: Pod,
): Promise<readonly GroupId[]> {
  const selected = await selectGroups(kube, pod);
  if (selected.ok) return selected.value.groupIds;
  throw new SelectionError(selected.error.message);
}
