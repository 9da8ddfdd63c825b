import { expect, test } from 'vitest';
import { textTable } from './text-table.ts';

test('pads every column to its widest cell', () => {
  const text = textTable(['A', 'LONGER'], [['value', 'x'], ['v']]);
  expect(text).toBe('A      LONGER\nvalue  x\nv');
});

test('gives only the header when there are no rows', () => {
  expect(textTable(['NAME', 'AGE'], [])).toBe('NAME  AGE');
});
