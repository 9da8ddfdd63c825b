import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Table } from '../../policy/conformance/table.ts';

const LISTS = v.record(v.string(), v.array(v.string()));
const TEXTS = v.record(v.string(), v.string());

const STEP = v.strictObject({
  send: v.optional(v.string()),
  answer: v.optional(v.number()),
  again: v.optional(v.number()),
  flow: v.optional(v.number()),
  change: v.optional(
    v.strictObject({
      groups: v.optional(LISTS),
      interfaces: v.optional(TEXTS),
      prefixLists: v.optional(LISTS),
      subnets: v.optional(TEXTS),
      acls: v.optional(LISTS),
    }),
  ),
  expect: v.optional(v.picklist(['pass', 'drop'])),
  why: v.optional(v.string()),
});

const TABLE = v.strictObject({
  table: v.string(),
  about: v.string(),
  groups: LISTS,
  interfaces: TEXTS,
  prefixLists: v.optional(LISTS),
  subnets: v.optional(TEXTS),
  acls: v.optional(LISTS),
  steps: v.array(STEP),
});

/** The truth tables of a folder, in the order of their names. */
export function readTables(folder: string): readonly Table[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => readTable(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
}

/** Reads a table; throws with what is wrong in it. */
export function readTable(value: unknown): Table {
  return v.parse(TABLE, value);
}
