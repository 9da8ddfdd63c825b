import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/meta.ts';
import { Table } from './table.ts';

type Step = { readonly kind: 'put' | 'remove' | 'walk'; readonly name: string };

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step['kind']>('put', 'put', 'remove', 'walk'),
    name: fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 0, maxLength: 3 }),
  }),
  { maxLength: 60 },
);

function walked(table: Table<KubeObject>, after: string, most: number): string[] {
  const names: string[] = [];
  table.walk(after, ({ metadata }) => {
    names.push(metadata.name);
    return names.length === most;
  });
  return names;
}

test('a walk visits what is there, in order, whatever came and went between two walks', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (taken, most) => {
      const table = new Table<KubeObject>({});
      const model = new Set<string>();
      let version = 0;
      for (const { kind, name } of taken) {
        version += 1;
        if (kind === 'put') {
          const metadata = { name, uid: String(version), resourceVersion: String(version) };
          table.apply({ metadata });
          model.add(name);
        } else if (kind === 'remove') {
          table.remove(name);
          model.delete(name);
        } else {
          const wanted = [...model].sort().filter((each) => each > name);
          expect(walked(table, name, most)).toEqual(wanted.slice(0, most));
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('names that come while nobody walks are forgotten, not piled up, and found later', () => {
  const table = new Table<KubeObject>({});
  const put = (i: number): void =>
    table.apply({ metadata: { name: `n${String(i).padStart(6, '0')}`, resourceVersion: '1' } });
  put(0);
  expect(walked(table, '', 9)).toEqual(['n000000']);
  for (let i = 1; i <= 25_000; i += 1) put(i);
  expect(walked(table, 'n024998', 9)).toEqual(['n024999', 'n025000']);
  expect(walked(table, '', 30_000)).toHaveLength(25_001);
});
