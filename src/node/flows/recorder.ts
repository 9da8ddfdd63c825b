/**
 * Writes down what the filter of one host admits and drops. The kernel tells: connection tracking when a
 * flow begins and ends, the program's drop sites by samples. Nothing here is on the path of packets: when
 * this process is slow, dead, or cannot write, records are missing and say so, and traffic goes on.
 *
 * Events are fetched some 50 times a second, not one by one as they come: a wake-up for each would cost
 * the flows more than all the rest.
 */
import type { Clock } from '../../base/clock.ts';
import type {
  DroppedPacket,
  FlowEvent,
  FlowSource,
  FlowTap,
  TrackedFlow,
} from '../../base/flow-source.ts';
import type { Log } from '../../base/log.ts';
import type { Network } from '../../base/network.ts';
import { FLOW_LIMIT, LOG_GROUP } from '../../dataplane/program.ts';
import type { FabricState } from '../../dataplane/state.ts';
import {
  matchesFlow,
  parseFlowRecord,
  type FlowFilter,
  type FlowRecord,
} from '../../policy/flow-record.ts';
import type { FabricObserver } from '../fabric/fabric.ts';
import { Lock } from '../agent/lock.ts';
import { FlowCounters } from './counters.ts';
import { directionOf } from './ends.ts';
import { Facts, type FactSources, type Selection } from './facts.ts';
import { FlowJournal, type FlowListener } from './journal.ts';
import { FlowStore } from './store.ts';

/** What is recorded and how much of it is kept. */
export interface FlowRecordOptions {
  /** `flow-logs`: what CreateFlowLogs asks for; `always`: everything, whether asked for or not. */
  readonly mode: 'flow-logs' | 'always';
  readonly folder: string;
  /** Default 64 MiB. */
  readonly bytesMax?: number;
  /** Default 6 hours. */
  readonly ageMaxMs?: number;
}

/** What a recorder works with. */
export interface RecorderDeps extends FactSources {
  readonly source: FlowSource;
  readonly network: Network;
  readonly fabricNetns: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the program must begin or cease to log. */
  readonly switched: () => void;
}

const BYTES_MAX = 64 * 1024 * 1024;
const AGE_MAX_MS = 6 * 3600 * 1000;
const FETCH_MS = 20;
/** Messages of one fetch: of more than 10,000 a second the kernel loses some. */
const FETCH_MAX = 250;
const FLUSH_MS = 1000;
const RETRY_MS = 5000;
/** The store knows when records end in whole seconds. */
const ROUNDING_MS = 1000;
const ALL: Selection = { accept: true, reject: true };

/** Records the flows of one fabric. */
export class FlowRecorder implements FabricObserver {
  readonly counters: FlowCounters = new FlowCounters();
  readonly #options: FlowRecordOptions;
  readonly #deps: RecorderDeps;
  readonly #facts: Facts;
  readonly #store: FlowStore;
  readonly #journal: FlowJournal;
  readonly #stop = new AbortController();
  #tap: FlowTap | undefined;
  #state: FabricState | undefined;
  #links = new Map<number, string>();
  /** Packets of links that are looked up. */
  #pending: DroppedPacket[] = [];
  #refused = false;
  /** Flows that began since the last flush. */
  #begun = 0;
  readonly #writing = new Lock();
  #tasks: readonly Promise<void>[] = [];
  #unsubscribe: () => void = () => {};

