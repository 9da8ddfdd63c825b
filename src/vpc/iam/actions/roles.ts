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
import { compact } from '../../compact.ts';
import type { Handler } from '../../context.ts';
import {
  changeIdentity,
  checkNoPolicies,
  lockOf,
  mustRole,
  newIdentity,
  ROLE,
  storeIdentity,
} from './identities.ts';
import { checkDocument, deleteConflict, iamPage, ownUnder } from './names.ts';
import { roleView, withoutDetails } from './views.ts';

const MAX_TRUST_POLICY = 2048;
const SESSION_SECONDS = { shortest: 3600, longest: 43_200 } as const;

/** iam CreateRole. */
export const createRole: Handler<CreateRoleRequest, CreateRoleResponse> = async (input, call) => {
  const spec = compact<IamRole['spec']>({
    ...newIdentity(call, ROLE, { ...input, name: input.RoleName }),
    description: input.Description,
    trustPolicy: checkDocument(input.AssumeRolePolicyDocument, MAX_TRUST_POLICY, 'trust'),
    maxSessionSeconds: checkMaxSession(input.MaxSessionDuration),
  });
  return { Role: roleView(await storeIdentity<IamRole>(call, ROLE, spec)) };
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
    checkNoPolicies(spec);
    await store.iam.roles.remove(metadata.name);
  });
};
