import type { Filter } from '@aws-sdk/client-ec2';
import type { KubeObject } from '../api/meta.ts';
import { Ec2Error } from '../ec2/error.ts';
import type { Table } from './store/table.ts';
import { tagKey } from './store/keys.ts';
import type { Tags } from './tags.ts';

/** Reads the values that an object has for one filter. */
export type FilterValues<T> = (object: T) => readonly (string | undefined)[];

/** The filters of an action. `tag:<key>` and `tag-key` come with `tags`. */
export interface FilterTable<T> {
  readonly filters: Readonly<Record<string, FilterValues<T>>>;
  readonly tags?: (object: T) => Tags | undefined;
  /** Filters that an index answers: filter name -> index name, or ID_INDEX. Only literal values use it. */
  readonly indexed?: Readonly<Record<string, string>>;
}

const MAX_FILTERS = 50;
const MAX_VALUES = 200;

/** Filters of a request, and what they mean. */
export interface FilterUse<T> {
  readonly table: FilterTable<T>;
  readonly filters: readonly Filter[] | undefined;
}

/** AND between filters, OR between values; the test that objects must pass. */
export function filterTest<T>(
  table: FilterTable<T>,
  filters: readonly Filter[] | undefined,
): (object: T) => boolean {
  checkCounts(filters ?? []);
  const tests = (filters ?? []).map((filter) => oneFilter(table, filter));
  return (object) => tests.every((test) => test(object));
}

/**
 * The objects that can pass: those of the filter that an index answers with the fewest. Undefined
 * when that is not less than `most`: all have to be looked at, in any order that the caller likes.
 */
export function candidates<T extends KubeObject>(
  table: Table<T>,
  { table: filterTable, filters }: FilterUse<T>,
  most = table.size,
): Iterable<T> | undefined {
  let best: readonly Bucket[] | undefined;
  let least = most;
  for (const filter of filters ?? []) {
    const buckets = bucketsOf(table, filterTable, filter);
    if (buckets === undefined) continue;
    const count = buckets.reduce((sum, { index, key }) => sum + table.count(index, key), 0);
    if (count < least) [best, least] = [buckets, count];
  }
  return best && new Set(best.flatMap(({ index, key }) => table.by(index, key)));
}

interface Bucket {
  readonly index: string;
  readonly key: string;
}

/** Where an index has what a filter is about; only literal values can be looked up. */
function bucketsOf<T extends KubeObject>(
  table: Table<T>,
  { indexed }: FilterTable<T>,
  { Name: name = '', Values: values = [] }: Filter,
): readonly Bucket[] | undefined {
  if (!values.every(isLiteral)) return undefined;
  const index = indexed?.[name];
  if (index !== undefined) return values.map((key) => ({ index, key }));
  if (!name.startsWith('tag:') || !table.hasIndex('tag')) return undefined;
  const key = name.slice('tag:'.length);
  return values.map((value) => ({ index: 'tag', key: tagKey(key, value) }));
}

function checkCounts(filters: readonly Filter[]): void {
  const values = filters.reduce((sum, filter) => sum + (filter.Values?.length ?? 0), 0);
  if (filters.length > MAX_FILTERS || values > MAX_VALUES)
    throw new Ec2Error(
      'FilterLimitExceeded',
      `The maximum number of filters is ${MAX_FILTERS}, and of filter values ${MAX_VALUES}.`,
    );
}

function oneFilter<T>(
  table: FilterTable<T>,
  { Name: name, Values: values }: Filter,
): (object: T) => boolean {
  if (name === undefined)
    throw new Ec2Error('MissingParameter', 'The request must contain the parameter Filter.Name');
  const read = valuesReader(table, name);
  if (read === undefined)
    throw new Ec2Error('InvalidParameterValue', `The filter '${name}' is invalid`);
  if (!values?.length)
    throw new Ec2Error('InvalidParameterValue', `The filter '${name}' has no values`);
  const matches = values.map(valueMatcher);
  return (object) =>
    read(object).some((value) => value !== undefined && matches.some((match) => match(value)));
}

function valuesReader<T>(table: FilterTable<T>, name: string): FilterValues<T> | undefined {
  const { tags } = table;
  if (tags !== undefined && name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return (object) => {
      const all = tags(object);
      return all !== undefined && Object.hasOwn(all, key) ? [all[key]] : [];
    };
  }
  if (tags !== undefined && name === 'tag-key') return (object) => Object.keys(tags(object) ?? {});
  if (tags !== undefined && name === 'tag-value')
    return (object) => Object.values(tags(object) ?? {});
  return Object.hasOwn(table.filters, name) ? table.filters[name] : undefined;
}

function isLiteral(value: string): boolean {
  return !/[*?\\]/.test(value);
}

/** `*` is any run of characters, `?` any one; a backslash takes the next character literally. */
function valueMatcher(pattern: string): (value: string) => boolean {
  if (isLiteral(pattern)) return (value) => value === pattern;
  const source = pattern.replace(
    /\\([\s\S])|([\s\S])/g,
    (_all, escaped?: string, plain?: string) => {
      if (plain === '*') return '[\\s\\S]*';
      if (plain === '?') return '[\\s\\S]';
      return (escaped ?? plain ?? '').replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    },
  );
  const regex = new RegExp(`^${source.replace(/(\[\\s\\S\]\*)+/g, '[\\s\\S]*')}$`);
  return (value) => regex.test(value);
}
