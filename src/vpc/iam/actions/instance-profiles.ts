import type {
  AddRoleToInstanceProfileRequest,
  CreateInstanceProfileRequest,
  CreateInstanceProfileResponse,
  DeleteInstanceProfileRequest,
  GetInstanceProfileRequest,
  GetInstanceProfileResponse,
  ListInstanceProfilesForRoleRequest,
  ListInstanceProfilesForRoleResponse,
  ListInstanceProfilesRequest,
  ListInstanceProfilesResponse,
  RemoveRoleFromInstanceProfileRequest,
} from '@aws-sdk/client-iam';
import type { IamInstanceProfile } from '../../../api/iam/instance-profile.ts';
import { Ec2Error } from '../../../ec2/error.ts';
import { newIamId } from '../../auth/new-keys.ts';
import { nowText, type Call, type Handler } from '../../context.ts';
import { iamObjectName } from '../iam-store.ts';
import { lockOf, mustRole } from './identities.ts';
import {
  alreadyExists,
  checkName,
  checkPath,
  deleteConflict,
  iamPage,
  mergeIamTags,
  ownUnder,
} from './names.ts';
import { profileView } from './views.ts';

const MAX_NAME = 128;

/** The caller's instance profile with this name; throws NoSuchEntity. */
function mustProfile({ store, accountId }: Call, name = ''): IamInstanceProfile {
  const profile = store.iam.profiles.get(iamObjectName(accountId, name));
  if (profile !== undefined) return profile;
  throw new Ec2Error('NoSuchEntity', `Instance Profile ${name} cannot be found.`);
}

/** iam CreateInstanceProfile. */
export const createInstanceProfile: Handler<
  CreateInstanceProfileRequest,
  CreateInstanceProfileResponse
> = (input, call) => {
  const { profiles } = call.store.iam;
  const name = checkName('instanceProfileName', input.InstanceProfileName, MAX_NAME);
  const spec = {
    account: call.accountId,
    uniqueId: newIamId(call.random, 'AIPA'),
    path: checkPath(input.Path),
    createdAt: nowText(call),
    name,
    tags: mergeIamTags({}, input.Tags),
  };
  return call.store.locks.hold({ exclusive: [lockOf('profile', call, name)] }, async () => {
    const objectName = iamObjectName(call.accountId, name);
    if (profiles.get(objectName) !== undefined) throw alreadyExists('Instance Profile', name);
    const profile = await profiles.create({ metadata: { name: objectName }, spec });
    if (profile.spec.uniqueId !== spec.uniqueId) throw alreadyExists('Instance Profile', name);
    return { InstanceProfile: profileView(call, profile) };
  });
};

/** iam GetInstanceProfile. */
export const getInstanceProfile: Handler<GetInstanceProfileRequest, GetInstanceProfileResponse> = (
  input,
  call,
) => ({ InstanceProfile: profileView(call, mustProfile(call, input.InstanceProfileName)) });

/** iam ListInstanceProfiles. */
export const listInstanceProfiles: Handler<
  ListInstanceProfilesRequest,
  ListInstanceProfilesResponse
> = (input, call) => {
  const own = ownUnder(call, call.store.iam.profiles.table, input);
  const { items, rest } = iamPage(own, input, ({ spec }) => spec.name);
  return { InstanceProfiles: items.map((profile) => profileView(call, profile)), ...rest };
};

/** iam ListInstanceProfilesForRole. */
export const listInstanceProfilesForRole: Handler<
  ListInstanceProfilesForRoleRequest,
  ListInstanceProfilesForRoleResponse
> = (input, call) => {
  const role = mustRole(call, input.RoleName);
  const having = call.store.iam.profiles.table.by('role', role.metadata.name);
  const { items, rest } = iamPage(having, input, ({ spec }) => spec.name);
  return { InstanceProfiles: items.map((profile) => profileView(call, profile)), ...rest };
};

/** iam AddRoleToInstanceProfile: one role at most. */
export const addRoleToInstanceProfile: Handler<AddRoleToInstanceProfileRequest, void> = async (
  input,
  call,
) => {
  const { RoleName: roleName = '', InstanceProfileName: name = '' } = input;
  const locks = {
    exclusive: [lockOf('profile', call, name)],
    shared: [lockOf('role', call, roleName)],
  };
  await call.store.locks.hold(locks, async () => {
    const { metadata } = mustProfile(call, name);
    const role = mustRole(call, roleName);
    await call.store.iam.profiles.update(metadata.name, (current) => {
      if (current.spec.roleName !== undefined)
        throw new Ec2Error(
          'LimitExceeded',
          'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1',
        );
      return { ...current, spec: { ...current.spec, roleName: role.spec.name } };
    });
  });
};

/** iam RemoveRoleFromInstanceProfile. */
export const removeRoleFromInstanceProfile: Handler<
  RemoveRoleFromInstanceProfileRequest,
  void
> = async (input, call) => {
  const { RoleName: roleName = '', InstanceProfileName: name = '' } = input;
  await call.store.locks.hold({ exclusive: [lockOf('profile', call, name)] }, async () => {
    const { metadata } = mustProfile(call, name);
    await call.store.iam.profiles.update(metadata.name, (current) => {
      const { roleName: before, ...spec } = current.spec;
      if (before?.toLowerCase() !== roleName.toLowerCase())
        throw new Ec2Error(
          'NoSuchEntity',
          `Cannot remove role ${roleName} from Instance Profile ${name}: it is not in it.`,
        );
      return { ...current, spec };
    });
  });
};

/** iam DeleteInstanceProfile: refused while it has a role. */
export const deleteInstanceProfile: Handler<DeleteInstanceProfileRequest, void> = async (
  input,
  call,
) => {
  const name = input.InstanceProfileName ?? '';
  await call.store.locks.hold({ exclusive: [lockOf('profile', call, name)] }, async () => {
    const { metadata, spec } = mustProfile(call, name);
    if (spec.roleName !== undefined) throw deleteConflict('remove roles from instance profile');
    await call.store.iam.profiles.remove(metadata.name);
  });
};
