import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { EC2_MODEL } from '../src/ec2/codec/services.ts';
import { EC2_ACTIONS } from '../src/vpc/actions/table.ts';
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
    const document = readFileSync(join(resolve(import.meta.dirname, '..'), 'docs/vpc-api.md'));
    expect(withTables(document.toString(), tables)).toContain(tables);
  },
);
