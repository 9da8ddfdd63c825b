import { createHash } from 'node:crypto';
import type { Call } from '../context.ts';
import { newId } from '../../base/ids.ts';
import { defaultEgressRules } from '../rules/defaults.ts';

/**
 * The security group that EKS makes with a cluster: all traffic among its members, all traffic out.
 * Its id follows from the cluster's, so that a creation tried again after a crash meets it.
 */
export async function createClusterGroup(
  call: Call,
  cluster: { readonly clusterId: string; readonly name: string; readonly vpcId: string },
): Promise<string> {
  const { clusterId, name, vpcId } = cluster;
  const digest = createHash('sha256').update(clusterId).digest('hex');
  const groupId = `sg-${digest.slice(0, 17)}`;
  await call.store.groups.create({
    metadata: { name: groupId },
    spec: {
      account: call.accountId,
      vpcId,
      groupName: `eks-cluster-sg-${name}-${BigInt(`0x${digest.slice(17, 24)}`)}`,
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
        'aws:eks:cluster-name': name,
        [`kubernetes.io/cluster/${name}`]: 'owned',
        Name: `eks-cluster-sg-${name}`,
      },
    },
  });
  return groupId;
}

/** Deletes the group unless interfaces wear it or rules of other groups refer to it. */
export async function deleteClusterGroup(call: Call, groupId: string | undefined): Promise<void> {
  if (groupId === undefined) return;
  const { store } = call;
  await store.locks.hold({ exclusive: [groupId] }, async () => {
    if (store.groups.get(groupId) === undefined) return;
    const referring = store.groups.table.by('reference', groupId);
    const used = store.interfaces.table.count('group', groupId) > 0;
    if (used || referring.some(({ metadata }) => metadata.name !== groupId)) return;
    await store.groups.remove(groupId);
  });
}
