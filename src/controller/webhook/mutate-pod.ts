import type { Admission } from '../../api/admission.ts';
import type { JsonPatchStep } from '../../api/client.ts';
import type { Container, Pod } from '../../api/core/pod.ts';
import { FARGATE_POD_SG, FARGATE_PROFILE_LABEL, OS_LABEL, POD_ENI } from '../../api/names.ts';
import { pointerSegment } from '../../api/patch.ts';
import type { Result } from '../../base/result.ts';
import type { MatchResult } from '../../policy/match.ts';

/** How a pod is treated, in the order in which it is found out (spec: eks-behaviour 2.2). */
export type PodKind = 'host-network' | 'fargate' | 'windows' | 'linux';

const LEGACY_OS_LABEL = 'beta.kubernetes.io/os';
const FORBIDDEN = 403;

/** The kind of a pod that is being created. */
export function podKind(pod: Pod): PodKind {
  if (pod.spec.hostNetwork === true) return 'host-network';
  if (Object.hasOwn(pod.metadata.labels ?? {}, FARGATE_PROFILE_LABEL)) return 'fargate';
  const { nodeSelector = {} } = pod.spec;
  const windows =
    nodeSelector[OS_LABEL] === 'windows' || nodeSelector[LEGACY_OS_LABEL] === 'windows';
  return windows ? 'windows' : 'linux';
}

/** Whether the answer depends on policies. */
export function needsPolicies(kind: PodKind): boolean {
  return kind === 'fargate' || kind === 'linux';
}

/**
 * The decision table of `mpod.vpc.k8s.aws`. The patch is minimal: fields that we do not know
 * survive. `groups` is ignored for kinds that need no policies.
 */
export function mutatePod(
  kind: PodKind,
  pod: Pod,
  groups: Result<MatchResult, { readonly message: string }>,
): Admission {
  switch (kind) {
    case 'host-network':
      return { allowed: true, message: 'SGP not supported on Pod running on HostNetwork' };
    case 'fargate':
      return mutateFargatePod(pod, groups);
    case 'windows':
      return { allowed: true };
    case 'linux':
      return mutateLinuxPod(pod, groups);
  }
}

function mutateLinuxPod(
  pod: Pod,
  groups: Result<MatchResult, { readonly message: string }>,
): Admission {
  if (!groups.ok) {
    const message = `Failed to get Matching SGP for Pods, rejecting event, error ${groups.error.message}`;
    return { allowed: false, code: FORBIDDEN, message };
  }
  const [first] = pod.spec.containers;
  if (groups.value.groupIds.length === 0 || !first) {
    return { allowed: true, message: "Pod didn't match any SGP" };
  }
  return { allowed: true, patch: resourcePatch(first) };
}

function resourcePatch({ resources }: Container): readonly JsonPatchStep[] {
  const root = '/spec/containers/0/resources';
  const unit = { [POD_ENI]: '1' };
  if (!resources) return [{ op: 'add', path: root, value: { limits: unit, requests: unit } }];
  return (['limits', 'requests'] as const).map((field) =>
    resources[field]
      ? { op: 'add', path: `${root}/${field}/${pointerSegment(POD_ENI)}`, value: '1' }
      : { op: 'add', path: `${root}/${field}`, value: unit },
  );
}

function mutateFargatePod(
  pod: Pod,
  groups: Result<MatchResult, { readonly message: string }>,
): Admission {
  if (!groups.ok) {
    const message = 'Failed to get Matching SGP for Pods, rejecting event';
    return { allowed: false, code: FORBIDDEN, message };
  }
  const { annotations } = pod.metadata;
  const path = `/metadata/annotations/${pointerSegment(FARGATE_POD_SG)}`;
  const value = groups.value.groupIds.join(',');
  if (value !== '') {
    const patch: JsonPatchStep = annotations
      ? { op: 'add', path, value }
      : { op: 'add', path: '/metadata/annotations', value: { [FARGATE_POD_SG]: value } };
    return { allowed: true, patch: [patch] };
  }
  const message = 'Fargate pod not matching any SGP';
  return Object.hasOwn(annotations ?? {}, FARGATE_POD_SG)
    ? { allowed: true, patch: [{ op: 'remove', path }] }
    : { allowed: true, message };
}
