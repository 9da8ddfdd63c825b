import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import type { Resource } from '../resource.ts';
import type { FromSchema } from '../schema.ts';
import { IAM_COMMON, IAM_POLICIES, iamCrd, iamResource } from './group.ts';

const ACCESS_KEY = {
  type: 'object',
  required: ['accessKeyId', 'sealedSecret', 'status', 'createdAt'],
  properties: {
    accessKeyId: { type: 'string' },
    sealedSecret: { type: 'string', description: 'Encrypted with the server key.' },
    status: { type: 'string', enum: ['Active', 'Inactive'] },
    createdAt: { type: 'string' },
  },
} as const;

const SPEC = {
  type: 'object',
  required: ['account', 'uniqueId', 'path', 'createdAt', 'name'],
  properties: {
    ...IAM_COMMON,
    ...IAM_POLICIES,
    name: { type: 'string' },
    accessKeys: { type: 'array', items: ACCESS_KEY },
  },
} as const;

/** A long-term key of a user. */
export type IamAccessKey = FromSchema<typeof ACCESS_KEY>;

/** An IAM user; `metadata.name` follows from account and name, in lower case. */
export interface IamUser extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `iamusers` resource. */
export const IAM_USERS: Resource<IamUser> = iamResource<IamUser>('IamUser', 'iamusers');

/** The CRD. */
export const IAM_USER_CRD: CustomResource = iamCrd(IAM_USERS, SPEC, 'name');
