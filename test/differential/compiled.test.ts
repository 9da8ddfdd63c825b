import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/dataplane/compile.ts';
import type { FabricProgram } from '../../src/dataplane/program.ts';
import { scenarios } from '../arbitrary/scenarios.ts';
import { compiledFate } from './compiled-fate.ts';
import { corpus, runSeed } from './corpus.ts';
import { ShapeCoverage } from './coverage.ts';
import { MUTANTS } from './mutants.ts';
import { evaluatedFate, prepare, type Scenario } from './scenario.ts';

const WORLDS = 1200;
const PACKETS = 30;
const seed = runSeed();

/** Packets on which the evaluator and the program disagree. */
function disagreements(scenario: Scenario, change = (program: FabricProgram) => program): number {
  const { world, state, packets } = prepare(scenario);
  const program = change(compile(state));
  return packets.filter((packet) => {
    const expected = evaluatedFate(world, packet);
    const actual = compiledFate(program, packet);
    return expected.end !== actual.end || expected.link !== actual.link;
  }).length;
}

describe(`evaluator and compiled program (TRUNKLINE_SEED=${seed})`, () => {
  test.each(corpus().map((scenario) => [scenario.name ?? '', scenario] as const))(
    'agree on the corpus: %s',
    (_name, scenario) => {
      expect(disagreements(scenario)).toBe(0);
    },
  );

  test(
    `agree on ${WORLDS} random worlds of ${PACKETS} packets, with every pair of rule properties`,
    { timeout: 60_000 },
    () => {
      const coverage = new ShapeCoverage();
      const ends = new Map<string, number>();
      fc.assert(
        fc.property(scenarios(PACKETS), (scenario) => {
          coverage.add(scenario);
          const { world, packets } = prepare(scenario);
          for (const packet of packets) {
            const { end } = evaluatedFate(world, packet);
            ends.set(end, (ends.get(end) ?? 0) + 1);
          }
          return disagreements(scenario) === 0;
        }),
        { numRuns: WORLDS, seed },
      );
      expect(coverage.missing).toEqual([]);
      expect(coverage.share).toBe(1);
      // Neither verdict may be a rarity, or agreement would mean little.
      for (const end of ['egress', 'ingress', 'delivered'])
        expect(ends.get(end)).toBeGreaterThan((WORLDS * PACKETS) / 20);
    },
  );

  test.each(MUTANTS.map((mutant) => [mutant.name, mutant.change] as const))(
    'disagree when the compiler is wrong: %s',
    (_name, change) => {
      const found = fc.check(
        fc.property(scenarios(PACKETS), (scenario) => disagreements(scenario, change) === 0),
        { numRuns: 400, seed, endOnFailure: true },
      );
      expect(found.failed).toBe(true);
      // It must be a wrong verdict, not a program that cannot run.
      expect(String(found.errorInstance)).toContain('returning false');
    },
  );
});
