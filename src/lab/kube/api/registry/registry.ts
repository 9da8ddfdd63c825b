import { apiVersionOf, type Kind } from './kind.ts';

/** All served resources. Built-in kinds are there from the start; CRDs come and go. */
export class Registry {
  readonly #kinds = new Map<string, Kind>();
  #revision = 0;

  constructor(kinds: readonly Kind[]) {
    for (const kind of kinds) this.#kinds.set(pathOf(kind), kind);
  }

  /** Grows with each change; caches of discovery and OpenAPI documents compare it. */
  get revision(): number {
    return this.#revision;
  }

  /** The resource at a URL. */
  find(group: string, version: string, plural: string): Kind | undefined {
    return this.#kinds.get(`${group}/${version}/${plural}`);
  }

  /** The resource of an object's apiVersion and kind. */
  findKind(apiVersion: string, kind: string): Kind | undefined {
    return [...this.#kinds.values()].find(
      (candidate) => candidate.kind === kind && apiVersionOf(candidate) === apiVersion,
    );
  }

  /** Any version of the resource that a storage holds. */
  findStorage(storage: string): Kind | undefined {
    return [...this.#kinds.values()].find((kind) => kind.storage === storage);
  }

  /** All resources, in the order in which they were added. */
  all(): readonly Kind[] {
    return [...this.#kinds.values()];
  }

  /** Replaces the resources of one CRD; none removes them. */
  setCustom(crdName: string, kinds: readonly Kind[]): void {
    for (const [path, kind] of this.#kinds) {
      if (kind.custom?.crdName === crdName) this.#kinds.delete(path);
    }
    for (const kind of kinds) this.#kinds.set(pathOf(kind), kind);
    this.#revision += 1;
  }
}

function pathOf(kind: Kind): string {
  return `${kind.group}/${kind.version}/${kind.plural}`;
}
