import type {
  CreateNetworkInterfacePermissionRequest,
  CreateNetworkInterfacePermissionResult,
  DeleteNetworkInterfacePermissionRequest,
  DeleteNetworkInterfacePermissionResult,
  DescribeNetworkInterfacePermissionsRequest,
  DescribeNetworkInterfacePermissionsResult,
  NetworkInterfacePermission,
} from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { must } from '../../base/assert.ts';
import { newId } from '../../base/ids.ts';
import { checkId, ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import type { Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { invalidValue, own, required, sees } from '../own.ts';

type Permission = NonNullable<NetworkInterface['spec']['permissions']>[number];

/** CreateNetworkInterfacePermission: granted at once; a repeat answers the same permission. */
export const createNetworkInterfacePermission: Handler<
  CreateNetworkInterfacePermissionRequest,
  CreateNetworkInterfacePermissionResult
> = (input, call) => {
  const { store } = call;
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  const permission = required(input.Permission, 'permission');
  const account = required(input.AwsAccountId ?? input.AwsService, 'awsAccountId');
  if (!['INSTANCE-ATTACH', 'EIP-ASSOCIATE'].includes(permission))
    throw invalidValue(`Value (${permission}) for parameter permission is invalid.`);
  return store.locks.hold({ exclusive: [id] }, async () => {
    own(call, store.interfaces, id);
    const isSame = (each: Permission): boolean =>
      each.account === account && each.permission === permission;
    const eni = await store.interfaces.update(id, (current) => {
      const permissions = current.spec.permissions ?? [];
      if (permissions.some(isSame)) return current;
      const added = { permissionId: newId(call.random, 'eni-perm'), permission, account };
      return { ...current, spec: { ...current.spec, permissions: [...permissions, added] } };
    });
    const granted = must(eni.spec.permissions?.find(isSame), () => `No permission on ${id}`);
    return { InterfacePermission: permissionView(id, granted) };
  });
};

/** DeleteNetworkInterfacePermission. Attachments that it allowed stay. */
export const deleteNetworkInterfacePermission: Handler<
  DeleteNetworkInterfacePermissionRequest,
  DeleteNetworkInterfacePermissionResult
> = (input, call) => {
  const { store } = call;
  const id = required(input.NetworkInterfacePermissionId, 'networkInterfacePermissionId');
  checkId(ID_KINDS.permission, id);
  const found = store.interfaces.table.by('permission', id).find((eni) => sees(call, eni));
  if (found === undefined) throw notFound(ID_KINDS.permission, id);
  const eniId = found.metadata.name;
  return store.locks.hold({ exclusive: [eniId] }, async () => {
    await store.interfaces.update(eniId, (eni) => {
      const permissions = eni.spec.permissions?.filter((each) => each.permissionId !== id) ?? [];
      if (permissions.length === eni.spec.permissions?.length)
        throw notFound(ID_KINDS.permission, id);
      return { ...eni, spec: { ...eni.spec, permissions } };
    });
    return { Return: true };
  });
};

function permissionView(eniId: string, permission: Permission): NetworkInterfacePermission {
  return {
    NetworkInterfacePermissionId: permission.permissionId,
    NetworkInterfaceId: eniId,
    AwsAccountId: permission.account,
    Permission: permission.permission as 'INSTANCE-ATTACH',
    PermissionState: { State: 'granted' },
  };
}

const PREFIX = 'network-interface-permission';
const FILTERS: FilterTable<NetworkInterfacePermission> = {
  filters: {
    [`${PREFIX}.network-interface-permission-id`]: (each) => [each.NetworkInterfacePermissionId],
    [`${PREFIX}.network-interface-id`]: (each) => [each.NetworkInterfaceId],
    [`${PREFIX}.aws-account-id`]: (each) => [each.AwsAccountId],
    [`${PREFIX}.aws-service`]: (each) => [each.AwsService],
    [`${PREFIX}.permission`]: (each) => [each.Permission],
  },
};

/** DescribeNetworkInterfacePermissions. */
export const describeNetworkInterfacePermissions: Handler<
  DescribeNetworkInterfacePermissionsRequest,
  DescribeNetworkInterfacePermissionsResult
> = (input, call) => {
  const test = filterTest(FILTERS, input.Filters);
  const all = [...call.store.interfaces.table.values()]
    .filter((eni) => sees(call, eni))
    .flatMap((eni) =>
      (eni.spec.permissions ?? []).map((each) => permissionView(eni.metadata.name, each)),
    );
  const ids = input.NetworkInterfacePermissionIds;
  for (const id of ids ?? []) {
    checkId(ID_KINDS.permission, id);
    if (!all.some((each) => each.NetworkInterfacePermissionId === id))
      throw notFound(ID_KINDS.permission, id);
  }
  const chosen = all.filter(
    (each) => (!ids?.length || ids.includes(each.NetworkInterfacePermissionId ?? '')) && test(each),
  );
  const page = paginate(chosen, input, {
    key: (each) => each.NetworkInterfacePermissionId ?? '',
    range: [5, 255],
  });
  return { NetworkInterfacePermissions: [...page.items], NextToken: page.nextToken };
};
