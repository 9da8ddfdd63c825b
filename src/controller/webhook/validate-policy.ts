import type { Admission, AdmissionRequest } from '../../api/admission.ts';
import type { LabelSelector } from '../../api/meta.ts';
import type { SecurityGroupPolicy } from '../../api/security-group-policy.ts';
import { isId } from '../../base/ids.ts';
import { policyProblems } from '../../policy/match.ts';
import { labelKeyProblem, labelValueProblem } from './label-syntax.ts';

/**
 * `vsgp.vpc.k8s.aws`, ours: EKS stores a policy whose selector can never match and only logs it;
 * here it is refused with the field and the remedy. A policy without selectors or groups stays
 * accepted, as on EKS, with a warning: manifests that apply there must apply here.
 */
export function validatePolicy(
  { object, operation }: AdmissionRequest,
  knownGroups: ReadonlySet<string> | undefined,
): Admission {
  if (!object || (operation !== 'CREATE' && operation !== 'UPDATE')) return { allowed: true };
  const policy = object as SecurityGroupPolicy;
  const problems = policyProblems(policy);
  const fatal = [
    ...problems
      .filter(({ kind }) => kind === 'bad-selector')
      .map(({ path, message }) => `${path}: ${message}`),
    ...selectorsOf(policy).flatMap(([path, selector]) => syntaxProblems(path, selector)),
  ];
  if (fatal.length > 0) return { allowed: false, code: 422, message: fatal.join('; ') };
  const ignored = problems.map(({ path, message }) => `the policy is ignored: ${path}: ${message}`);
  const warnings = [...ignored, ...groupWarnings(policy, knownGroups)];
  return { allowed: true, ...(warnings.length > 0 && { warnings }) };
}

/** Well-formed group ids of a policy: those worth a look in EC2. */
export function groupIdsOf(policy: SecurityGroupPolicy): readonly string[] {
  const ids = policy.spec?.securityGroups?.groupIds ?? [];
  return [...new Set(ids)].filter((id) => isId(id, 'sg'));
}

type NamedSelector = readonly [path: string, selector: LabelSelector | null | undefined];

function selectorsOf({ spec }: SecurityGroupPolicy): readonly NamedSelector[] {
  return [
    ['spec.podSelector', spec?.podSelector],
    ['spec.serviceAccountSelector', spec?.serviceAccountSelector],
  ];
}

function syntaxProblems(path: string, selector: LabelSelector | null | undefined): string[] {
  const labels = Object.entries(selector?.matchLabels ?? {}).flatMap(([key, value]) =>
    [labelKeyProblem(key), labelValueProblem(value)].map((problem) => ({
      at: `${path}.matchLabels`,
      problem,
    })),
  );
  const expressions = (selector?.matchExpressions ?? []).flatMap(({ key, values }, index) => {
    const at = `${path}.matchExpressions[${index}]`;
    return [
      { at: `${at}.key`, problem: labelKeyProblem(key) },
      ...(values ?? []).map((value) => ({ at: `${at}.values`, problem: labelValueProblem(value) })),
    ];
  });
  return [...labels, ...expressions].flatMap(({ at, problem }) =>
    problem === undefined ? [] : [`${at}: ${problem}`],
  );
}

function groupWarnings(
  policy: SecurityGroupPolicy,
  knownGroups: ReadonlySet<string> | undefined,
): readonly string[] {
  const path = 'spec.securityGroups.groupIds';
  return [...new Set(policy.spec?.securityGroups?.groupIds ?? [])].flatMap((id) => {
    if (!isId(id, 'sg')) return [`${path}: "${id}" is not a security group id (sg-...)`];
    const unknown = knownGroups !== undefined && !knownGroups.has(id);
    return unknown ? [`${path}: there is no security group ${id} in the VPC at this moment`] : [];
  });
}
