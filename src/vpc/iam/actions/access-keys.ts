import type {
  AccessKeyMetadata,
  CreateAccessKeyRequest,
  CreateAccessKeyResponse,
  DeleteAccessKeyRequest,
  ListAccessKeysRequest,
  ListAccessKeysResponse,
  UpdateAccessKeyRequest,
} from '@aws-sdk/client-iam';
import type { IamAccessKey, IamUser } from '../../../api/iam/user.ts';
import { Ec2Error } from '../../../ec2/error.ts';
import { newIamId, newSecret } from '../../auth/new-keys.ts';
import { nowText, type Handler } from '../../context.ts';
import { changeIdentity, mustUser, USER } from './identities.ts';
import { iamPage } from './names.ts';
import { userNameOf } from './users.ts';

const MAX_KEYS = 2;

/** iam CreateAccessKey: the only answer that ever shows the secret. */
export const createAccessKey: Handler<CreateAccessKeyRequest, CreateAccessKeyResponse> = async (
  input,
  call,
) => {
  const userName = userNameOf(call, input);
  const secret = newSecret(call.random);
  const key: IamAccessKey = {
    accessKeyId: newIamId(call.random, 'AKIA'),
    sealedSecret: call.sealer.seal('secret', secret),
    status: 'Active',
    createdAt: nowText(call),
  };
  await changeIdentity<IamUser>(call, USER, userName, {
    change: (spec) => {
      const keys = spec.accessKeys ?? [];
      if (keys.length >= MAX_KEYS)
        throw new Ec2Error(
          'LimitExceeded',
          `Cannot exceed quota for AccessKeysPerUser: ${MAX_KEYS}`,
        );
      return { ...spec, accessKeys: [...keys, key] };
    },
  });
  return { AccessKey: { ...keyView(userName, key), SecretAccessKey: secret } };
};

function keyView(
  userName: string,
  { accessKeyId, status, createdAt }: IamAccessKey,
): Required<AccessKeyMetadata> {
  return {
    UserName: userName,
    AccessKeyId: accessKeyId,
    Status: status,
    CreateDate: new Date(createdAt),
  };
}

/** iam ListAccessKeys: without the secrets. */
export const listAccessKeys: Handler<ListAccessKeysRequest, ListAccessKeysResponse> = (
  input,
  call,
) => {
  const { spec } = mustUser(call, userNameOf(call, input));
  const { items, rest } = iamPage(spec.accessKeys ?? [], input, ({ accessKeyId }) => accessKeyId);
  return { AccessKeyMetadata: items.map((key) => keyView(spec.name, key)), ...rest };
};

/** iam UpdateAccessKey: an inactive key signs nothing. */
export const updateAccessKey: Handler<UpdateAccessKeyRequest, void> = async (input, call) => {
  const { AccessKeyId: id = '', Status: status } = input;
  if (status !== 'Active' && status !== 'Inactive')
    throw new Ec2Error('ValidationError', `The status ${status} is not Active or Inactive.`);
  await changeIdentity<IamUser>(call, USER, userNameOf(call, input), {
    change: (spec) => {
      const keys = keysWith(spec, id);
      const changed = keys.map((key) => (key.accessKeyId === id ? { ...key, status } : key));
      return { ...spec, accessKeys: changed };
    },
  });
};

/** iam DeleteAccessKey. */
export const deleteAccessKey: Handler<DeleteAccessKeyRequest, void> = async (input, call) => {
  const { AccessKeyId: id = '' } = input;
  await changeIdentity<IamUser>(call, USER, userNameOf(call, input), {
    change: (spec) => ({
      ...spec,
      accessKeys: keysWith(spec, id).filter(({ accessKeyId }) => accessKeyId !== id),
    }),
  });
};

/** The keys of a user, of which one must have this id. */
function keysWith({ accessKeys = [] }: IamUser['spec'], id: string): readonly IamAccessKey[] {
  if (accessKeys.some(({ accessKeyId }) => accessKeyId === id)) return accessKeys;
  throw new Ec2Error('NoSuchEntity', `The Access Key with id ${id} cannot be found.`);
}
