import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Random } from '../../../../base/random.ts';
import { isFields, listOf, textAt } from '../../../../base/json.ts';
import type { Journal } from '../store/journal.ts';
import type { User } from './user.ts';

const KEY_SETTING = 'token-key';
const KEY_BYTES = 32;

/** Issues and checks bearer tokens: signed, without expiry, valid as long as the data file. */
export interface Tokens {
  issue(user: string, groups: readonly string[]): string;
  verify(token: string): User | undefined;
}

/** Tokens under a key that is kept in the journal. */
export function createTokens(journal: Journal, random: Random): Tokens {
  let keyText = journal.setting(KEY_SETTING);
  if (keyText === undefined) {
    keyText = Buffer.from(random.bytes(KEY_BYTES)).toString('base64');
    journal.setSetting(KEY_SETTING, keyText);
  }
  const key = Buffer.from(keyText, 'base64');
  const sign = (payload: string): Buffer => createHmac('sha256', key).update(payload).digest();
  return {
    issue: (user, groups) => {
      const payload = Buffer.from(JSON.stringify({ user, groups })).toString('base64url');
      return `${payload}.${sign(payload).toString('base64url')}`;
    },
    verify: (token) => {
      const [payload = '', signature = ''] = token.split('.');
      const given = Buffer.from(signature, 'base64url');
      const wanted = sign(payload);
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
      return userOf(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    },
  };
}

function userOf(payload: unknown): User | undefined {
  if (!isFields(payload)) return undefined;
  return { name: textAt(payload, 'user'), groups: listOf(payload['groups']).map(String) };
}
