import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/dataplane/compile.ts';
import type { FabricProgram } from '../../src/dataplane/program.ts';
import { scenarios } from '../arbitrary/scenarios.ts';
import { compiledFate } from './compiled-fate.ts';
import { corpus, runSeed } from './corpus.ts';
import { ShapeCoverage } from './coverage.ts';
import { edited, opened, runFlows, type FlowCase } from './flows.ts';
import { FLOW_MUTANTS, MUTANTS, type Mutant } from './mutants.ts';
import { evaluatedFate, prepare, type Scenario } from './scenario.ts';

const WORLDS = 600;
const PACKETS = 30;
const FLOW_WORLDS = 150;
const HONEST: Omit<Mutant, 'name'> = { change: (program) => program };
const seed = runSeed();
const flowCases = fc.tuple(scenarios(PACKETS), fc.nat(100)).map(([scenario, dice]): FlowCase => {
  const before = opened(scenario);
  return { before, after: edited(before, dice) };
});

/** Runs the flows of a case through a compiler, honest or not. */
function flowsOf({ before, after }: FlowCase, { change }: Omit<Mutant, 'name'> = HONEST) {
  const worlds = [prepare(before), prepare(after)] as const;
  const [one, two] = worlds.map(({ state }) => change(compile(state)));
  return runFlows(worlds, [one ?? EMPTY, two ?? EMPTY], true);
}

const EMPTY: FabricProgram = { sets: [], chains: [] };

/** Packets on which the evaluator and the program disagree. */
function disagreements(scenario: Scenario, mutant: Omit<Mutant, 'name'> = HONEST): number {
  const { world, state, packets } = prepare(scenario);
  const program = mutant.change(compile(mutant.mistake?.(state) ?? state));
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

  test(
    `agree on later packets of flows when ${FLOW_WORLDS} worlds change`,
    { timeout: 60_000 },
    () => {
      const seen = { untracked: 0, cut: 0, going: 0 };
      fc.assert(
        fc.property(flowCases, (item) => {
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
        fc.property(flowCases, (item) => {
          const { evaluated, compiled } = flowsOf(item, mutant);
          return compiled.every(({ end }, i) => end === evaluated[i]?.end);
        }),
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
