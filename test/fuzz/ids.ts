import type { Chance } from '../arbitrary/chance.ts';

/** How many ids of a kind are remembered: few, so that requests meet at the same objects. */
const REMEMBERED = 12;
const ID = /\b((?:[a-z]+-)+)([0-9a-f]{17})\b/g;
/** Objects to which other things belong. */
const SUBJECTS = ['eni', 'sg', 'vpc', 'subnet', 'pl'] as const;
const MOST_RELATED = 80;
/** Longer answers list things that do not belong together. */
const MOST_READ = 20_000;
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

  /** Takes up every id of an answer, and which belong together by it and the request. */
  learn(owner: string, answer: string, request: string): void {
    const found = new Set(answer.match(ID));
    for (const id of found) this.note(owner, id.slice(0, -18), id);
    if (answer.length <= MOST_READ)
      this.#relate(`${answer}>${(request.match(ID) ?? []).join('<>')}<`);
  }

  /** Remembers an id as one of a kind; kinds may be finer than prefixes. */
  note(owner: string, kind: string, id: string): void {
    const pools = this.#pools(owner);
    const pool = pools.get(kind) ?? [];
    pools.set(kind, pool);
    if (pool.includes(id)) return;
    if (pool.length < REMEMBERED) pool.push(id);
    else pool[this.#chance.below(REMEMBERED)] = id;
  }

  /** The oldest id of a kind: where most things of an owner are. */
  home(owner: string, kind: string): string | undefined {
    return this.#pools(owner).get(kind)?.[0];
  }

  /** Something that belongs to an object: an address or rule of it, a block in it. */
  related(subject: string, pattern: RegExp): string | undefined {
    const fitting = this.#related.get(subject)?.filter((each) => pattern.test(each)) ?? [];
    return fitting.length === 0 ? undefined : this.#chance.pick(fitting);
  }

  #relate(text: string): void {
    const found = new Set(text.match(ID));
    const texts = Array.from(text.matchAll(/>([^<]+)</g), ([, each = '']) => each);
    for (const kind of SUBJECTS) {
      const [subject, ...others] = [...found].filter((id) => id.slice(0, -18) === kind);
      if (subject === undefined || others.length > 0) continue;
      const before = this.#related.get(subject) ?? [];
      this.#related.set(subject, [...new Set([...texts, ...before])].slice(0, MOST_RELATED));
    }
  }

  /** One of a kind of which there may be none. */
  any(owner: string, kind: string): string | undefined {
    const pool = this.#byOwner.get(owner)?.get(kind) ?? [];
    return pool.length === 0 ? undefined : this.#chance.pick(pool);
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
