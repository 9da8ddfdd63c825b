import { describe, expect, test } from 'vitest';
import { InvariantError, assert, must, unreachable } from './assert.ts';
import { err, ok } from './result.ts';

describe('results', () => {
  test('say which outcome they hold', () => {
    expect(ok(0)).toEqual({ ok: true, value: 0 });
    expect(err('no')).toEqual({ ok: false, error: 'no' });
  });
});

describe('invariants', () => {
  test('throw their message when they do not hold', () => {
    expect(() => assert(false, () => 'broken')).toThrow(new InvariantError('broken'));
    expect(() => assert(0, () => 'broken')).toThrow(InvariantError);
  });

  test('do not build their message when they hold', () => {
    assert(true, () => {
      throw new Error('was built');
    });
    expect(must('', () => 'was built')).toBe('');
    expect(must(0, () => 'was built')).toBe(0);
  });

  test.each([undefined, null])('miss a value that is %s', (value) => {
    expect(() => must(value, () => 'missing')).toThrow(new InvariantError('missing'));
  });

  test('name the case that was thought impossible', () => {
    expect(() => unreachable('x' as never)).toThrow('Unreachable case: "x"');
  });
});
