/**
 * Who a request is made as. `root` is the account itself and the bootstrap credentials, which may
 * do everything; `anonymous` made an unsigned request, which only AssumeRoleWithWebIdentity takes.
 */
export interface Principal {
  readonly kind: 'root' | 'user' | 'role' | 'anonymous';
  readonly accountId: string;
  /** As GetCallerIdentity tells it: of a user, or of a session of a role. */
  readonly arn: string;
  /** As GetCallerIdentity tells it: AIDA..., AROA...:session, or the account. */
  readonly userId: string;
  /** Of the user or the role. */
  readonly name: string;
  /** Of temporary credentials. */
  readonly session?: Session;
}

/** What temporary credentials carry besides whose they are. */
export interface Session {
  readonly issuedAtMs: number;
  /** Documents and ARNs that narrow down what the role may do. */
  readonly policies?: readonly string[];
  readonly policyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly sourceIdentity?: string;
}

/** Nobody, for requests that need no signature. */
export const ANONYMOUS: Principal = {
  kind: 'anonymous',
  accountId: 'anonymous',
  arn: 'anonymous',
  userId: 'anonymous',
  name: 'anonymous',
};

/** A user of the API and its long-term key, from the configuration: may do everything. */
export interface Account {
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly userName: string;
}

/** The principal of bootstrap credentials; a user named `root` is the account itself. */
export function bootstrapPrincipal(account: Omit<Account, 'secretAccessKey'>): Principal {
  const { accountId, userName, accessKeyId } = account;
  const isAccount = userName === 'root';
  return {
    kind: 'root',
    accountId,
    arn: `arn:aws:iam::${accountId}:${isAccount ? 'root' : `user/${userName}`}`,
    userId: isAccount ? accountId : accessKeyId,
    name: userName,
  };
}
