import type { Credentials } from '@aws-sdk/client-sts';
import type { IamRole } from '../../api/iam/role.ts';
import type { Instance } from '../../api/vpc/instance.ts';
import type { ImdsCredentials } from '../imds/source.ts';
import { evaluateTrust } from '../iam/evaluate.ts';
import { iamObjectName } from '../iam/iam-store.ts';
import { parsePolicy } from '../iam/policy-document.ts';
import type { Store } from '../store/store.ts';
import { issueRoleSession, type Issuer } from './sessions.ts';

const LIFE_SECONDS = 21_600;
/** SDKs ask again some minutes before the end; by then there must be new ones. */
const RENEW_BEFORE_MS = 900_000;

interface Kept {
  readonly ownerId: string;
  readonly keys: ImdsCredentials;
  readonly expiresAtMs: number;
}

/**
 * The keys that the metadata service hands to an instance: of the role in its instance profile,
 * when that role trusts EC2. The same ones are answered until shortly before they expire.
 */
export function createInstanceCredentials(
  store: Store,
  instanceId: string,
  issuer: Issuer,
): () => ImdsCredentials | undefined {
  let kept: Kept | undefined;
  return () => {
    const instance = store.instances.get(instanceId);
    const role = instance && instanceRole(store, instance);
    if (role === undefined || !trustsEc2(role)) return undefined;
    const ownerId = role.spec.uniqueId;
    const nowMs = issuer.clock.nowMs();
    if (kept?.ownerId === ownerId && nowMs < kept.expiresAtMs - RENEW_BEFORE_MS) return kept.keys;
    const { credentials } = issueRoleSession(issuer, role, {
      sessionName: instanceId,
      seconds: LIFE_SECONDS,
    });
    kept = {
      ownerId,
      keys: imdsKeys(role, credentials, nowMs),
      expiresAtMs: nowMs + LIFE_SECONDS * 1000,
    };
    return kept.keys;
  };
}

/** The role in the instance profile that an instance was launched with, or got later. */
function instanceRole({ iam }: Store, { spec }: Instance): IamRole | undefined {
  const [, account = '', name = ''] =
    /^arn:aws:iam::(\d{12}):instance-profile\/(?:.*\/)?([^/]+)$/.exec(
      spec.iamInstanceProfileArn ?? '',
    ) ?? [];
  const profile = iam.profiles.get(iamObjectName(account, name));
  return iam.roles.get(iamObjectName(account, profile?.spec.roleName ?? ''));
}

function trustsEc2({ spec }: IamRole): boolean {
  const policy = parsePolicy(spec.trustPolicy, 'trust');
  const service = { type: 'Service', names: ['ec2.amazonaws.com'], facts: new Map() } as const;
  return (
    policy.ok && evaluateTrust(policy.value, { action: 'sts:AssumeRole', ...service }) === 'direct'
  );
}

function imdsKeys(role: IamRole, credentials: Credentials, nowMs: number): ImdsCredentials {
  const text = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    roleName: role.spec.name,
    accessKeyId: credentials.AccessKeyId ?? '',
    secretAccessKey: credentials.SecretAccessKey ?? '',
    token: credentials.SessionToken ?? '',
    lastUpdated: text(new Date(nowMs)),
    expiration: text(credentials.Expiration ?? new Date(nowMs)),
  };
}
