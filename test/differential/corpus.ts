import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scenario } from './scenario.ts';

const FOLDER = join(import.meta.dirname, '..', 'corpus');

/** Every failure that was ever found, in the order of the file names; replayed before anything random. */
export function corpus(): readonly Scenario[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Scenario);
}

/** Seed of this run: TRUNKLINE_SEED repeats an earlier one. */
export function runSeed(): number {
  const given = process.env['TRUNKLINE_SEED'];
  return given === undefined ? Date.now() % 0x7fff_ffff : Number(given);
}
