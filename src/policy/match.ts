import type { Pod } from '../api/core/pod.ts';
import type { ServiceAccount } from '../api/core/service-account.ts';
import type { LabelSelector } from '../api/meta.ts';
import type { SecurityGroupPolicy } from '../api/security-group-policy.ts';
import type { GroupId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { matchesSelector, selectorProblems } from './selector.ts';

/** What selection looks at. Policies of other namespaces may be among them; they never match. */
export interface MatchInput {
  readonly pod: Pick<Pod, 'metadata' | 'spec'>;
  /** Undefined when there is no such ServiceAccount. */
  readonly serviceAccount: ServiceAccount | undefined;
  readonly policies: readonly SecurityGroupPolicy[];
}

/** The groups of a pod, and where they come from. */
export interface MatchResult {
  /** Union over the matching policies, in order of policy name; each group once. Empty: no match. */
  readonly groupIds: readonly GroupId[];
  /** Names of the matching policies, sorted. */
  readonly policyNames: readonly string[];
  /** Policies of the namespace that can match nothing, and why. */
  readonly problems: readonly PolicyProblem[];
}

/** Why a policy is ignored, or one of its selectors never matches. */
export interface PolicyProblem {
  readonly policyName: string;
  readonly kind: 'no-selector' | 'no-groups' | 'bad-selector';
  /** Path in the policy, such as `spec.podSelector.matchExpressions[0].operator`. */
  readonly path: string;
  readonly message: string;
}

/** Selection could not be decided; the caller must not let the pod run without its groups. */
export interface MatchFailure {
  readonly kind: 'service-account-missing';
  readonly serviceAccountName: string;
  readonly message: string;
}

/**
 * Which groups a pod gets (spec: eks-behaviour 1.5). A policy matches when each of its selectors
 * that is not null matches; `{}` matches everything; a policy without selectors or without groups
 * is ignored. Unlike EKS, the ServiceAccount may be missing as long as no policy asks for it
 * (section 9), and the order between policies is defined: by name.
 */
export function matchingGroups(input: MatchInput): Result<MatchResult, MatchFailure> {
  const policies = input.policies
    .filter(({ metadata }) => metadata.namespace === input.pod.metadata.namespace)
    .toSorted((left, right) => compareText(left.metadata.name, right.metadata.name));
  const usable = policies.filter((policy) => shapeProblem(policy) === undefined);
  const asksForServiceAccount = usable.some(
    ({ spec }) => (spec?.serviceAccountSelector ?? null) !== null,
  );
  if (asksForServiceAccount && input.serviceAccount === undefined) {
    return err(serviceAccountMissing(input));
  }
  const matching = usable.filter((policy) => matches(policy, input));
  return ok({
    groupIds: [...new Set(matching.flatMap(({ spec }) => spec?.securityGroups?.groupIds ?? []))],
    policyNames: [...new Set(matching.map(({ metadata }) => metadata.name))],
    problems: policies.flatMap(policyProblems),
  });
}

/** Everything that keeps a policy, or one of its selectors, from ever matching. */
export function policyProblems(policy: SecurityGroupPolicy): readonly PolicyProblem[] {
  const shape = shapeProblem(policy);
  return [...(shape ? [shape] : []), ...badSelectors(policy)];
}

/** Whether two lists name the same groups; order and repetition do not matter. */
export function sameGroups(left: readonly GroupId[], right: readonly GroupId[]): boolean {
  const ours = new Set(left);
  const theirs = new Set(right);
  return ours.size === theirs.size && [...ours].every((id) => theirs.has(id));
}

function matches({ spec }: SecurityGroupPolicy, input: MatchInput): boolean {
  const podSelector = spec?.podSelector ?? null;
  const accountSelector = spec?.serviceAccountSelector ?? null;
  return (
    (podSelector === null || matchesSelector(podSelector, input.pod.metadata.labels)) &&
    (accountSelector === null ||
      matchesSelector(accountSelector, input.serviceAccount?.metadata.labels))
  );
}

function shapeProblem(policy: SecurityGroupPolicy): PolicyProblem | undefined {
  const policyName = policy.metadata.name;
  const { podSelector, serviceAccountSelector, securityGroups } = policy.spec ?? {};
  if (!podSelector && !serviceAccountSelector) {
    const message = 'set podSelector, serviceAccountSelector or both; {} selects everything';
    return { policyName, kind: 'no-selector', path: 'spec', message };
  }
  if (!securityGroups?.groupIds?.length) {
    const path = 'spec.securityGroups.groupIds';
    return { policyName, kind: 'no-groups', path, message: 'name at least one security group' };
  }
  return undefined;
}

function badSelectors({ metadata, spec }: SecurityGroupPolicy): readonly PolicyProblem[] {
  const selectors: readonly (readonly [string, LabelSelector | null | undefined])[] = [
    ['spec.podSelector', spec?.podSelector],
    ['spec.serviceAccountSelector', spec?.serviceAccountSelector],
  ];
  return selectors.flatMap(([path, selector]) =>
    selectorProblems(selector ?? {}).map((problem) => ({
      policyName: metadata.name,
      kind: 'bad-selector' as const,
      path: `${path}.${problem.path}`,
      message: problem.message,
    })),
  );
}

function serviceAccountMissing({ pod }: MatchInput): MatchFailure {
  const name = pod.spec.serviceAccountName ?? '';
  const namespace = pod.metadata.namespace ?? '';
  return {
    kind: 'service-account-missing',
    serviceAccountName: name,
    message: `serviceaccounts "${name}" not found in namespace "${namespace}"`,
  };
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
