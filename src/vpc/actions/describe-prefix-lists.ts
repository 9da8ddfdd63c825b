import type {
  DescribeManagedPrefixListsRequest,
  DescribeManagedPrefixListsResult,
  DescribePrefixListsRequest,
  DescribePrefixListsResult,
} from '@aws-sdk/client-ec2';
import type { PrefixList } from '../../api/vpc/prefix-list.ts';
import type { Call, Handler } from '../context.ts';
import { paginate, selectObjects, type DescribeRequest } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { sees } from '../own.ts';
import { managedLists } from '../prefix-lists/aws-managed.ts';
import { prefixListView } from '../views/prefix-list.ts';

const FILTERS: FilterTable<PrefixList> = {
  tags: ({ spec }) => spec.tags,
  filters: {
    'prefix-list-id': ({ metadata }) => [metadata.name],
    'prefix-list-name': ({ spec }) => [spec.listName],
    'owner-id': ({ spec }) => [spec.account],
  },
};

const SERVICE_FILTERS: FilterTable<PrefixList> = {
  filters: {
    'prefix-list-id': ({ metadata }) => [metadata.name],
    'prefix-list-name': ({ spec }) => [spec.listName],
  },
};

const keyOf = ({ metadata }: PrefixList): string => metadata.name;

/** DescribeManagedPrefixLists: the caller's, and those that AWS manages. */
export const describeManagedPrefixLists: Handler<
  DescribeManagedPrefixListsRequest,
  DescribeManagedPrefixListsResult
> = (input, call) => {
  const request = { ids: input.PrefixListIds, filters: input.Filters };
  const managed = selectManaged(call, request, FILTERS);
  const page = paginate([...managed, ...selectOwn(call, request)], input, {
    key: keyOf,
    range: [1, 100],
  });
  return { PrefixLists: page.items.map(prefixListView), NextToken: page.nextToken };
};

/** DescribePrefixLists: the services behind gateway endpoints and their like, with their blocks. */
export const describePrefixLists: Handler<DescribePrefixListsRequest, DescribePrefixListsResult> = (
  input,
  call,
) => {
  const ids = input.PrefixListIds ?? [];
  const request = { ids: input.PrefixListIds, filters: input.Filters };
  const unknown = ids.filter((id) => !managedLists(call.region).has(id));
  if (unknown.length > 0) throw call.store.prefixLists.missing(...unknown);
  const lists = selectManaged(call, request, SERVICE_FILTERS);
  const page = paginate(lists, input, { key: keyOf, range: [1, 1000] });
  return {
    PrefixLists: page.items.map(({ metadata, spec }) => ({
      PrefixListId: metadata.name,
      PrefixListName: spec.listName,
      Cidrs: spec.entries.map(({ cidr }) => cidr),
    })),
    NextToken: page.nextToken,
  };
};

function selectManaged(
  { region }: Call,
  { ids, filters }: DescribeRequest,
  table: FilterTable<PrefixList>,
): readonly PrefixList[] {
  const passes = filterTest(table, filters);
  return [...managedLists(region).values()].filter(
    (list) => (!ids?.length || ids.includes(list.metadata.name)) && passes(list),
  );
}

function selectOwn(call: Call, { ids, filters }: DescribeRequest): readonly PrefixList[] {
  const others = ids?.filter((id) => !managedLists(call.region).has(id));
  if (ids?.length && others?.length === 0) return [];
  return selectObjects(
    call.store.prefixLists,
    { ids: others, filters },
    { table: FILTERS, visible: (list) => sees(call, list) },
  );
}
