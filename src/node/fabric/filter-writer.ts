import type { NetnsPath, Nft, NftBatch } from '../../base/network.ts';
import { changeText, type Change } from '../../dataplane/diff.ts';
import {
  canEncode,
  ChangeEncoder,
  isPlainChain,
  plainChanges,
} from '../../dataplane/netlink/encode.ts';
import {
  ARP_TABLE,
  SPARE_TABLE,
  TABLE,
  otherTable,
  tableOf,
  type FabricProgram,
  type PacketTable,
} from '../../dataplane/program.ts';
import { dropTable, renderProgram, renderSwitch } from '../../dataplane/render.ts';

/**
 * How programs get into the kernel. Each call is atomic for packets: they see the program before or the
 * program after, and a call that fails leaves the one before in force.
 */
export interface FilterWriter {
  /** Replaces whatever is there. */
  replace(program: FabricProgram): Promise<void>;
  /** Changes the program that this writer loaded last. */
  change(changes: readonly Change[]): Promise<void>;
}

/** Everything by scripts of `nft`: works wherever it does, at 5 to 20 ms for each call. */
export function textWriter(nft: Nft, netns: NetnsPath): FilterWriter {
  return {
    replace: (program) => nft.apply(netns, renderProgram(program)),
    change: (changes) => nft.apply(netns, script(changes, TABLE)),
  };
}

/**
 * Changes by nfnetlink messages. A program that is too large for one transaction of an unprivileged user
 * (its send buffer is limited) is loaded beside the one in force, without hooks, in several; one last
 * transaction hooks it in and removes the other.
 */
export function netlinkWriter(
  ports: { readonly nft: Nft; readonly batch: NftBatch },
  netns: NetnsPath,
): FilterWriter {
  return new NetlinkWriter(ports.nft, ports.batch, netns);
}

/** Text of programs that are certain to fit into one transaction: 1 byte becomes 8 at most. */
const SCRIPT_BYTES_MAX = 16 * 1024;

class NetlinkWriter implements FilterWriter {
  readonly #nft: Nft;
  readonly #batch: NftBatch;
  readonly #netns: NetnsPath;
  /** The table in force; undefined when not known. */
  #live: PacketTable | undefined;

  constructor(nft: Nft, batch: NftBatch, netns: NetnsPath) {
    this.#nft = nft;
    this.#batch = batch;
    this.#netns = netns;
  }

  async replace(program: FabricProgram): Promise<void> {
    const live = this.#live ?? (await this.#find());
    const script = renderProgram(program, live);
    if (script.length <= SCRIPT_BYTES_MAX) {
      await this.#nft.apply(this.#netns, script);
      this.#live = live;
      return;
    }
    await this.#loadBeside(program, otherTable(live));
  }

  async change(changes: readonly Change[]): Promise<void> {
    const live = this.#live ?? (await this.#find());
    if (!canEncode(changes)) return this.#nft.apply(this.#netns, script(changes, live));
    const encoder = encoderFor(live);
    for (const change of changes) encoder.add(change);
    await this.#batch.transact(this.#netns, encoder.result());
  }

  async #loadBeside(program: FabricProgram, table: PacketTable): Promise<void> {
    const empty = [...dropTable(table), `table ${table} {`, '}', ''].join('\n');
    await this.#nft.apply(this.#netns, empty);
    for (const batch of this.#batches(program, table))
      await this.#batch.transact(this.#netns, batch);
    const chains = program.chains.filter(
      (chain) => tableOf(chain.name) !== ARP_TABLE && !isPlainChain(chain),
    );
    await this.#nft.apply(this.#netns, renderSwitch(program, { table, chains }));
    this.#live = table;
  }

  *#batches(program: FabricProgram, table: PacketTable): Iterable<Uint8Array> {
    const half = this.#batch.bytesMax(this.#netns) / 2;
    let encoder = encoderFor(table);
    for (const change of plainChanges(program)) {
      encoder.add(change);
      if (encoder.length < half) continue;
      yield encoder.result();
      encoder = encoderFor(table);
    }
    yield encoder.result();
  }

  /** The table that has hooks; the usual name when there is none. */
  async #find(): Promise<PacketTable> {
    const chains = await this.#nft.list(this.#netns, 'chains inet');
    const [, spare = ''] = chains.split(`table ${SPARE_TABLE} {`);
    const [own = ''] = spare.split('\n}');
    return own.includes('hook') ? SPARE_TABLE : TABLE;
  }
}

function script(changes: readonly Change[], table: PacketTable): string {
  return `${changes.map((change) => changeText(change, table)).join('\n')}\n`;
}

function encoderFor(table: PacketTable): ChangeEncoder {
  return new ChangeEncoder(table.replace('inet ', ''));
}
