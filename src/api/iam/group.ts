import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type Schema } from '../schema.ts';

const GROUP = 'iam.trunkline.dev';
const VERSION = 'v1alpha1';

/** What every identity and policy of an account has. */
export const IAM_COMMON = {
  account: { type: 'string' },
  uniqueId: { type: 'string', description: 'AROA, AIDA, ANPA or AIPA and 17 characters.' },
  path: { type: 'string' },
  createdAt: { type: 'string' },
  tags: STRING_MAP,
} as const;

/** Policies of a user or a role: inline by name, and the ARNs of managed ones. */
export const IAM_POLICIES = {
  inlinePolicies: STRING_MAP,
  attachedPolicies: { type: 'array', items: { type: 'string' } },
  permissionsBoundary: { type: 'string' },
} as const;

/** Declares a cluster-wide resource of the IAM group. */
export function iamResource<T extends KubeObject>(kind: string, plural: string): Resource<T> {
  return resource<T>({ group: GROUP, version: VERSION, kind, plural, namespaced: false });
}

/** The CRD of an IAM kind; `nameField` is the member of the spec that people know it by. */
export function iamCrd(
  target: Resource<KubeObject>,
  spec: Schema,
  nameField?: string,
): CustomResource {
  const column = { name: 'Name', type: 'string', jsonPath: `.spec.${nameField}` } as const;
  const account = { name: 'Account', type: 'string', jsonPath: '.spec.account' } as const;
  return {
    resource: target,
    singular: target.kind.toLowerCase(),
    categories: ['iam-objects'],
    ...(nameField !== undefined && { columns: [column, account] }),
    statusSubresource: false,
    schema: { type: 'object', required: ['spec'], properties: { spec } },
  };
}
