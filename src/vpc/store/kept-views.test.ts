import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/meta.ts';
import { KeptViews } from './kept-views.ts';

function object(name: string): KubeObject {
  return { metadata: { name } };
}

/** Views that say how often one was made. */
function counted(): (each: KubeObject, seen?: readonly unknown[]) => number {
  const views = new KeptViews<KubeObject>();
  let made = 0;
  return (each, seen = []) => views.get(each, seen, () => (made += 1));
}

describe('the view of an object', () => {
  test('is made once', () => {
    const view = counted();
    const a = object('a');
    expect([view(a), view(a), view(object('b')), view(a)]).toEqual([1, 1, 2, 1]);
  });

  test('is made again for another version, even one that looks the same', () => {
    const view = counted();
    const before = object('a');
    view(before);
    expect(view(object('a'))).toBe(2);
    // A reader that still has the old version does not see the new one.
    expect(view(before)).toBe(3);
  });

  test.each([
    ['another region', ['us-east-1', 'web'], ['eu-west-1', 'web']],
    ['another name of a group', ['us-east-1', undefined], ['us-east-1', 'web']],
    ['one more group', ['us-east-1', 'web'], ['us-east-1', 'web', 'db']],
    ['one group less', ['us-east-1', 'web', 'db'], ['us-east-1', 'web']],
  ])('is made again when it shows %s', (_what, first, second) => {
    const view = counted();
    const a = object('a');
    expect([view(a, first), view(a, first), view(a, second), view(a, second)]).toEqual([
      1, 1, 2, 2,
    ]);
  });

  test('is kept while it is used, and forgotten when many others were used since', () => {
    const view = counted();
    const [used, unused] = [object('used'), object('unused')];
    expect([view(used), view(unused)]).toEqual([1, 2]);
    for (let i = 0; i < 20_000; i += 1) {
      view(object(`n${i}`));
      if (i % 1_000 === 0) expect(view(used)).toBe(1);
    }
    expect(view(unused)).toBe(20_003);
  });

  test('that is stale is found out by the check', () => {
    const views = new KeptViews<KubeObject>();
    let shown = 'old';
    const view = (): string => views.get(kept, [], () => shown);
    const kept = object('a');
    view();
    shown = 'new';
    expect(view()).toBe('old');
    views.checkEach();
    expect(view).toThrow('The view of a is stale');
    shown = 'old';
    expect(view()).toBe('old');
  });
});
