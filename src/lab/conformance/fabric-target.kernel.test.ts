import { join } from 'node:path';
import { expect, test } from 'vitest';
import { disagreements, runTables } from '../../policy/conformance/run.ts';
import { FABRIC } from './fabric-target.ts';
import { readTables } from './read-tables.ts';

const TABLES = readTables(join(import.meta.dirname, '../../../conformance'));

test.each(TABLES.map((table) => [table.table, table] as const))(
  'real packets obey the truth table %s',
  async (_name, table) => {
    const results = await runTables([table], FABRIC);
    expect(disagreements(results)).toEqual([]);
    expect(results.every(({ actual }) => actual !== 'skipped')).toBe(true);
  },
);
