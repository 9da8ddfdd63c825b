import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import type { Resource } from '../resource.ts';
import type { FromSchema } from '../schema.ts';
import { IAM_COMMON, iamCrd, iamResource } from './group.ts';

const POLICY_VERSION = {
  type: 'object',
  required: ['versionId', 'document', 'createdAt'],
  properties: {
    versionId: { type: 'string' },
    document: { type: 'string' },
    createdAt: { type: 'string' },
  },
} as const;

const SPEC = {
  type: 'object',
  required: [
    'account',
    'uniqueId',
    'path',
    'createdAt',
    'updatedAt',
    'name',
    'versions',
    'defaultVersionId',
  ],
  properties: {
    ...IAM_COMMON,
    name: { type: 'string' },
    description: { type: 'string' },
    updatedAt: { type: 'string' },
    versions: { type: 'array', items: POLICY_VERSION },
    defaultVersionId: { type: 'string' },
    lastVersion: { type: 'integer', description: 'Numbers of deleted versions are not reused.' },
  },
} as const;

/** A managed policy of a customer; `metadata.name` follows from account and name, in lower case. */
export interface IamPolicy extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `iampolicies` resource. */
export const IAM_POLICY_OBJECTS: Resource<IamPolicy> = iamResource<IamPolicy>(
  'IamPolicy',
  'iampolicies',
);

/** The CRD. */
export const IAM_POLICY_CRD: CustomResource = iamCrd(IAM_POLICY_OBJECTS, SPEC, 'name');
