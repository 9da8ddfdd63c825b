import { describe, expect, test } from 'vitest';
import { matchesSelector, parseLabelSelector } from './selector.ts';

describe('selector text', () => {
  const labels = { app: 'web', tier: 'db', empty: '' };
  const cases: readonly [string, boolean][] = [
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web , tier!=front', true],
    ['app!=web', false],
    ['missing!=x', true],
    ['app in (api, web),tier notin (front,back)', true],
    ['app in (api)', false],
    ['app,!missing', true],
    ['!app', false],
    ['empty=', true],
    ['missing=', false],
  ];
  test.each(cases)('"%s" matches: %s', (text, expected) => {
    const selector = parseLabelSelector(text);
    expect(selector.ok && matchesSelector(selector.value, labels)).toBe(expected);
  });

  test.each(['app=a=b', 'app in web', 'in (a)(b)', 'a b'])('"%s" is refused', (text) => {
    expect(parseLabelSelector(text).ok).toBe(false);
  });
});
