import type {
  CreateUserRequest,
  CreateUserResponse,
  DeleteUserRequest,
  GetUserRequest,
  GetUserResponse,
  ListUsersRequest,
  ListUsersResponse,
} from '@aws-sdk/client-iam';
import type { IamUser } from '../../../api/iam/user.ts';
import { newIamId } from '../../auth/new-keys.ts';
import { compact } from '../../compact.ts';
import { nowText, type Call, type Handler } from '../../context.ts';
import { iamObjectName } from '../iam-store.ts';
import { checkAttachable, lockOf, mustUser, policyLock } from './identities.ts';
import {
  alreadyExists,
  checkName,
  checkPath,
  deleteConflict,
  iamPage,
  mergeIamTags,
  ownUnder,
} from './names.ts';
import { callerView, userView, withoutDetails } from './views.ts';

const MAX_NAME = 64;

/** iam CreateUser. */
export const createUser: Handler<CreateUserRequest, CreateUserResponse> = (input, call) => {
  const { store } = call;
  const name = checkName('userName', input.UserName, MAX_NAME);
  const { PermissionsBoundary: boundary } = input;
  const spec = compact<IamUser['spec']>({
    account: call.accountId,
    uniqueId: newIamId(call.random, 'AIDA'),
    path: checkPath(input.Path),
    createdAt: nowText(call),
    name,
    permissionsBoundary: boundary,
    tags: mergeIamTags({}, input.Tags),
    inlinePolicies: {},
    attachedPolicies: [],
    accessKeys: [],
  });
  const locks = {
    exclusive: [lockOf('user', call, name)],
    shared: boundary === undefined ? [] : [policyLock(boundary)],
  };
  return store.locks.hold(locks, async () => {
    if (boundary !== undefined) checkAttachable(call, boundary);
    const objectName = iamObjectName(call.accountId, name);
    if (store.iam.users.get(objectName) !== undefined) throw alreadyExists('User', name);
    const user = await store.iam.users.create({ metadata: { name: objectName }, spec });
    if (user.spec.uniqueId !== spec.uniqueId) throw alreadyExists('User', name);
    return { User: userView(user) };
  });
};

/** iam GetUser: without a name, the calling user, also that of the configuration. */
export const getUser: Handler<GetUserRequest, GetUserResponse> = (input, call) => {
  const { principal } = call.caller;
  if (input.UserName === undefined && principal.kind === 'root')
    return { User: callerView(principal) };
  return { User: userView(mustUser(call, userNameOf(call, input))) };
};

/** The user that a request is about: the caller when it names nobody. */
export function userNameOf(call: Call, input: { readonly UserName?: string | undefined }): string {
  return input.UserName ?? call.caller.principal.name;
}

/** iam ListUsers. */
export const listUsers: Handler<ListUsersRequest, ListUsersResponse> = (input, call) => {
  const own = ownUnder(call, call.store.iam.users.table, input);
  const { items, rest } = iamPage(own, input, ({ spec }) => spec.name);
  return { Users: items.map((user) => withoutDetails(userView(user))), ...rest };
};

/** iam DeleteUser: refused while it has keys or policies. */
export const deleteUser: Handler<DeleteUserRequest, void> = async (input, call) => {
  const { store } = call;
  const name = input.UserName ?? '';
  await store.locks.hold({ exclusive: [lockOf('user', call, name)] }, async () => {
    const { metadata, spec } = mustUser(call, name);
    if ((spec.attachedPolicies ?? []).length > 0) throw deleteConflict('detach all policies');
    if (Object.keys(spec.inlinePolicies ?? {}).length > 0) throw deleteConflict('delete policies');
    if ((spec.accessKeys ?? []).length > 0) throw deleteConflict('delete access keys');
    await store.iam.users.remove(metadata.name);
  });
};
