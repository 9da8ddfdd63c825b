import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EVALUATOR } from './evaluator.ts';
import { disagreements, runTables } from './run.ts';
import { readTable, readTables } from '../../lab/conformance/read-tables.ts';
import { readPacket, type Target } from './table.ts';

const FOLDER = join(import.meta.dirname, '../../../conformance');
const tables = readTables(FOLDER);

describe('the truth tables', () => {
  test.each(tables.map((table) => [table.table, table] as const))(
    'hold for the evaluator: %s',
    async (_name, table) => {
      const results = await runTables([table], EVALUATOR);
      expect(disagreements(results)).toEqual([]);
      expect(results.filter(({ actual }) => actual === 'skipped')).toEqual([]);
      for (const outcome of ['pass', 'drop'])
        expect(results.map(({ actual }) => actual)).toContain(outcome);
    },
  );

  test.each([true, false])('show a target that answers %s to everything', async (answer) => {
    const yes: Target = {
      name: 'stubborn',
      open: async () => ({
        cannot: () => undefined,
        send: async () => answer,
        change: async () => {},
        close: async () => {},
      }),
    };
    const wrong = disagreements(await runTables(tables, yes));
    expect(new Set(wrong.map(({ table }) => table)).size).toBe(tables.length);
  });

  test('skip what a target cannot do, and say why', async () => {
    const shy: Target = {
      name: 'shy',
      open: async (world) => ({ ...(await EVALUATOR.open(world)), cannot: () => 'no wires' }),
    };
    const results = await runTables(tables, shy);
    expect(new Set(results.map(({ actual, note }) => `${actual}: ${note}`))).toEqual(
      new Set(['skipped: no wires']),
    );
    expect(disagreements(results)).toEqual([]);
  });
});

test.each(['tcp/80', 'foo/1 10.0.0.1 > 10.0.0.2', 'tcp/80 10.0.0.1 10.0.0.2'])(
  '%s is no packet',
  (text) => {
    expect(() => readPacket(text)).toThrow('is no packet');
  },
);

test('a table that is none is refused', () => {
  expect(() => readTable({ table: 'x' })).toThrow();
});
