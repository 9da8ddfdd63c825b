import { isFields, ownField, sameJson } from '../../../../base/json.ts';

/** What orders the items of a merged list. */
export interface OrderRequest {
  readonly merged: readonly unknown[];
  /** The items of the patch, or what `$setElementOrder` says. */
  readonly wanted: readonly unknown[];
  /** The list as it was. */
  readonly live: readonly unknown[];
  /** The field that identifies an item; without it the item itself does. */
  readonly mergeKey: string | undefined;
}

/**
 * The order of a list after a strategic merge: what the patch names is in the patch's order, what
 * only the server has is in the server's; an item of the server goes before one of the patch only
 * where both were on the server in that order. So what a patch adds comes first (see "preserve
 * order in strategic merge patch", Kubernetes community).
 */
export function inOrder({ merged, wanted, live, mergeKey }: OrderRequest): unknown[] {
  const rank = (list: readonly unknown[], item: unknown): number =>
    list.findIndex((each) => sameJson(identityOf(each, mergeKey), identityOf(item, mergeKey)));
  const sorted = (items: readonly unknown[], list: readonly unknown[]): unknown[] =>
    items.toSorted((a, b) => rank(list, a) - rank(list, b));
  const named = sorted(
    merged.filter((item) => rank(wanted, item) >= 0),
    wanted,
  );
  const others = sorted(
    merged.filter((item) => rank(wanted, item) < 0),
    live,
  );
  const goesFirst = (other: unknown, item: unknown): boolean => {
    const place = rank(live, item);
    return place >= 0 && rank(live, other) >= 0 && rank(live, other) < place;
  };
  const result: unknown[] = [];
  for (const item of named) {
    while (others.length > 0 && goesFirst(others[0], item)) result.push(others.shift());
    result.push(item);
  }
  return [...result, ...others];
}

/** What tells an item from others. */
export function identityOf(item: unknown, mergeKey: string | undefined): unknown {
  return mergeKey === undefined || !isFields(item) ? item : ownField(item, mergeKey);
}
