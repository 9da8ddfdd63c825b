import type { KubeClient } from '../../api/client.ts';
import type { Pod } from '../../api/core/pod.ts';
import { SERVICE_ACCOUNTS, type ServiceAccount } from '../../api/core/service-account.ts';
import { isKubeError } from '../../api/kube-error.ts';
import {
  SECURITY_GROUP_POLICIES,
  type SecurityGroupPolicy,
} from '../../api/security-group-policy.ts';
import type { Result } from '../../base/result.ts';
import { matchingGroups, type MatchFailure, type MatchResult } from '../../policy/match.ts';

/**
 * The groups of a pod by the policies as the API server has them now, not by a cache: a policy and
 * a pod that are created one right after the other must not race (DESIGN: D8). The ServiceAccount
 * is read only when a policy asks for one.
 */
export async function selectGroups(
  kube: Pick<KubeClient, 'get' | 'list'>,
  pod: Pod,
): Promise<Result<MatchResult, MatchFailure>> {
  const policies = await listPolicies(kube, pod.metadata.namespace ?? 'default');
  const asks = policies.some(({ spec }) => Boolean(spec?.serviceAccountSelector));
  const serviceAccount = asks ? await readServiceAccount(kube, pod) : undefined;
  return matchingGroups({ pod, serviceAccount, policies });
}

async function listPolicies(
  kube: Pick<KubeClient, 'list'>,
  namespace: string,
): Promise<readonly SecurityGroupPolicy[]> {
  try {
    return (await kube.list(SECURITY_GROUP_POLICIES, { namespace })).items;
  } catch (error) {
    // No CRD, no policies (spec: eks-behaviour 1.5, step 1). A namespace that is not there lists empty.
    if (isKubeError(error, 'NotFound')) return [];
    throw error;
  }
}

async function readServiceAccount(
  kube: Pick<KubeClient, 'get'>,
  pod: Pod,
): Promise<ServiceAccount | undefined> {
  const name = pod.spec.serviceAccountName ?? '';
  if (name === '') return undefined;
  return kube.get(SERVICE_ACCOUNTS, { name, namespace: pod.metadata.namespace });
}
