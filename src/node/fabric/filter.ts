import type { Nft, NftBatch } from '../../base/network.ts';
import { compile, deltasBetween } from '../../dataplane/compile.ts';
import { FilterCompiler } from '../../dataplane/compiler.ts';
import type { Change } from '../../dataplane/diff.ts';
import { renderProgram } from '../../dataplane/render.ts';
import type { FabricState } from '../../dataplane/state.ts';
import { netlinkWriter, textWriter, type FilterWriter } from './filter-writer.ts';

/** A state without ports: its program lets nothing through. */
const CLOSED: FabricState = {
  world: { groups: new Map(), interfaces: [] },
  ports: [],
  uplinks: [],
};

/**
 * The filter of one fabric namespace. Every change is one transaction: the kernel has either the old
 * program or the new one, never a part.
 */
export class FilterLoader {
  readonly #nft: Nft;
  readonly #netns: string;
  readonly #writer: FilterWriter;
  #compiler = new FilterCompiler();
  /** What the compiler was told last. */
  #state: FabricState | undefined;
  /** Whether the kernel has what the compiler had when it was asked last. */
  #loaded = false;
  #version = 0;

  /** Without `batch` all changes are scripts of `nft`. */
  constructor(nft: Nft, netns: string, batch?: NftBatch) {
    this.#nft = nft;
    this.#netns = netns;
    this.#writer = batch ? netlinkWriter({ nft, batch }, netns) : textWriter(nft, netns);
  }

  /** Number of programs loaded so far. */
  get version(): number {
    return this.#version;
  }

  /** Loads a filter that drops everything, unless one of an earlier run is still in force. */
  async close(): Promise<void> {
    const tables = await this.#nft.list(this.#netns, 'tables');
    if (tables.includes('table inet trunkline')) return;
    await this.#nft.apply(this.#netns, renderProgram(compile(CLOSED)));
  }

  /** Makes the kernel enforce `state`; the first time, and after a failure, by a whole program. */
  async apply(state: FabricState): Promise<void> {
    const task = this.#compile(state);
    if (!task) return;
    this.#loaded = false;
    await task();
    this.#loaded = true;
    this.#version += 1;
  }

  /** What is to be loaded; undefined when the kernel has it all. */
  #compile(state: FabricState): (() => Promise<void>) | undefined {
    try {
      for (const delta of deltasBetween(this.#state, state)) this.#compiler.apply(delta);
      this.#state = state;
      if (!this.#loaded) {
        const program = this.#compiler.takeProgram();
        return () => this.#writer.replace(program);
      }
      const changes = this.#compiler.changes();
      return changes.length === 0 ? undefined : () => this.#change(changes);
    } catch (error) {
      // It may have been told a half: the next state is told from the beginning.
      this.#compiler = new FilterCompiler();
      this.#state = undefined;
      this.#loaded = false;
      throw error;
    }
  }

  async #change(changes: readonly Change[]): Promise<void> {
    try {
      await this.#writer.change(changes);
    } catch {
      // The kernel has something else than we loaded: state it afresh.
      await this.#writer.replace(this.#compiler.program());
    }
  }
}
