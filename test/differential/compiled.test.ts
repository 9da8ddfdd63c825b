import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scenarios } from '../arbitrary/scenarios.ts';
import { agreesOnFlows, disagreements, flowCases, flowsOf } from './compare.ts';
import { corpus, runSeed } from './corpus.ts';
import { ShapeCoverage } from './coverage.ts';
import { FLOW_MUTANTS, MUTANTS } from './mutants.ts';
import { evaluatedFate, prepare } from './scenario.ts';

const WORLDS = 600;
const PACKETS = 30;
const FLOW_WORLDS = 150;
const seed = runSeed();
const flows = flowCases(PACKETS);

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

  test(
    `agree on later packets of flows when ${FLOW_WORLDS} worlds change`,
    { timeout: 60_000 },
    () => {
      const seen = { untracked: 0, cut: 0, going: 0 };
      fc.assert(
        fc.property(flows, (item) => {
          const { evaluated, compiled, untracked } = flowsOf(item);
          expect(compiled).toEqual(evaluated);
          seen.untracked += untracked;
          seen.going += evaluated.filter(({ end }) => end === 'delivered').length;
          seen.cut += evaluated.filter(({ end }) => end !== 'delivered').length;
        }),
        { numRuns: FLOW_WORLDS, seed },
      );
      for (const count of Object.values(seen)) expect(count).toBeGreaterThan(FLOW_WORLDS / 3);
    },
  );

  test.each(FLOW_MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'disagree on flows when the compiler is wrong: %s',
    (_name, mutant) => {
      const found = fc.check(
        fc.property(flows, (item) => agreesOnFlows(item, mutant)),
        { numRuns: 200, seed, endOnFailure: true },
      );
      expect(found.failed).toBe(true);
      expect(String(found.errorInstance)).toContain('returning false');
    },
  );

  test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'disagree when the compiler is wrong: %s',
    (_name, mutant) => {
      const found = fc.check(
        fc.property(scenarios(PACKETS), (scenario) => disagreements(scenario, mutant) === 0),
        { numRuns: 800, seed, endOnFailure: true },
      );
      expect(found.failed).toBe(true);
      // It must be a wrong verdict, not a program that cannot run.
      expect(String(found.errorInstance)).toContain('returning false');
    },
  );
});
