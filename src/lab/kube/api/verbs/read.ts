import type { Api, Call } from '../api.ts';
import type { Fields } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { apiVersionOf } from '../registry/kind.ts';
import { parseFieldSelector, type ObjectMatch } from '../selector/field.ts';
import { parseLabelSelector } from '../selector/label.ts';
import { badRequest, expired, notFound, qualified } from '../status.ts';
import { served } from './forms.ts';

/** The object that the call names, in its served form. */
export function getObject(api: Api, call: Call): ApiObject {
  const found = api.store.get(call.kind.storage, call);
  if (found === undefined) throw notFound(call.kind, call.name);
  return served(call.kind, found);
}

/** What narrows a list or a watch. */
export function parseSelection(call: Call, query: URLSearchParams): ObjectMatch {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fieldText = [
    query.get('fieldSelector') ?? '',
    // A watch of one object: /api/v1/.../pods/x?watch=true.
    call.name === '' ? '' : `metadata.name=${call.name}`,
  ]
    .filter((part) => part !== '')
    .join(',');
  const { kind } = call;
  const fields = parseFieldSelector(
    fieldText,
    qualified(kind),
    kind.custom?.selectableFields ?? [],
  );
  return (object) => labels(object.metadata.labels ?? {}) && fields(object);
}

/** A page of a collection. */
export interface Page {
  readonly items: readonly ApiObject[];
  readonly resourceVersion: string;
  /** The token of the next page; '' on the last. */
  readonly next: string;
  readonly remaining: number;
}

interface Continue {
  /** Version of the first page, which all pages carry. */
  readonly rv: string;
  /** `namespace/name` of the last object of the page before. */
  readonly after: string;
}

/**
 * Lists a collection. Later pages read the present state from where the page before ended, not a
 * snapshot: an object made meanwhile behind that point is on them.
 */
export function listPage(api: Api, call: Call, query: URLSearchParams): Page {
  const token = parseContinue(query.get('continue'));
  const matches = parseSelection(call, query);
  const limit = Number(query.get('limit') ?? '0');
  const namespace = call.namespace === '' ? undefined : call.namespace;
  const all = api.store.list(call.kind.storage, namespace);
  const rest = token === undefined ? all : all.filter((object) => orderKey(object) > token.after);
  const found = rest.map((object) => served(call.kind, object)).filter(matches);
  const items = limit > 0 ? found.slice(0, limit) : found;
  const resourceVersion = token?.rv ?? String(api.store.version);
  const last = items.at(-1);
  const remaining = found.length - items.length;
  const next =
    remaining > 0 && last !== undefined
      ? encodeContinue({ rv: resourceVersion, after: orderKey(last) })
      : '';
  return { items, resourceVersion, next, remaining };
}

function orderKey({ metadata }: ApiObject): string {
  // U+0000 sorts before every character of a name, so `a` comes before `a-b`, as in the store.
  return `${metadata.namespace ?? ''}\u0000${metadata.name}`;
}

function encodeContinue(token: Continue): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function parseContinue(text: string | null): Continue | undefined {
  if (text === null || text === '') return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Continue;
  } catch {
    throw badRequest('continue key is not valid');
  }
}

/** The list object of a page. */
export function listBody(call: Call, page: Page): Fields {
  return {
    kind: call.kind.listKind,
    apiVersion: apiVersionOf(call.kind),
    metadata: listMetadata(page),
    items: page.items,
  };
}

/** Metadata of a list or table of a page. */
export function listMetadata(page: Page): Fields {
  return {
    resourceVersion: page.resourceVersion,
    ...(page.next !== '' && { continue: page.next, remainingItemCount: page.remaining }),
  };
}

/** The version that a watch starts after; undefined: send what is there first. */
export function parseWatchVersion(api: Api, query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion') ?? '';
  if (text === '' || text === '0') return undefined;
  const version = Number(text);
  if (!Number.isSafeInteger(version) || version < 0) {
    throw badRequest(`invalid resource version "${text}"`);
  }
  if (version > api.store.version) {
    throw expired(`too old resource version: ${version} (${api.store.version})`);
  }
  return version;
}
