import type { Chance } from '../arbitrary/chance.ts';
import type { BotoModel, BotoShape } from './botocore.ts';

type Structure = Extract<BotoShape, { type: 'structure' }>;

/** What values may be. */
export interface ValueRules {
  /** Times in whole seconds: some protocols cut the rest. */
  readonly wholeSeconds: boolean;
}

/** Deeper than this only what was never seen, or is required. */
const MAX_DEPTH = 4;
/** How often an optional member is there, by depth. */
const PRESENCE = [0.6, 0.4, 0.25, 0.2, 0.15];
/** With what XML, URLs, JSON and people trip over; all of it can travel in XML 1.0. */
const CHARACTERS = Array.from(
  'abzAZ09 -_./:;,<>&"\'+%=~*?#@!$()[]{}|\\^`\t\n\r\u007f\u0085\u00a0äß\u2028漢\ud7ff\ue000\ufffd🙂\u{10ffff}',
);
const WORDS = ['true', '0', 'null', ']]>', '<!--', '&amp;', '%41', ' x ', '__proto__', '1.0'];

/**
 * Random values of a model's shapes. Members that were never made before are always made, so that a
 * few rounds over all operations cover every member of every shape.
 */
export class Values {
  /** `Shape.Member` of all that was made. */
  readonly seen = new Set<string>();
  readonly #model: BotoModel;
  readonly #chance: Chance;
  readonly #rules: ValueRules;

  constructor(model: BotoModel, chance: Chance, rules: ValueRules) {
    this.#model = model;
    this.#chance = chance;
    this.#rules = rules;
  }

  /** A value of the structure with this name, or of none. */
  parameters(shape: string | null): Readonly<Record<string, unknown>> {
    return shape === null ? {} : (this.#make(shape, 0, false) as Record<string, unknown>);
  }

  /** `full`: not empty, and nothing in it that would leave no trace in a query string. */
  #make(name: string, depth: number, full: boolean): unknown {
    const shape = this.#model.shapes[name]!;
    switch (shape.type) {
      case 'structure':
        return this.#structure(name, shape, depth, full);
      case 'list':
        return Array.from({ length: this.#length(full, depth) }, () =>
          this.#make(shape.item, depth + 1, full),
        );
      case 'map': {
        const keys = Array.from({ length: this.#length(full, depth) }, () => this.#text(1));
        return Object.fromEntries(keys.map((key) => [key, this.#make(shape.value, depth, full)]));
      }
      default:
        return this.#scalar(shape.type);
    }
  }

  #length(full: boolean, depth: number): number {
    return (full ? 1 : 0) + this.#chance.below(depth > MAX_DEPTH ? 2 : 3);
  }

  #structure(name: string, shape: Structure, depth: number, full: boolean): object {
    const all = Object.entries(shape.members);
    const chosen = new Set(all.filter(([member]) => this.#isWanted(name, shape, member, depth)));
    const spare = all[this.#chance.below(all.length)];
    if (full && chosen.size === 0 && spare !== undefined) chosen.add(spare);
    const entries = [...chosen].map(([member, type], i) => {
      const isNew = !this.seen.has(`${name}.${member}`);
      this.seen.add(`${name}.${member}`);
      const label = shape.places[member] === 'uri';
      const needed = (full && i === 0) || isNew || shape.required.includes(member);
      return [member, label ? this.#text(1) : this.#make(type, depth + 1, needed)] as const;
    });
    return Object.fromEntries(entries);
  }

  #isWanted(name: string, shape: Structure, member: string, depth: number): boolean {
    if (shape.required.includes(member) || !this.seen.has(`${name}.${member}`)) return true;
    return this.#chance.happens(PRESENCE[depth] ?? 0);
  }

  #scalar(type: Exclude<BotoShape['type'], 'structure' | 'list' | 'map'>): unknown {
    switch (type) {
      case 'string':
        return this.#text(0);
      case 'boolean':
        return this.#chance.happens(0.5);
      case 'integer':
        return this.#number(2 ** 31);
      case 'long':
        return this.#number(Number.MAX_SAFE_INTEGER);
      case 'float':
      case 'double':
        return this.#number(2 ** 20) / this.#chance.pick([1, 4, 3, 1e9]);
      case 'timestamp': {
        const ms = this.#number(4_000_000_000_000);
        return new Date(this.#rules.wholeSeconds ? Math.trunc(ms / 1000) * 1000 : ms);
      }
      case 'blob':
        return Uint8Array.from({ length: this.#chance.below(9) }, () => this.#chance.below(256));
    }
  }

  /** Near zero, near the limit or anywhere; never -0, which no protocol keeps. */
  #number(limit: number): number {
    const size = this.#chance.pick([3, limit, limit]);
    const value = this.#chance.below(size);
    return this.#chance.happens(0.3) ? -value || 0 : value;
  }

  #text(least: number): string {
    if (this.#chance.happens(0.1)) return this.#chance.pick(WORDS);
    const length = least + this.#chance.below(this.#chance.pick([3, 12, 12, 60]));
    return Array.from({ length }, () => this.#chance.pick(CHARACTERS)).join('');
  }
}

/**
 * What is left of parameters in a query string: empty structures, and under `ec2` empty lists, send
 * nothing and so cannot arrive.
 */
export function asSent(value: unknown, keepsEmptyLists: boolean): unknown {
  if (Array.isArray(value)) {
    if (value.length === 0) return keepsEmptyLists ? value : undefined;
    const left = value
      .map((item) => asSent(item, keepsEmptyLists))
      .filter((item) => item !== undefined);
    return left.length === 0 ? undefined : left;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date || value instanceof Uint8Array) return value;
  const left = Object.entries(value)
    .map(([key, part]) => [key, asSent(part, keepsEmptyLists)] as const)
    .filter(([, part]) => part !== undefined);
  return left.length === 0 ? undefined : Object.fromEntries(left);
}
