/** What the differential tests compare: the evaluator, the compiled program in memory, and the kernel. */
import * as fc from 'fast-check';
import { compile } from '../../src/dataplane/compile.ts';
import type { FabricProgram } from '../../src/dataplane/program.ts';
import { renderProgram } from '../../src/dataplane/render.ts';
import { scenarios } from '../arbitrary/scenarios.ts';
import { compiledFate } from './compiled-fate.ts';
import type { FabricBed } from '../../src/lab/fabric-bed/bed.ts';
import { edited, opened, runFlows, type FlowCase, type FlowRun } from './flows.ts';
import { FLOW_MUTANTS, MUTANTS, type Mutant } from './mutants.ts';
import { evaluatedFate, prepare, type Fate, type Scenario } from './scenario.ts';

const HONEST: Omit<Mutant, 'name'> = { change: (program) => program };

/** Packets on which the evaluator and the program disagree. */
export function disagreements(scenario: Scenario, mutant: Omit<Mutant, 'name'> = HONEST): number {
  const { world, state, packets } = prepare(scenario);
  const program = mutant.change(compile(mutant.mistake?.(state) ?? state));
  return packets.filter((packet) => {
    const expected = evaluatedFate(world, packet);
    const actual = compiledFate(program, packet);
    return expected.end !== actual.end || expected.link !== actual.link;
  }).length;
}

/** Worlds that change while flows go on. */
export function flowCases(packetsMax: number): fc.Arbitrary<FlowCase> {
  return fc.tuple(scenarios(packetsMax), fc.nat(100)).map(([scenario, dice]) => {
    const before = opened(scenario);
    return { before, after: edited(before, dice) };
  });
}

/** Runs the flows of a case through a compiler, honest or not. */
export function flowsOf(
  { before, after }: FlowCase,
  mutant: Omit<Mutant, 'name'> = HONEST,
): FlowRun {
  const worlds = [prepare(before), prepare(after)] as const;
  const program = (i: 0 | 1): FabricProgram => mutant.change(compile(worlds[i].state));
  return runFlows(worlds, [program(0), program(1)], true);
}

/** What the three say of one scenario, as text that is equal when they agree. */
export async function threeAnswers(
  bed: FabricBed,
  scenario: Scenario,
): Promise<{ readonly evaluated: string; readonly compiled: string; readonly kernel: string }> {
  const { world, state, packets } = prepare(scenario);
  const program = compile(state);
  const evaluated = packets.map((packet) => evaluatedFate(world, packet));
  const compiled = packets.map((packet) => compiledFate(program, packet));
  await bed.load(renderProgram(program));
  bed.flushConntrack();
  const { links, drops } = await bed.probe(packets);
  const { pin, egress, acl, ingress } = drops;
  return {
    evaluated: summary(
      evaluated.map(({ link }) => link),
      countsOf(evaluated),
    ),
    compiled: summary(
      compiled.map(({ link }) => link),
      countsOf(compiled),
    ),
    kernel: summary(links, { egress: pin + egress, acl, ingress }),
  };
}

type Counts = Readonly<Record<'egress' | 'acl' | 'ingress', number>>;

function countsOf(fates: readonly Fate[]): Counts {
  const count = (end: Fate['end']): number => fates.filter((fate) => fate.end === end).length;
  return { egress: count('egress'), acl: count('acl'), ingress: count('ingress') };
}

/** Each link, and how many each gate dropped: the kernel does not say of which packet. */
function summary(links: readonly (string | undefined)[], { egress, acl, ingress }: Counts): string {
  return `${links.map((link) => link ?? '-').join(' ')} | ${egress} ${acl} ${ingress}`;
}

/** Names of the mutants that random worlds show to be wrong, and of those that survive. */
export function huntMutants(options: {
  readonly seed: number;
  readonly packetsMax: number;
  readonly worldsMax: number;
}): { readonly killed: readonly string[]; readonly survived: readonly string[] } {
  const { seed, packetsMax, worldsMax: numRuns } = options;
  const settings = { numRuns, seed, endOnFailure: true };
  const packets = MUTANTS.map((mutant) => {
    const property = fc.property(
      scenarios(packetsMax),
      (item) => disagreements(item, mutant) === 0,
    );
    return { name: mutant.name, killed: fc.check(property, settings).failed };
  });
  const flows = FLOW_MUTANTS.map((mutant) => {
    const property = fc.property(flowCases(packetsMax), (item) => agreesOnFlows(item, mutant));
    return { name: mutant.name, killed: fc.check(property, settings).failed };
  });
  const all = [...packets, ...flows];
  const names = (some: typeof all) => some.map(({ name }) => name);
  return {
    killed: names(all.filter(({ killed }) => killed)),
    survived: names(all.filter(({ killed }) => !killed)),
  };
}

/** Whether evaluator and program, honest or not, say the same of all later packets. */
export function agreesOnFlows(item: FlowCase, mutant?: Omit<Mutant, 'name'>): boolean {
  const { evaluated, compiled } = flowsOf(item, mutant);
  return compiled.every(({ end }, i) => end === evaluated[i]?.end);
}
