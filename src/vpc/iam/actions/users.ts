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
import type { Call, Handler } from '../../context.ts';
import {
  checkNoPolicies,
  lockOf,
  mustUser,
  newIdentity,
  storeIdentity,
  USER,
} from './identities.ts';
import { deleteConflict, iamPage, ownUnder } from './names.ts';
import { callerView, userView, withoutDetails } from './views.ts';

/** iam CreateUser. */
export const createUser: Handler<CreateUserRequest, CreateUserResponse> = async (input, call) => {
  const common = newIdentity(call, USER, { ...input, name: input.UserName });
  const user = await storeIdentity<IamUser>(call, USER, { ...common, accessKeys: [] });
  return { User: userView(user) };
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
    checkNoPolicies(spec);
    if ((spec.accessKeys ?? []).length > 0) throw deleteConflict('delete access keys');
    await store.iam.users.remove(metadata.name);
  });
};
