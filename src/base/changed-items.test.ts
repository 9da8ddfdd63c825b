import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { changedItems } from './changed-items.ts';

test('items that changed in their places, came and went', () => {
  expect(changedItems(['a', 'b', 'c'], ['a', 'x', 'c'])).toEqual({ gone: ['b'], come: ['x'] });
  expect(changedItems(['a', 'b'], ['b'])).toEqual({ gone: ['a'], come: [] });
  expect(changedItems(['b'], ['a', 'b', 'c'])).toEqual({ gone: [], come: ['a', 'c'] });
  const same = ['a'];
  expect(changedItems(same, same)).toEqual({ gone: [], come: [] });
});

test('taking out what is gone and putting in what has come makes the one of the other', () => {
  const list = fc.uniqueArray(fc.integer({ min: 0, max: 9 }));
  fc.assert(
    fc.property(list, list, (before, after) => {
      const { gone, come } = changedItems(before, after);
      // An item that moved may be in both: it goes first.
      const result = new Set(before.filter((item) => !gone.includes(item)));
      for (const item of come) result.add(item);
      expect(result).toEqual(new Set(after));
    }),
  );
});
