import type { Chance } from '../arbitrary/chance.ts';

/** How many ids of a kind are remembered: few, so that requests meet at the same objects. */
const REMEMBERED = 12;
const ID = /\b((?:[a-z]+-)+)([0-9a-f]{17})\b/g;
/** Objects to which other things belong. */
const SUBJECTS = ['eni', 'sg', 'vpc', 'subnet', 'pl'] as const;
const MOST_RELATED = 60;
/** How often an id is not what it should be. */
const STRANGE = 0.08;

/**
 * The ids that answers named, by account and region and by kind. Old ones are overwritten by chance,
 * so that most live but some are of objects that are gone.
 */
export class Ids {
  readonly #byOwner = new Map<string, Map<string, string[]>>();
  /** What answers named together with an interface, a group or a VPC. */
  readonly #related = new Map<string, readonly string[]>();
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** Takes up every id of an answer. */
  learn(owner: string, answer: string): void {
    const pools = this.#pools(owner);
    const found = new Set(answer.match(ID));
    for (const id of found) {
      const kind = id.slice(0, -18);
      const pool = pools.get(kind) ?? [];
      pools.set(kind, pool);
      if (pool.includes(id)) continue;
      if (pool.length < REMEMBERED) pool.push(id);
      else pool[this.#chance.below(REMEMBERED)] = id;
    }
    this.#relate(answer, found);
  }

  /** Something that belongs to an object: an address or rule of it, a block in it. */
  related(subject: string, pattern: RegExp): string | undefined {
    const fitting = this.#related.get(subject)?.filter((each) => pattern.test(each)) ?? [];
    return fitting.length === 0 ? undefined : this.#chance.pick(fitting);
  }

  #relate(answer: string, found: ReadonlySet<string>): void {
    if (answer.length > 20_000) return;
    for (const kind of SUBJECTS) {
      const [subject, ...others] = [...found].filter((id) => id.slice(0, -18) === kind);
      if (subject === undefined || others.length > 0) continue;
      const texts = Array.from(answer.matchAll(/>([^<]+)</g), ([, text = '']) => text);
      const before = this.#related.get(subject) ?? [];
      this.#related.set(subject, [...new Set([...texts, ...before])].slice(0, MOST_RELATED));
    }
  }

  /** Forgets an id whose object was missing. */
  forget(owner: string, id: string): void {
    const pool = this.#pools(owner).get(id.slice(0, -18));
    const at = pool?.indexOf(id) ?? -1;
    if (at >= 0) pool?.splice(at, 1);
  }

  /** Mostly a known id of the kind; now and then somebody else's, of another kind, or no id. */
  pick(owner: string, kind: string): string {
    if (this.#chance.happens(STRANGE)) return this.#strange(kind);
    const own = this.#pools(owner).get(kind);
    return own === undefined || own.length === 0 ? this.#unknown(kind) : this.#chance.pick(own);
  }

  #strange(kind: string): string {
    const owner = this.#chance.pick([...this.#byOwner.keys()]);
    const pools = this.#pools(owner);
    const other = pools.get(
      this.#chance.happens(0.6) ? kind : this.#chance.pick([...pools.keys()]),
    );
    const choices = [this.#unknown(kind), `${kind}-12345`, 'x', '', `${kind}-<&>`, kind.repeat(99)];
    return this.#chance.pick([...choices, ...(other ?? []), ...(other ?? [])]);
  }

  #unknown(kind: string): string {
    return `${kind}-0${this.#chance
      .below(2 ** 32)
      .toString(16)
      .padStart(16, '0')}`;
  }

  #pools(owner: string): Map<string, string[]> {
    let pools = this.#byOwner.get(owner);
    if (pools === undefined) {
      pools = new Map();
      this.#byOwner.set(owner, pools);
    }
    return pools;
  }
}
