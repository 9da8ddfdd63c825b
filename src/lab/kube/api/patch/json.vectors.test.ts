import { describe, expect, test } from 'vitest';
import { ApiError } from '../status.ts';
import { jsonPatch } from './json.ts';

type Steps = readonly object[];

/** RFC 6902, appendix A, by number. A.13 (a member twice in one operation) cannot survive parsing. */
const RFC: readonly (readonly [string, unknown, Steps, unknown])[] = [
  ['A.1', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
  [
    'A.2',
    { foo: ['bar', 'baz'] },
    [{ op: 'add', path: '/foo/1', value: 'qux' }],
    { foo: ['bar', 'qux', 'baz'] },
  ],
  ['A.3', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
  [
    'A.4',
    { foo: ['bar', 'qux', 'baz'] },
    [{ op: 'remove', path: '/foo/1' }],
    { foo: ['bar', 'baz'] },
  ],
  [
    'A.5',
    { baz: 'qux', foo: 'bar' },
    [{ op: 'replace', path: '/baz', value: 'boo' }],
    { baz: 'boo', foo: 'bar' },
  ],
  [
    'A.6',
    { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
    [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
    { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
  ],
  [
    'A.7',
    { foo: ['all', 'grass', 'cows', 'eat'] },
    [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
    { foo: ['all', 'cows', 'eat', 'grass'] },
  ],
  [
    'A.8',
    { baz: 'qux', foo: ['a', 2, 'c'] },
    [
      { op: 'test', path: '/baz', value: 'qux' },
      { op: 'test', path: '/foo/1', value: 2 },
    ],
    { baz: 'qux', foo: ['a', 2, 'c'] },
  ],
  [
    'A.10',
    { foo: 'bar' },
    [{ op: 'add', path: '/child', value: { grandchild: {} } }],
    { foo: 'bar', child: { grandchild: {} } },
  ],
  [
    'A.11',
    { foo: 'bar' },
    [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }],
    { foo: 'bar', baz: 'qux' },
  ],
  ['A.14', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
  [
    'A.16',
    { foo: ['bar'] },
    [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }],
    { foo: ['bar', ['abc', 'def']] },
  ],
];

/** Cases of the public suite json-patch-tests and of our own that implementations get wrong. */
const MORE: readonly (readonly [string, unknown, Steps, unknown])[] = [
  ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
  ['adds null', {}, [{ op: 'add', path: '/a', value: null }], { a: null }],
  ['replaces null', { a: null }, [{ op: 'replace', path: '/a', value: 1 }], { a: 1 }],
  ['moves null', { a: null }, [{ op: 'move', from: '/a', path: '/b' }], { b: null }],
  ['adds at the end by number', [1], [{ op: 'add', path: '/1', value: 2 }], [1, 2]],
  ['knows an empty key', { '': 1 }, [{ op: 'replace', path: '/', value: 2 }], { '': 2 }],
  ['moves to itself', { a: 1 }, [{ op: 'move', from: '/a', path: '/a' }], { a: 1 }],
  ['takes numbers as keys of objects', { 1: 'a' }, [{ op: 'remove', path: '/1' }], {}],
  [
    'copies, and does not share',
    { a: { b: 1 } },
    [
      { op: 'copy', from: '/a', path: '/c' },
      { op: 'add', path: '/c/b', value: 2 },
    ],
    { a: { b: 1 }, c: { b: 2 } },
  ],
  [
    'tests a whole object',
    { a: { b: 1, c: 2 } },
    [{ op: 'test', path: '/a', value: { c: 2, b: 1 } }],
    { a: { b: 1, c: 2 } },
  ],
  [
    'adds a key that objects inherit',
    {},
    [{ op: 'add', path: '/constructor', value: 1 }],
    JSON.parse('{"constructor":1}'),
  ],
  [
    'adds a key of ill repute',
    {},
    [{ op: 'add', path: '/__proto__', value: { a: 1 } }],
    JSON.parse('{"__proto__":{"a":1}}'),
  ],
];

const REFUSED: readonly (readonly [string, unknown, unknown])[] = [
  ['A.9: a test that fails', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }]],
  ['A.12: a parent that is not there', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 1 }]],
  ['A.15: a number that is text', { '~1': 10 }, [{ op: 'test', path: '/~01', value: '10' }]],
  ['a leading zero', [1, 2], [{ op: 'remove', path: '/01' }]],
  ['a negative index', [1, 2], [{ op: 'remove', path: '/-1' }]],
  ['a fraction', [1, 2], [{ op: 'remove', path: '/1.0' }]],
  ['a dash where nothing is added', [1, 2], [{ op: 'remove', path: '/-' }]],
  ['an index past the end', [1], [{ op: 'replace', path: '/1', value: 2 }]],
  ['removing past the end', [1], [{ op: 'remove', path: '/1' }]],
  ['removing what is not there', {}, [{ op: 'remove', path: '/a' }]],
  ['removing what objects inherit', {}, [{ op: 'remove', path: '/toString' }]],
  [
    'testing what objects inherit',
    {},
    [{ op: 'test', path: '/constructor/name', value: 'Object' }],
  ],
  ['adding below a number', { a: 1 }, [{ op: 'add', path: '/a/b', value: 2 }]],
  ['adding below null', { a: null }, [{ op: 'add', path: '/a/b', value: 2 }]],
  ['moving into itself', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a/b' }]],
  ['moving nothing', {}, [{ op: 'move', from: '/a', path: '/b' }]],
  ['a path without a slash', { a: 1 }, [{ op: 'remove', path: 'a' }]],
  ['no path', { a: 1 }, [{ op: 'remove' }]],
  ['adding without a value', {}, [{ op: 'add', path: '/a' }]],
  ['replacing without a value', { a: 1 }, [{ op: 'replace', path: '/a' }]],
  ['a step that is no object', {}, ['add']],
  [
    'a first step that works and a second that does not',
    { a: 1 },
    [
      { op: 'remove', path: '/a' },
      { op: 'remove', path: '/a' },
    ],
  ],
];

describe('a JSON patch', () => {
  test.each([...RFC, ...MORE])('%s', (_, document, steps, wanted) => {
    const before = JSON.stringify(document);
    const result = jsonPatch(document, JSON.parse(JSON.stringify(steps)));
    expect(JSON.parse(JSON.stringify(result))).toEqual(wanted);
    expect(JSON.stringify(document)).toBe(before);
  });

  test.each(REFUSED)('is refused for %s', (_, document, steps) => {
    const before = JSON.stringify(document);
    expect(() => jsonPatch(document, steps)).toThrow(ApiError);
    expect(JSON.stringify(document)).toBe(before);
  });
});
