import type { Handler } from '../context.ts';
import { assumeRole } from './assume-role.ts';
import { getCallerIdentity } from './caller-identity.ts';
import { decodeAuthorizationMessage } from './decode-message.ts';
import { getSessionToken } from './session-token.ts';
import { assumeRoleWithWebIdentity } from './web-identity.ts';

/** The STS actions that we implement. */
export const STS_ACTIONS: Readonly<Record<string, Handler>> = {
  AssumeRole: assumeRole,
  AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
  DecodeAuthorizationMessage: decodeAuthorizationMessage,
  GetCallerIdentity: getCallerIdentity,
  GetSessionToken: getSessionToken,
};

/** Actions that a token authenticates, not a signature. */
export const UNSIGNED_STS_ACTIONS: ReadonlySet<string> = new Set(['AssumeRoleWithWebIdentity']);
