import { keyText } from './element-text.ts';
import {
  FIELD_TYPES,
  type Field,
  type PacketLimit,
  type SetElement,
  type SetObject,
} from './program.ts';

/** What a set or map is made from. */
export interface SetParts {
  readonly name: string;
  /** Fields that are looked up in it; they give the types of its key. */
  readonly fields: readonly Field[];
  readonly interval?: boolean;
  readonly counter?: boolean;
  readonly limit?: PacketLimit;
  readonly value?: 'mark' | 'verdict';
  readonly elements: readonly SetElement[];
}

/** A frozen set or map whose elements are sorted and free of repeats. */
export function makeSet(parts: SetParts): SetObject {
  const { name, fields, interval, counter, limit, value } = parts;
  const keys = Object.freeze(fields.map((field) => FIELD_TYPES[field]));
  const shape = { keys, ...(interval && { interval }) };
  const byKey = new Map(parts.elements.map((element) => [keyText(shape, element), element]));
  const elements = [...byKey]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, element]) => element);
  return Object.freeze({
    name,
    ...shape,
    ...(counter && { counter }),
    ...(limit && { limit }),
    ...(value && { value }),
    elements: Object.freeze(elements.map((element) => Object.freeze(element))),
  });
}
