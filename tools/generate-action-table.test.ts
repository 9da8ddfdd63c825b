import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EC2_MODEL } from '../src/ec2/codec/services.ts';
import { EC2_ACTIONS } from '../src/vpc/actions/table.ts';
import { createFilterProbe, readDocumentedFilters } from './action-filters.ts';
import { UNSUPPORTED_FILTERS } from './unsupported-filters.ts';
import { TIER_A, TIER_B, TIER_C } from './action-tiers.ts';
import { renderTables, withTables } from './generate-action-table.ts';

const TIMEOUT_MS = 60_000;

test('the tiers name actions of the model', () => {
  const named = [...TIER_A, ...TIER_B, ...TIER_C];
  expect(named.filter((name) => EC2_MODEL.action(name) === undefined)).toEqual([]);
  expect(named.filter((name, i) => named.indexOf(name) !== i)).toEqual([]);
});

test(
  'the tables have every action, its filters and its errors',
  { timeout: TIMEOUT_MS },
  async () => {
    const tables = await renderTables();
    for (const action of Object.keys(EC2_ACTIONS)) expect(tables).toContain(`| ${action} |`);
    expect(tables).toMatch(/\| DescribeSubnets \| A \|[^|]*default-for-az[^|]*tag:<key>/);
    expect(tables).toMatch(/\| DescribeSubnets \| A \|[^|]*\|[^|]*InvalidSubnetID.NotFound/);
    expect(tables).toMatch(/\| CreateSecurityGroup \| A \|[^|]*\|[^|]*InvalidGroup.Duplicate/);
    const path = join(import.meta.dirname, '../docs/vpc-api.md');
    const document = readFileSync(path, 'utf8');
    // Stale? npm run docs:vpc-api
    expect(document).toBe(withTables(document, tables));
  },
);

test(
  'every filter that AWS documents is taken, or listed with the reason why not',
  { timeout: TIMEOUT_MS },
  async () => {
    const probe = createFilterProbe();
    const documented = Object.entries(readDocumentedFilters());
    let checked = 0;
    for (const [name, filters] of documented) {
      const [action, handler] = [EC2_MODEL.action(name), EC2_ACTIONS[name]];
      if (action === undefined || handler === undefined) continue;
      const taken = new Set(await probe(action, handler));
      const refused = filters.filter((filter) => !taken.has(filter));
      const listed = Object.values(UNSUPPORTED_FILTERS[name] ?? {}).flat();
      expect({ name, refused }).toEqual({ name, refused: listed.toSorted() });
      checked += filters.length;
    }
    expect(checked).toBeGreaterThan(400);
  },
);

test('the tables count what is implemented, and no tier lacks an action', async () => {
  const tables = await renderTables();
  const count = Object.keys(EC2_ACTIONS).length;
  expect(tables).toContain(`### EC2: ${count} of ${EC2_MODEL.actionNames.length} actions`);
  for (const [tier, actions] of [
    ['A', TIER_A],
    ['B', TIER_B],
    ['C', TIER_C],
  ] as const)
    expect(tables).toMatch(
      new RegExp(`\\| ${tier} \\|[^|]*\\| ${actions.size} of ${actions.size} \\| none \\|`),
    );
  expect(Object.keys(EC2_ACTIONS).filter((name) => EC2_MODEL.action(name) === undefined)).toEqual(
    [],
  );
});
