import type {
  ModifyManagedPrefixListRequest,
  ModifyManagedPrefixListResult,
  RestoreManagedPrefixListVersionRequest,
  RestoreManagedPrefixListVersionResult,
} from '@aws-sdk/client-ec2';
import type { PrefixList } from '../../api/vpc/prefix-list.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { invalidValue, required } from '../own.ts';
import { changeableList } from '../prefix-lists/aws-managed.ts';
import { groupsWith } from '../prefix-lists/references.ts';
import {
  checkEntryCount,
  entriesOf,
  nextVersion,
  parseEntries,
  withEntries,
} from '../prefix-lists/versions.ts';
import { checkGroupQuota } from '../rules/quota.ts';
import { prefixListView } from '../views/prefix-list.ts';
import { checkListName, checkMaxEntries } from './prefix-lists.ts';

type Spec = PrefixList['spec'];

/**
 * ModifyManagedPrefixList. Entries that change make a new version; name and size do not. The new
 * entries hold for all rules that refer to the list as soon as the list is stored.
 */
export const modifyManagedPrefixList: Handler<
  ModifyManagedPrefixListRequest,
  ModifyManagedPrefixListResult
> = async (input, call) => {
  const id = required(input.PrefixListId, 'prefixListId');
  const changesEntries = hasEntries(input);
  checkCombination(input, changesEntries);
  const list = await updateList(call, id, (current) => {
    if (input.CurrentVersion !== undefined) checkVersion(current.spec, input.CurrentVersion);
    const spec = { ...current.spec, state: 'modify-complete' as const, ...named(input) };
    if (changesEntries) return changedEntries(call, spec, input);
    return input.MaxEntries === undefined
      ? spec
      : resized(call, current, { ...spec, ...sized(call, input.MaxEntries) });
  });
  return { PrefixList: prefixListView(list) };
};

function hasEntries({ AddEntries: add, RemoveEntries: remove }: ModifyManagedPrefixListRequest) {
  return (add?.length ?? 0) + (remove?.length ?? 0) > 0;
}

function checkCombination(input: ModifyManagedPrefixListRequest, changesEntries: boolean): void {
  if (changesEntries && input.MaxEntries !== undefined)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'You cannot modify the entries and the maximum entries for the prefix list in the same request.',
    );
  if (changesEntries) required(input.CurrentVersion, 'currentVersion');
  if (!changesEntries && input.MaxEntries === undefined && input.PrefixListName === undefined)
    throw new Ec2Error('MissingParameter', 'The request must contain a change of the prefix list');
}

function named({ PrefixListName: name }: ModifyManagedPrefixListRequest): Partial<Spec> {
  return name === undefined ? {} : { listName: checkListName(name) };
}

function sized(call: Call, maxEntries: number): Pick<Spec, 'maxEntries'> {
  return { maxEntries: checkMaxEntries(call, maxEntries) };
}

function changedEntries(call: Call, spec: Spec, input: ModifyManagedPrefixListRequest): Spec {
  const add = parseEntries(spec.addressFamily, input.AddEntries);
  const remove = parseEntries(spec.addressFamily, input.RemoveEntries).map(({ cidr }) => cidr);
  return nextVersion(spec, { add, remove }, call.quotas.versionsPerPrefixList);
}

/** A larger list weighs more in the quota of each group that refers to it. */
function resized(call: Call, before: PrefixList, spec: Spec): Spec {
  checkEntryCount(spec.entries.length, spec.maxEntries);
  for (const group of groupsWith(call.store, before.metadata.name))
    checkGroupQuota(call, group, { resized: { ...before, spec } });
  return spec;
}

function checkVersion(spec: Spec, version: number): void {
  if (spec.version !== version)
    throw new Ec2Error(
      'PrefixListVersionMismatch',
      'The prefix list has the incorrect version number.',
    );
}

/** Rules that take up the list hold its lock too, so the quota checks see all of them. */
function updateList(
  call: Call,
  id: string,
  change: (current: PrefixList) => Spec,
): Promise<PrefixList> {
  const { store } = call;
  return store.locks.hold({ exclusive: [id] }, () => {
    changeableList(call, id);
    return store.prefixLists.update(id, (current) => ({ ...current, spec: change(current) }));
  });
}

/** RestoreManagedPrefixListVersion: the entries of an earlier version become a new one. */
export const restoreManagedPrefixListVersion: Handler<
  RestoreManagedPrefixListVersionRequest,
  RestoreManagedPrefixListVersionResult
> = async (input, call) => {
  const id = required(input.PrefixListId, 'prefixListId');
  const previous = required(input.PreviousVersion, 'previousVersion');
  const version = required(input.CurrentVersion, 'currentVersion');
  const list = await updateList(call, id, (current) => {
    checkVersion(current.spec, version);
    if (previous === version)
      throw invalidValue(`The version ${previous} is the current version of the prefix list.`);
    const entries = entriesOf(current, previous);
    const spec = withEntries(current.spec, entries, call.quotas.versionsPerPrefixList);
    return { ...spec, state: 'restore-complete' };
  });
  return { PrefixList: prefixListView(list) };
};
