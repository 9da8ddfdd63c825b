import type { Fields } from '../../../../base/json.ts';
import { apiVersionOf, type Kind } from '../registry/kind.ts';
import { entriesOf, type ResourceEntry } from './resources.ts';
import { VIRTUAL_RESOURCES } from './virtual.ts';

/** An API group and its versions, newest and most stable first. */
export interface ApiGroup {
  readonly name: string;
  readonly versions: readonly string[];
}

/** The groups that something is served in; the core group is ''. */
export function groupsOf(kinds: readonly Kind[]): ApiGroup[] {
  const groups = new Map<string, Set<string>>();
  for (const { group, version } of [...kinds, ...VIRTUAL_RESOURCES]) {
    const versions = groups.get(group) ?? new Set();
    groups.set(group, versions.add(version));
  }
  return [...groups].map(([name, versions]) => ({
    name,
    versions: [...versions].sort(compareVersions),
  }));
}

/** v1 before v1beta1 before v1alpha1, higher numbers first (KEP "version priority"). */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [rank(left), rank(right)];
  for (let index = 0; index < a.length; index += 1) {
    const difference = (b[index] ?? 0) - (a[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left < right ? -1 : 1;
}

function rank(version: string): number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return [-1, 0, 0];
  const stability = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
  return [stability, Number(match[1]), Number(match[3] ?? '0')];
}

/** The APIGroup object of a group. */
export function groupBody({ name, versions }: ApiGroup): Fields {
  const entries = versions.map((version) => ({
    groupVersion: apiVersionOf({ group: name, version }),
    version,
  }));
  return {
    kind: 'APIGroup',
    apiVersion: 'v1',
    name,
    versions: entries,
    preferredVersion: entries[0],
  };
}

/** Aggregated discovery (apidiscovery.k8s.io): groups, versions and resources in one answer. */
export function aggregatedBody(
  kinds: readonly Kind[],
  groups: readonly ApiGroup[],
  version: string,
): Fields {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: { name: group.name, creationTimestamp: null },
      versions: group.versions.map((each) => ({
        version: each,
        freshness: 'Current',
        resources: aggregatedResources(entriesOf(kinds, group.name, each), group.name, each),
      })),
    })),
  };
}

function aggregatedResources(
  entries: readonly ResourceEntry[],
  group: string,
  version: string,
): Fields[] {
  const kindOf = (entry: ResourceEntry): Fields => ({
    group: entry.group ?? group,
    version: entry.version ?? version,
    kind: entry.kind,
  });
  return entries
    .filter(({ name }) => !name.includes('/'))
    .map((entry) => ({
      resource: entry.name,
      responseKind: kindOf(entry),
      scope: entry.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: entry.singularName,
      verbs: entry.verbs,
      ...(entry.shortNames && { shortNames: entry.shortNames }),
      ...(entry.categories && { categories: entry.categories }),
      subresources: entries
        .filter(({ name }) => name.startsWith(`${entry.name}/`))
        .map((sub) => ({
          subresource: sub.name.slice(entry.name.length + 1),
          responseKind: kindOf(sub),
          verbs: sub.verbs,
        })),
    }));
}
