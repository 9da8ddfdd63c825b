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
  const identity = identityOf(iam, principal);
  const own = identity === undefined ? [[]] : ownLayers(iam, identity);
  const narrower = principal.session && sessionLayer(iam, principal.session);
  return narrower === undefined ? own : [...own, narrower];
}

type Layers = readonly (readonly NamedPolicy[])[];

const kept = new WeakMap<IamRole | IamUser, { readonly seen: Seen; readonly layers: Layers }>();

/** The customer's policies that an identity has; AWS's do not change. */
type Seen = readonly (IamPolicy | undefined)[];

/**
 * The layers of an identity itself, made once. Any change of the identity, as of what is attached,
 * is a new object; any change of a customer's policy as well.
 */
function ownLayers(iam: IamStore, identity: IamRole | IamUser): Layers {
  const { spec } = identity;
  const boundary = spec.permissionsBoundary;
  const arns = [...(spec.attachedPolicies ?? []), ...(boundary === undefined ? [] : [boundary])];
  const seen = arns.map((arn) => (awsPolicy(arn) ? undefined : customerPolicy(iam, arn)));
  const before = kept.get(identity);
  if (before?.seen.every((each, i) => each === seen[i])) return before.layers;
  const layers = [
    [...inline(spec.inlinePolicies), ...managed(iam, spec.attachedPolicies)],
    ...(boundary === undefined ? [] : [managed(iam, [boundary])]),
  ];
  kept.set(identity, { seen, layers });
  return layers;
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
