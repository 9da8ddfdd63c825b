/**
 * `npm run test:differential`: many packets through a real fabric, and a report. TRUNKLINE_PACKETS is how many
 * (100,000), TRUNKLINE_SEED repeats an earlier run. What disagrees is printed as JSON for test/corpus.
 */
import * as fc from 'fast-check';
import { scenarios, slotReach } from '../arbitrary/scenarios.ts';
import { agreesOnFlows, flowCases, huntMutants, threeAnswers } from './compare.ts';
import { corpus, runSeed } from './corpus.ts';
import { ShapeCoverage } from './coverage.ts';
import { FabricBed } from '../../src/lab/fabric-bed/bed.ts';
import type { Scenario } from './scenario.ts';

const BATCH_WORLDS = 50;
const WORLD_PACKETS = 40;
const MUTANT_WORLDS = 800;
const wanted = Number(process.env['TRUNKLINE_PACKETS'] ?? 100_000);
const seed = runSeed();
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const bed = await FabricBed.create(
  `n${process.pid}`,
  Array.from({ length: 8 }, (_, slot) => slotReach(slot)),
);
const started = performance.now();
const coverage = new ShapeCoverage();
const wrong: Scenario[] = [];
let [worlds, packets, flows, flowsWrong] = [0, 0, 0, 0];

async function tryOne(scenario: Scenario): Promise<void> {
  const { evaluated, compiled, kernel } = await threeAnswers(bed, scenario);
  coverage.add(scenario);
  worlds += 1;
  packets += scenario.packets.length;
  if (compiled === evaluated && kernel === evaluated) return;
  wrong.push(scenario);
  say(JSON.stringify(scenario));
}

for (const scenario of corpus()) await tryOne(scenario);
for (let batch = 0; packets < wanted; batch++) {
  const options = { numRuns: BATCH_WORLDS, seed: seed + batch };
  for (const scenario of fc.sample(scenarios(WORLD_PACKETS), options)) await tryOne(scenario);
  for (const item of fc.sample(flowCases(WORLD_PACKETS), { ...options, numRuns: 5 })) {
    flows += 1;
    if (!agreesOnFlows(item)) flowsWrong += 1;
  }
}
await bed.close();
const { killed, survived } = huntMutants({
  seed,
  packetsMax: 30,
  worldsMax: MUTANT_WORLDS,
});
const seconds = Math.round((performance.now() - started) / 1000);
say(`seed                     ${seed}`);
say(`packets                  ${packets}`);
say(`worlds                   ${worlds}`);
say(`worlds that changed      ${flows}`);
say(`pairwise coverage        ${(coverage.share * 100).toFixed(1)} %`);
say(`disagreements            ${wrong.length + flowsWrong}`);
say(`mutants killed           ${killed.length} of ${killed.length + survived.length}`);
for (const name of killed) say(`  killed    ${name}`);
for (const name of survived) say(`  SURVIVED  ${name}`);
say(`seconds                  ${seconds}`);
process.exitCode = wrong.length + flowsWrong + survived.length > 0 || coverage.share < 1 ? 1 : 0;
