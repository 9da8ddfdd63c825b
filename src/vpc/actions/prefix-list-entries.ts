import type {
  GetManagedPrefixListAssociationsRequest,
  GetManagedPrefixListAssociationsResult,
  GetManagedPrefixListEntriesRequest,
  GetManagedPrefixListEntriesResult,
} from '@aws-sdk/client-ec2';
import type { Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { required } from '../own.ts';
import { changeableList, usableList } from '../prefix-lists/aws-managed.ts';
import { usersOf } from '../prefix-lists/references.ts';
import { entriesOf } from '../prefix-lists/versions.ts';

/** GetManagedPrefixListEntries, of the current version or of an earlier one. */
export const getManagedPrefixListEntries: Handler<
  GetManagedPrefixListEntriesRequest,
  GetManagedPrefixListEntriesResult
> = (input, call) => {
  const list = usableList(call, required(input.PrefixListId, 'prefixListId'));
  const entries = entriesOf(list, input.TargetVersion ?? list.spec.version);
  const page = paginate(entries, input, { key: ({ cidr }) => cidr, range: [1, 100] });
  return {
    Entries: page.items.map(({ cidr, description }) => ({ Cidr: cidr, Description: description })),
    NextToken: page.nextToken,
  };
};

/** GetManagedPrefixListAssociations: the groups and route tables that refer to the list. */
export const getManagedPrefixListAssociations: Handler<
  GetManagedPrefixListAssociationsRequest,
  GetManagedPrefixListAssociationsResult
> = (input, call) => {
  const list = changeableList(call, required(input.PrefixListId, 'prefixListId'));
  const users = usersOf(call.store, list.metadata.name);
  const page = paginate(users, input, { key: ({ id }) => id, range: [5, 255] });
  return {
    PrefixListAssociations: page.items.map(({ id, account }) => ({
      ResourceId: id,
      ResourceOwner: account,
    })),
    NextToken: page.nextToken,
  };
};
