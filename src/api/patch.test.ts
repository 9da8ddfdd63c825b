import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonPatchStep } from './client.ts';
import { applyJsonPatch, applyMergePatch, pointerSegment } from './patch.ts';

describe('a merge patch', () => {
  // The table of RFC 7386, appendix A.
  const cases: readonly [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  test.each(cases)('%j + %j = %j', (target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected);
  });

  test('leaves its input alone', () => {
    const target = { a: { b: 1 } };
    applyMergePatch(target, { a: { b: 2 } });
    expect(target).toEqual({ a: { b: 1 } });
  });

  test('sets a key of any name, and no prototype', () => {
    const merged = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(Object.keys(merged as object)).toEqual(['__proto__']);
    expect((merged as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('a JSON patch', () => {
  const cases: readonly [string, unknown, JsonPatchStep[], unknown][] = [
    ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    [
      'inserts into a list',
      { a: [1, 3] },
      [{ op: 'add', path: '/a/1', value: 2 }],
      { a: [1, 2, 3] },
    ],
    ['appends to a list', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['removes from a list', { a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    ['replaces', { a: [1, 2] }, [{ op: 'replace', path: '/a/0', value: 3 }], { a: [3, 2] }],
    ['moves', { a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: 1 }],
    [
      'copies',
      { a: { b: 1 } },
      [{ op: 'copy', from: '/a', path: '/c' }],
      { a: { b: 1 }, c: { b: 1 } },
    ],
    [
      'tests and goes on',
      { a: { b: [1] } },
      [{ op: 'test', path: '/a', value: { b: [1] } }],
      { a: { b: [1] } },
    ],
    [
      'reads escaped names',
      { 'a/b': { 'c~d': 1 } },
      [{ op: 'remove', path: '/a~1b/c~0d' }],
      { 'a/b': {} },
    ],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: 2 }], 2],
  ];
  test.each(cases)('%s', (_, document, steps, expected) => {
    const before = structuredClone(document);
    expect(applyJsonPatch(document, steps)).toEqual(expected);
    expect(document).toEqual(before);
  });

  const refused: readonly [string, unknown, JsonPatchStep][] = [
    ['a failed test', { a: 1 }, { op: 'test', path: '/a', value: 2 }],
    ['a missing member', { a: 1 }, { op: 'remove', path: '/b' }],
    ['a missing parent', { a: 1 }, { op: 'add', path: '/b/c', value: 1 }],
    ['an index beyond the list', { a: [] }, { op: 'add', path: '/a/1', value: 1 }],
    ['a parent that is a number', { a: 1 }, { op: 'add', path: '/a/b', value: 1 }],
    ['a path without a slash', { a: 1 }, { op: 'add', path: 'b', value: 1 }],
    ['an inherited name', {}, { op: 'test', path: '/toString', value: 1 }],
  ];
  test.each(refused)('%s is refused', (_, document, step) => {
    expect(() => applyJsonPatch(document, [step])).toThrow(/./);
  });

  test('reaches any key through its segment', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (key, value) => {
        if (key === '__proto__') return;
        const path = `/${pointerSegment(key)}`;
        expect(applyJsonPatch({}, [{ op: 'add', path, value }])).toEqual({ [key]: value });
      }),
    );
  });
});
