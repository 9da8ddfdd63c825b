import type { Informer } from '../../api/informer.ts';
import { PODS, type Pod } from '../../api/core/pod.ts';
import type { ServiceAccount } from '../../api/core/service-account.ts';
import type { SecurityGroupPolicy } from '../../api/security-group-policy.ts';
import type { GroupId } from '../../base/ids.ts';
import { matchingGroups, sameGroups } from '../../policy/match.ts';
import type { Entry } from '../branch-pool/ledger.ts';
import type { ControllerDeps } from '../deps.ts';
import type { ManagedNode } from '../node/managed-node.ts';
import { selectedGroups } from './pod-groups.ts';

/** What live updates read. */
export interface KeepGroupsDeps extends ControllerDeps {
  readonly policies: Informer<SecurityGroupPolicy>;
  readonly serviceAccounts: Informer<ServiceAccount>;
}

/**
 * Makes the branches of a running pod wear the groups that the policies say now (DESIGN: D9). The
 * cache only tells whether to look: what is applied comes from the API server, so that a cache that
 * lags cannot put old groups back. A pod that no policy matches any more wears what a new pod that
 * asks for a branch would: the groups of the instance.
 */
export async function keepGroups(deps: KeepGroupsDeps, node: ManagedNode, pod: Pod): Promise<void> {
  const entries = node.ledger.ofPod(pod.metadata.uid ?? '');
  if (!entries.some((entry) => differs(entry, cachedGroups(deps, node, pod)))) return;
  const selected = await selectedGroups(deps, pod);
  const wanted = selected.length > 0 ? selected : node.instanceGroups;
  for (const entry of entries) {
    if (differs(entry, wanted)) await apply(deps, { node, pod, entry, wanted });
  }
}

function differs(
  { branch, state, groupIds }: Entry,
  wanted: readonly GroupId[] | undefined,
): boolean {
  if (!branch || state !== 'assigned') return false;
  return wanted === undefined || !sameGroups(groupIds, wanted);
}

/** Undefined when the cache cannot tell. */
function cachedGroups(
  { policies, serviceAccounts }: KeepGroupsDeps,
  node: ManagedNode,
  pod: Pod,
): readonly GroupId[] | undefined {
  const { namespace } = pod.metadata;
  const name = pod.spec.serviceAccountName ?? '';
  const matched = matchingGroups({
    pod,
    serviceAccount: serviceAccounts.get({ name, namespace }),
    policies: policies.list(),
  });
  if (!matched.ok) return undefined;
  return matched.value.groupIds.length > 0 ? matched.value.groupIds : node.instanceGroups;
}

async function apply(
  deps: KeepGroupsDeps,
  change: {
    readonly node: ManagedNode;
    readonly pod: Pod;
    readonly entry: Entry;
    readonly wanted: readonly GroupId[];
  },
): Promise<void> {
  const { node, pod, entry, wanted } = change;
  const eniId = entry.branch?.eniId ?? '';
  try {
    await deps.ec2.modifyNetworkInterfaceAttribute({
      NetworkInterfaceId: eniId,
      Groups: [...wanted],
    });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    deps.events.record(PODS, pod, {
      type: 'Warning',
      reason: 'SecurityGroupsUpdateFailed',
      message: `Pod keeps the Security Groups [${entry.groupIds.join(' ')}]: cannot change to [${wanted.join(' ')}]: ${text}`,
    });
    throw error;
  }
  // The pod may have ended meanwhile; its branch is then somebody else's to touch.
  if (node.ledger.entry(entry.slot)?.state === 'assigned') node.ledger.wears(entry.slot, wanted);
  deps.log.info('Groups of a running pod changed', { pod: pod.metadata.name, eniId, wanted });
  deps.events.record(PODS, pod, {
    type: 'Normal',
    reason: 'SecurityGroupsUpdated',
    message: `Pod has the following Security Groups now [${wanted.join(' ')}]`,
  });
}
