import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/meta.ts';
import { Table } from './table.ts';

interface Thing extends KubeObject {
  readonly colour: string;
}

function thing(name: string, resourceVersion: string, colour = 'red', uid = `uid-${name}`): Thing {
  return { metadata: { name, resourceVersion, uid }, colour };
}

function table(...things: Thing[]): Table<Thing> {
  const made = new Table<Thing>({ colour: ({ colour }) => [colour] });
  for (const each of things) made.apply(each);
  return made;
}

function names(things: readonly Thing[]): string[] {
  return things.map(({ metadata }) => metadata.name);
}

describe('a table', () => {
  test('finds objects by index, also after they changed', () => {
    const things = table(thing('a', '1'), thing('b', '2'), thing('c', '3', 'blue'));
    expect(names(things.by('colour', 'red'))).toEqual(['a', 'b']);
    things.apply(thing('a', '4', 'blue'));
    expect(names(things.by('colour', 'red'))).toEqual(['b']);
    expect(things.count('colour', 'blue')).toBe(2);
    expect(things.by('shape', 'round')).toEqual([]);
  });

  test('keeps the newer version when an older one comes late', () => {
    const things = table(thing('a', '10', 'blue'), thing('a', '9', 'red'));
    expect(things.get('a')?.colour).toBe('blue');
    expect(things.by('colour', 'red')).toEqual([]);
  });

  test('does not let a late event bring back what was deleted', () => {
    const things = table(thing('a', '1'));
    things.remove('a');
    things.apply(thing('a', '2'));
    expect(things.get('a')).toBeUndefined();
    expect(things.by('colour', 'red')).toEqual([]);
  });

  test('takes a new object of the same name, which late events of the old one do not remove', () => {
    const things = table(thing('a', '1'));
    things.remove('a');
    things.apply(thing('a', '5', 'blue', 'uid-new'));
    expect(things.get('a')?.colour).toBe('blue');
    things.observeDeleted(thing('a', '4'));
    expect(things.get('a')?.colour).toBe('blue');
  });

  test('forgets what the informer saw deleted', () => {
    const things = table(thing('a', '1'));
    things.observeDeleted(thing('a', '2'));
    expect(things.size).toBe(0);
    expect(things.count('colour', 'red')).toBe(0);
  });
});
