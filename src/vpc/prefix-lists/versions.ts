import type { PrefixList, PrefixListEntry } from '../../api/vpc/prefix-list.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import { invalidValue } from '../own.ts';
import { canonicalCidr } from '../rules/draft.ts';
import { checkText } from '../texts.ts';

type Spec = PrefixList['spec'];

/** Most entries that one request may add, and most that it may remove. */
const MAX_PER_REQUEST = 100;
/** Most entries in all stored changes together, so that an object stays far below etcd's limit. */
const MAX_HISTORY_ENTRIES = 10_000;

/** An entry of a request. */
export interface EntryFields {
  readonly Cidr?: string | undefined;
  readonly Description?: string | undefined;
}

/** Reads the entries of a request; blocks are stored in canonical form. */
export function parseEntries(
  family: Spec['addressFamily'],
  entries: readonly EntryFields[] | undefined,
): readonly PrefixListEntry[] {
  if ((entries?.length ?? 0) > MAX_PER_REQUEST)
    throw invalidValue(
      `The number of entries per request cannot exceeds limit (${MAX_PER_REQUEST}).`,
    );
  const parsed = (entries ?? []).map(({ Cidr, Description }) => {
    if (Description !== undefined) checkText('description', Description);
    const cidr = canonicalCidr(Cidr, family === 'IPv4' ? 4 : 6);
    return compact<PrefixListEntry>({ cidr, description: Description });
  });
  if (new Set(parsed.map(({ cidr }) => cidr)).size < parsed.length)
    throw invalidValue('Request cannot contain the same Cidr several times');
  return parsed;
}

/** Refuses more entries than the list may have. */
export function checkEntryCount(count: number, maxEntries: number): void {
  if (count > maxEntries)
    throw new Ec2Error(
      'PrefixListMaxEntriesExceeded',
      `The number of entries (${count}) exceeds the maximum of the prefix list (${maxEntries}).`,
    );
}

/** Entries to add and blocks to remove. */
export interface EntryChange {
  readonly add: readonly PrefixListEntry[];
  readonly remove: readonly string[];
}

/** The next version of a list. The change must fit: what it adds is new, what it removes is there. */
export function nextVersion(spec: Spec, change: EntryChange, versionsKept: number): Spec {
  const before = new Map(spec.entries.map((entry) => [entry.cidr, entry]));
  checkFit(change, before);
  const entries = spec.entries.filter(({ cidr }) => !change.remove.includes(cidr));
  entries.push(...change.add);
  return withEntries(spec, entries, versionsKept);
}

function checkFit({ add, remove }: EntryChange, before: ReadonlyMap<string, unknown>): void {
  const both = add.find(({ cidr }) => remove.includes(cidr));
  if (both !== undefined)
    throw invalidValue(
      `Request cannot contain Cidr ${both.cidr} in both AddPrefixListEntries and RemovePrefixListEntries`,
    );
  if (add.some(({ cidr }) => before.has(cidr)) || !remove.every((cidr) => before.has(cidr)))
    throw new Ec2Error('InvalidRequest', 'The request received was invalid.');
}

/** The next version of a list with exactly these entries. */
export function withEntries(
  spec: Spec,
  entries: readonly PrefixListEntry[],
  versionsKept: number,
): Spec {
  checkEntryCount(entries.length, spec.maxEntries);
  const before = new Map(spec.entries.map((entry) => [entry.cidr, entry]));
  const after = new Map(entries.map((entry) => [entry.cidr, entry]));
  const isSame = (entry: PrefixListEntry, other: PrefixListEntry | undefined): boolean =>
    other !== undefined && entry.description === other.description;
  const version = spec.version + 1;
  const change = {
    version,
    added: entries
      .filter((entry) => !isSame(entry, before.get(entry.cidr)))
      .map(({ cidr }) => cidr),
    removed: spec.entries.filter((entry) => !isSame(entry, after.get(entry.cidr))),
  };
  return {
    ...spec,
    version,
    entries,
    history: pruned([...spec.history, change], versionsKept),
  };
}

/** Forgets the oldest versions, as AWS does beyond its quota of versions. */
function pruned(history: Spec['history'], versionsKept: number): Spec['history'] {
  let size = 0;
  let first = history.length;
  for (const change of history.toReversed()) {
    size += change.added.length + change.removed.length;
    if (size > MAX_HISTORY_ENTRIES || history.length - first >= versionsKept - 1) break;
    first -= 1;
  }
  return history.slice(first);
}

/** The entries of a version; refuses versions that are not there, or not any more. */
export function entriesOf(
  { metadata, spec }: PrefixList,
  version: number,
): readonly PrefixListEntry[] {
  const oldest = spec.version - spec.history.length;
  if (!Number.isInteger(version) || version < oldest || version > spec.version)
    throw invalidValue(`The version ${version} of prefix list ${metadata.name} does not exist.`);
  let { entries } = spec;
  for (const change of spec.history.toReversed()) {
    if (change.version <= version) break;
    entries = [...entries.filter(({ cidr }) => !change.added.includes(cidr)), ...change.removed];
  }
  return entries;
}
