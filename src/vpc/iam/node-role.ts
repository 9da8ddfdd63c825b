import { newIamId } from '../auth/new-keys.ts';
import { nowText, type Services } from '../context.ts';
import { iamObjectName } from './iam-store.ts';

/** Name of the role of nodes and of its instance profile, as EKS's guides have it. */
export const NODE_ROLE_NAME = 'AmazonEKSNodeRole';
/** What EKS wants a node's role to have where the VPC CNI uses it. */
const POLICIES = ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy'];
const TRUST_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
  ],
});

/** Gives accounts the role of nodes and its instance profile, where they have none. */
export async function seedNodeRole(
  services: Services,
  accountIds: readonly string[],
): Promise<void> {
  const { roles, profiles } = services.store.iam;
  for (const account of accountIds) {
    const metadata = { name: iamObjectName(account, NODE_ROLE_NAME) };
    const base = { account, path: '/', name: NODE_ROLE_NAME, createdAt: nowText(services) };
    if (roles.get(metadata.name) === undefined)
      await roles.create({
        metadata,
        spec: {
          ...base,
          uniqueId: newIamId(services.random, 'AROA'),
          trustPolicy: TRUST_POLICY,
          attachedPolicies: POLICIES.map((name) => `arn:aws:iam::aws:policy/${name}`),
        },
      });
    if (profiles.get(metadata.name) === undefined)
      await profiles.create({
        metadata,
        spec: {
          ...base,
          uniqueId: newIamId(services.random, 'AIPA'),
          roleName: NODE_ROLE_NAME,
        },
      });
  }
}
