import type { IamPolicy } from '../../api/iam/policy.ts';
import type { IamRole } from '../../api/iam/role.ts';
import type { IamUser } from '../../api/iam/user.ts';
import type { Principal, Session } from '../auth/principal.ts';
import type { NamedPolicy } from './evaluate.ts';
import { iamObjectName, type IamStore } from './iam-store.ts';
import { awsPolicy } from './managed-policies.ts';
import { parsePolicy } from './policy-document.ts';

/** The user or role behind a principal; undefined when it is gone. */
export function identityOf(iam: IamStore, principal: Principal): IamRole | IamUser | undefined {
  const name = iamObjectName(principal.accountId, principal.name);
  if (principal.kind === 'role') return iam.roles.get(name);
  return principal.kind === 'user' ? iam.users.get(name) : undefined;
}

/**
 * The layers of policies that a request of the principal must pass. A document that cannot be read
 * any more allows nothing.
 */
export function layersOf(iam: IamStore, principal: Principal): readonly (readonly NamedPolicy[])[] {
  const spec = identityOf(iam, principal)?.spec;
  const layers = [
    [...inline(spec?.inlinePolicies), ...managed(iam, spec?.attachedPolicies)],
    spec?.permissionsBoundary && managed(iam, [spec.permissionsBoundary]),
    principal.session && sessionLayer(iam, principal.session),
  ];
  return layers.filter((layer) => typeof layer === 'object');
}

function inline(documents: Readonly<Record<string, string>> = {}): NamedPolicy[] {
  return Object.entries(documents).flatMap(([name, text]) => named(name, 'IAM Policy', text));
}

/** Undefined when nothing narrows down the session. */
function sessionLayer(
  iam: IamStore,
  { policies = [], policyArns = [] }: Session,
): NamedPolicy[] | undefined {
  if (policies.length + policyArns.length === 0) return undefined;
  const own = policies.flatMap((text) => named('Session policy', 'Session Policy', text));
  return [...own, ...managed(iam, policyArns)];
}

/** The document of a managed policy, AWS's or a customer's; undefined when there is none. */
export function managedDocument(iam: IamStore, arn: string): string | undefined {
  const aws = awsPolicy(arn);
  if (aws !== undefined) return aws.document;
  const policy = customerPolicy(iam, arn);
  const { versions = [], defaultVersionId } = policy?.spec ?? {};
  return versions.find(({ versionId }) => versionId === defaultVersionId)?.document;
}

/** The customer's policy with this ARN. */
export function customerPolicy(iam: IamStore, arn: string): IamPolicy | undefined {
  const [, account = '', path = '', name = ''] =
    /^arn:aws:iam::(\d{12}):policy(\/(?:.*\/)?)([^/]+)$/.exec(arn) ?? [];
  const policy = iam.policies.get(iamObjectName(account, name));
  return policy?.spec.path === path && policy.spec.name === name ? policy : undefined;
}

function managed(iam: IamStore, arns: readonly string[] = []): NamedPolicy[] {
  return arns.flatMap((arn) => named(arn, 'IAM Policy', managedDocument(iam, arn) ?? ''));
}

function named(id: string, type: string, text: string): NamedPolicy[] {
  const policy = parsePolicy(text);
  return policy.ok ? [{ id, type, policy: policy.value }] : [];
}
