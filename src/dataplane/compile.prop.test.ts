import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scenarios } from '../../test/arbitrary/scenarios.ts';
import { applyChanges, assertDisjoint } from '../../test/differential/apply-changes.ts';
import { prepare, type Scenario } from '../../test/differential/scenario.ts';
import { must } from '../base/assert.ts';
import { compile } from './compile.ts';
import { changesBetween, diffPrograms } from './diff.ts';
import type { FabricProgram } from './program.ts';
import { renderProgram } from './render.ts';

const worlds = scenarios(0);

function programOf(scenario: Scenario): FabricProgram {
  return compile(prepare(scenario).state);
}

/** By changes, or by a new table where one has hooks for network ACLs and the other has none. */
function changed(before: FabricProgram, after: FabricProgram): FabricProgram {
  const changes = changesBetween(before, after);
  if (changes !== undefined) return applyChanges(before, changes);
  expect(hooks(before)).not.toEqual(hooks(after));
  return after;
}

const hooks = ({ chains }: FabricProgram): readonly string[] =>
  chains.filter(({ hook }) => hook !== undefined).map(({ name }) => name);

/** The same world, told in another order and with repeats. */
function shuffled(scenario: Scenario): Scenario {
  return {
    ...scenario,
    groups: scenario.groups
      .toReversed()
      .map((group) => ({ ...group, rules: [...group.rules.toReversed(), ...group.rules] })),
    interfaces: scenario.interfaces
      .toReversed()
      .map((item) => ({ ...item, groupIds: [...item.groupIds.toReversed(), ...item.groupIds] })),
  };
}

/** The same world without one group, one interface and some rules: what a day of edits makes of it. */
function edited(scenario: Scenario, dice: number): Scenario {
  return {
    ...scenario,
    groups: scenario.groups.map((group, g) =>
      g === dice % 4 ? { ...group, rules: group.rules.slice(1) } : group,
    ),
    interfaces: scenario.interfaces.filter(({ slot }) => slot !== dice % 8),
  };
}

describe('any compiled program', () => {
  test('depends on the state and not on the order in which it is told', () => {
    fc.assert(
      fc.property(worlds, (scenario) => {
        expect(renderProgram(programOf(shuffled(scenario)))).toBe(
          renderProgram(programOf(scenario)),
        );
      }),
    );
  });

  test('has no overlapping elements in any interval set', () => {
    fc.assert(
      fc.property(worlds, (scenario) => {
        for (const set of programOf(scenario).sets) if (set.interval) assertDisjoint(set);
      }),
    );
  });

  test('does not differ from itself', () => {
    fc.assert(
      fc.property(worlds, (scenario) => {
        expect(diffPrograms(programOf(scenario), programOf(shuffled(scenario)))).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });
});

describe('the difference of any two programs', () => {
  test('turns the first into the second', () => {
    fc.assert(
      fc.property(worlds, worlds, (a, b) => {
        const [before, after] = [programOf(a), programOf(b)];
        expect(changed(before, after)).toEqual(after);
      }),
    );
  });

  test('leads to the same program by any path', () => {
    fc.assert(
      fc.property(worlds, fc.array(fc.nat(), { maxLength: 4 }), (start, path) => {
        const stops = [start, ...path.map((dice) => edited(start, dice)), edited(start, 7)];
        let program = programOf(start);
        for (const stop of stops) program = changed(program, programOf(stop));
        expect(program).toEqual(programOf(edited(start, 7)));
      }),
      { numRuns: 40 },
    );
  });

  test('of one more interface in a known class is only insertions of elements', () => {
    fc.assert(
      fc.property(worlds, (scenario) => {
        const [model] = scenario.interfaces;
        const fresh = {
          ...must(model, () => 'one'),
          slot: 77,
          addresses: ['10.0.3.3'],
          prefixes: [],
        };
        const more = { ...scenario, interfaces: [...scenario.interfaces, fresh] };
        const changes = changesBetween(programOf(scenario), programOf(more)) ?? [];
        expect(changes.map(({ op }) => op)).toEqual(['add-elements']);
      }),
      { numRuns: 30 },
    );
  });
});
