import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import type { Resource } from '../resource.ts';
import type { FromSchema } from '../schema.ts';
import { IAM_COMMON, iamCrd, iamResource } from './group.ts';

const STRINGS = { type: 'array', items: { type: 'string' } } as const;

const SPEC = {
  type: 'object',
  required: ['account', 'createdAt', 'name', 'clientIds', 'thumbprints'],
  properties: {
    account: IAM_COMMON.account,
    createdAt: IAM_COMMON.createdAt,
    tags: IAM_COMMON.tags,
    name: { type: 'string', description: 'The URL of the issuer without https://.' },
    clientIds: { ...STRINGS, description: 'Accepted audiences of tokens.' },
    thumbprints: { ...STRINGS, description: 'SHA-1 of trusted certificates, in hexadecimal.' },
  },
} as const;

/** An OpenID Connect provider; `metadata.name` follows from account and URL. */
export interface IamOidcProvider extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `iamoidcproviders` resource. */
export const IAM_OIDC_PROVIDERS: Resource<IamOidcProvider> = iamResource<IamOidcProvider>(
  'IamOidcProvider',
  'iamoidcproviders',
);

/** The CRD. */
export const IAM_OIDC_PROVIDER_CRD: CustomResource = iamCrd(IAM_OIDC_PROVIDERS, SPEC, 'name');
