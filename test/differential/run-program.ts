/**
 * Runs a compiled program on one packet in memory, by the rules of the kernel: hooks in order, base
 * chains of a hook by priority, an accept ends one base chain only, a drop ends everything, a goto
 * that falls off the end comes back to where its chain was jumped from. It knows nothing about groups.
 */
import { must } from '../../src/base/assert.ts';
import type { Ip } from '../../src/base/ip.ts';
import type {
  Chain,
  FabricProgram,
  Field,
  KeyPart,
  SetElement,
  Step,
  Verdict,
} from '../../src/dataplane/program.ts';

/** A forwarded frame as the hooks see it. */
export interface Frame {
  readonly inLink: string;
  readonly outLink: string;
  /** Colon separated. */
  readonly sourceMac: string;
  readonly source: Ip;
  readonly destination: Ip;
  readonly protocol: number;
  readonly destinationPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  /** Default new. */
  readonly state?: 'new' | 'established' | 'related' | 'invalid';
  /** Its direction in its flow, default original, and the mark that the flow has. */
  readonly direction?: 'original' | 'reply';
  readonly flowMark?: number;
}

/** Which base chain dropped the frame, if any, and the mark that it leaves with. */
export interface ProgramRun {
  readonly droppedBy?: string;
  readonly mark: number;
  readonly flowMark: number;
}

const HOOKS = ['prerouting', 'forward'] as const;
const PRIORITIES: Readonly<Record<string, number>> = {
  '-450': -450,
  'filter - 10': -10,
  'filter - 6': -6,
  'filter - 4': -4,
  filter: 0,
  'filter + 10': 10,
};

/** Executes the hooks that a forwarded frame passes. */
export function runProgram(program: FabricProgram, frame: Frame): ProgramRun {
  const machine = new Machine(program, frame);
  for (const hook of HOOKS) {
    const bases = program.chains
      .filter((chain) => chain.hook?.hook === hook)
      .toSorted((a, b) => priorityOf(a) - priorityOf(b));
    for (const base of bases)
      if (machine.judge(base) === 'drop') return { droppedBy: base.name, ...machine.marks };
  }
  return machine.marks;
}

function priorityOf(chain: Chain): number {
  const text = chain.hook?.priority ?? '';
  return must(PRIORITIES[text], () => `no such priority: ${text}`);
}

/** `break`: the step did not match. `next`: go on with the rule. */
type StepResult = 'next' | 'break' | Verdict;
type ChainResult = 'accept' | 'drop' | 'end';
type Value = string | bigint;

class Machine {
  mark = 0;
  flowMark: number;
  readonly #program: FabricProgram;
  readonly #frame: Frame;

  constructor(program: FabricProgram, frame: Frame) {
    this.#program = program;
    this.#frame = frame;
    this.flowMark = frame.flowMark ?? 0;
  }

  get marks(): Omit<ProgramRun, 'droppedBy'> {
    return { mark: this.mark, flowMark: this.flowMark };
  }

  judge(base: Chain): 'accept' | 'drop' {
    const result = this.#runChain(base.name, 0);
    return result === 'end' ? must(base.hook, () => 'a base chain').policy : result;
  }

