import type { ListOptions } from '../../api/client.ts';
import type { Informer, Informers } from '../../api/informer.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';

interface Watch<T extends KubeObject> {
  readonly informer: Informer<T>;
  readonly stop: AbortController;
  isSynced: boolean;
}

/**
 * Watches of one kind that come and go with what is needed: one for each key, such as one for each
 * group that an interface of this host wears.
 */
export class WatchSet<T extends KubeObject> {
  readonly #informers: Informers;
  readonly #resource: Resource<T>;
  readonly #select: (key: string) => ListOptions;
  readonly #changed: () => void;
  readonly #watches = new Map<string, Watch<T>>();
  #list: readonly T[] | undefined;

  /** `select` says what a key asks for; `changed` is called when anything of it is new. */
  constructor(
    informers: Informers,
    resource: Resource<T>,
    options: { readonly select: (key: string) => ListOptions; readonly changed: () => void },
  ) {
    this.#informers = informers;
    this.#resource = resource;
    this.#select = options.select;
    this.#changed = options.changed;
  }

  /** Watches for these keys and no others. */
  want(keys: Iterable<string>): void {
    const wanted = new Set(keys);
    for (const [key, { stop }] of this.#watches) {
      if (wanted.has(key)) continue;
      this.#watches.delete(key);
      if (this.#list !== undefined) this.#touch();
      stop.abort(new Error(`Nothing needs ${this.#resource.plural} ${key} any more`));
    }
    for (const key of wanted) if (!this.#watches.has(key)) this.#start(key);
  }

  /** Everything that the watches have; the same list until something changes. */
  list(): readonly T[] {
    this.#list ??= [...this.#watches.values()].flatMap(({ informer }) => informer.list());
    return this.#list;
  }

  /** Whether each watch of now has had what was there when it began. */
  get isSynced(): boolean {
    return [...this.#watches.values()].every((watch) => watch.isSynced);
  }

  /** Resolves when each watch of now has what was there when it began, or has ended. */
  async synced(): Promise<void> {
    await Promise.allSettled([...this.#watches.values()].map(({ informer }) => informer.synced));
  }

  /** Ends all watches. */
  close(): void {
    this.want([]);
  }

  #start(key: string): void {
    const stop = new AbortController();
    const scoped = this.#informers.until(stop.signal);
    const informer = scoped.informer(this.#resource, this.#select(key));
    const watch = { informer, stop, isSynced: false };
    this.#watches.set(key, watch);
    informer.synced.then(
      () => (watch.isSynced = true),
      () => {},
    );
    informer.subscribe(() => {
      if (!stop.signal.aborted) this.#touch();
    });
  }

  #touch(): void {
    this.#list = undefined;
    this.#changed();
  }
}
