import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const SPEC = {
  type: 'object',
  required: ['account', 'region', 'keyName', 'keyType', 'fingerprint', 'publicKey', 'createdAt'],
  properties: {
    account: { type: 'string' },
    region: { type: 'string' },
    keyName: { type: 'string' },
    keyType: { type: 'string', enum: ['rsa', 'ed25519'] },
    fingerprint: { type: 'string' },
    publicKey: { type: 'string', description: 'OpenSSH form.' },
    createdAt: { type: 'string' },
    tags: STRING_MAP,
  },
} as const;

/** The public half of a key pair; `metadata.name` is its id. The private half is never stored. */
export interface KeyPair extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `keypairs` resource. */
export const KEY_PAIRS: Resource<KeyPair> = resource<KeyPair>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'KeyPair',
  plural: 'keypairs',
  namespaced: false,
});

/** The CRD. */
export const KEY_PAIR_CRD: CustomResource = {
  resource: KEY_PAIRS,
  singular: 'keypair',
  categories: ['vpc-objects'],
  columns: [{ name: 'Key-Name', type: 'string', jsonPath: '.spec.keyName' }],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
