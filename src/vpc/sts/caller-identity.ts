import type { GetCallerIdentityRequest, GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import type { Handler } from '../context.ts';

/** sts GetCallerIdentity; needs no permission. */
export const getCallerIdentity: Handler<GetCallerIdentityRequest, GetCallerIdentityResponse> = (
  _input,
  { caller: { principal } },
) => ({ UserId: principal.userId, Account: principal.accountId, Arn: principal.arn });
