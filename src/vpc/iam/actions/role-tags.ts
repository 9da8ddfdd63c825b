import type {
  ListRoleTagsRequest,
  ListRoleTagsResponse,
  TagRoleRequest,
  UntagRoleRequest,
} from '@aws-sdk/client-iam';
import type { Handler } from '../../context.ts';
import { changeIdentity, mustRole, ROLE } from './identities.ts';
import { iamPage, mergeIamTags } from './names.ts';
import { iamTags } from './views.ts';

/** iam TagRole. */
export const tagRole: Handler<TagRoleRequest, void> = async (input, call) => {
  await changeIdentity(call, ROLE, input.RoleName ?? '', {
    change: (spec) => ({ ...spec, tags: mergeIamTags(spec.tags, input.Tags) }),
  });
};

/** iam UntagRole. */
export const untagRole: Handler<UntagRoleRequest, void> = async (input, call) => {
  const keys = new Set(input.TagKeys);
  await changeIdentity(call, ROLE, input.RoleName ?? '', {
    change: (spec) => ({
      ...spec,
      tags: Object.fromEntries(Object.entries(spec.tags ?? {}).filter(([key]) => !keys.has(key))),
    }),
  });
};

/** iam ListRoleTags. */
export const listRoleTags: Handler<ListRoleTagsRequest, ListRoleTagsResponse> = (input, call) => {
  const { spec } = mustRole(call, input.RoleName);
  const { items, rest } = iamPage(iamTags(spec.tags), input, ({ Key = '' }) => Key);
  return { Tags: items, ...rest };
};
