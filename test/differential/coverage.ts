import { RULE_SHAPES, shapeOf, type RuleShape } from '../arbitrary/rules.ts';
import type { Scenario } from './scenario.ts';

const AXES = ['direction', 'protocol', 'peer', 'numbers'] as const;

/** Pairs of two properties of a rule, as text. */
function pairsOf(shape: RuleShape): readonly string[] {
  return AXES.flatMap((a, i) => AXES.slice(i + 1).map((b) => `${a}=${shape[a]} ${b}=${shape[b]}`));
}

const POSSIBLE = new Set(RULE_SHAPES.flatMap(pairsOf));

/** Pairwise coverage of rule shapes: the share of all possible pairs that scenarios contained. */
export class ShapeCoverage {
  readonly #seen = new Set<string>();

  add(scenario: Scenario): void {
    const groupIds = new Set(scenario.groups.map((group) => group.groupId));
    for (const { rules } of scenario.groups)
      for (const rule of rules)
        for (const pair of pairsOf(shapeOf(rule, groupIds))) this.#seen.add(pair);
  }

  /** 0..1. */
  get share(): number {
    return [...POSSIBLE].filter((pair) => this.#seen.has(pair)).length / POSSIBLE.size;
  }

  get missing(): readonly string[] {
    return [...POSSIBLE].filter((pair) => !this.#seen.has(pair));
  }
}
