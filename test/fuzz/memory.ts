import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../src/api/meta.ts';
import { createInformers } from '../../src/io/informer.ts';
import { systemClock } from '../../src/io/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Collection } from '../../src/vpc/store/collection.ts';
import { collectionsOf, createStore, followStore, type Store } from '../../src/vpc/store/store.ts';
import type { World } from './world.ts';

/** Every index that any collection has. */
const INDEXES = [
  'vpc',
  'subnet',
  'group',
  'instance',
  'attachment',
  'trunk',
  'association',
  'permission',
  'address',
  'block',
  'ip',
  'mac',
  'tag',
  'name',
  'reference',
  'prefixList',
  'associatedVpc',
  'rule',
  'routeTable',
  'networkAcl',
  'dhcpOptions',
  'resource',
] as const;

/** How the memory of a server differs from that of one that just started over the same objects. */
export async function memoryDifferences(
  { kube, clock, store }: World,
  everSeen: ReadonlySet<string>,
): Promise<string[]> {
  const stop = new AbortController();
  const informers = createInformers({
    kube,
    clock: systemClock,
    log: silentLog,
    signal: stop.signal,
  });
  const fresh = createStore({ kube, clock });
  const unfollow = await followStore(fresh, informers);
  const problems = collectionsOf(store).flatMap((collection, i) => {
    const other = collectionsOf(fresh)[i]!;
    return [...differences(collection, other), ...indexDifferences(collection, other, everSeen)];
  });
  problems.push(...poolDifferences(store, fresh));
  unfollow();
  stop.abort();
  return problems;
}

function differences(live: Collection<KubeObject>, fresh: Collection<KubeObject>): string[] {
  const problems: string[] = [];
  if (live.table.size !== fresh.table.size)
    problems.push(`${live.plural}: ${live.table.size} in memory, ${fresh.table.size} stored`);
  for (const object of fresh.table.values())
    if (!isDeepStrictEqual(live.get(object.metadata.name), object))
      problems.push(`${object.metadata.name} in memory is not what is stored`);
  return problems;
}

/** Asks both for every text that is or was in any object. */
function indexDifferences(
  live: Collection<KubeObject>,
  fresh: Collection<KubeObject>,
  everSeen: ReadonlySet<string>,
): string[] {
  const keys = new Set(everSeen);
  for (const object of fresh.table.values()) textsOf(object, keys);
  return INDEXES.filter((index) => live.table.hasIndex(index)).flatMap((index) =>
    [...keys]
      .filter((key) => !isDeepStrictEqual(names(live, index, key), names(fresh, index, key)))
      .map((key) => `Index ${index} of ${live.plural} is wrong at ${key}`),
  );
}

function names(collection: Collection<KubeObject>, index: string, key: string): string[] {
  return collection.table
    .by(index, key)
    .map(({ metadata }) => metadata.name)
    .sort();
}

/** All texts of an object, alone and behind its VPC, and its tags: the forms that index keys have. */
function textsOf(object: KubeObject, into: Set<string>): void {
  const { spec } = object as KubeObject & {
    spec: { vpcId?: string; tags?: Record<string, string> };
  };
  for (const [, text = ''] of JSON.stringify(spec).matchAll(/"((?:[^"\\]|\\.)*)"/g)) {
    into.add(text);
    if (spec.vpcId !== undefined) into.add(`${spec.vpcId}/${text}`);
  }
  for (const [key, value] of Object.entries(spec.tags ?? {})) into.add(`${key}=${value}`);
}

function poolDifferences(live: Store, fresh: Store): string[] {
  return [...fresh.subnets.table.values()].flatMap((subnet) => {
    const counts = [live, fresh].map(({ addresses }) => addresses.available(subnet));
    const problem = `${subnet.metadata.name} has ${counts[0]} free addresses in memory, ${counts[1]} stored`;
    return counts[0] === counts[1] ? [] : [problem];
  });
}
