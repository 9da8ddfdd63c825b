import type { CustomResource } from '../custom-resource.ts';
import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import { STRING_MAP, type FromSchema } from '../schema.ts';
import { VPC_GROUP, VPC_VERSION } from './group.ts';

const ENTRY = {
  type: 'object',
  required: ['cidr'],
  properties: { cidr: { type: 'string' }, description: { type: 'string' } },
} as const;

const CHANGE = {
  type: 'object',
  required: ['version', 'added', 'removed'],
  description: 'How a version came out of the one before it.',
  properties: {
    version: { type: 'integer' },
    added: { type: 'array', items: { type: 'string' } },
    removed: { type: 'array', items: ENTRY },
  },
} as const;

const SPEC = {
  type: 'object',
  required: [
    'account',
    'region',
    'listName',
    'addressFamily',
    'maxEntries',
    'state',
    'version',
    'entries',
    'history',
  ],
  properties: {
    account: { type: 'string' },
    region: { type: 'string' },
    listName: { type: 'string' },
    addressFamily: { type: 'string', enum: ['IPv4', 'IPv6'] },
    maxEntries: { type: 'integer', minimum: 1 },
    state: { type: 'string', enum: ['create-complete', 'modify-complete', 'restore-complete'] },
    version: { type: 'integer', minimum: 1 },
    entries: { type: 'array', description: 'Of the current version.', items: ENTRY },
    history: {
      type: 'array',
      description: 'Changes that lead back from the current version, the newest last.',
      items: CHANGE,
    },
    clientToken: { type: 'string' },
    clientTokenDigest: {
      type: 'string',
      description: 'Digest of the parameters that came with the token.',
    },
    tags: STRING_MAP,
  },
} as const;

/** One block of a list. */
export type PrefixListEntry = FromSchema<typeof ENTRY>;

/** A customer-managed prefix list; `metadata.name` is its id. */
export interface PrefixList extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `prefixlists` resource. */
export const PREFIX_LISTS: Resource<PrefixList> = resource<PrefixList>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'PrefixList',
  plural: 'prefixlists',
  namespaced: false,
});

/** The CRD. */
export const PREFIX_LIST_CRD: CustomResource = {
  resource: PREFIX_LISTS,
  singular: 'prefixlist',
  shortNames: ['pl'],
  categories: ['vpc-objects'],
  columns: [
    { name: 'List-Name', type: 'string', jsonPath: '.spec.listName' },
    { name: 'Family', type: 'string', jsonPath: '.spec.addressFamily' },
    { name: 'Max', type: 'integer', jsonPath: '.spec.maxEntries' },
    { name: 'Version', type: 'integer', jsonPath: '.spec.version' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
