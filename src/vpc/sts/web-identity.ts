import type {
  AssumeRoleWithWebIdentityRequest,
  AssumeRoleWithWebIdentityResponse,
} from '@aws-sdk/client-sts';
import { Ec2Error } from '../../ec2/error.ts';
import { verifyWebIdentity, type Claims, type OidcIssuer } from '../auth/oidc.ts';
import type { Call, Handler } from '../context.ts';
import { factsOf } from '../iam/authorize.ts';
import { evaluateTrust } from '../iam/evaluate.ts';
import { parsePolicy } from '../iam/policy-document.ts';
import { checkSessionName, roleByArn, sessionPolicies, sessionSeconds } from './role-request.ts';
import { issueRoleSession } from './sessions.ts';

/** sts AssumeRoleWithWebIdentity: unsigned; the token of an OIDC issuer tells who it is. */
export const assumeRoleWithWebIdentity: Handler<
  AssumeRoleWithWebIdentityRequest,
  AssumeRoleWithWebIdentityResponse
> = async (input, call) => {
  const sessionName = checkSessionName(input.RoleSessionName);
  const { RoleArn: roleArn = '' } = input;
  const role = roleByArn(call, roleArn);
  const account = role?.spec.account ?? accountIn(roleArn);
  const claims = await verifyWebIdentity(input.WebIdentityToken ?? '', {
    issuers: [...providersOf(call, account), ...call.oidcIssuers],
    nowMs: call.clock.nowMs(),
  });
  const provider = providerArn(account, claims);
  if (role === undefined || !trusts(call, { document: role.spec.trustPolicy, provider, claims }))
    throw new Ec2Error('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
  const { credentials, principal } = issueRoleSession(call, role, {
    sessionName,
    seconds: sessionSeconds(role, input.DurationSeconds, false),
    session: sessionPolicies(call, input),
  });
  return {
    Credentials: credentials,
    AssumedRoleUser: { AssumedRoleId: principal.userId, Arn: principal.arn },
    SubjectFromWebIdentityToken: claims.subject,
    Provider: provider,
    Audience: claims.audience,
  };
};

function accountIn(arn: string): string {
  return arn.split(':')[4] ?? '';
}

/** The issuers that an account has added as OpenID Connect providers. */
function providersOf({ store, fetchOidcKeys }: Call, account: string): readonly OidcIssuer[] {
  return store.iam.oidcProviders.table.by('account', account).map(({ spec }) => ({
    issuer: `https://${spec.name}`,
    audiences: spec.clientIds,
    keys: async () => {
      if (fetchOidcKeys === undefined) throw new Error('Keys are not fetched here');
      return fetchOidcKeys(`https://${spec.name}`, spec.thumbprints);
    },
  }));
}

/** In ARNs and condition keys an issuer has no scheme. */
function providerName({ issuer }: Claims): string {
  return issuer.replace(/^https?:\/\//, '');
}

function providerArn(account: string, claims: Claims): string {
  return `arn:aws:iam::${account}:oidc-provider/${providerName(claims)}`;
}

function trusts(
  call: Call,
  {
    document,
    provider,
    claims,
  }: { readonly document: string; readonly provider: string; readonly claims: Claims },
): boolean {
  const policy = parsePolicy(document, 'trust');
  if (!policy.ok) return false;
  const name = providerName(claims);
  const trust = evaluateTrust(policy.value, {
    action: 'sts:AssumeRoleWithWebIdentity',
    type: 'Federated',
    names: [provider],
    facts: factsOf(call, {
      facts: [
        [`${name}:sub`, [claims.subject]],
        [`${name}:aud`, [claims.audience]],
        ['aws:FederatedProvider', [provider]],
      ],
    }),
  });
  return trust === 'direct';
}
