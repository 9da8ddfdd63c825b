/**
 * Faults planted in compiled programs. The differential tests must notice each, or they would not
 * notice a compiler that makes the same mistake.
 */
import type {
  Chain,
  ChainRule,
  FabricProgram,
  KeyPart,
  SetElement,
  SetObject,
  Step,
} from '../../src/dataplane/program.ts';

/** A wrong compiler: what it does to the right program. */
export interface Mutant {
  readonly name: string;
  readonly change: (program: FabricProgram) => FabricProgram;
}

/** All planted faults. */
export const MUTANTS: readonly Mutant[] = [
  { name: 'the gates are swapped', change: swapGates },
  { name: 'an accept at the egress gate ends both gates', change: dropBase('ingress') },
  { name: 'the egress gate is missing', change: dropBase('egress') },
  { name: 'sources are not pinned', change: dropBase('pin') },
  { name: 'port ranges end one port late', change: spans('ports', 2, (s) => grow(s, 0n, 1n)) },
  { name: 'port ranges begin one port early', change: spans('ports', 2, (s) => grow(s, 1n, 0n)) },
  { name: 'blocks end one address late', change: spans('ports4', 0, (s) => grow(s, 0n, 1n)) },
  { name: 'rules of IPv6 are forgotten', change: forgetSets(/^(egress|ingress)_.*6$/) },
  { name: 'rules of IPv4 are forgotten', change: forgetSets(/^(egress|ingress)_.*4$/) },
  { name: 'references to groups are forgotten', change: forgetSets(/_peers$/) },
  { name: 'IPv6 addresses have no class', change: forgetSets(/^class6$/) },
  { name: 'ICMP codes are ignored', change: spans('icmp', 2, () => ({ first: 0n, last: 255n })) },
  { name: 'protocols are ignored', change: spans('ports', 1, () => ({ first: 0n, last: 255n })) },
  { name: 'the first element of each set is lost', change: losingElements },
  { name: 'link-local services are filtered', change: forgetSets(/^unfiltered/) },
  { name: 'unchecked interfaces are pinned', change: forgetSets(/^unpinned$/) },
  { name: 'the peer of an ingress rule is its destination', change: swapAddresses },
  { name: 'the mark of the sender is taken for the peer', change: forgetMark },
];

function swapGates(program: FabricProgram): FabricProgram {
  const swap = (name: string) =>
    name.replace(/^(egress|ingress)_chains$/, (_all, gate: string) =>
      gate === 'egress' ? 'ingress_chains' : 'egress_chains',
    );
  return mapSteps(program, (step) =>
    step.op === 'vmap' ? { ...step, map: swap(step.map) } : step,
  );
}

function dropBase(name: string): Mutant['change'] {
  return (program) => ({
    ...program,
    chains: program.chains.filter((chain) => chain.name !== name),
  });
}

/** Changes the span at one position of the keys of all class sets of a kind. */
function spans(kind: string, position: number, change: (part: Span) => Span): Mutant['change'] {
  const name = new RegExp(`^(egress|ingress)_[0-9a-f]{8}_${kind}`);
  const part = (one: KeyPart, i: number) =>
    i === position && typeof one !== 'string' ? change(one) : one;
  return (program) =>
    mapSets(program, (set) =>
      name.test(set.name)
        ? mapElements(set, (element) => ({ ...element, key: element.key.map(part) }))
        : set,
    );
}

interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

function grow(span: Span, before: bigint, after: bigint): Span {
  return { first: span.first - before, last: span.last + after };
}

function forgetSets(name: RegExp): Mutant['change'] {
  return (program) =>
    mapSets(program, (set) => (name.test(set.name) ? { ...set, elements: [] } : set));
}

function losingElements(program: FabricProgram): FabricProgram {
  return mapSets(program, (set) =>
    set.interval ? { ...set, elements: set.elements.slice(1) } : set,
  );
}

function swapAddresses(program: FabricProgram): FabricProgram {
  const swap = (step: Step): Step =>
    step.op === 'lookup' && step.set.startsWith('ingress_')
      ? {
          ...step,
          fields: step.fields.map((field) =>
            field === 'ip saddr' ? 'ip daddr' : field === 'ip6 saddr' ? 'ip6 daddr' : field,
          ),
        }
      : step;
  return mapSteps(program, swap);
}

/** Drops the lookups of the peer's class, so that the mark is still that of the own class. */
function forgetMark(program: FabricProgram): FabricProgram {
  const keeps = (rule: ChainRule) =>
    !rule.some((step) => step.op === 'map-mark' && step.map.startsWith('class')) &&
    !(rule.length === 1 && rule[0]?.op === 'set-mark');
  const isClass = (chain: Chain) => /^(egress|ingress)_[0-9a-f]{8}$/.test(chain.name);
  return {
    ...program,
    chains: program.chains.map((chain) =>
      isClass(chain) ? { ...chain, rules: chain.rules.filter(keeps) } : chain,
    ),
  };
}

function mapSteps(program: FabricProgram, change: (step: Step) => Step): FabricProgram {
  return {
    ...program,
    chains: program.chains.map((chain) => ({
      ...chain,
      rules: chain.rules.map((rule) => rule.map(change)),
    })),
  };
}

function mapSets(program: FabricProgram, change: (set: SetObject) => SetObject): FabricProgram {
  return { ...program, sets: program.sets.map(change) };
}

function mapElements(set: SetObject, change: (element: SetElement) => SetElement): SetObject {
  return { ...set, elements: set.elements.map(change) };
}
