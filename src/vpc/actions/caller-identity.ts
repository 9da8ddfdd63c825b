import type { GetCallerIdentityRequest, GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import type { Handler } from '../context.ts';

/** sts GetCallerIdentity; needs no permission. */
export const getCallerIdentity: Handler<GetCallerIdentityRequest, GetCallerIdentityResponse> = (
  _input,
  { caller: { account } },
) => ({
  UserId: account.accessKeyId,
  Account: account.accountId,
  Arn: `arn:aws:iam::${account.accountId}:user/${account.userName}`,
});
