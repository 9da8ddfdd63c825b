import { holds } from './evaluate-conditions.ts';
import { matches, type Facts } from './evaluate-match.ts';
import type { Policy, Statement } from './policy-document.ts';

/**
 * IAM's rule in one place: a matching Deny anywhere refuses; otherwise every layer must have a
 * matching Allow; what nobody allows is refused. Layers are the policies of the identity, its
 * permissions boundary and the policies of its session.
 */
export interface Decision {
  readonly effect: 'allow' | 'explicit-deny' | 'implicit-deny';
  /** The statements that decided it: the Denies, or the Allows of the first layer. */
  readonly matched: readonly MatchedStatement[];
}

/** A policy with the name under which messages mention it. */
export interface NamedPolicy {
  readonly id: string;
  readonly type: string;
  readonly policy: Policy;
}

/** Where a decision came from. */
export interface MatchedStatement {
  readonly source: NamedPolicy;
  readonly statement: Statement;
}

/** What somebody wants to do: one action on one resource. */
export interface AccessRequest {
  /** `ec2:CreateTags`. */
  readonly action: string;
  /** ARN, or `*` for actions that have no resource. */
  readonly resource: string;
  /** What conditions can ask about. */
  readonly facts: Facts;
}

/** Decides. Pure; the order of policies and statements makes no difference. */
export function evaluate(
  layers: readonly (readonly NamedPolicy[])[],
  request: AccessRequest,
): Decision {
  const matched = layers.map((layer) => layer.flatMap((source) => matching(source, request)));
  const denies = matched.flat().filter(({ statement }) => statement.effect === 'Deny');
  if (denies.length > 0) return { effect: 'explicit-deny', matched: denies };
  const allowed = matched.length > 0 && matched.every((layer) => layer.length > 0);
  return allowed
    ? { effect: 'allow', matched: matched[0] ?? [] }
    : { effect: 'implicit-deny', matched: [] };
}

function matching(source: NamedPolicy, request: AccessRequest): MatchedStatement[] {
  const variables = source.policy.version === '2012-10-17' ? request.facts : undefined;
  return statementsAbout(source.policy, request.action)
    .filter((statement) => applies(statement, request, variables))
    .map((statement) => ({ source, statement }));
}

/** Actions that are remembered of one policy. */
const MAX_ACTIONS = 1_000;

const about = new WeakMap<Policy, Map<string, readonly Statement[]>>();

/**
 * The statements of a policy that are about an action. Worked out once per policy: policies are
 * never changed in place, and the same document is the same policy for as long as it is in use.
 */
function statementsAbout(policy: Policy, action: string): readonly Statement[] {
  const known = about.get(policy) ?? new Map<string, readonly Statement[]>();
  about.set(policy, known);
  const before = known.get(action);
  if (before !== undefined) return before;
  const found = policy.statements.filter((statement) => names(statement, action.toLowerCase()));
  if (known.size >= MAX_ACTIONS) known.clear();
  known.set(action, found);
  return found;
}

function names({ actions, notActions }: Statement, wanted: string): boolean {
  return actions.some((each) => matches(each.toLowerCase(), wanted)) !== notActions;
}

/** Whether resource and conditions of a statement fit. */
function applies(
  statement: Statement,
  { resource, facts }: AccessRequest,
  variables: Facts | undefined,
): boolean {
  const covered = statement.resources.some((each) => matches(each, resource, variables));
  if (covered === statement.notResources) return false;
  return conditionsHold(statement, facts, variables);
}

function conditionsHold(
  { conditions }: Statement,
  facts: Facts,
  variables: Facts | undefined,
): boolean {
  return conditions.every((condition) => holds(condition, facts, variables));
}

/** Who asks to assume a role. */
export interface TrustRequest {
  readonly action: string;
  readonly type: 'AWS' | 'Federated' | 'Service';
  /** The ARNs of the caller itself: of a session, and of its role. */
  readonly names: readonly string[];
  /** ARN of the caller's account, which a trust policy can name instead. */
  readonly account?: string;
  readonly facts: Facts;
}

/** How a trust policy takes a caller: `direct` names it, `account` only names its account. */
export type Trust = 'direct' | 'account' | 'deny';

/**
 * What a role's trust policy says. When it only names the account, the caller's own policies
 * decide.
 */
export function evaluateTrust(policy: Policy, request: TrustRequest): Trust {
  const variables = policy.version === '2012-10-17' ? request.facts : undefined;
  const fitting = statementsAbout(policy, request.action).filter((statement) =>
    conditionsHold(statement, request.facts, variables),
  );
  const all = request.account === undefined ? request.names : [...request.names, request.account];
  const takes = (effect: Statement['effect'], names: readonly string[]): boolean =>
    fitting.some((each) => each.effect === effect && means(each, request.type, names));
  if (takes('Deny', all)) return 'deny';
  if (takes('Allow', request.names)) return 'direct';
  return takes('Allow', all) ? 'account' : 'deny';
}

function means(
  { principals, notPrincipals }: Statement,
  type: TrustRequest['type'],
  names: readonly string[],
): boolean {
  const named = principals.some(
    (principal) =>
      principal.type === type &&
      (principal.value === '*' || names.some((name) => samePrincipal(principal.value, name))),
  );
  return named !== notPrincipals;
}

/** `111122223333` stands for `arn:aws:iam::111122223333:root`. */
function samePrincipal(written: string, name: string): boolean {
  return (/^\d{12}$/.test(written) ? `arn:aws:iam::${written}:root` : written) === name;
}
