import type { Filter } from '@aws-sdk/client-ec2';
import type { KubeObject } from '../api/meta.ts';
import { Ec2Error } from '../ec2/error.ts';
import { checkId } from '../ec2/id-kinds.ts';
import { candidates, filterTest, type FilterTable, type FilterUse } from './filters.ts';
import type { Collection } from './store/collection.ts';

/** What all describe requests have. */
export interface DescribeRequest {
  readonly ids: readonly string[] | undefined;
  readonly filters: readonly Filter[] | undefined;
  /** Leaves unknown ids out. */
  readonly ignoreMissing?: boolean;
}

/** Which objects an action shows, and what its filters mean. */
export interface Selection<T> {
  /** A function is called only when there are filters. */
  readonly table: FilterTable<T> | (() => FilterTable<T>);
  readonly visible: (object: T) => boolean;
}

/**
 * The visible objects that a describe request asks for. An unknown id is an error that names it;
 * an unknown id in a filter is an empty answer.
 */
export function selectObjects<T extends KubeObject>(
  collection: Collection<T>,
  request: DescribeRequest,
  selection: Selection<T>,
): T[] {
  const { passes, visible, use } = readSelection(collection, request, selection);
  const source = request.ids?.length
    ? byIds(collection, request.ids, { visible, ignoreMissing: request.ignoreMissing ?? false })
    : (candidates(collection.table, use) ?? collection.table.values());
  const out: T[] = [];
  for (const object of source) if (visible(object) && passes(object)) out.push(object);
  return out;
}

/**
 * The page that a describe request asks for, as `selectObjects` and `paginate` make it. A page of a
 * long list costs what it shows: objects are looked at in the order of their ids, until it is full.
 */
export function selectPage<T extends KubeObject>(
  collection: Collection<T>,
  request: DescribeRequest & { readonly page: PageRequest },
  selection: Selection<T> & { readonly range: readonly [number, number] },
): Page<T> {
  const { range } = selection;
  const wanted = readPage(request.page, range);
  const isShort = wanted === undefined || (request.ids?.length ?? 0) > 0;
  const { passes, visible, use } = readSelection(collection, request, selection);
  const few = collection.table.size / SORT_SHARE;
  if (isShort || candidates(collection.table, use, few) !== undefined) {
    const objects = selectObjects(collection, request, selection);
    return paginate(objects, request.page, { key: ({ metadata }) => metadata.name, range });
  }
  const items: T[] = [];
  let isMore = false;
  collection.table.walk(wanted.after, (object) => {
    if (!visible(object) || !passes(object)) return false;
    isMore = items.length === wanted.size;
    if (!isMore) items.push(object);
    return isMore;
  });
  return pageOf(items, isMore ? items.at(-1)?.metadata.name : undefined);
}

/** To select and sort this part of all objects costs as much as to walk them in order. */
const SORT_SHARE = 16;

function readSelection<T extends KubeObject>(
  collection: Collection<T>,
  { filters }: DescribeRequest,
  selection: Selection<T>,
): {
  readonly passes: (object: T) => boolean;
  readonly visible: (object: T) => boolean;
  readonly use: FilterUse<T>;
} {
  const { table: given } = selection;
  const made = (): FilterTable<T> => (typeof given === 'function' ? given() : given);
  const table: FilterTable<T> = filters?.length ? made() : { filters: {} };
  return {
    passes: filterTest(table, filters),
    visible: (object) => collection.isSettled(object.metadata.name) && selection.visible(object),
    use: { table, filters },
  };
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
  const wanted = readPage(request, options.range);
  if (wanted === undefined) return { items, nextToken: undefined };
  const { after, size } = wanted;
  const sorted = items
    .map((item) => ({ item, key: options.key(item) }))
    .filter(({ key }) => key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = sorted.slice(0, size);
  const lastKey = sorted.length > size ? page.at(-1)?.key : undefined;
  return pageOf(
    page.map(({ item }) => item),
    lastKey,
  );
}

/** What a request says about its page; undefined when it wants everything at once. */
function readPage(
  { MaxResults: max, NextToken: token }: PageRequest,
  [least, most]: readonly [number, number],
): { readonly after: string; readonly size: number } | undefined {
  if (max !== undefined && !(max >= least && max <= most))
    throw new Ec2Error(
      'InvalidParameterValue',
      `Value ( ${max} ) for parameter maxResults is invalid. Expecting a value between ${least} and ${most}.`,
    );
  if (max === undefined && token === undefined) return undefined;
  return { after: token === undefined ? '' : readToken(token), size: max ?? most };
}

/** `lastKey` only when there is more behind it. */
function pageOf<T>(items: readonly T[], lastKey: string | undefined): Page<T> {
  if (lastKey === undefined) return { items, nextToken: undefined };
  return { items, nextToken: Buffer.from(`tl1:${lastKey}`).toString('base64url') };
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('tl1:'))
    throw new Ec2Error('InvalidNextToken', `The token '${token}' is invalid`);
  return text.slice('tl1:'.length);
}
