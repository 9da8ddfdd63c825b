import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import type { Resource } from '../resource.ts';
import type { FromSchema } from '../schema.ts';
import { IAM_COMMON, iamCrd, iamResource } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['account', 'uniqueId', 'path', 'createdAt', 'name'],
  properties: {
    ...IAM_COMMON,
    name: { type: 'string' },
    roleName: { type: 'string', description: 'A profile has one role at most.' },
  },
} as const;

/** An instance profile; `metadata.name` follows from account and name, in lower case. */
export interface IamInstanceProfile extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `iaminstanceprofiles` resource. */
export const IAM_INSTANCE_PROFILES: Resource<IamInstanceProfile> = iamResource<IamInstanceProfile>(
  'IamInstanceProfile',
  'iaminstanceprofiles',
);

/** The CRD. */
export const IAM_INSTANCE_PROFILE_CRD: CustomResource = iamCrd(IAM_INSTANCE_PROFILES, SPEC, 'name');
