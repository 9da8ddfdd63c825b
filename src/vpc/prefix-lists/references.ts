import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import type { Store } from '../store/store.ts';

/** Something that refers to a prefix list. */
export interface PrefixListUser {
  readonly id: string;
  readonly account: string;
}

/** The groups and route tables that refer to a prefix list. */
export function usersOf(store: Store, prefixListId: string): readonly PrefixListUser[] {
  const routeTables = [...store.routeTables.table.values()].filter(({ spec }) =>
    spec.routes.some((route) => route.destination === prefixListId),
  );
  return [...groupsWith(store, prefixListId), ...routeTables].map(({ metadata, spec }) => ({
    id: metadata.name,
    account: spec.account,
  }));
}

/** The groups with rules that refer to a prefix list. */
export function groupsWith(store: Store, prefixListId: string): readonly SecurityGroup[] {
  return store.groups.table.by('prefixList', prefixListId);
}
