import type { GetSessionTokenRequest, GetSessionTokenResponse } from '@aws-sdk/client-sts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { checkSeconds } from './role-request.ts';
import { issueSession } from './sessions.ts';

const USER_SECONDS = { usual: 43_200, longest: 129_600 } as const;
const ACCOUNT_SECONDS = { usual: 3600, longest: 3600 } as const;

/** sts GetSessionToken: temporary credentials of the caller itself. */
export const getSessionToken: Handler<GetSessionTokenRequest, GetSessionTokenResponse> = (
  input,
  call,
) => {
  const { principal } = call.caller;
  if (principal.session !== undefined)
    throw new Ec2Error('AccessDenied', 'Cannot call GetSessionToken with session credentials');
  const limits = principal.kind === 'root' ? ACCOUNT_SECONDS : USER_SECONDS;
  const wanted = input.DurationSeconds ?? limits.usual;
  checkSeconds(wanted, USER_SECONDS.longest);
  const session = { issuedAtMs: call.clock.nowMs() };
  const credentials = issueSession(call, {
    principal: { ...principal, session },
    ownerId: principal.userId,
    seconds: Math.min(wanted, limits.longest),
  });
  return { Credentials: credentials };
};
