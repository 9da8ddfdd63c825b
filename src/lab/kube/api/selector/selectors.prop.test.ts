import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFieldSelector } from './field.ts';
import { parseRequirements, type Requirement } from './label-parser.ts';
import { matchLabelSelector, parseLabelSelector } from './label.ts';

const odd = fc.constantFrom('constructor', 'toString', 'in', 'notin', 'a.b/in', 'x-1', 'valueOf');
const key = fc.oneof(
  odd,
  fc.stringMatching(/^([a-z0-9]{1,5}\.[a-z]{1,3}\/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,5}[A-Za-z0-9])?$/),
);
const value = fc.oneof(
  odd.filter((text) => !text.includes('/')),
  fc.constant(''),
  fc.stringMatching(/^[a-z0-9]{1,3}$/),
);
const number = fc.integer({ min: -99, max: 99 }).map(String);

const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom('in' as const, 'notin' as const),
    values: fc.uniqueArray(value, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    key,
    operator: fc.constantFrom('exists' as const, 'absent' as const),
    values: fc.constant([]),
  }),
  fc.record({
    key,
    operator: fc.constantFrom('gt' as const, 'lt' as const),
    values: fc.tuple(number.filter((text) => !text.startsWith('-'))),
  }),
);
/** Labels that have something to do with the requirements. */
const labelsFor = (all: readonly Requirement[]): fc.Arbitrary<Record<string, string>> =>
  fc.dictionary(
    fc.oneof(key, ...all.map((each) => fc.constant(each.key))),
    fc.oneof(value, number, ...all.flatMap((each) => each.values.map((text) => fc.constant(text)))),
  );
const cases = fc
  .array(requirement, { maxLength: 4 })
  .chain((all) => fc.tuple(fc.constant(all), labelsFor(all)));

function printed({ key, operator, values }: Requirement, space: string): string {
  const [first = ''] = values;
  switch (operator) {
    case 'exists':
      return key;
    case 'absent':
      return `!${space}${key}`;
    case 'gt':
    case 'lt':
      return [key, operator === 'gt' ? '>' : '<', first].join(space);
    default:
      return values.length > 1 || space === ''
        ? `${key} ${operator} (${values.join(`${space},${space}`)})`
        : [key, operator === 'in' ? '=' : '!=', first].join(space);
  }
}

/** The meaning, said once more and plainly. */
function holds({ key, operator, values }: Requirement, labels: Record<string, string>): boolean {
  const entry = Object.entries(labels).find(([name]) => name === key);
  const found = entry?.[1] ?? '';
  const isNumber = entry !== undefined && /^[-+]?\d+$/.test(found);
  const meanings = {
    exists: entry !== undefined,
    absent: entry === undefined,
    in: entry !== undefined && values.includes(found),
    notin: entry === undefined || !values.includes(found),
    gt: isNumber && Number(found) > Number(values[0]),
    lt: isNumber && Number(found) < Number(values[0]),
  };
  return meanings[operator];
}

describe('label selectors', () => {
  test('survive being printed and read', () => {
    fc.assert(
      fc.property(
        fc.array(requirement, { maxLength: 4 }),
        fc.constantFrom('', ' ', '\t '),
        (all, space) => {
          const text = all.map((each) => printed(each, space)).join(`${space},${space}`);
          expect(parseRequirements(text)).toEqual(all);
        },
      ),
    );
  });

  test('select what their terms say', () => {
    fc.assert(
      fc.property(cases, ([all, labels]) => {
        const text = all.map((each) => printed(each, '')).join(',');
        expect(parseLabelSelector(text)(labels)).toBe(all.every((each) => holds(each, labels)));
      }),
      { numRuns: 1000 },
    );
  });

  test('select the same in both of their forms', () => {
    const operators = {
      in: 'In',
      notin: 'NotIn',
      exists: 'Exists',
      absent: 'DoesNotExist',
    } as const;
    fc.assert(
      fc.property(cases, ([all, labels]) => {
        const both = all.filter((each) => each.operator !== 'gt' && each.operator !== 'lt');
        const matchExpressions = both.map(({ key, operator, values }) => ({
          key,
          operator: operators[operator as keyof typeof operators],
          values,
        }));
        const text = both.map((each) => printed(each, ' ')).join(',');
        expect(matchLabelSelector({ matchExpressions })(labels)).toBe(
          parseLabelSelector(text)(labels),
        );
      }),
    );
  });

  test('are read or refused, whatever they are', () => {
    const piece = fc.constantFrom(
      'a',
      'in',
      'notin',
      '(',
      ')',
      ',',
      '=',
      '==',
      '!',
      '!=',
      '>',
      ' ',
      '1',
      'ä',
      '\\',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 8 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (each) => {
        for (const parse of [parseLabelSelector, (it: string) => parseFieldSelector(it, 'pods')]) {
          try {
            parse(each);
          } catch (error) {
            expect(error).toMatchObject({ name: 'ApiError', code: 400 });
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('field selectors', () => {
  test('find any name, when it is escaped', () => {
    const escaped = (text: string): string => text.replaceAll(/[\\,=]/g, String.raw`\$&`);
    const piece = fc.constantFrom('a', ',', '=', '\\', '!', ' ', '.');
    const name = fc.array(piece, { minLength: 1, maxLength: 6 }).map((all) => all.join(''));
    fc.assert(
      fc.property(name, name, (own, other) => {
        const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: own } };
        const select = (text: string): boolean => parseFieldSelector(text, 'pods')(object);
        expect(select(`metadata.name=${escaped(other)}`)).toBe(own === other);
        expect(select(`metadata.name!=${escaped(other)},metadata.name=${escaped(own)}`)).toBe(
          own !== other,
        );
      }),
    );
  });
});
