import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createFakeKube } from '../src/api/client.fake.ts';
import { silentLog } from '../src/base/log.ts';
import { Ec2Error } from '../src/ec2/error.ts';
import type { ActionModel } from '../src/ec2/codec/model.ts';
import { systemClock } from '../src/io/clock.ts';
import { cryptoRandom } from '../src/io/random.ts';
import type { Handler } from '../src/vpc/context.ts';
import { createSubnet } from '../src/vpc/actions/subnets.ts';
import { createVpc } from '../src/vpc/actions/create-vpc.ts';
import { DEFAULT_QUOTAS } from '../src/vpc/quotas.ts';
import { createStore } from '../src/vpc/store/store.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** Asks a handler which filters it takes. */
export type FilterProbe = (action: ActionModel, handler: Handler) => Promise<readonly string[]>;

/**
 * Finds out by trying: every name that AWS documents and every text in the sources that could name a
 * filter is given to the handler, and what it does not refuse as a name is a filter.
 */
export function createFilterProbe(): FilterProbe {
  const names = candidateNames();
  const world = createWorld();
  return async (action, handler) => {
    const { call, ids } = await world;
    const member = ['Filters', 'Filter'].find((name) => action.input?.byName.has(name));
    if (member === undefined) return [];
    // A Get action is about one object, a Describe action about all.
    const about = action.name.startsWith('Get') ? ids : {};
    const accepts = async (name: string): Promise<boolean> => {
      const input = { ...about, [member]: [{ Name: name, Values: ['x'] }] } as never;
      try {
        await handler(input, call);
        return true;
      } catch (error) {
        return !(error instanceof Ec2Error && error.message === `The filter '${name}' is invalid`);
      }
    };
    if (await accepts('no-such-filter'))
      throw new Error(`${action.name} does not look at the names of filters`);
    const found: string[] = [];
    for (const name of names) if (await accepts(name)) found.push(name);
    return found.map((name) => (name === 'tag:x' ? 'tag:<key>' : name));
  };
}

interface World {
  readonly call: never;
  readonly ids: { readonly VpcId: string | undefined; readonly SubnetId: string | undefined };
}

/** A store with a VPC and a subnet in it. */
async function createWorld(): Promise<World> {
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
  const { Vpc: vpc } = await createVpc({ CidrBlock: '10.0.0.0/16' }, call);
  const VpcId = vpc?.VpcId;
  const { Subnet: subnet } = await createSubnet({ VpcId, CidrBlock: '10.0.0.0/24' }, call);
  return { call, ids: { VpcId, SubnetId: subnet?.SubnetId } };
}

const DOCUMENTED_PATH = join(import.meta.dirname, 'documented-filters.json');

/** The filters that AWS documents, by action (tools/documented_filters.py). */
export function readDocumentedFilters(): Readonly<Record<string, readonly string[]>> {
  const file = JSON.parse(readFileSync(DOCUMENTED_PATH, 'utf8')) as {
    readonly actions: Readonly<Record<string, readonly string[]>>;
  };
  return file.actions;
}

function candidateNames(): readonly string[] {
  const documented = Object.values(readDocumentedFilters()).flat();
  const names = new Set(['tag:x', 'tag-key', 'tag-value', ...documented]);
  names.delete('tag:<key>');
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
