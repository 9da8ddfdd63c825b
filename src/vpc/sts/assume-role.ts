import type { AssumeRoleRequest, AssumeRoleResponse, Tag } from '@aws-sdk/client-sts';
import type { IamRole } from '../../api/iam/role.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import type { Call, Handler } from '../context.ts';
import { decide, factsOf } from '../iam/authorize.ts';
import type { NamedFact } from '../iam/ec2-requests.ts';
import { evaluateTrust, type Trust } from '../iam/evaluate.ts';
import { parsePolicy } from '../iam/policy-document.ts';
import { principalArn } from '../iam/request-facts.ts';
import { checkSessionName, roleByArn, sessionSeconds, sessionPolicies } from './role-request.ts';
import { issueRoleSession } from './sessions.ts';

/** sts AssumeRole: the role's trust policy decides, and the caller's own policies when it leaves it to them. */
export const assumeRole: Handler<AssumeRoleRequest, AssumeRoleResponse> = (input, call) => {
  const roleArn = input.RoleArn ?? '';
  const sessionName = checkSessionName(input.RoleSessionName);
  const role = roleByArn(call, roleArn);
  if (role === undefined || !mayAssume(call, role, input)) throw notAuthorized(call, roleArn);
  const chained = call.caller.principal.kind === 'role';
  const seconds = sessionSeconds(role, input.DurationSeconds, chained);
  const tags = tagMap(input.Tags);
  const { credentials, principal } = issueRoleSession(call, role, {
    sessionName,
    seconds,
    session: compact({
      ...sessionPolicies(call, input),
      tags: Object.keys(tags).length > 0 ? tags : undefined,
      sourceIdentity: input.SourceIdentity,
    }),
  });
  return {
    Credentials: credentials,
    AssumedRoleUser: { AssumedRoleId: principal.userId, Arn: principal.arn },
    ...(input.SourceIdentity !== undefined && { SourceIdentity: input.SourceIdentity }),
  };
};

function mayAssume(call: Call, role: IamRole, input: AssumeRoleRequest): boolean {
  const needed = ['sts:AssumeRole'];
  if (input.Tags?.length) needed.push('sts:TagSession');
  if (input.SourceIdentity !== undefined) needed.push('sts:SetSourceIdentity');
  return needed.every((action) => mayDo(call, role, { action, input }));
}

function mayDo(
  call: Call,
  role: IamRole,
  { action, input }: { readonly action: string; readonly input: AssumeRoleRequest },
): boolean {
  const facts = requestFacts(input, role);
  const trust = trustOf(call, role, { action, facts });
  const { principal } = call.caller;
  if (trust === 'deny') return false;
  if (principal.kind === 'root') return true;
  const { effect } = decide(call, { action, resource: input.RoleArn ?? '', facts });
  const foreign = principal.accountId !== role.spec.account;
  return effect === 'allow' || (effect === 'implicit-deny' && trust === 'direct' && !foreign);
}

function trustOf(
  call: Call,
  role: IamRole,
  { action, facts }: { readonly action: string; readonly facts: readonly NamedFact[] },
): Trust {
  const { principal } = call.caller;
  const policy = parsePolicy(role.spec.trustPolicy, 'trust');
  if (!policy.ok) return 'deny';
  return evaluateTrust(policy.value, {
    action,
    type: 'AWS',
    names: [principal.arn, principalArn(call, principal)],
    account: `arn:aws:iam::${principal.accountId}:root`,
    facts: factsOf(call, { facts }),
  });
}

function requestFacts(input: AssumeRoleRequest, { spec }: IamRole): NamedFact[] {
  const tags = tagMap(input.Tags);
  const single: (readonly [string, string | undefined])[] = [
    ['sts:ExternalId', input.ExternalId],
    ['sts:RoleSessionName', input.RoleSessionName],
    ['sts:SourceIdentity', input.SourceIdentity],
    ...Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value] as const),
    ...Object.entries(spec.tags ?? {}).map(
      ([key, value]) => [`aws:ResourceTag/${key}`, value] as const,
    ),
  ];
  const keys = Object.keys(tags);
  return [
    ...single.flatMap(([key, value]) => (value === undefined ? [] : [[key, [value]] as const])),
    ...(keys.length > 0 ? [['aws:TagKeys', keys] as const] : []),
  ];
}

function tagMap(tags: readonly Tag[] | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** The same for a role that does not exist: nobody shall learn which roles there are. */
function notAuthorized({ caller }: Call, roleArn: string): Ec2Error {
  return new Ec2Error(
    'AccessDenied',
    `User: ${caller.principal.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
  );
}
