import type { Filter } from '@aws-sdk/client-ec2';
import type { KubeObject } from '../api/meta.ts';
import { Ec2Error } from '../ec2/error.ts';
import { checkId } from '../ec2/id-kinds.ts';
import { candidates, filterTest, type FilterTable } from './filters.ts';
import type { Collection } from './store/collection.ts';

/** What all describe requests have. */
export interface DescribeRequest {
  readonly ids: readonly string[] | undefined;
  readonly filters: readonly Filter[] | undefined;
  /** Leaves unknown ids out. */
  readonly ignoreMissing?: boolean;
}

/**
 * The visible objects that a describe request asks for. An unknown id is an error that names it;
 * an unknown id in a filter is an empty answer.
 */
export function selectObjects<T extends KubeObject>(
  collection: Collection<T>,
  { ids, filters, ignoreMissing = false }: DescribeRequest,
  options: { readonly table: FilterTable<T>; readonly visible: (object: T) => boolean },
): T[] {
  const test = filterTest(options.table, filters);
  const visible = (object: T): boolean =>
    collection.isSettled(object.metadata.name) && options.visible(object);
  const source = ids?.length
    ? byIds(collection, ids, { visible, ignoreMissing })
    : candidates(collection.table, options.table, filters);
  const out: T[] = [];
  for (const object of source) if (visible(object) && test(object)) out.push(object);
  return out;
}

function byIds<T extends KubeObject>(
  collection: Collection<T>,
  ids: readonly string[],
  options: { readonly visible: (object: T) => boolean; readonly ignoreMissing: boolean },
): T[] {
  const found = new Map<string, T>();
  const missing: string[] = [];
  for (const id of ids) {
    checkId(collection.idKind, id);
    const object = collection.get(id);
    if (object !== undefined && options.visible(object)) found.set(id, object);
    else missing.push(id);
  }
  if (missing.length > 0 && !options.ignoreMissing) throw collection.missing(...missing);
  return [...found.values()];
}

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken: string | undefined;
}

/** What of a request says which page it wants. */
export interface PageRequest {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/**
 * Cuts a page out of a list. Pages go by key order and the token holds the last key, so objects
 * that come and go between two pages neither repeat nor hide others. Without MaxResults and
 * NextToken everything is answered, in the order given.
 */
export function paginate<T>(
  items: readonly T[],
  request: PageRequest,
  options: { readonly key: (item: T) => string; readonly range: readonly [number, number] },
): Page<T> {
  const { MaxResults: max, NextToken: token } = request;
  const [least, most] = options.range;
  if (max !== undefined && !(max >= least && max <= most))
    throw new Ec2Error(
      'InvalidParameterValue',
      `Value ( ${max} ) for parameter maxResults is invalid. Expecting a value between ${least} and ${most}.`,
    );
  if (max === undefined && token === undefined) return { items, nextToken: undefined };
  const after = token === undefined ? '' : readToken(token);
  const size = max ?? most;
  const sorted = items
    .map((item) => ({ item, key: options.key(item) }))
    .filter(({ key }) => key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = sorted.slice(0, size);
  const last = page.at(-1);
  const more = sorted.length > size && last !== undefined;
  return {
    items: page.map(({ item }) => item),
    nextToken: more ? Buffer.from(`tl1:${last.key}`).toString('base64url') : undefined,
  };
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('tl1:'))
    throw new Ec2Error('InvalidNextToken', `The token '${token}' is invalid`);
  return text.slice('tl1:'.length);
}
