import type { Tag, TagSpecification } from '@aws-sdk/client-ec2';
import { Ec2Error } from '../ec2/error.ts';
import type { Quotas } from './quotas.ts';

/** Tags as stored. */
export type Tags = Readonly<Record<string, string>>;

const MAX_KEY_LENGTH = 127;
const MAX_VALUE_LENGTH = 256;

/** Tags in the form of responses. */
export function tagList(tags: Tags | undefined): Tag[] {
  return Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
}

/** Checks tags of a request and answers them as stored, on top of those the resource has. */
export function mergeTags(before: Tags | undefined, tags: readonly Tag[], quotas: Quotas): Tags {
  // Not assigned to an object: a tag may be called __proto__.
  const merged = new Map(Object.entries(before ?? {}));
  for (const { Key: key = '', Value: value = '' } of tags) {
    checkTag(key, value);
    merged.set(key, value);
  }
  if (merged.size > quotas.tagsPerResource)
    throw new Ec2Error(
      'TagLimitExceeded',
      'The maximum number of Tags for a resource has been reached.',
    );
  return Object.fromEntries(merged);
}

/** The tags that a create gives to resources of this type; other types are refused. */
export function specifiedTags(
  specifications: readonly TagSpecification[] | undefined,
  resourceType: string,
  quotas: Quotas,
): Tags {
  const tags: Tag[] = [];
  for (const specification of specifications ?? []) {
    checkSpecification(specification, [resourceType]);
    tags.push(...(specification.Tags ?? []));
  }
  return mergeTags({}, tags, quotas);
}

/** Refuses a specification for a type that the action does not make, or without tags. */
export function checkSpecification(
  { ResourceType: type, Tags: tags }: TagSpecification,
  allowed: readonly string[],
): void {
  if (type === undefined)
    throw new Ec2Error('InvalidParameter', 'Tag specification resource type must have a value');
  if (!allowed.includes(type))
    throw new Ec2Error(
      'InvalidParameter',
      `'${type}' is not a valid taggable resource type for this operation.`,
    );
  if (!tags?.length)
    throw new Ec2Error('InvalidParameter', 'Tag specification must have at least one tag');
}

function checkTag(key: string, value: string): void {
  if (key === '') throw new Ec2Error('InvalidParameterValue', 'Tag key cannot be empty.');
  if (key.length > MAX_KEY_LENGTH)
    throw new Ec2Error(
      'InvalidParameterValue',
      `Tag key exceeds the maximum length of ${MAX_KEY_LENGTH} characters`,
    );
  if (value.length > MAX_VALUE_LENGTH)
    throw new Ec2Error(
      'InvalidParameterValue',
      `Tag value exceeds the maximum length of ${MAX_VALUE_LENGTH} characters`,
    );
  if (key.toLowerCase().startsWith('aws:'))
    throw new Ec2Error(
      'InvalidParameterValue',
      `Value ( ${key} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use`,
    );
}
