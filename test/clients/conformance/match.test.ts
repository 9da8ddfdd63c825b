import { expect, test } from 'vitest';
import { ABSENT, count, exactly, having, mapTexts, mismatches } from './match.ts';

const ANSWER = { Name: 'a', Items: [{ Id: 1, Text: 'x' }, { Id: 2 }], Empty: [] };

test.each([
  ['a part of the answer', { Name: 'a' }],
  ['a pattern', { Name: /^.$/ }],
  ['what is not there', { Other: ABSENT, Items: [{}, { Text: ABSENT }] }],
  ['some of a list in any order', { Items: having({ Id: 2 }) }],
  ['all of a list in any order', { Items: exactly({ Id: 2 }, { Id: 1 }) }],
  ['the length of a list', { Items: count(2), Empty: count(0) }],
])('%s matches', (_what, expected) => {
  expect(mismatches(ANSWER, expected)).toEqual([]);
});

test.each([
  ['another value', { Name: 'b' }, '$.Name: "a" != "b"'],
  ['another type', { Items: [{ Id: '1' }, {}] }, '$.Items[0].Id: 1 != "1"'],
  ['a member that is not there', { Items: [{}, { Text: 'x' }] }, '$.Items[1].Text: undefined'],
  ['a member that should not be there', { Name: ABSENT }, '$.Name: "a" != '],
  ['a pattern that does not match', { Name: /b/ }, '$.Name: "a" != "/b/"'],
  ['a list that is too short', { Items: [{}] }, '$.Items: '],
  ['a list without an item', { Items: having({ Id: 3 }) }, '$.Items: no {"Id":3} in'],
  ['a list with more items', { Items: exactly({ Id: 1 }) }, '$.Items: 2 items, not 1'],
  ['another length', { Items: count(3) }, '$.Items: '],
  ['a structure in place of a text', { Name: { a: 1 } }, '$.Name: "a" is no structure'],
])('%s does not', (_what, expected, problem) => {
  const [found = '', ...others] = mismatches(ANSWER, expected);
  expect(found.slice(0, problem.length)).toBe(problem);
  expect(others).toEqual([]);
});

test('texts are replaced wherever they are, patterns stay', () => {
  const value = { a: ['x', having('x', count(1))], b: /x/ };
  expect(mismatches(['y', ['y', ['z']]], [mapTexts('x', () => 'y'), having('y', ['z'])])).toEqual(
    [],
  );
  const mapped = mapTexts(value, (text) => `${text}!`) as typeof value;
  expect(mapped.b).toBe(value.b);
  expect(mismatches(['x!', ['x!', [0]]], mapped.a)).toEqual([]);
});
