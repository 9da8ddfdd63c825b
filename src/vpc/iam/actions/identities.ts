import type { Tag } from '@aws-sdk/client-iam';
import type { IamRole } from '../../../api/iam/role.ts';
import type { IamUser } from '../../../api/iam/user.ts';
import { Ec2Error } from '../../../ec2/error.ts';
import { newIamId } from '../../auth/new-keys.ts';
import { compact } from '../../compact.ts';
import { nowText, type Call } from '../../context.ts';
import type { Collection } from '../../store/collection.ts';
import { iamObjectName } from '../iam-store.ts';
import { managedDocument } from '../permissions.ts';
import {
  alreadyExists,
  checkName,
  checkPath,
  deleteConflict,
  mergeIamTags,
  noSuchEntity,
} from './names.ts';

/** What may have policies: users and roles. */
export type Identity = IamRole | IamUser;

/** How actions treat one of the two kinds alike. */
export interface IdentityKind {
  readonly noun: 'role' | 'user';
  /** How refusals begin. */
  readonly title: 'Role' | 'User';
  /** What unique ids begin with. */
  readonly idPrefix: 'AROA' | 'AIDA';
  /** The member of requests that names it. */
  readonly member: 'RoleName' | 'UserName';
  readonly collection: (call: Call) => Collection<Identity>;
}

/** Roles. */
export const ROLE: IdentityKind = {
  noun: 'role',
  title: 'Role',
  idPrefix: 'AROA',
  member: 'RoleName',
  collection: ({ store }) => store.iam.roles as unknown as Collection<Identity>,
};

/** Users. */
export const USER: IdentityKind = {
  noun: 'user',
  title: 'User',
  idPrefix: 'AIDA',
  member: 'UserName',
  collection: ({ store }) => store.iam.users,
};

/** The caller's role with this name. */
export function mustRole(call: Call, name = ''): IamRole {
  return mustIdentity(call, ROLE, name) as IamRole;
}

/** The caller's user with this name. */
export function mustUser(call: Call, name = ''): IamUser {
  return mustIdentity(call, USER, name);
}

/** The caller's role or user with this name; throws NoSuchEntity. */
export function mustIdentity(call: Call, kind: IdentityKind, name: string): Identity {
  const found = kind.collection(call).get(iamObjectName(call.accountId, name));
  if (found === undefined) throw noSuchEntity(kind.noun, name);
  return found;
}

/** Name of the lock on an IAM object. */
export function lockOf(type: string, call: Call, name: string): string {
  return `iam-${type}:${iamObjectName(call.accountId, name)}`;
}

/** Name of the lock on a managed policy: held shared to attach it, alone to delete it. */
export function policyLock(arn: string): string {
  return `iam-policy:${arn}`;
}

const MAX_NAME = 64;

/** What a request to create a user or role says of both. */
interface CreateIdentity {
  readonly Path?: string | undefined;
  readonly PermissionsBoundary?: string | undefined;
  readonly Tags?: readonly Tag[] | undefined;
}

/** What a new user and a new role have in common. */
export function newIdentity(
  call: Call,
  kind: IdentityKind,
  input: CreateIdentity & { readonly name: string | undefined },
): IamUser['spec'] {
  const name = checkName(`${kind.noun}Name`, input.name, MAX_NAME);
  return compact<IamUser['spec']>({
    account: call.accountId,
    uniqueId: newIamId(call.random, kind.idPrefix),
    path: checkPath(input.Path),
    createdAt: nowText(call),
    name,
    permissionsBoundary: input.PermissionsBoundary,
    tags: mergeIamTags({}, input.Tags),
    inlinePolicies: {},
    attachedPolicies: [],
  });
}

/** Stores a new user or role, alone; refuses a name that is taken. */
export function storeIdentity<T extends Identity>(
  call: Call,
  kind: IdentityKind,
  spec: T['spec'],
): Promise<T> {
  const { name, uniqueId, permissionsBoundary: boundary } = spec;
  const shared = boundary === undefined ? [] : [policyLock(boundary)];
  return call.store.locks.hold({ exclusive: [lockOf(kind.noun, call, name)], shared }, async () => {
    if (boundary !== undefined) checkAttachable(call, boundary);
    const collection = kind.collection(call);
    const objectName = iamObjectName(call.accountId, name);
    if (collection.get(objectName) !== undefined) throw alreadyExists(kind.title, name);
    const stored = await collection.create({ metadata: { name: objectName }, spec });
    if (stored.spec.uniqueId !== uniqueId) throw alreadyExists(kind.title, name);
    return stored as T;
  });
}

/** Refuses to delete a user or role that has policies. */
export function checkNoPolicies({ attachedPolicies, inlinePolicies }: Identity['spec']): void {
  if ((attachedPolicies ?? []).length > 0) throw deleteConflict('detach all policies');
  if (Object.keys(inlinePolicies ?? {}).length > 0) throw deleteConflict('delete policies');
}

/** Changes a user or role, alone, after making sure that it exists. */
export async function changeIdentity<T extends Identity>(
  call: Call,
  kind: IdentityKind,
  name: string,
  options: {
    readonly shared?: readonly string[];
    readonly change: (spec: T['spec']) => T['spec'];
  },
): Promise<void> {
  const exclusive = [lockOf(kind.noun, call, name)];
  await call.store.locks.hold({ exclusive, shared: options.shared ?? [] }, async () => {
    const { metadata } = mustIdentity(call, kind, name);
    await kind.collection(call).update(metadata.name, (current) => {
      const spec = options.change(current.spec);
      return spec === current.spec ? current : { ...current, spec };
    });
  });
}

/** Refuses the ARN of a policy that does not exist or that the caller cannot attach. */
export function checkAttachable(call: Call, arn: string): void {
  const foreign = !arn.startsWith('arn:aws:iam::aws:') && !arn.includes(`::${call.accountId}:`);
  if (foreign || managedDocument(call.store.iam, arn) === undefined)
    throw new Ec2Error('NoSuchEntity', `Policy ${arn} does not exist or is not attachable.`);
}
