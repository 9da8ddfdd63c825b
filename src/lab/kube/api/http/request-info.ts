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
  const parts = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const root = parts.shift();
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : (parts.shift() ?? '');
  const version = parts.shift() ?? '';
  if (parts.length === 0) return undefined;
  const scope = splitNamespace(parts);
  const [plural = '', name = '', subresource = '', ...more] = scope.rest;
  if (more.length > 0) return undefined;
  return { group, version, namespace: scope.namespace, plural, name, subresource };
}

function splitNamespace(parts: readonly string[]): { namespace: string; rest: readonly string[] } {
  const [first, namespace = '', third] = parts;
  const inside =
    first === 'namespaces' && third !== undefined && !NAMESPACE_SUBRESOURCES.has(third);
  return inside ? { namespace, rest: parts.slice(2) } : { namespace: '', rest: parts };
}
