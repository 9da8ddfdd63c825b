import * as fc from 'fast-check';
import type { Member, Shape, StructShape } from '../../src/ec2/codec/model.ts';

const MAX_DEPTH = 3;

/** What a generated value may be. */
export interface ValueOptions {
  /** Shortest list; default 1, because empty lists are not sent. */
  readonly leastItems?: number;
}

const text = fc
  .string({
    unit: fc.constantFrom(...Array.from('abzAZ09 -_./:<>&"\'+%=~*äß漢🙂')),
    minLength: 1,
    maxLength: 12,
  })
  .map((value) => `x${value}x`);

const SCALARS = {
  string: text,
  number: fc.integer({ min: 0, max: 100_000 }),
  boolean: fc.boolean(),
  timestamp: fc.integer({ min: 0, max: 2_000_000_000 }).map((seconds) => new Date(seconds * 1000)),
  blob: fc.uint8Array({ minLength: 1, maxLength: 8 }),
} as const;

/** Undefined when every value of the shape would be empty at this depth; empty is not sent. */
function valueOf(
  shape: Shape,
  options: ValueOptions,
  depth: number,
): fc.Arbitrary<unknown> | undefined {
  if (typeof shape === 'string') return SCALARS[shape];
  if (shape.kind === 'struct') return structOf(shape, options, depth);
  if (shape.kind === 'map') return mapOf(valueOf(shape.value(), options, depth));
  const item = valueOf(shape.item(), options, depth);
  return item && fc.array(item, { minLength: options.leastItems ?? 1, maxLength: 2 });
}

function mapOf(value: fc.Arbitrary<unknown> | undefined): fc.Arbitrary<unknown> | undefined {
  return value && fc.dictionary(text, value, { minKeys: 1, maxKeys: 2, noNullPrototype: true });
}

/** Values of a structure; undefined when each would be empty. */
export function structOf(
  shape: StructShape,
  options: ValueOptions = {},
  depth = 0,
): fc.Arbitrary<object> | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const members: [Member, fc.Arbitrary<unknown>][] = shape.members.flatMap((member) => {
    const value = valueOf(member.shape(), options, depth + 1);
    return value ? [[member, value] as [Member, fc.Arbitrary<unknown>]] : [];
  });
  const made = new Set(members.map(([{ name }]) => name));
  const incomplete = shape.members.some((member) => member.required && !made.has(member.name));
  if (members.length === 0 || incomplete) return undefined;
  const always = members.filter(
    ([member], i) => i === 0 || member.required || member.name.endsWith('Token'),
  );
  return fc.record(Object.fromEntries(members.map(([{ name }, value]) => [name, value])), {
    requiredKeys: always.map(([{ name }]) => name),
    noNullPrototype: true,
  });
}
