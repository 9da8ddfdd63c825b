import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { at, childOf, clone, numberAt, ownField, sameJson, setField, textAt } from './json.ts';

test('JSON is the same whatever the order of its keys', () => {
  expect(sameJson({ a: 1, b: [{ c: 1, d: 2 }] }, { b: [{ d: 2, c: 1 }], a: 1 })).toBe(true);
  expect(sameJson({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  expect(sameJson({ a: 1 }, { a: 1, b: null })).toBe(false);
  expect(sameJson(null, {})).toBe(false);
  expect(sameJson([], {})).toBe(false);
});

test('an undefined field is an absent one, as in JSON text', () => {
  expect(sameJson({ a: undefined }, {})).toBe(true);
  expect(Object.keys(clone({ a: undefined, b: 1 }))).toEqual(['b']);
});

test('a copy is the same and shares nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const copy = clone(value);
      expect(sameJson(copy, value)).toBe(true);
      if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value);
    }),
  );
});

test('names of what every object inherits are ordinary keys', () => {
  const fields = {};
  expect(ownField(fields, 'toString')).toBeUndefined();
  setField(fields, '__proto__', { polluted: true });
  expect(Object.keys(fields)).toEqual(['__proto__']);
  expect(at(fields, 'polluted')).toBeUndefined();
  expect(at(fields, '__proto__', 'polluted')).toBe(true);
});

test('values below a path, and what is not there', () => {
  const value = { a: { n: 3, t: 'x', b: true, l: [1] } };
  expect([textAt(value, 'a', 't'), textAt(value, 'a', 'n'), textAt(value, 'a', 'b')]).toEqual([
    'x',
    '3',
    'true',
  ]);
  expect([textAt(value, 'a', 'l'), textAt(value, 'z', 'y')]).toEqual(['', '']);
  expect([numberAt(value, 'a', 'n'), numberAt(value, 'a', 't')]).toEqual([3, undefined]);
  expect(at(value, 'a', 'l', '0')).toBeUndefined();
});

test('a child is made when there is none', () => {
  const parent = { none: 'text' };
  childOf(parent, 'some')['x'] = 1;
  childOf(parent, 'some')['y'] = 2;
  childOf(parent, 'none')['z'] = 3;
  expect(parent).toEqual({ some: { x: 1, y: 2 }, none: { z: 3 } });
});
