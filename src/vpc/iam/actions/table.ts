import type { Handler } from '../../context.ts';
import {
  createAccessKey,
  deleteAccessKey,
  listAccessKeys,
  updateAccessKey,
} from './access-keys.ts';
import { attachedPolicyActions } from './attached-policies.ts';
import { ROLE, USER } from './identities.ts';
import { inlinePolicyActions } from './inline-policies.ts';
import {
  addRoleToInstanceProfile,
  createInstanceProfile,
  deleteInstanceProfile,
  getInstanceProfile,
  listInstanceProfiles,
  listInstanceProfilesForRole,
  removeRoleFromInstanceProfile,
} from './instance-profiles.ts';
import {
  addClientId,
  createOidcProvider,
  deleteOidcProvider,
  getOidcProvider,
  listOidcProviders,
  removeClientId,
  updateThumbprints,
} from './oidc-providers.ts';
import { createPolicy, deletePolicy, getPolicy, listPolicies } from './policies.ts';
import {
  createPolicyVersion,
  deletePolicyVersion,
  getPolicyVersion,
  listPolicyVersions,
  setDefaultPolicyVersion,
} from './policy-versions.ts';
import { listRoleTags, tagRole, untagRole } from './role-tags.ts';
import { createRole, deleteRole, getRole, listRoles, updateAssumeRolePolicy } from './roles.ts';
import { createUser, deleteUser, getUser, listUsers } from './users.ts';

const ofRole = { inline: inlinePolicyActions(ROLE), attached: attachedPolicyActions(ROLE) };
const ofUser = { inline: inlinePolicyActions(USER), attached: attachedPolicyActions(USER) };

/** The IAM actions that we implement; every other action of the model is UnsupportedOperation. */
export const IAM_ACTIONS: Readonly<Record<string, Handler>> = {
  AddClientIDToOpenIDConnectProvider: addClientId,
  AddRoleToInstanceProfile: addRoleToInstanceProfile,
  AttachRolePolicy: ofRole.attached.attach,
  AttachUserPolicy: ofUser.attached.attach,
  CreateAccessKey: createAccessKey,
  CreateInstanceProfile: createInstanceProfile,
  CreateOpenIDConnectProvider: createOidcProvider,
  CreatePolicy: createPolicy,
  CreatePolicyVersion: createPolicyVersion,
  CreateRole: createRole,
  CreateUser: createUser,
  DeleteAccessKey: deleteAccessKey,
  DeleteInstanceProfile: deleteInstanceProfile,
  DeleteOpenIDConnectProvider: deleteOidcProvider,
  DeletePolicy: deletePolicy,
  DeletePolicyVersion: deletePolicyVersion,
  DeleteRole: deleteRole,
  DeleteRolePolicy: ofRole.inline.remove,
  DeleteUser: deleteUser,
  DeleteUserPolicy: ofUser.inline.remove,
  DetachRolePolicy: ofRole.attached.detach,
  DetachUserPolicy: ofUser.attached.detach,
  GetInstanceProfile: getInstanceProfile,
  GetOpenIDConnectProvider: getOidcProvider,
  GetPolicy: getPolicy,
  GetPolicyVersion: getPolicyVersion,
  GetRole: getRole,
  GetRolePolicy: ofRole.inline.get,
  GetUser: getUser,
  GetUserPolicy: ofUser.inline.get,
  ListAccessKeys: listAccessKeys,
  ListAttachedRolePolicies: ofRole.attached.list,
  ListAttachedUserPolicies: ofUser.attached.list,
  ListInstanceProfiles: listInstanceProfiles,
  ListInstanceProfilesForRole: listInstanceProfilesForRole,
  ListOpenIDConnectProviders: listOidcProviders,
  ListPolicies: listPolicies,
  ListPolicyVersions: listPolicyVersions,
  ListRolePolicies: ofRole.inline.list,
  ListRoles: listRoles,
  ListRoleTags: listRoleTags,
  ListUserPolicies: ofUser.inline.list,
  ListUsers: listUsers,
  PutRolePolicy: ofRole.inline.put,
  PutUserPolicy: ofUser.inline.put,
  RemoveClientIDFromOpenIDConnectProvider: removeClientId,
  RemoveRoleFromInstanceProfile: removeRoleFromInstanceProfile,
  SetDefaultPolicyVersion: setDefaultPolicyVersion,
  TagRole: tagRole,
  UntagRole: untagRole,
  UpdateAccessKey: updateAccessKey,
  UpdateAssumeRolePolicy: updateAssumeRolePolicy,
  UpdateOpenIDConnectProviderThumbprint: updateThumbprints,
};
