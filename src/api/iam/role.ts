import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import type { Resource } from '../resource.ts';
import type { FromSchema } from '../schema.ts';
import { IAM_COMMON, IAM_POLICIES, iamCrd, iamResource } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['account', 'uniqueId', 'path', 'createdAt', 'name', 'trustPolicy'],
  properties: {
    ...IAM_COMMON,
    ...IAM_POLICIES,
    name: { type: 'string' },
    description: { type: 'string' },
    trustPolicy: { type: 'string', description: 'Who may assume the role; a policy document.' },
    maxSessionSeconds: { type: 'integer' },
  },
} as const;

/** An IAM role; `metadata.name` follows from account and name, in lower case. */
export interface IamRole extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `iamroles` resource. */
export const IAM_ROLES: Resource<IamRole> = iamResource<IamRole>('IamRole', 'iamroles');

/** The CRD. */
export const IAM_ROLE_CRD: CustomResource = iamCrd(IAM_ROLES, SPEC, 'name');
