import { createHash } from 'node:crypto';
import { IAM_INSTANCE_PROFILES, type IamInstanceProfile } from '../../api/iam/instance-profile.ts';
import { IAM_OIDC_PROVIDERS, type IamOidcProvider } from '../../api/iam/oidc-provider.ts';
import { IAM_POLICY_OBJECTS, type IamPolicy } from '../../api/iam/policy.ts';
import { IAM_ROLES, type IamRole } from '../../api/iam/role.ts';
import { IAM_USERS, type IamUser } from '../../api/iam/user.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { IdKind } from '../../ec2/id-kinds.ts';
import type { Collection } from '../store/collection.ts';
import type { MakeCollection } from '../store/make-collection.ts';

/** Identities and policies of all accounts. */
export interface IamStore {
  readonly roles: Collection<IamRole>;
  readonly users: Collection<IamUser>;
  readonly policies: Collection<IamPolicy>;
  readonly profiles: Collection<IamInstanceProfile>;
  readonly oidcProviders: Collection<IamOidcProvider>;
}

/** Builds the collections; call `followStore` before reading from them. */
export function createIamStore(make: MakeCollection): IamStore {
  const attached = ({ spec }: IamRole | IamUser): readonly string[] => spec.attachedPolicies ?? [];
  const account = ({ spec }: { spec: { account: string } }): readonly string[] => [spec.account];
  return {
    roles: make(IAM_ROLES, noEntity('role'), { account, attached }),
    users: make(IAM_USERS, noEntity('user'), {
      account,
      attached,
      accessKey: ({ spec }) => (spec.accessKeys ?? []).map(({ accessKeyId }) => accessKeyId),
    }),
    policies: make(IAM_POLICY_OBJECTS, noEntity('policy'), { account }),
    oidcProviders: make(IAM_OIDC_PROVIDERS, noEntity('OpenIDConnect provider'), { account }),
    profiles: make(IAM_INSTANCE_PROFILES, noEntity('instance profile'), {
      account,
      role: ({ spec }) =>
        spec.roleName === undefined ? [] : [iamObjectName(spec.account, spec.roleName)],
    }),
  };
}

/** Every collection, for what treats all alike. */
export function iamCollections(iam: IamStore): readonly Collection<KubeObject>[] {
  const { roles, users, policies, profiles, oidcProviders } = iam;
  const all = [roles, users, policies, profiles, oidcProviders];
  return all as unknown as readonly Collection<KubeObject>[];
}

/**
 * Kubernetes' name of an IAM object. IAM's names may have characters that Kubernetes does not allow
 * and are unique without regard to case, so the name is a digest, and Kubernetes itself refuses a
 * second object.
 */
export function iamObjectName(account: string, name: string): string {
  const key = `${account}\n${name.toLowerCase()}`;
  const known = objectNames.get(key);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(key).digest('hex');
  const made = `${account}-${digest.slice(0, 24)}`;
  if (objectNames.size >= MAX_KEPT_NAMES) objectNames.clear();
  objectNames.set(key, made);
  return made;
}

/** Every request of a user or role asks for its name, several times. */
const MAX_KEPT_NAMES = 10_000;
const objectNames = new Map<string, string>();

function noEntity(noun: string): IdKind {
  return { prefix: '', resourceType: noun, malformed: '', notFound: 'NoSuchEntity', noun };
}
