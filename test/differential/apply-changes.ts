/**
 * Applies the commands of a diff to a program in memory, with the checks that the kernel makes: nothing is
 * added twice, nothing missing is deleted, nothing that is referred to goes away, no two elements of an
 * interval set overlap.
 */
import { assert, must } from '../../src/base/assert.ts';
import type { Change } from '../../src/dataplane/diff.ts';
import { keyText } from '../../src/dataplane/element-text.ts';
import type {
  Chain,
  FabricProgram,
  SetElement,
  SetObject,
  Step,
  TimeoutObject,
} from '../../src/dataplane/program.ts';

/** The program after the transaction. */
export function applyChanges(program: FabricProgram, changes: readonly Change[]): FabricProgram {
  const table = new Table(program);
  for (const change of changes) table.apply(change);
  const after = table.program();
  for (const set of after.sets) if (set.interval) assertDisjoint(set);
  return after;
}

/** Fails when two elements of an interval set share a key. */
export function assertDisjoint(set: SetObject): void {
  set.elements.forEach((a, i) => {
    const clash = set.elements.slice(i + 1).find((b) => overlap(a, b));
    assert(clash === undefined, () => `${set.name} has overlapping elements at ${keyText(set, a)}`);
  });
}

function overlap(a: SetElement, b: SetElement): boolean {
  return a.key.every((part, i) => {
    const other = b.key[i];
    if (typeof part === 'string' || typeof other === 'string' || !other) return part === other;
    return part.first <= other.last && other.first <= part.last;
  });
}

class Table {
  readonly #sets: Map<string, SetObject>;
  readonly #chains: Map<string, Chain>;
  readonly #timeouts: Map<string, TimeoutObject>;

  constructor(program: FabricProgram) {
    this.#sets = new Map(program.sets.map((set) => [set.name, set]));
    this.#timeouts = new Map((program.timeouts ?? []).map((one) => [one.name, one]));
    this.#chains = new Map(program.chains.map((chain) => [chain.name, chain]));
  }

  program(): FabricProgram {
    const byName = <T extends { readonly name: string }>(items: Iterable<T>) =>
      [...items].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const timeouts = byName(this.#timeouts.values());
    return {
      sets: byName(this.#sets.values()),
      chains: byName(this.#chains.values()),
      ...(timeouts.length > 0 && { timeouts }),
    };
  }

  apply(change: Change): void {
    switch (change.op) {
      case 'add-set':
        assert(!this.#sets.has(change.set.name), () => `set ${change.set.name} exists`);
        this.#sets.set(change.set.name, change.set);
        break;
      case 'delete-set':
        this.#assertUnused(change.set.name);
        assert(this.#sets.delete(change.set.name), () => `no set ${change.set.name}`);
        break;
      case 'timeout':
        return this.#applyTimeout(change);
      case 'add-chain':
        assert(!this.#chains.has(change.chain.name), () => `chain ${change.chain.name} exists`);
        this.#chains.set(change.chain.name, { ...change.chain, rules: [] });
        break;
      case 'flush-chain':
        this.#chains.set(change.name, { ...this.#chain(change.name), rules: [] });
        break;
      case 'delete-chain':
        this.#assertUnused(change.name);
        assert(this.#chains.delete(change.name), () => `no chain ${change.name}`);
        break;
      case 'add-rule': {
        const chain = this.#chain(change.chain);
        for (const step of change.rule) this.#assertKnown(step);
        this.#chains.set(chain.name, { ...chain, rules: [...chain.rules, change.rule] });
        break;
      }
      default:
        this.#changeElements(change.set.name, change.op, change.elements);
    }
  }

  #applyTimeout({ does, timeout }: Change & { op: 'timeout' }): void {
    const { name } = timeout;
    assert(this.#timeouts.has(name) === (does === 'delete'), () => `${does} timeout ${name}`);
    if (does === 'add') return void this.#timeouts.set(name, timeout);
    this.#assertUnused(name);
    this.#timeouts.delete(name);
  }

  #changeElements(name: string, op: Change['op'], elements: readonly SetElement[]): void {
    const set = must(this.#sets.get(name), () => `no set ${name}`);
    const byKey = new Map(set.elements.map((element) => [keyText(set, element), element]));
    for (const element of elements) {
      const key = keyText(set, element);
      assert(byKey.has(key) === (op === 'delete-elements'), () => `${op} ${name} ${key}`);
      if (op === 'delete-elements') byKey.delete(key);
      else byKey.set(key, element);
      if (typeof element.value === 'object' && 'chain' in element.value)
        this.#chain(element.value.chain);
    }
    const sorted = [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1));
    this.#sets.set(name, { ...set, elements: sorted.map(([, element]) => element) });
  }

  #chain(name: string): Chain {
    return must(this.#chains.get(name), () => `no chain ${name}`);
  }

  #assertKnown(step: Step): void {
    if ('set' in step) assert(this.#sets.has(step.set), () => `no set ${step.set}`);
    if ('map' in step) assert(this.#sets.has(step.map), () => `no map ${step.map}`);
    if (step.op === 'verdict' && 'chain' in step.verdict) this.#chain(step.verdict.chain);
  }

  #assertUnused(name: string): void {
    const rules = [...this.#chains.values()].flatMap((chain) => chain.rules.flat());
    const elements = [...this.#sets.values()].flatMap((set) => set.elements);
    const used = JSON.stringify([rules, elements], (key, value: unknown) => {
      // What is written to the log is no name of anything.
      if (key === 'prefix') return undefined;
      return typeof value === 'bigint' ? `${value}` : value;
    });
    assert(!used.includes(`"${name}"`), () => `${name} is in use`);
  }
}
