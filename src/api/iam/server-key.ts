import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import type { Resource } from '../resource.ts';
import type { FromSchema } from '../schema.ts';
import { iamCrd, iamResource } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['key'],
  properties: { key: { type: 'string', description: '32 random bytes, base64.' } },
} as const;

/**
 * The key under which every replica of the VPC API seals session tokens, secrets of access keys and
 * authorization messages. Whoever can read it can sign in as anybody: give access to
 * `serverkeys.iam.trunkline.dev` as sparingly as to Secrets.
 */
export interface ServerKey extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `serverkeys` resource. */
export const SERVER_KEYS: Resource<ServerKey> = iamResource<ServerKey>('ServerKey', 'serverkeys');

/** The CRD. */
export const SERVER_KEY_CRD: CustomResource = iamCrd(SERVER_KEYS, SPEC);
