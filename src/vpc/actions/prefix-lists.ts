import type {
  CreateManagedPrefixListRequest,
  CreateManagedPrefixListResult,
  DeleteManagedPrefixListRequest,
  DeleteManagedPrefixListResult,
} from '@aws-sdk/client-ec2';
import type { PrefixList } from '../../api/vpc/prefix-list.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import type { Call, Handler } from '../context.ts';
import { invalidValue, ownAll, required } from '../own.ts';
import { changeableList } from '../prefix-lists/aws-managed.ts';
import { usersOf } from '../prefix-lists/references.ts';
import { checkEntryCount, parseEntries } from '../prefix-lists/versions.ts';
import { specifiedTags } from '../tags.ts';
import { checkText } from '../texts.ts';
import { checkReplay, creationId, requestDigest } from '../tokens.ts';
import { prefixListView } from '../views/prefix-list.ts';

/** CreateManagedPrefixList: complete at once, as version 1. */
export const createManagedPrefixList: Handler<
  CreateManagedPrefixListRequest,
  CreateManagedPrefixListResult
> = async (input, call) => {
  const { store } = call;
  const token = input.ClientToken;
  const id = creationId(call, { prefix: 'pl', action: 'CreateManagedPrefixList', token });
  const spec = parseCreate(input, call);
  const quotaLock = `prefix-lists:${call.accountId}/${call.region}`;
  const list = await store.locks.hold({ exclusive: [id, quotaLock] }, async () => {
    const earlier = store.prefixLists.get(id);
    if (earlier !== undefined) {
      checkReplay(earlier.spec.clientTokenDigest, input);
      return earlier;
    }
    if (ownAll(call, store.prefixLists).length >= call.quotas.prefixListsPerRegion)
      throw new Ec2Error(
        'ResourceLimitExceeded',
        'The maximum number of prefix lists has been reached.',
      );
    return await store.prefixLists.create({ metadata: { name: id }, spec });
  });
  return { PrefixList: prefixListView(list) };
};

function parseCreate(input: CreateManagedPrefixListRequest, call: Call): PrefixList['spec'] {
  const listName = checkListName(required(input.PrefixListName, 'prefixListName'));
  const addressFamily = required(input.AddressFamily, 'addressFamily');
  if (addressFamily !== 'IPv4' && addressFamily !== 'IPv6')
    throw invalidValue(`Value (${addressFamily}) for parameter addressFamily is invalid.`);
  const maxEntries = checkMaxEntries(call, required(input.MaxEntries, 'maxEntries'));
  const entries = parseEntries(addressFamily, input.Entries);
  checkEntryCount(entries.length, maxEntries);
  return compact<PrefixList['spec']>({
    account: call.accountId,
    region: call.region,
    listName,
    addressFamily,
    maxEntries,
    state: 'create-complete',
    version: 1,
    entries,
    history: [],
    clientToken: input.ClientToken,
    clientTokenDigest: input.ClientToken === undefined ? undefined : requestDigest(input),
    tags: specifiedTags(input.TagSpecifications, 'prefix-list', call.quotas),
  });
}

/** Refuses names that AWS keeps for its own lists. */
export function checkListName(name: string): string {
  checkText('prefixListName', name);
  if (name === '' || name.toLowerCase().startsWith('com.amazonaws'))
    throw invalidValue(`Value (${name}) for parameter prefixListName is invalid.`);
  return name;
}

/** Refuses a size beyond the quota. */
export function checkMaxEntries({ quotas }: Call, maxEntries: number): number {
  const most = quotas.entriesPerPrefixList;
  if (Number.isInteger(maxEntries) && maxEntries >= 1 && maxEntries <= most) return maxEntries;
  throw invalidValue(
    `Value (${maxEntries}) for parameter maxEntries is invalid. Must specify a max size between 1 and ${most}`,
  );
}

/** DeleteManagedPrefixList: refused while a rule or a route refers to it. */
export const deleteManagedPrefixList: Handler<
  DeleteManagedPrefixListRequest,
  DeleteManagedPrefixListResult
> = (input, call) => {
  const { store } = call;
  const id = required(input.PrefixListId, 'prefixListId');
  return store.locks.hold({ exclusive: [id] }, async () => {
    const list = changeableList(call, id);
    if (usersOf(store, id).length > 0)
      throw new Ec2Error(
        'DependencyViolation',
        `The prefix list '${id}' has dependencies and cannot be deleted.`,
      );
    await store.prefixLists.remove(id);
    return { PrefixList: { ...prefixListView(list), State: 'delete-complete' } };
  });
};
