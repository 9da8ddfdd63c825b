import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scenarios } from '../../test/arbitrary/scenarios.ts';
import { applyChanges } from '../../test/differential/apply-changes.ts';
import { prepare } from '../../test/differential/scenario.ts';
import { compile, deltasBetween } from './compile.ts';
import { FilterCompiler } from './compiler.ts';
import type { FabricProgram } from './program.ts';
import { renderProgram } from './render.ts';
import type { FabricState } from './state.ts';

const EMPTY: FabricProgram = { sets: [], chains: [] };
const paths = fc.array(scenarios(0), { minLength: 2, maxLength: 5 });

/** The state with a group or a port missing, and now and then without any port. */
function stateOf(scenario: Parameters<typeof prepare>[0], dice: number): FabricState {
  const { state: whole } = prepare(scenario);
  const groups = [...whole.world.groups].filter((_group, i) => i !== dice % 6);
  const recording = dice % 3 === 0;
  const state = { ...whole, recording, world: { ...whole.world, groups: new Map(groups) } };
  if (dice % 5 === 0) return { ...state, ports: [], gateways: [{ family: 4, value: 1n }] };
  return { ...state, ports: state.ports.filter((_port, i) => i !== dice % 4) };
}

describe('a compiler that remembers', () => {
  test('ends with the program of its last state, whatever came before', () => {
    fc.assert(
      fc.property(paths, fc.nat(100), (scenarios_, dice) => {
        const compiler = new FilterCompiler();
        let before: FabricState | undefined;
        let program = EMPTY;
        for (const [i, scenario] of scenarios_.entries()) {
          const state = stateOf(scenario, dice + i);
          for (const delta of deltasBetween(before, state)) compiler.apply(delta);
          program = applyChanges(program, compiler.changes());
          before = state;
          const fresh = renderProgram(compile(state));
          expect(renderProgram(compiler.program())).toBe(fresh);
          expect(renderProgram(program)).toBe(fresh);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('does not depend on the order of the changes between two states', () => {
    fc.assert(
      fc.property(paths, fc.nat(1_000_000), (scenarios_, seed) => {
        const compiler = new FilterCompiler();
        let before: FabricState | undefined;
        for (const [i, scenario] of scenarios_.entries()) {
          const state = stateOf(scenario, 1);
          for (const delta of shuffled(deltasBetween(before, state), seed + i))
            compiler.apply(delta);
          before = state;
          expect(renderProgram(compiler.program())).toBe(renderProgram(compile(state)));
        }
      }),
      { numRuns: 25 },
    );
  });

  test('says nothing when nothing changed', () => {
    fc.assert(
      fc.property(scenarios(0), (scenario) => {
        const compiler = new FilterCompiler();
        const [one, two] = [prepare(scenario).state, prepare(scenario).state];
        for (const delta of deltasBetween(undefined, one)) compiler.apply(delta);
        expect(compiler.changes().length).toBeGreaterThan(0);
        for (const delta of deltasBetween(one, two)) compiler.apply(delta);
        expect(compiler.changes()).toEqual([]);
        // Told again, the same is still nothing.
        for (const delta of deltasBetween(undefined, two)) compiler.apply(delta);
        expect(compiler.changes()).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

/** Another order, the same for the same seed. */
function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  return items
    .map((item, i) => ({ item, at: Math.imul(seed + i * 7919, 0x9e37_79b1) >>> 0 }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
