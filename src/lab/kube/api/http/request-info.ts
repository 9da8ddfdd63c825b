import { badRequest } from '../status.ts';

/** A resource URL, taken apart. Empty text where the URL has nothing. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly plural: string;
  readonly name: string;
  readonly subresource: string;
}

/** Subresources of namespaces themselves; other names there are resources inside the namespace. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize']);

/**
 * Reads `/api/v1/...` and `/apis/<group>/<version>/...` as the API server does. Undefined when the
 * path names no resource (discovery, health, nonsense).
 */
export function parseResourcePath(pathname: string): ResourcePath | undefined {
  const [root, ...rest] = segments(pathname);
  if (root !== 'api' && root !== 'apis') return undefined;
  const [group, version, ...path] = root === 'api' ? ['', ...rest] : rest;
  if (group === undefined || version === undefined || path.length === 0) return undefined;
  const scope = splitNamespace(path);
  return scope.rest.length > 3 ? undefined : { group, version, ...named(scope) };
}

interface Scope {
  readonly namespace: string;
  readonly rest: readonly string[];
}

function named({ namespace, rest }: Scope): Omit<ResourcePath, 'group' | 'version'> {
  const [plural = '', name = '', subresource = ''] = rest;
  return { namespace, plural, name, subresource };
}

function segments(pathname: string): string[] {
  try {
    return pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    throw badRequest(`malformed path ${pathname}`);
  }
}

function splitNamespace(parts: readonly string[]): Scope {
  const [first, namespace = '', third] = parts;
  const inside =
    first === 'namespaces' && third !== undefined && !NAMESPACE_SUBRESOURCES.has(third);
  return inside ? { namespace, rest: parts.slice(2) } : { namespace: '', rest: parts };
}
