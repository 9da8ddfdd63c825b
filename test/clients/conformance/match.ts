/** Expects that the member is not there. */
export const ABSENT = Symbol('absent');

/** Expects a list that has these items among others, in any order. */
export function having(...items: readonly unknown[]): unknown {
  return new Having(items, false);
}

/** Expects a list of exactly these items, in any order. */
export function exactly(...items: readonly unknown[]): unknown {
  return new Having(items, true);
}

/** Expects a list of this many items. */
export function count(length: number): unknown {
  return new Count(length);
}

class Having {
  readonly items: readonly unknown[];
  readonly only: boolean;
  constructor(items: readonly unknown[], only: boolean) {
    this.items = items;
    this.only = only;
  }
}

class Count {
  readonly length: number;
  constructor(length: number) {
    this.length = length;
  }
}

/** Rewrites every text in a value; classes of this file keep what they are. */
export function mapTexts(value: unknown, text: (value: string) => unknown): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, text));
  if (value instanceof Having)
    return new Having(
      value.items.map((item) => mapTexts(item, text)),
      value.only,
    );
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, mapTexts(member, text)]),
  );
}

/**
 * Where an answer differs from what is expected. Objects may have more members than expected, lists
 * must have the same length; a RegExp matches a text.
 */
export function mismatches(actual: unknown, expected: unknown, path = '$'): readonly string[] {
  if (Array.isArray(expected)) {
    if (!isListOf(actual, expected.length))
      return [`${path}: ${show(actual)} is not a list of ${expected.length}`];
    return expected.flatMap((item, i) => mismatches(actual[i], item, `${path}[${i}]`));
  }
  if (isRecord(expected)) {
    if (!isRecord(actual)) return [`${path}: ${show(actual)} is no structure`];
    return Object.entries(expected).flatMap(([key, member]) =>
      mismatches(actual[key], member, `${path}.${key}`),
    );
  }
  if (expected instanceof Having) return listMismatches(actual, expected, path);
  return isAsExpected(actual, expected) ? [] : [`${path}: ${show(actual)} != ${show(expected)}`];
}

function isAsExpected(actual: unknown, expected: unknown): boolean {
  if (expected === ABSENT) return actual === undefined;
  if (expected instanceof RegExp) return expected.test(String(actual));
  if (expected instanceof Count) return isListOf(actual, expected.length);
  return Object.is(actual, expected);
}

function listMismatches(actual: unknown, { items, only }: Having, path: string): readonly string[] {
  if (!Array.isArray(actual)) return [`${path}: ${show(actual)} is no list`];
  if (only && actual.length !== items.length)
    return [`${path}: ${actual.length} items, not ${items.length}: ${show(actual)}`];
  return items
    .filter((item) => !actual.some((each) => mismatches(each, item).length === 0))
    .map((item) => `${path}: no ${show(item)} in ${show(actual)}`);
}

function isListOf(value: unknown, length: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length === length;
}

/** Whether the value is a plain object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, member: unknown) =>
    member instanceof RegExp || typeof member === 'symbol' ? String(member) : member,
  );
  return text === undefined ? String(value) : text.slice(0, 600);
}
