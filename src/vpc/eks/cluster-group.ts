import { newId } from '../../base/ids.ts';
import { randomHex } from '../../base/random.ts';
import type { Call } from '../context.ts';
import { defaultEgressRules } from '../rules/defaults.ts';
import type { Store } from '../store/store.ts';

/** The tag of such groups; users cannot set tags that begin with `aws:`. */
const CLUSTER_TAG = 'aws:eks:cluster-name';

/**
 * The security group that EKS makes with a cluster: all traffic among its members, all traffic out.
 * It is written before the cluster; `sweepClusterGroups` removes one whose cluster never came.
 */
export async function createClusterGroup(
  call: Call,
  { name, vpcId }: { readonly name: string; readonly vpcId: string },
): Promise<string> {
  const groupId = newId(call.random, 'sg');
  const number = BigInt(`0x${randomHex(call.random, 8)}`);
  await call.store.groups.create({
    metadata: { name: groupId },
    spec: {
      account: call.accountId,
      vpcId,
      groupName: `eks-cluster-sg-${name}-${number}`,
      description:
        'EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.',
      rules: [
        ...defaultEgressRules(call.random, call.store.vpcs.must(vpcId)),
        {
          ruleId: newId(call.random, 'sgr'),
          isEgress: false,
          ipProtocol: '-1',
          referencedGroupId: groupId,
          referencedAccount: call.accountId,
        },
      ],
      tags: {
        [CLUSTER_TAG]: name,
        [`kubernetes.io/cluster/${name}`]: 'owned',
        Name: `eks-cluster-sg-${name}`,
      },
    },
  });
  return groupId;
}

/** Deletes the group unless interfaces wear it or rules of other groups refer to it. */
export async function deleteClusterGroup(
  store: Store,
  groupId: string | undefined,
): Promise<boolean> {
  if (groupId === undefined) return false;
  return store.locks.hold({ exclusive: [groupId] }, async () => {
    if (store.groups.get(groupId) === undefined) return false;
    const referring = store.groups.table.by('reference', groupId);
    const used = store.interfaces.table.count('group', groupId) > 0;
    if (used || referring.some(({ metadata }) => metadata.name !== groupId)) return false;
    await store.groups.remove(groupId);
    return true;
  });
}

/** Removes the groups of clusters that were not finished, or are gone; answers their ids. */
export async function sweepClusterGroups(store: Store): Promise<readonly string[]> {
  const owned = new Set(
    Array.from(store.clusters.table.values(), ({ spec }) => spec.clusterSecurityGroupId),
  );
  const left = Array.from(store.groups.table.values()).filter(
    ({ metadata, spec }) => spec.tags?.[CLUSTER_TAG] !== undefined && !owned.has(metadata.name),
  );
  const removed = await Promise.all(
    left.map(async ({ metadata: { name } }) =>
      (await deleteClusterGroup(store, name)) ? name : '',
    ),
  );
  return removed.filter((name) => name !== '');
}
