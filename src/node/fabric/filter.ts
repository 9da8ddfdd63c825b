import type { Nft } from '../../base/network.ts';
import { compile } from '../../dataplane/compile.ts';
import { diffPrograms } from '../../dataplane/diff.ts';
import type { FabricProgram } from '../../dataplane/program.ts';
import { renderProgram } from '../../dataplane/render.ts';
import type { FabricState } from '../../dataplane/state.ts';

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
  /** What the kernel has; undefined when unknown. */
  #loaded: FabricProgram | undefined;
  #version = 0;

  constructor(nft: Nft, netns: string) {
    this.#nft = nft;
    this.#netns = netns;
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
    const program = compile(state);
    const before = this.#loaded;
    const script = before ? diffPrograms(before, program) : renderProgram(program);
    if (script === undefined) return;
    this.#loaded = undefined;
    try {
      await this.#nft.apply(this.#netns, script);
    } catch (error) {
      if (!before) throw error;
      // The kernel has something else than we loaded: state it afresh.
      await this.#nft.apply(this.#netns, renderProgram(program));
    }
    this.#loaded = program;
    this.#version += 1;
  }
}
