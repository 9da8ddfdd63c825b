import { createHash } from 'node:crypto';
import { virtualResources, VIRTUAL_RESOURCES } from '../discovery/virtual.ts';
import type { Fields } from '../../../../base/json.ts';
import { apiVersionOf, type Kind } from '../registry/kind.ts';
import type { Registry } from '../registry/registry.ts';
import { reachableSchemas } from './components.ts';
import { kindPaths } from './paths.ts';

/** A group version that has a document. */
export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** Document paths (`api/v1`, `apis/apps/v1`) and what they are about. */
export function groupVersionPaths(registry: Registry): ReadonlyMap<string, GroupVersion> {
  const paths = new Map<string, GroupVersion>();
  for (const { group, version } of [...registry.all(), ...VIRTUAL_RESOURCES]) {
    paths.set(documentPath({ group, version }), { group, version });
  }
  return paths;
}

function documentPath(target: GroupVersion): string {
  return `${target.group === '' ? 'api' : 'apis'}/${apiVersionOf(target)}`;
}

/** The index: where each group version's document is. The hash changes with its content. */
export function openApiIndex(registry: Registry): Fields {
  const entries = [...groupVersionPaths(registry)].map(([path, target]) => {
    const custom = kindsOf(registry, target).filter((kind) => kind.custom !== undefined);
    const hash = createHash('sha256')
      .update(JSON.stringify([path, custom.map(({ kind, schema }) => [kind, schema])]))
      .digest('hex')
      .toUpperCase();
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
  });
  return { paths: Object.fromEntries(entries) };
}

function kindsOf(registry: Registry, { group, version }: GroupVersion): Kind[] {
  return registry.all().filter((kind) => kind.group === group && kind.version === version);
}

/** The OpenAPI v3 document of a group version: made for each request, kubectl keeps it. */
export function openApiDocument(registry: Registry, target: GroupVersion): Fields {
  const kinds = kindsOf(registry, target);
  const virtual = virtualResources(target.group, target.version);
  return {
    openapi: '3.0.0',
    info: { title: 'Trunkline lab', version: 'v1.32.0' },
    paths: Object.assign({}, ...kinds.map(kindPaths)) as Fields,
    components: { schemas: reachableSchemas(kinds, virtual) },
  };
}
