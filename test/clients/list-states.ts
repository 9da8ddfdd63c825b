import type { Shape, StructShape } from '../../src/ec2/codec/model.ts';

/** How a client sees a list without items: as such, or not at all (undefined, no key, nil). */
export type ListState = 'empty' | 'absent';

/** `Shape.Member` of every list without items in a value that a client read; with its states. */
export type ListStates = ReadonlyMap<string, ReadonlySet<ListState>>;

/** Gathers the lists without items in a value, and what they are seen as. */
export function listStates(shape: StructShape | undefined, value: unknown): ListStates {
  const found = new Map<string, Set<ListState>>();
  walk(shape, value, (list, state) => {
    found.set(list, (found.get(list) ?? new Set()).add(state));
  });
  return found;
}

type Note = (list: string, state: ListState) => void;

function walk(shape: Shape | undefined, value: unknown, note: Note): void {
  if (typeof shape !== 'object' || value === undefined || value === null) return;
  if (shape.kind === 'list')
    for (const item of value as readonly unknown[]) walk(shape.item(), item, note);
  if (shape.kind === 'struct') walkMembers(shape, value, note);
}

function walkMembers(shape: StructShape, value: object, note: Note): void {
  for (const member of shape.members) {
    const part = (value as Readonly<Record<string, unknown>>)[member.name];
    const inner = member.shape();
    const state = isList(inner) ? stateOf(part) : undefined;
    if (state !== undefined) note(`${shape.name}.${member.name}`, state);
    walk(inner, part, note);
  }
}

function isList(shape: Shape): boolean {
  return typeof shape === 'object' && shape.kind === 'list';
}

function stateOf(list: unknown): ListState | undefined {
  if (list === undefined || list === null) return 'absent';
  return Array.isArray(list) && list.length === 0 ? 'empty' : undefined;
}
