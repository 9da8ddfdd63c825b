import type { Fields } from '../../../../base/json.ts';
import { apiVersionOf, type Kind } from '../registry/kind.ts';
import { virtualResources, type VirtualResource } from './virtual.ts';

/** One entry of a group version's resource list. */
export interface ResourceEntry {
  /** `pods` or `pods/log`. */
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** The verbs of subresources that are not objects of their own kind. */
const SUBRESOURCE_VERBS: Readonly<Record<string, readonly string[]>> = {
  log: ['get'],
  exec: ['create', 'get'],
  attach: ['create', 'get'],
  portforward: ['create', 'get'],
  binding: ['create'],
  eviction: ['create'],
  finalize: ['update'],
};

const SUBRESOURCE_KINDS: Readonly<Record<string, Partial<ResourceEntry>>> = {
  exec: { kind: 'PodExecOptions' },
  attach: { kind: 'PodAttachOptions' },
  portforward: { kind: 'PodPortForwardOptions' },
  binding: { kind: 'Binding' },
  eviction: { kind: 'Eviction', group: 'policy', version: 'v1' },
};

/** All entries of a group version. */
export function entriesOf(kinds: readonly Kind[], group: string, version: string): ResourceEntry[] {
  const own = kinds
    .filter((kind) => kind.group === group && kind.version === version)
    .flatMap(entriesOfKind);
  const virtual = virtualResources(group, version).map(virtualEntry);
  return [...own, ...virtual].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function entriesOfKind(kind: Kind): ResourceEntry[] {
  const main: ResourceEntry = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
  };
  return [main, ...subresourcesOf(kind).map((name) => subresourceEntry(kind, name))];
}

/** The names of a kind's subresources. */
export function subresourcesOf(kind: Kind): string[] {
  return [
    ...(kind.statusSubresource ? ['status'] : []),
    ...(kind.scale ? ['scale'] : []),
    ...kind.subresources,
  ];
}

function subresourceEntry(kind: Kind, name: string): ResourceEntry {
  return {
    name: `${kind.plural}/${name}`,
    singularName: '',
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: SUBRESOURCE_VERBS[name] ?? ['get', 'patch', 'update'],
    ...(name === 'scale' && { kind: 'Scale', group: 'autoscaling', version: 'v1' }),
    ...SUBRESOURCE_KINDS[name],
  };
}

function virtualEntry(resource: VirtualResource): ResourceEntry {
  return {
    name: resource.plural,
    singularName: resource.kind.toLowerCase(),
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: ['create'],
  };
}

/** The APIResourceList of a group version. */
export function resourceList(
  kinds: readonly Kind[],
  group: string,
  version: string,
): Fields | undefined {
  const entries = entriesOf(kinds, group, version);
  if (entries.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group, version }),
    resources: entries,
  };
}
