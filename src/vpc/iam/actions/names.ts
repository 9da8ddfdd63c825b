import type { Tag } from '@aws-sdk/client-iam';
import { Ec2Error } from '../../../ec2/error.ts';
import type { Call } from '../../context.ts';
import { parsePolicy, type PolicyUse } from '../policy-document.ts';

const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 1000;
const MAX_TAGS = 50;

/** `NoSuchEntity` in AWS's words. */
export function noSuchEntity(what: string, name: string): Ec2Error {
  return new Ec2Error('NoSuchEntity', `The ${what} with name ${name} cannot be found.`);
}

/** `EntityAlreadyExists` in AWS's words. */
export function alreadyExists(what: string, name: string): Ec2Error {
  return new Ec2Error('EntityAlreadyExists', `${what} with name ${name} already exists.`);
}

/** `DeleteConflict` in AWS's words. */
export function deleteConflict(what: string): Ec2Error {
  return new Ec2Error('DeleteConflict', `Cannot delete entity, must ${what} first.`);
}

/** Refuses a name with other characters than IAM allows, or that is too long. */
export function checkName(member: string, name: string | undefined, longest: number): string {
  const value = name ?? '';
  if (!/^[\w+=,.@-]+$/.test(value))
    throw new Ec2Error(
      'ValidationError',
      `The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
    );
  if (value.length > longest)
    throw new Ec2Error(
      'ValidationError',
      `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${longest}`,
    );
  return value;
}

/** The path of a request; `/` when it names none. */
export function checkPath(path = '/'): string {
  if (path === '/' || /^\/[!-~]{1,510}\/$/.test(path)) return path;
  throw new Ec2Error(
    'ValidationError',
    'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
  );
}

/** Refuses a policy document that cannot be evaluated, or is longer than its kind may be. */
export function checkDocument(
  text: string | undefined,
  longest: number,
  use: PolicyUse = 'identity',
): string {
  const document = text ?? '';
  const size = document.replace(/\s/g, '').length;
  if (size > longest)
    throw new Ec2Error('LimitExceeded', `Cannot exceed quota for PolicySize: ${longest}`);
  const policy = parsePolicy(document, use);
  if (policy.ok) return document;
  throw new Ec2Error('MalformedPolicyDocument', policy.error);
}

/** Policy documents are percent-encoded in answers (RFC 3986). */
export function encodeDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Tags of a request as stored, on top of those that are there. */
export function mergeIamTags(
  before: Readonly<Record<string, string>> | undefined,
  tags: readonly Tag[] | undefined,
): Readonly<Record<string, string>> {
  checkTags(tags ?? []);
  const added = (tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value] as const);
  const merged = { ...before, ...Object.fromEntries(added) };
  if (Object.keys(merged).length > MAX_TAGS)
    throw new Ec2Error('LimitExceeded', `Cannot exceed quota for TagsPerEntity: ${MAX_TAGS}`);
  return merged;
}

/** Characters of keys and values of tags. */
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const TAG_PATTERN = String.raw`[\p{L}\p{Z}\p{N}_.:/=+\-@]`;

/** Refuses tags that IAM refuses, in its words. */
function checkTags(tags: readonly Tag[]): void {
  if (tags.length > MAX_TAGS)
    throw violates(`'tags' failed`, `Member must have length less than or equal to ${MAX_TAGS}.`);
  tags.forEach(({ Key: key = '', Value: value = '' }, i) => {
    const at = (part: string, text: string): string =>
      `'${text}' at 'tags.${i + 1}.member.${part}' failed`;
    if (key === '')
      throw violates(at('key', key), 'Member must have length greater than or equal to 1.');
    if (key.length > 128)
      throw violates(at('key', key), 'Member must have length less than or equal to 128.');
    if (value.length > 256)
      throw violates(at('value', value), 'Member must have length less than or equal to 256.');
    if (!TAG_TEXT.test(key))
      throw violates(
        at('key', key),
        `Member must satisfy regular expression pattern: ${TAG_PATTERN}+`,
      );
    if (!TAG_TEXT.test(value))
      throw violates(
        at('value', value),
        `Member must satisfy regular expression pattern: ${TAG_PATTERN}*`,
      );
    if (/^aws:/i.test(key))
      throw new Ec2Error('InvalidInput', 'Tag keys that start with aws: are reserved.');
  });
  const keys = tags.map(({ Key: key = '' }) => key.toLowerCase());
  if (new Set(keys).size < keys.length)
    throw new Ec2Error(
      'InvalidInput',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    );
}

function violates(what: string, rule: string): Ec2Error {
  const text = `1 validation error detected: Value ${what} to satisfy constraint: ${rule}`;
  return new Ec2Error('ValidationError', text);
}

/** What of a request says which page it wants. */
export interface PageRequest {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
  readonly PathPrefix?: string | undefined;
}

/** A page of a list, in order of the keys. The marker is the last key. */
export function iamPage<T>(
  items: readonly T[],
  { Marker: marker, MaxItems: max = DEFAULT_PAGE }: PageRequest,
  keyOf: (item: T) => string,
): { items: T[]; rest: { IsTruncated: boolean; Marker?: string } } {
  if (!(max >= 1 && max <= LARGEST_PAGE))
    throw new Ec2Error(
      'ValidationError',
      `1 validation error detected: Value '${max}' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and ${LARGEST_PAGE}`,
    );
  const after = marker === undefined ? '' : Buffer.from(marker, 'base64url').toString();
  const sorted = items
    .filter((item) => keyOf(item) > after)
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const page = sorted.slice(0, max);
  const last = page.at(-1);
  if (sorted.length <= max || last === undefined)
    return { items: page, rest: { IsTruncated: false } };
  const next = Buffer.from(keyOf(last)).toString('base64url');
  return { items: page, rest: { IsTruncated: true, Marker: next } };
}

/** Objects of the caller's account below the path that a list request names. */
export function ownUnder<T extends { readonly spec: { readonly path: string } }>(
  call: Call,
  table: { by(index: string, key: string): readonly T[] },
  { PathPrefix: prefix = '/' }: PageRequest,
): T[] {
  return table.by('account', call.accountId).filter(({ spec }) => spec.path.startsWith(prefix));
}
