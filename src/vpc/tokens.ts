import { createHash } from 'node:crypto';
import { newId } from '../base/ids.ts';
import { Ec2Error } from '../ec2/error.ts';
import type { Call } from './context.ts';

const ID_DIGITS = 17;
const MAX_TOKEN_LENGTH = 64;

/**
 * The id that a creation gets. With a client token it follows from (account, region, action,
 * token), so that the same request tried again, even after a crash or on another replica, meets the
 * object that the first try made, and Kubernetes itself refuses a second one.
 */
export function creationId(
  call: Call,
  options: {
    readonly prefix: string;
    readonly action: string;
    readonly token?: string | undefined;
  },
): string {
  const { prefix, action, token } = options;
  if (token === undefined || token === '') return newId(call.random, prefix);
  if (token.length > MAX_TOKEN_LENGTH)
    throw new Ec2Error('InvalidParameterValue', `ClientToken is longer than ${MAX_TOKEN_LENGTH}`);
  const key = [call.accountId, call.region, action, token].join('\n');
  return `${prefix}-${sha256(key).slice(0, ID_DIGITS)}`;
}

/** Digest of a request, to tell a retry from another request with the same token. */
export function requestDigest(input: object): string {
  return sha256(canonicalJson(input)).slice(0, 32);
}

/** Refuses a token that came with other parameters before. */
export function checkReplay(stored: string | undefined, input: object): void {
  if (stored !== undefined && stored !== requestDigest(input))
    throw new Ec2Error(
      'IdempotentParameterMismatch',
      'The client token you have provided is associated with a resource with different parameters.',
    );
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What a creation stores of its client token, so that `checkReplay` can tell a retry. */
export function tokenFields(input: { readonly ClientToken?: string | undefined }): {
  readonly clientToken?: string;
  readonly clientTokenDigest?: string;
} {
  const { ClientToken: clientToken } = input;
  if (clientToken === undefined || clientToken === '') return {};
  return { clientToken, clientTokenDigest: requestDigest(input) };
}
