import type { GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import type { WireRequest } from '../auth/sigv4.ts';
import type { Dispatch, DispatchServices } from '../dispatch.ts';
import { STS_ACTIONS } from '../sts/table.ts';
import type { Caller } from '../auth/authenticate.ts';
import { reviewToken, type TokenReview } from './token.ts';

/** Where a Kubernetes API server sends tokens, with `?cluster=NAME`. */
export const TOKEN_REVIEW_PATH = '/_trunkline/token-review';

/**
 * The webhook of `kube-apiserver --authentication-token-webhook-config-file`: answers a TokenReview
 * (authentication.k8s.io/v1). The user name is the ARN of whoever made the token; RBAC says what it
 * may do.
 */
export function createTokenReviewDispatch(services: DispatchServices): Dispatch {
  return async (request, requestId) => {
    const token = tokenOf(request);
    const clusterName = new URLSearchParams(request.query).get('cluster') ?? '';
    const host = request.headers.get('host') ?? '';
    const review: TokenReview =
      token === undefined
        ? { authenticated: false, error: 'The body is not a TokenReview' }
        : reviewToken(token, { clusterName, hosts: [host], authenticate: services.authenticate });
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      status: review.authenticated ? await userOf(services, review.caller) : review,
    };
    return {
      status: 200,
      body: JSON.stringify(body),
      requestId,
      contentType: 'application/json',
    };
  };
}

/** The user is who GetCallerIdentity says. */
async function userOf(services: DispatchServices, caller: Caller): Promise<object> {
  const { accountId } = caller.account;
  const call = { ...services, caller, accountId, region: caller.region };
  const identity = await STS_ACTIONS['GetCallerIdentity']?.({} as never, call);
  const arn = (identity as GetCallerIdentityResponse | undefined)?.Arn;
  return { authenticated: true, user: { username: arn, uid: arn } };
}

function tokenOf({ method, body }: WireRequest): string | undefined {
  if (method !== 'POST') return undefined;
  try {
    const review: unknown = JSON.parse(new TextDecoder().decode(body));
    const token = (review as { spec?: { token?: unknown } } | null)?.spec?.token;
    return typeof token === 'string' ? token : undefined;
  } catch {
    return undefined;
  }
}
