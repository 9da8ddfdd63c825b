import type { Credentials } from '@aws-sdk/client-sts';
import type { IamRole } from '../../api/iam/role.ts';
import type { SessionToken } from '../auth/credentials.ts';
import { newIamId, newSecret } from '../auth/new-keys.ts';
import type { Principal, Session } from '../auth/principal.ts';
import type { Services } from '../context.ts';

/** What issuing takes of the services. */
export type Issuer = Pick<Services, 'clock' | 'random' | 'sealer'>;

/** Whose session, and for how long. */
export interface SessionRequest {
  readonly principal: Principal;
  /** Unique id of the user or role; sessions end with it. */
  readonly ownerId: string;
  readonly seconds: number;
}

/** Issues temporary credentials. Nothing is stored: the token itself holds everything, sealed. */
export function issueSession(issuer: Issuer, request: SessionRequest): Credentials {
  const expiresAtMs = issuer.clock.nowMs() + request.seconds * 1000;
  const token: SessionToken = {
    accessKeyId: newIamId(issuer.random, 'ASIA'),
    secretAccessKey: newSecret(issuer.random),
    principal: request.principal,
    ownerId: request.ownerId,
    expiresAtMs,
  };
  return {
    AccessKeyId: token.accessKeyId,
    SecretAccessKey: token.secretAccessKey,
    SessionToken: issuer.sealer.seal('session', token),
    Expiration: new Date(expiresAtMs),
  };
}

/** Issues credentials of a role, as AssumeRole does and the metadata service for an instance. */
export function issueRoleSession(
  issuer: Issuer,
  role: IamRole,
  options: {
    readonly sessionName: string;
    readonly seconds: number;
    readonly session?: Omit<Session, 'issuedAtMs'>;
  },
): { readonly credentials: Credentials; readonly principal: Principal } {
  const { account, uniqueId, name } = role.spec;
  const principal: Principal = {
    kind: 'role',
    accountId: account,
    arn: `arn:aws:sts::${account}:assumed-role/${name}/${options.sessionName}`,
    userId: `${uniqueId}:${options.sessionName}`,
    name,
    session: { issuedAtMs: issuer.clock.nowMs(), ...options.session },
  };
  const { seconds } = options;
  return {
    credentials: issueSession(issuer, { principal, ownerId: uniqueId, seconds }),
    principal,
  };
}