  #runChain(name: string, depth: number): ChainResult {
    if (depth > 16) throw new Error(`Chains are nested too deeply at ${name}`);
    const chain = this.#program.chains.find((one) => one.name === name);
    for (const rule of must(chain, () => `no chain ${name}`).rules) {
      const verdict = this.#runRule(rule);
      if (verdict === undefined) continue;
      if (!('chain' in verdict)) return verdict.verdict === 'return' ? 'end' : verdict.verdict;
      const inner = this.#runChain(verdict.chain, depth + 1);
      if (inner !== 'end' || verdict.verdict === 'goto') return inner;
    }
    return 'end';
  }

  #runRule(rule: readonly Step[]): Verdict | undefined {
    for (const step of rule) {
      const result = this.#runStep(step);
      if (result === 'break') return undefined;
      if (result !== 'next') return result;
    }
    return undefined;
  }

  #runStep(step: Step): StepResult {
    switch (step.op) {
      case 'verdict':
        return step.verdict;
      case 'is':
        return this.#is(step.field, step.values);
      case 'cases':
        return step.cases[String(this.#value(step.field))] ?? 'break';
      case 'lookup':
        return nextIf(this.#find(step.set, step.fields) !== undefined);
      case 'map-mark':
        return this.#mapMark(step.map, step.fields);
      case 'vmap':
        return this.#verdictOf(step.map, step.field);
      default:
        if (step.op === 'set-mark') this.mark = step.value;
        if (step.op === 'or-flow-mark') this.flowMark |= step.value;
        return 'next';
    }
  }

  #verdictOf(map: string, field: Field): StepResult {
    const found = this.#find(map, [field])?.value;
    return typeof found === 'object' ? found : 'break';
  }

  #mapMark(map: string, fields: readonly Field[]): StepResult {
    const found = this.#find(map, fields)?.value;
    if (typeof found !== 'number') return 'break';
    this.mark = found;
    return 'next';
  }

  #is(field: Field, values: readonly KeyPart[]): StepResult {
    const value = this.#value(field);
    return nextIf(value !== undefined && values.some((part) => covers(part, value)));
  }

  #find(name: string, fields: readonly Field[]): SetElement | undefined {
    const set = must(
      this.#program.sets.find((one) => one.name === name),
      () => `no set ${name}`,
    );
    const values = fields.map((field) => this.#value(field));
    return set.elements.find((element) =>
      element.key.every((part, i) => {
        const value = values[i];
        return value !== undefined && covers(part, value);
      }),
    );
  }

  #value(field: Field): Value | undefined {
    if (field === 'ct mark') return BigInt(this.flowMark);
    return field === 'meta mark' ? BigInt(this.mark) : fieldValue(this.#frame, field);
  }
}

function nextIf(matched: boolean): StepResult {
  return matched ? 'next' : 'break';
}

function covers(part: KeyPart, value: Value): boolean {
  if (typeof part === 'string' || typeof value === 'string') return part === value;
  return part.first <= value && value <= part.last;
}

const READERS: Readonly<Record<Field, (frame: Frame) => Value | undefined>> = {
  iifname: (frame) => frame.inLink,
  oifname: (frame) => frame.outLink,
  'ether saddr': (frame) => BigInt(`0x${frame.sourceMac.replaceAll(':', '')}`),
  'ip saddr': (frame) => address(frame.source, 4),
  'ip daddr': (frame) => address(frame.destination, 4),
  'ip6 saddr': (frame) => address(frame.source, 6),
  'ip6 daddr': (frame) => address(frame.destination, 6),
  'meta l4proto': (frame) => BigInt(frame.protocol),
  'meta mark': () => undefined,
  'th dport': (frame) => BigInt(frame.destinationPort ?? 0),
  'udp dport': (frame) => (frame.protocol === 17 ? BigInt(frame.destinationPort ?? 0) : undefined),
  'icmp type': (frame) => icmp(frame, 4, frame.icmpType),
  'icmp code': (frame) => icmp(frame, 4, frame.icmpCode),
  'icmpv6 type': (frame) => icmp(frame, 6, frame.icmpType),
  'icmpv6 code': (frame) => icmp(frame, 6, frame.icmpCode),
  'ct state': (frame) => frame.state ?? 'new',
  'ct direction': (frame) => frame.direction ?? 'original',
  'ct mark': () => undefined,
  // Frames of this machine have no options, extension headers or fragments.
  'ip hdrlength': (frame) => (frame.source.family === 4 ? 5n : undefined),
  'ip length': (frame) => (frame.source.family === 4 ? 1000n : undefined),
  'ip6 nexthdr': (frame) => (frame.source.family === 6 ? BigInt(frame.protocol) : undefined),
  '@nh,0,8': (frame) => (frame.source.family === 4 ? 0x45n : 0x60n),
  '@nh,50,1': () => 0n,
  '@th,64,10': () => 0x3fan,
  'arp operation': () => undefined,
  'arp saddr ether': () => undefined,
  'arp saddr ip': () => undefined,
  'arp daddr ip': () => undefined,
};

function fieldValue(frame: Frame, field: Field): Value | undefined {
  return READERS[field](frame);
}

function address(ip: Ip, family: 4 | 6): bigint | undefined {
  return ip.family === family ? ip.value : undefined;
}

function icmp(frame: Frame, family: 4 | 6, value: number | undefined): bigint | undefined {
  const matches = frame.source.family === family && frame.protocol === (family === 4 ? 1 : 58);
  return matches && value !== undefined ? BigInt(value) : undefined;
}