  constructor(options: FlowRecordOptions, deps: RecorderDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#facts = new Facts(deps);
    const { folder, bytesMax = BYTES_MAX, ageMaxMs = AGE_MAX_MS } = options;
    const { clock, log, instanceId, nodeName } = deps;
    this.#store = new FlowStore({ folder, bytesMax, ageMaxMs, clock, log });
    this.#journal = new FlowJournal({
      clock,
      counters: this.counters,
      instanceId,
      nodeName,
      factsOf: (eniId, address) => this.#facts.of(eniId, address),
      selectionOf: (eniId) => this.#selection(eniId),
    });
  }

  /** Whether the program shall log; false also where the kernel cannot tell us. */
  get recording(): boolean {
    return this.#tap !== undefined;
  }

  /** Begins; resolves when it is known whether anything is to be recorded. */
  async start(): Promise<void> {
    await this.#facts.synced();
    this.#unsubscribe = this.#facts.onSelection(() => void this.#reconsider());
    await this.#reconsider();
    this.#tasks = [
      this.#repeat(FETCH_MS, () => this.#fetch()),
      this.#repeat(FLUSH_MS, () => this.#flush()),
    ];
  }

  /** Tells what the filter enforces from now on. */
  enforced(state: FabricState): void {
    this.#state = state;
    void this.#reconsider();
  }

  /** Ends for good: the program cannot log here. */
  refused(error: unknown): void {
    this.#deps.log.warn('Flows are not recorded: the filter cannot log', { error });
    this.#refused = true;
    void this.#reconsider();
  }

  /** Calls `listener` for each record from now on. */
  listen(listener: FlowListener): () => void {
    return this.#journal.listen(listener);
  }

  /** Records of the store, then those of flows that are open. */
  async *history(sinceMs: number, filter: FlowFilter): AsyncGenerator<FlowRecord> {
    await this.#flush();
    for await (const lines of this.#store.read(sinceMs))
      for (const line of lines) {
        const record = parseFlowRecord(line);
        const isLate = record && Number(record.end) * 1000 > sinceMs - ROUNDING_MS;
        if (isLate === true && matchesFlow(filter, record)) yield record;
      }
    for (const record of this.#journal.open()) if (matchesFlow(filter, record)) yield record;
  }

  /** Stops; what the kernel has told is written first. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    await Promise.all(this.#tasks);
    await this.#fetch();
    await this.#flush();
    this.#tap?.close();
    this.#tap = undefined;
  }

  #selection(eniId: string): Selection {
    return this.#options.mode === 'always' ? ALL : this.#facts.selection(eniId);
  }

  /** Begins or ends recording, by whether a port of this host is to be recorded. */
  async #reconsider(): Promise<void> {
    this.#journal.look(this.#state);
    const ports = this.#state?.ports ?? [];
    const asked = ports.some(({ eniId }) => {
      const { accept, reject } = this.#selection(eniId);
      return accept || reject;
    });
    const wanted = asked && !this.#refused;
    if (wanted === this.recording || this.#stop.signal.aborted) return;
    if (wanted) this.#begin();
    else this.#end();
    await this.#count(this.recording);
    this.#deps.switched();
  }

  #begin(): void {
    const { source, fabricNetns, log } = this.#deps;
    try {
      this.#tap = source.open(fabricNetns, LOG_GROUP);
      for (const flow of this.#tap.list()) this.#journal.adopt(flow);
    } catch (error) {
      log.warn('Flows are not recorded', { error });
    }
  }

  #end(): void {
    this.#tap?.close();
    this.#tap = undefined;
    this.#journal.clear();
  }

  /** Counting costs a little for each packet: only while somebody wants to know. */
  async #count(on: boolean): Promise<void> {
    const { network, fabricNetns, log } = this.#deps;
    const value = on ? '1' : '0';
    const keys = ['acct', 'timestamp'].map((name) => [`net.netfilter.nf_conntrack_${name}`, value]);
    await network
      .sysctl(fabricNetns, Object.fromEntries(keys) as Record<string, string>)
      .catch((error: unknown) => log.warn('The kernel does not count flows', { error }));
  }

  async #repeat(everyMs: number, action: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#deps;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let pauseMs = everyMs;
      try {
        await action();
      } catch (error) {
        log.error('Flow records failed', { error });
        pauseMs = RETRY_MS;
      }
      await clock.sleep(pauseMs, signal).catch(() => {});
    }
  }

  /** Takes in what the kernel has. */
  async #fetch(): Promise<void> {
    const batch = this.#tap?.read(FETCH_MAX);
    if (!batch) return;
    if (batch.lost) this.#journal.lost();
    for (const event of batch.events) this.#take(event);
    if (this.#pending.length > 0) await this.#learnLinks();
  }

  #take(event: FlowEvent): void {
    if (event.kind === 'dropped') this.#dropped(event);
    else if (event.kind === 'started') this.#started(event);
    else this.#journal.ended(event);
  }

  #started(flow: TrackedFlow): void {
    this.#begun += 1;
    this.#journal.started(flow);
  }

  async #learnLinks(): Promise<void> {
    const { network, fabricNetns } = this.#deps;
    const links = await network.links(fabricNetns);
    this.#links = new Map(links.map(({ index, name }) => [index, name]));
    for (const packet of this.#pending.splice(0))
      this.#journal.dropped(packet, this.#links.get(linkOf(packet)) ?? '');
  }

  #dropped(packet: DroppedPacket): void {
    const link = this.#links.get(linkOf(packet));
    if (link === undefined) this.#pending.push(packet);
    else this.#journal.dropped(packet, link);
  }

  #flush(): Promise<void> {
    return this.#writing.run(async () => {
      // The program silences what begins faster: we cannot know how much.
      if (this.#begun >= FLOW_LIMIT.perSecond) this.#journal.lost();
      this.#begun = 0;
      const lines = this.#journal.take();
      if (!(await this.#store.append(lines))) this.#journal.unwritten(lines.length);
    });
  }
}

/** The link of the port whose gate it was. */
function linkOf(packet: DroppedPacket): number {
  return directionOf(packet) === 'ingress' ? packet.outLink : packet.inLink;
}
