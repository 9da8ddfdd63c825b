import type {
  CreateRoleRequest,
  CreateRoleResponse,
  DeleteRoleRequest,
  GetRoleRequest,
  GetRoleResponse,
  ListRolesRequest,
  ListRolesResponse,
  UpdateAssumeRolePolicyRequest,
} from '@aws-sdk/client-iam';
import type { IamRole } from '../../../api/iam/role.ts';
import { Ec2Error } from '../../../ec2/error.ts';
import { newIamId } from '../../auth/new-keys.ts';
import { compact } from '../../compact.ts';
import { nowText, type Handler } from '../../context.ts';
import { iamObjectName } from '../iam-store.ts';
import {
  changeIdentity,
  checkAttachable,
  lockOf,
  mustRole,
  policyLock,
  ROLE,
} from './identities.ts';
import {
  alreadyExists,
  checkDocument,
  checkName,
  checkPath,
  deleteConflict,
  iamPage,
  mergeIamTags,
  ownUnder,
} from './names.ts';
import { roleView, withoutDetails } from './views.ts';

const MAX_NAME = 64;
const MAX_TRUST_POLICY = 2048;
const SESSION_SECONDS = { shortest: 3600, longest: 43_200 } as const;

/** iam CreateRole. */
export const createRole: Handler<CreateRoleRequest, CreateRoleResponse> = (input, call) => {
  const { store } = call;
  const name = checkName('roleName', input.RoleName, MAX_NAME);
  const { PermissionsBoundary: boundary } = input;
  const spec = compact<IamRole['spec']>({
    account: call.accountId,
    uniqueId: newIamId(call.random, 'AROA'),
    path: checkPath(input.Path),
    createdAt: nowText(call),
    name,
    description: input.Description,
    trustPolicy: checkDocument(input.AssumeRolePolicyDocument, MAX_TRUST_POLICY, 'trust'),
    maxSessionSeconds: checkMaxSession(input.MaxSessionDuration),
    permissionsBoundary: boundary,
    tags: mergeIamTags({}, input.Tags),
    inlinePolicies: {},
    attachedPolicies: [],
  });
  const locks = {
    exclusive: [lockOf('role', call, name)],
    shared: boundary === undefined ? [] : [policyLock(boundary)],
  };
  return store.locks.hold(locks, async () => {
    if (boundary !== undefined) checkAttachable(call, boundary);
    const objectName = iamObjectName(call.accountId, name);
    if (store.iam.roles.get(objectName) !== undefined) throw alreadyExists('Role', name);
    const role = await store.iam.roles.create({ metadata: { name: objectName }, spec });
    if (role.spec.uniqueId !== spec.uniqueId) throw alreadyExists('Role', name);
    return { Role: roleView(role) };
  });
};

function checkMaxSession(seconds: number | undefined): number | undefined {
  const { shortest, longest } = SESSION_SECONDS;
  if (seconds === undefined || (seconds >= shortest && seconds <= longest)) return seconds;
  throw new Ec2Error(
    'ValidationError',
    `1 validation error detected: Value '${seconds}' at 'maxSessionDuration' failed to satisfy constraint: Member must have value between ${shortest} and ${longest}`,
  );
}

/** iam GetRole. */
export const getRole: Handler<GetRoleRequest, GetRoleResponse> = (input, call) => ({
  Role: roleView(mustRole(call, input.RoleName)),
});

/** iam ListRoles. */
export const listRoles: Handler<ListRolesRequest, ListRolesResponse> = (input, call) => {
  const own = ownUnder(call, call.store.iam.roles.table, input);
  const { items, rest } = iamPage(own, input, ({ spec }) => spec.name);
  return { Roles: items.map((role) => withoutDetails(roleView(role))), ...rest };
};

/** iam UpdateAssumeRolePolicy. */
export const updateAssumeRolePolicy: Handler<UpdateAssumeRolePolicyRequest, void> = async (
  input,
  call,
) => {
  const trustPolicy = checkDocument(input.PolicyDocument, MAX_TRUST_POLICY, 'trust');
  await changeIdentity<IamRole>(call, ROLE, input.RoleName ?? '', {
    change: (spec) => ({ ...spec, trustPolicy }),
  });
};

/** iam DeleteRole: refused while it has policies or is in an instance profile. */
export const deleteRole: Handler<DeleteRoleRequest, void> = async (input, call) => {
  const { store } = call;
  const name = input.RoleName ?? '';
  await store.locks.hold({ exclusive: [lockOf('role', call, name)] }, async () => {
    const { metadata, spec } = mustRole(call, name);
    if (store.iam.profiles.table.count('role', metadata.name) > 0)
      throw deleteConflict('remove roles from instance profile');
    if ((spec.attachedPolicies ?? []).length > 0) throw deleteConflict('detach all policies');
    if (Object.keys(spec.inlinePolicies ?? {}).length > 0) throw deleteConflict('delete policies');
    await store.iam.roles.remove(metadata.name);
  });
};
