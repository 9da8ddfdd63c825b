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
  const opened = createOpener(sealer);
  const bootstrap = new Map(options.accounts.map((each) => [each.accessKeyId, each]));
  return (accessKeyId, sessionToken) => {
    if (sessionToken !== undefined) return openSession(iam, opened, { accessKeyId, sessionToken });
    const account = bootstrap.get(accessKeyId);
    if (account === undefined) return userCredential(iam, opened, accessKeyId);
    const { secretAccessKey } = account;
    return { accessKeyId, secretAccessKey, principal: bootstrapPrincipal(account) };
  };
}

/** Opens what was sealed. */
type Open = Sealer['open'];

/** Sealed texts that are remembered with what is in them. */
const MAX_OPENED = 2_000;

/**
 * Opens each text once: the same few keys sign most requests. Nothing rests on a text being opened
 * anew: whether the key is active, its owner lives and its time is not over is looked up each time.
 */
function createOpener(sealer: Sealer): Open {
  const known = new Map<string, unknown>();
  return (purpose, text) => {
    const key = `${purpose} ${text}`;
    if (known.has(key)) return known.get(key);
    const value = sealer.open(purpose, text);
    if (value === undefined) return undefined;
    if (known.size >= MAX_OPENED) known.clear();
    known.set(key, value);
    return value;
  };
}

function userCredential(
  { users }: IamStore,
  open: Open,
  accessKeyId: string,
): Credential | undefined {
  const [user] = users.table.by('accessKey', accessKeyId);
  const key = user?.spec.accessKeys?.find((each) => each.accessKeyId === accessKeyId);
  if (user === undefined || key?.status !== 'Active') return undefined;
  const secret = open('secret', key.sealedSecret);
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
  open: Open,
  { accessKeyId, sessionToken }: { accessKeyId: string; sessionToken: string },
): Credential | undefined {
  const token = open('session', sessionToken) as SessionToken | undefined;
  if (token?.accessKeyId !== accessKeyId || !ownerLives(iam, token)) return undefined;
  return token;
}

function ownerLives(iam: IamStore, { principal, ownerId }: SessionToken): boolean {
  if (principal.kind === 'root') return true;
  const name = iamObjectName(principal.accountId, principal.name);
  const owner = principal.kind === 'role' ? iam.roles.get(name) : iam.users.get(name);
  return owner?.spec.uniqueId === ownerId;
}
