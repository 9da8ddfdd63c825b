/**
 * Faults planted in compiled programs. The differential tests must notice each, or they would not
 * notice a compiler that makes the same mistake.
 */
import type { FabricState } from '../../src/dataplane/state.ts';
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
  /** What it takes the world for, when the fault is in reading that. */
  readonly mistake?: (state: FabricState) => FabricState;
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
  { name: 'network ACLs are forgotten', change: forgetSets(/^acl_(in|out)_(ports|chains)$/) },
  { name: 'network ACLs forget what leaves', change: forgetSets(/^acl_out_(ports|chains)$/) },
  { name: 'entries of network ACLs are in reverse order', change: reverseEntries },
  { name: 'network ACLs judge inside a subnet', change: forgetInside },
  { name: 'delegated prefixes have no class', change: forgetSets(/^class6_blocks$/) },
  { name: 'sources in delegated prefixes are foreign', change: forgetSets(/^pinned6_blocks$/) },
  { name: 'destinations in delegated prefixes are foreign', change: forgetSets(/^bound6_blocks$/) },
  {
    name: 'a deleted peering counts as active',
    change: (program) => program,
    mistake: withPeerings([['pcx-1', ['vpc-1', 'vpc-3']]]),
  },
  { name: 'peerings are forgotten', change: (program) => program, mistake: withPeerings([]) },
  {
    name: 'interfaces of other VPCs count as ours',
    change: (program) => program,
    mistake: (state) => ({
      ...state,
      world: {
        ...state.world,
        interfaces: state.world.interfaces.map((item) => ({ ...item, vpcId: 'vpc-1' })),
      },
    }),
  },
];

/** Planted faults that only a later packet of a flow can show. */
export const FLOW_MUTANTS: readonly Mutant[] = [
  { name: 'every flow is tracked', change: forgetSets(/_untracked[46]$/) },
  { name: 'untracked flows of IPv6 are forgotten', change: forgetSets(/_untracked6$/) },
  { name: 'the two interfaces of a flow are mixed up', change: swapMarks },
  { name: 'no flow is tracked', change: forgetKnown },
  { name: 'known flows skip network ACLs', change: forgetSets(/^acl_(in|out)_(ports|chains)$/) },
];

function withPeerings(
  peerings: readonly (readonly [string, readonly [string, string]])[],
): (state: FabricState) => FabricState {
  return (state) => ({ ...state, world: { ...state.world, activePeerings: new Map(peerings) } });
}

/** The head of an ACL's chain lets through what is not its business; entries follow. */
function entriesOf({ rules }: Chain): number {
  return 1 + rules.findLastIndex((rule) => rule.some((step) => step.op === 'lookup'));
}

function mapAcls(change: (chain: Chain) => readonly ChainRule[]): Mutant['change'] {
  return (program) => ({
    ...program,
    chains: program.chains.map((chain) =>
      /^acl_(in|out)_subnet/.test(chain.name) ? { ...chain, rules: change(chain) } : chain,
    ),
  });
}

function reverseEntries(program: FabricProgram): FabricProgram {
  return mapAcls((chain) => {
    const at = entriesOf(chain);
    return [...chain.rules.slice(0, at), ...chain.rules.slice(at).toReversed()];
  })(program);
}

function forgetInside(program: FabricProgram): FabricProgram {
  return mapAcls((chain) => {
    const first = chain.rules.findIndex((rule) => rule.some((step) => step.op === 'lookup'));
    return chain.rules.slice(first);
  })(program);
}

function swapMarks(program: FabricProgram): FabricProgram {
  return mapSteps(program, (step) =>
    step.op === 'or-flow-mark' ? { ...step, value: 3 - step.value } : step,
  );
}

function forgetKnown(program: FabricProgram): FabricProgram {
  return {
    ...program,
    chains: program.chains.map((chain) => ({
      ...chain,
      rules: chain.rules.filter(
        (rule) => !rule.some((step) => step.op === 'is' && step.field === 'ct mark'),
      ),
    })),
  };
}

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
