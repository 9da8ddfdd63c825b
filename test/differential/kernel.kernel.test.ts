import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/dataplane/compile.ts';
import type { FabricProgram } from '../../src/dataplane/program.ts';
import { renderProgram } from '../../src/dataplane/render.ts';
import { scenarios, slotReach } from '../arbitrary/scenarios.ts';
import { threeAnswers } from './compare.ts';
import { corpus, runSeed } from './corpus.ts';
import { ShapeCoverage } from './coverage.ts';
import { FabricBed } from '../../src/lab/fabric-bed/bed.ts';
import { edited, opened, runFlows } from './flows.ts';
import { MUTANTS } from './mutants.ts';
import { evaluatedFate, prepare, type Fate, type Scenario } from './scenario.ts';

const WORLDS = 220;
const PACKETS = 24;
const FLOW_WORLDS = 40;
const NOTHING: FabricProgram = { sets: [], chains: [] };
const seed = runSeed();

/** Fails with the scenario as JSON, ready for test/corpus, when any of the three disagree. */
async function expectAgreement(bed: FabricBed, scenario: Scenario): Promise<void> {
  const { evaluated, compiled, kernel } = await threeAnswers(bed, scenario);
  const context = JSON.stringify(scenario);
  expect(compiled, context).toEqual(evaluated);
  expect(kernel, context).toEqual(evaluated);
}

function deliveries(fates: readonly Fate[]): readonly (string | undefined)[] {
  return fates.map((fate) => fate.link);
}

describe(`evaluator, compiled program and kernel (TRUNKLINE_SEED=${seed})`, () => {
  let bed: FabricBed;

  beforeAll(async () => {
    bed = await FabricBed.create(
      `d${process.pid}`,
      Array.from({ length: 8 }, (_, slot) => slotReach(slot)),
    );
  });

  afterAll(async () => {
    await bed.close();
  });

  test('agree on the corpus', async () => {
    for (const scenario of corpus()) await expectAgreement(bed, scenario);
  });

  test(`agree on ${WORLDS} random worlds of ${PACKETS} packets`, { timeout: 120_000 }, async () => {
    const coverage = new ShapeCoverage();
    for (const scenario of fc.sample(scenarios(PACKETS), { numRuns: WORLDS, seed })) {
      coverage.add(scenario);
      await expectAgreement(bed, scenario);
    }
    expect(coverage.missing).toEqual([]);
    expect(coverage.share).toBe(1);
  });

  test(`agree on later packets of flows when ${FLOW_WORLDS} worlds change`, async () => {
    let untracked = 0;
    for (const [dice, scenario] of fc
      .sample(scenarios(PACKETS), { numRuns: FLOW_WORLDS, seed })
      .entries()) {
      const before = opened(scenario);
      const worlds = [prepare(before), prepare(edited(before, dice))] as const;
      const programs = [compile(worlds[0].state), compile(worlds[1].state)] as const;
      const run = runFlows(worlds, programs, false);
      const context = JSON.stringify({ dice, scenario });
      await bed.load(renderProgram(programs[0]));
      bed.flushConntrack();
      expect((await bed.probe(run.first)).links, context).toEqual(deliveries(run.firstFates));
      await bed.load(renderProgram(programs[1]));
      expect(run.compiled, context).toEqual(run.evaluated);
      expect((await bed.probe(run.later)).links, context).toEqual(deliveries(run.evaluated));
      untracked += run.untracked;
    }
    expect(untracked).toBeGreaterThan(FLOW_WORLDS / 2);
  });

  test('the kernel shows a compiler that lets one accept end both gates', async () => {
    const mutant = MUTANTS.find(
      ({ name }) => name === 'an accept at the egress gate ends both gates',
    );
    const differs = [];
    for (const scenario of fc.sample(scenarios(PACKETS), { numRuns: 10, seed })) {
      const prepared = prepare(scenario);
      const expected = prepared.packets.map((packet) => evaluatedFate(prepared.world, packet));
      await bed.load(renderProgram(mutant?.change(compile(prepared.state)) ?? NOTHING));
      bed.flushConntrack();
      const { links } = await bed.probe(prepared.packets);
      differs.push(JSON.stringify(links) !== JSON.stringify(deliveries(expected)));
    }
    expect(differs).toContain(true);
  });
});
