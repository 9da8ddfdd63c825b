import type { Principal } from '../auth/principal.ts';
import type { Call } from '../context.ts';
import type { NamedFact } from './ec2-requests.ts';
import { identityOf } from './permissions.ts';

/** What conditions can ask about any request: who, when, from where, to which region. */
export function requestFacts(call: Call): readonly NamedFact[] {
  const { caller, clock, region } = call;
  const nowMs = clock.nowMs();
  return [
    ['aws:CurrentTime', [new Date(nowMs).toISOString()]],
    ['aws:EpochTime', [String(Math.floor(nowMs / 1000))]],
    ['aws:RequestedRegion', [region]],
    ['ec2:Region', [region]],
    ['aws:SecureTransport', [String(caller.secureTransport ?? false)]],
    ...given('aws:SourceIp', caller.sourceIp),
    ...given('aws:UserAgent', caller.userAgent),
    ...principalFacts(call, caller.principal),
  ];
}

function principalFacts(call: Call, principal: Principal): NamedFact[] {
  const { kind, accountId, session } = principal;
  const tags = { ...identityOf(call.store.iam, principal)?.spec.tags, ...session?.tags };
  return [
    ['aws:PrincipalArn', [principalArn(call, principal)]],
    ['aws:PrincipalAccount', [accountId]],
    ['aws:PrincipalType', [PRINCIPAL_TYPES[kind]]],
    ['aws:userid', [principal.userId]],
    ...given('aws:username', kind === 'user' ? principal.name : undefined),
    ...given('aws:SourceIdentity', session?.sourceIdentity),
    ...given('aws:TokenIssueTime', session && new Date(session.issuedAtMs).toISOString()),
    ...Object.entries(tags).map(([key, value]): NamedFact => [`aws:PrincipalTag/${key}`, [value]]),
  ];
}

const PRINCIPAL_TYPES: Readonly<Record<Principal['kind'], string>> = {
  root: 'Account',
  user: 'User',
  role: 'AssumedRole',
  anonymous: 'Anonymous',
};

/** The ARN by which policies mean a principal: of the role itself, not of one session. */
export function principalArn({ store }: Call, principal: Principal): string {
  if (principal.kind !== 'role') return principal.arn;
  const role = identityOf(store.iam, principal);
  return `arn:aws:iam::${principal.accountId}:role${role?.spec.path ?? '/'}${principal.name}`;
}

function given(key: string, value: string | undefined): NamedFact[] {
  return value === undefined ? [] : [[key, [value]]];
}
