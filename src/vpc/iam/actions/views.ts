import type { InstanceProfile, Policy, Role, Tag, User } from '@aws-sdk/client-iam';
import type { IamInstanceProfile } from '../../../api/iam/instance-profile.ts';
import type { IamPolicy } from '../../../api/iam/policy.ts';
import type { IamRole } from '../../../api/iam/role.ts';
import type { IamUser } from '../../../api/iam/user.ts';
import type { Principal } from '../../auth/principal.ts';
import type { Call } from '../../context.ts';
import { iamObjectName } from '../iam-store.ts';
import type { AwsPolicy } from '../managed-policies.ts';
import { encodeDocument } from './names.ts';

type Named = Readonly<Record<'account' | 'path' | 'name', string>>;

/** ARN of an IAM object. */
export function iamArn(type: string, { account, path, name }: Named): string {
  return `arn:aws:iam::${account}:${type}${path}${name}`;
}

/** Tags in the form of answers. */
export function iamTags(tags: Readonly<Record<string, string>> | undefined): Tag[] {
  return Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
}

function boundary(arn: string | undefined): Pick<Role, 'PermissionsBoundary'> {
  if (arn === undefined) return {};
  return {
    PermissionsBoundary: {
      PermissionsBoundaryType: 'PermissionsBoundaryPolicy',
      PermissionsBoundaryArn: arn,
    },
  };
}

function tagged(tags: Readonly<Record<string, string>> | undefined): { Tags?: Tag[] } {
  const list = iamTags(tags);
  return list.length > 0 ? { Tags: list } : {};
}

/** What lists of roles and users leave to GetRole and GetUser. */
export function withoutDetails<T extends Pick<User, 'PermissionsBoundary' | 'Tags'>>(
  view: T,
): Omit<T, 'PermissionsBoundary' | 'Tags'> {
  const { PermissionsBoundary: _boundary, Tags: _tags, ...rest } = view;
  return rest;
}

/** When users of the configuration were created, which nobody knows. */
const LONG_AGO = new Date(0);

/** The user whose key the server was configured with; there is no object of it. */
export function callerView({ arn, userId, name }: Principal): User {
  return { Path: '/', UserName: name, UserId: userId, Arn: arn, CreateDate: LONG_AGO };
}

/** A role as answers show it. */
export function roleView({ spec }: IamRole): Role {
  return {
    Path: spec.path,
    RoleName: spec.name,
    RoleId: spec.uniqueId,
    Arn: iamArn('role', spec),
    CreateDate: new Date(spec.createdAt),
    AssumeRolePolicyDocument: encodeDocument(spec.trustPolicy),
    ...(spec.description !== undefined && { Description: spec.description }),
    MaxSessionDuration: spec.maxSessionSeconds ?? 3600,
    ...boundary(spec.permissionsBoundary),
    ...tagged(spec.tags),
  };
}

/** A user as answers show it. */
export function userView({ spec }: IamUser): User {
  return {
    Path: spec.path,
    UserName: spec.name,
    UserId: spec.uniqueId,
    Arn: iamArn('user', spec),
    CreateDate: new Date(spec.createdAt),
    ...boundary(spec.permissionsBoundary),
    ...tagged(spec.tags),
  };
}

/** An instance profile with its role. */
export function profileView({ store }: Call, { spec }: IamInstanceProfile): InstanceProfile {
  const role = store.iam.roles.get(iamObjectName(spec.account, spec.roleName ?? ''));
  return {
    Path: spec.path,
    InstanceProfileName: spec.name,
    InstanceProfileId: spec.uniqueId,
    Arn: iamArn('instance-profile', spec),
    CreateDate: new Date(spec.createdAt),
    Roles: role === undefined ? [] : [roleView(role)],
    ...tagged(spec.tags),
  };
}

/** How many users and roles of the caller's account have a managed policy. */
export function attachmentCount({ store, accountId }: Call, arn: string): number {
  const { roles, users } = store.iam;
  const holders = [...roles.table.by('attached', arn), ...users.table.by('attached', arn)];
  return holders.filter(({ spec }) => spec.account === accountId).length;
}

/** A customer's managed policy. */
export function policyView(call: Call, { spec }: IamPolicy): Policy {
  const arn = iamArn('policy', spec);
  return {
    PolicyName: spec.name,
    PolicyId: spec.uniqueId,
    Arn: arn,
    Path: spec.path,
    DefaultVersionId: spec.defaultVersionId,
    AttachmentCount: attachmentCount(call, arn),
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    ...(spec.description !== undefined && { Description: spec.description }),
    CreateDate: new Date(spec.createdAt),
    UpdateDate: new Date(spec.updatedAt),
    ...tagged(spec.tags),
  };
}

/** AWS's managed policy. */
export function awsPolicyView(call: Call, policy: AwsPolicy): Policy {
  return {
    PolicyName: policy.name,
    PolicyId: policy.uniqueId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.versionId,
    AttachmentCount: attachmentCount(call, policy.arn),
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    CreateDate: new Date(policy.createdAt),
    UpdateDate: new Date(policy.createdAt),
  };
}
