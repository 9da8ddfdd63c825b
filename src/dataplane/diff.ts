/**
 * The smallest change from one program to another. A new interface is a few element insertions, a
 * changed rule touches the sets of the classes that use it; everything else stays in the kernel as it
 * is, counters included.
 */
import { elementText, keyText } from './element-text.ts';
import {
  TABLE,
  tableOf,
  type Chain,
  type ChainRule,
  type FabricProgram,
  type PacketTable,
  type SetElement,
  type SetObject,
  type TimeoutObject,
} from './program.ts';
import { hookText, renderProgram, ruleText, setBlock, timeoutBlock } from './render.ts';

/** One command of a transaction. */
export type Change =
  | { readonly op: 'add-set'; readonly set: SetObject }
  | { readonly op: 'delete-set'; readonly set: SetObject }
  | { readonly op: 'timeout'; readonly does: 'add' | 'delete'; readonly timeout: TimeoutObject }
  | { readonly op: 'add-chain'; readonly chain: Chain }
  | { readonly op: 'flush-chain'; readonly name: string }
  | { readonly op: 'delete-chain'; readonly name: string }
  | { readonly op: 'add-rule'; readonly chain: string; readonly rule: ChainRule }
  | {
      readonly op: 'add-elements' | 'delete-elements';
      readonly set: SetObject;
      readonly elements: readonly SetElement[];
    };

/**
 * An `nft -f` script that turns a loaded `before` into `after` in one transaction; undefined when they
 * are equal. The caller must know that `before` is what the kernel has: otherwise load
 * `renderProgram(after)`.
 */
export function diffPrograms(before: FabricProgram, after: FabricProgram): string | undefined {
  const changes = changesBetween(before, after);
  if (changes === undefined) return renderProgram(after);
  if (changes.length === 0) return undefined;
  return `${changes.map((change) => changeText(change)).join('\n')}\n`;
}

/**
 * The commands, in an order in which each finds what it refers to. Undefined when the
 * base chains differ, as when the first network ACL comes that restricts anything, or the type of a
 * set, which only another version of the compiler can cause: replace the table then.
 */
export function changesBetween(
  before: FabricProgram,
  after: FabricProgram,
): readonly Change[] | undefined {
  const sets = pairUp(before.sets, after.sets);
  const chains = pairUp(before.chains, after.chains);
  if (sets.both.some(([a, b]) => setType(a) !== setType(b))) return undefined;
  if (hooksOf(before.chains) !== hooksOf(after.chains)) return undefined;
  const timeouts = pairUp(before.timeouts ?? [], after.timeouts ?? []);
  return [
    ...timeouts.added.map((timeout): Change => ({ op: 'timeout', does: 'add', timeout })),
    ...sets.added.map((set): Change => ({ op: 'add-set', set })),
    ...chains.added.map((chain): Change => ({ op: 'add-chain', chain })),
    ...chains.added.flatMap(ruleChanges),
    ...chains.both.flatMap(([a, b]) => (rulesText(a) === rulesText(b) ? [] : replaceRules(b))),
    ...sets.both.flatMap(([a, b]) => elementChanges(a, b)),
    // Nothing jumps to these chains any more, and nothing else looks these sets up.
    ...chains.removed.map(({ name }): Change => ({ op: 'flush-chain', name })),
    ...chains.removed.map(({ name }): Change => ({ op: 'delete-chain', name })),
    ...sets.removed.map((set): Change => ({ op: 'delete-set', set })),
    ...timeouts.removed.map((timeout): Change => ({ op: 'timeout', does: 'delete', timeout })),
  ];
}

/** One command in the `nft` language; `table` is the name of the one that judges packets. */
export function changeText(change: Change, table: PacketTable = TABLE): string {
  const named = (name: string) => `${tableOf(name, table)} ${name}`;
  switch (change.op) {
    case 'add-set':
      return `add ${setBlock(change.set, true).replace(/^(set|map) \S+/, `$1 ${named(change.set.name)}`)}`;
    case 'delete-set':
      return `delete ${setKind(change.set)} ${named(change.set.name)}`;
    case 'timeout':
      return timeoutText(change, named(change.timeout.name));
    case 'add-chain':
      return `add chain ${named(change.chain.name)} { ${hookText(change.chain)}}`;
    case 'flush-chain':
    case 'delete-chain':
      return `${change.op.replace('-', ' ')} ${named(change.name)}`;
    case 'add-rule':
      return `add rule ${named(change.chain)} ${ruleText(change.rule)}`;
    default:
      return elementChangeText(change, named(change.set.name));
  }
}

function timeoutText({ does, timeout }: Change & { op: 'timeout' }, name: string): string {
  return `${does} ct timeout ${name}${does === 'add' ? ` ${timeoutBlock(timeout)}` : ''}`;
}

function elementChangeText(
  change: Change & { op: 'add-elements' | 'delete-elements' },
  name: string,
): string {
  if (change.op === 'add-elements')
    return `add element ${name} ${elementsText(change, elementText)}`;
  return `delete element ${name} ${elementsText(change, keyText)}`;
}

function setKind(set: SetObject): string {
  return set.value === undefined ? 'set' : 'map';
}

function elementsText(
  { set, elements }: { readonly set: SetObject; readonly elements: readonly SetElement[] },
  text: (set: SetObject, element: SetElement) => string,
): string {
  return `{ ${elements.map((element) => text(set, element)).join(', ')} }`;
}

function replaceRules(chain: Chain): readonly Change[] {
  return [{ op: 'flush-chain', name: chain.name }, ...ruleChanges(chain)];
}

/** Commands that fill an empty chain. */
export function ruleChanges(chain: Chain): readonly Change[] {
  return chain.rules.map((rule) => ({ op: 'add-rule', chain: chain.name, rule }));
}

/** Deletions first: a new element may overlap an old one. */
function elementChanges(before: SetObject, after: SetObject): readonly Change[] {
  const had = new Map(before.elements.map((element) => [elementText(before, element), element]));
  const has = new Map(after.elements.map((element) => [elementText(after, element), element]));
  const gone = [...had].filter(([text]) => !has.has(text)).map(([, element]) => element);
  const fresh = [...has].filter(([text]) => !had.has(text)).map(([, element]) => element);
  return [
    ...(gone.length > 0
      ? [{ op: 'delete-elements', set: after, elements: gone } satisfies Change]
      : []),
    ...(fresh.length > 0
      ? [{ op: 'add-elements', set: after, elements: fresh } satisfies Change]
      : []),
  ];
}

interface Pairs<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly both: readonly (readonly [T, T])[];
}

function pairUp<T extends { readonly name: string }>(
  before: readonly T[],
  after: readonly T[],
): Pairs<T> {
  const old = new Map(before.map((item) => [item.name, item]));
  const names = new Set(after.map((item) => item.name));
  return {
    added: after.filter((item) => !old.has(item.name)),
    removed: before.filter((item) => !names.has(item.name)),
    both: after.flatMap((item) => {
      const previous = old.get(item.name);
      return previous ? [[previous, item] as const] : [];
    }),
  };
}

function setType(set: SetObject): string {
  return setBlock(set, false);
}

/** Text of all rules of a chain. */
export function rulesText(chain: Chain): string {
  return chain.rules.map(ruleText).join('\n');
}

function hooksOf(chains: readonly Chain[]): string {
  const based = chains.filter((chain) => chain.hook !== undefined);
  return based.map((chain) => `${chain.name} ${hookText(chain)}`).join('\n');
}
