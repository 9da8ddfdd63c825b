import type { IamUser } from '../../api/iam/user.ts';
import { iamObjectName, type IamStore } from '../iam/iam-store.ts';
import { bootstrapPrincipal, type Account, type Principal } from './principal.ts';
import type { Sealer } from './sealer.ts';

/** A key that may sign, and whose it is. */
export interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly principal: Principal;
  /** Of temporary credentials. */
  readonly expiresAtMs?: number;
}

/**
 * The credential with this id; undefined when there is none. Temporary ones (ASIA) need the token
 * that came with them, all others must come without.
 */
export type FindCredential = (
  accessKeyId: string,
  sessionToken: string | undefined,
) => Credential | undefined;

/** What a session token holds: everything, so that no replica has to store sessions. */
export interface SessionToken extends Omit<Credential, 'principal'> {
  readonly expiresAtMs: number;
  readonly principal: Principal;
  /** Unique id of the user or role: a new one of the same name does not inherit sessions. */
  readonly ownerId: string;
}

/** Finds credentials: bootstrap accounts, keys of users, and sessions. */
export function createFindCredential(options: {
  readonly accounts: readonly Account[];
  readonly iam: IamStore;
  readonly sealer: Sealer;
}): FindCredential {
  const { iam, sealer } = options;
  const bootstrap = new Map(options.accounts.map((each) => [each.accessKeyId, each]));
  return (accessKeyId, sessionToken) => {
    if (sessionToken !== undefined) return openSession(iam, sealer, { accessKeyId, sessionToken });
    const account = bootstrap.get(accessKeyId);
    if (account === undefined) return userCredential(iam, sealer, accessKeyId);
    const { secretAccessKey } = account;
    return { accessKeyId, secretAccessKey, principal: bootstrapPrincipal(account) };
  };
}

function userCredential(
  { users }: IamStore,
  sealer: Sealer,
  accessKeyId: string,
): Credential | undefined {
  const [user] = users.table.by('accessKey', accessKeyId);
  const key = user?.spec.accessKeys?.find((each) => each.accessKeyId === accessKeyId);
  if (user === undefined || key?.status !== 'Active') return undefined;
  const secret = sealer.open('secret', key.sealedSecret);
  if (typeof secret !== 'string') return undefined;
  return { accessKeyId, secretAccessKey: secret, principal: userPrincipal(user) };
}

/** The principal of a user's own keys. */
export function userPrincipal({ spec }: IamUser): Principal {
  return {
    kind: 'user',
    accountId: spec.account,
    arn: `arn:aws:iam::${spec.account}:user${spec.path}${spec.name}`,
    userId: spec.uniqueId,
    name: spec.name,
  };
}

function openSession(
  iam: IamStore,
  sealer: Sealer,
  { accessKeyId, sessionToken }: { accessKeyId: string; sessionToken: string },
): Credential | undefined {
  const token = sealer.open('session', sessionToken) as SessionToken | undefined;
  if (token?.accessKeyId !== accessKeyId || !ownerLives(iam, token)) return undefined;
  return token;
}

function ownerLives(iam: IamStore, { principal, ownerId }: SessionToken): boolean {
  if (principal.kind === 'root') return true;
  const name = iamObjectName(principal.accountId, principal.name);
  const owner = principal.kind === 'role' ? iam.roles.get(name) : iam.users.get(name);
  return owner?.spec.uniqueId === ownerId;
}
