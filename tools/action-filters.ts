import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createFakeKube } from '../src/api/client.fake.ts';
import { silentLog } from '../src/base/log.ts';
import { Ec2Error } from '../src/ec2/error.ts';
import type { ActionModel } from '../src/ec2/codec/model.ts';
import { systemClock } from '../src/io/clock.ts';
import { cryptoRandom } from '../src/io/random.ts';
import type { Handler } from '../src/vpc/context.ts';
import { DEFAULT_QUOTAS } from '../src/vpc/quotas.ts';
import { createStore } from '../src/vpc/store/store.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** Asks a handler which filters it takes. */
export type FilterProbe = (action: ActionModel, handler: Handler) => Promise<readonly string[]>;

/**
 * Finds out by trying: every text in the sources that could name a filter is given to the handler
 * over an empty store, and what it does not refuse is a filter.
 */
export function createFilterProbe(): FilterProbe {
  const names = candidateNames();
  const call = {
    store: createStore({ kube: createFakeKube(), clock: systemClock }),
    clock: systemClock,
    random: cryptoRandom,
    log: silentLog,
    quotas: DEFAULT_QUOTAS,
    homeRegion: 'us-east-1',
    region: 'us-east-1',
    accountId: '111122223333',
    caller: { account: { accountId: '111122223333', accessKeyId: 'AKIA', userName: 'x' } },
  } as never;
  return async (action, handler) => {
    const member = ['Filters', 'Filter'].find((name) => action.input?.byName.has(name));
    if (member === undefined) return [];
    const accepts = async (name: string): Promise<boolean> => {
      const input = { [member]: [{ Name: name, Values: ['x'] }] } as never;
      try {
        await handler(input, call);
        return true;
      } catch (error) {
        return !(error instanceof Ec2Error);
      }
    };
    const found: string[] = [];
    for (const name of names) if (await accepts(name)) found.push(name);
    return found.map((name) => (name === 'tag:x' ? 'tag:<key>' : name));
  };
}

function candidateNames(): readonly string[] {
  const names = new Set(['tag:x', 'tag-key', 'tag-value']);
  for (const file of readdirSync(join(ROOT, 'src/vpc'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || /\.(test|fake)\.ts$/.test(file)) continue;
    const text = readFileSync(join(ROOT, 'src/vpc', file), 'utf8');
    for (const match of text.matchAll(/'([a-z][A-Za-z0-9.-]*)'/g)) names.add(match[1] ?? '');
    // Names without a hyphen need no quotes.
    for (const match of text.matchAll(/^ +([a-z][A-Za-z0-9]*)(?::|,$)/gm))
      names.add(match[1] ?? '');
  }
  return [...names].sort();
}
