import type { Clock } from '../../base/clock.ts';
import type { DroppedPacket, TrackedFlow } from '../../base/flow-source.ts';
import type { FabricState } from '../../dataplane/state.ts';
import { formatFlowRecord, type FlowRecord } from '../../policy/flow-record.ts';
import type { FlowCounters } from './counters.ts';
import { FlowEnds, type FlowEnd } from './ends.ts';
import type { PortFacts, Selection } from './facts.ts';
import { dropRecord, passageRecord, skipRecord, type Drops, type Passage } from './writer.ts';

/** Somebody who wants records as they come, those of flows that begin too. */
export type FlowListener = (record: FlowRecord) => void;

/** What a journal works with. */
export interface JournalDeps {
  readonly clock: Clock;
  readonly counters: FlowCounters;
  readonly instanceId: string;
  readonly nodeName: string | undefined;
  /** What is known of an interface, by its id and address. */
  readonly factsOf: (eniId: string, address: string) => PortFacts;
  readonly selectionOf: (eniId: string) => Selection;
}

/** Flows whose begin is remembered; the end of others is judged by the rules of then. */
const OPEN_MAX = 65_536;
/** Lines that wait for the disk. */
const WAITING_MAX = 50_000;

interface OpenFlow {
  readonly flow: TrackedFlow;
  readonly passages: readonly Passage[];
  readonly startMs: number;
}

/** Turns events into records: for who listens at once, for the disk in batches. */
export class FlowJournal {
  readonly #deps: JournalDeps;
  readonly #listeners = new Set<FlowListener>();
  readonly #open = new Map<number, OpenFlow>();
  readonly #drops = new Map<string, Drops>();
  #waiting: string[] = [];
  #lost = false;
  #state: FabricState | undefined;
  /** Made when somebody asks for it after the state changed. */
  #ends: FlowEnds | undefined;
  #passages = new Map<FlowEnd, Passage | undefined>();
  #selected = new Map<string, Selection>();

  constructor(deps: JournalDeps) {
    this.#deps = deps;
  }

  /** Judges by this state from now on; without one, by the same with fresh facts. */
  look(state: FabricState | undefined = this.#state): void {
    this.#state = state;
    this.#ends = undefined;
    this.#passages = new Map();
    this.#selected = new Map();
  }

  /** Calls `listener` for each record from now on. */
  listen(listener: FlowListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** A flow was admitted. */
  started(flow: TrackedFlow): void {
    for (const { end } of this.adopt(flow)) this.#count(end, 'accept');
  }

  /** Takes up a flow that was admitted before; it is not counted again. */
  adopt(flow: TrackedFlow): readonly Passage[] {
    const passages = this.#passagesOf(flow);
    if (passages.length === 0) return passages;
    const open = { flow, passages, startMs: this.#deps.clock.nowMs() };
    if (this.#open.size >= OPEN_MAX) {
      const [oldest = 0] = this.#open.keys();
      this.#open.delete(oldest);
    }
    this.#open.set(flow.id, open);
    if (this.#listeners.size > 0) for (const record of this.#recordsOf(open)) this.#tell(record);
    return passages;
  }

  /** A flow has ended. */
  ended(flow: TrackedFlow): void {
    const open = this.#open.get(flow.id);
    this.#open.delete(flow.id);
    const passages = open?.passages ?? this.#passagesOf(flow);
    const startMs = open?.startMs ?? this.#deps.clock.nowMs();
    for (const record of this.#recordsOf({ flow, passages, startMs })) this.#write(record);
  }

  /** A gate dropped a packet at a link. The same again within a short time is one record. */
  dropped(packet: DroppedPacket, link: string): void {
    this.#ends ??= this.#state && new FlowEnds(this.#state);
    const end = this.#ends?.ofDropped(packet, link);
    if (!end || !this.#selection(end.port.eniId).reject) return;
    const { protocol, source, destination, sourcePort, destinationPort, prefix } = packet;
    const key = [link, prefix, protocol, source, sourcePort, destination, destinationPort].join(
      ' ',
    );
    const nowMs = this.#deps.clock.nowMs();
    const known = this.#drops.get(key);
    this.#count(end, 'reject');
    if (known) {
      known.lastMs = nowMs;
      known.packets += 1;
      known.bytes += packet.bytes;
      known.tcpFlags |= packet.tcpFlags ?? 0;
      return;
    }
    const { bytes, tcpFlags = 0 } = packet;
    const facts = this.#factsOf(end, end.gate === 'ingress' ? destination : source);
    const times = { firstMs: nowMs, lastMs: nowMs };
    this.#drops.set(key, { packet, end, facts, ...times, packets: 1, bytes, tcpFlags });
  }

  /** The kernel lost events: the records after this are not all. */
  lost(): void {
    this.#lost = true;
    this.#deps.counters.addLoss();
  }

  /** Forgets what is open. */
  clear(): void {
    this.#open.clear();
  }

  /** The lines since the last call. */
  take(): readonly string[] {
    // What a pod is called may have changed although the filter has not.
    this.#passages = new Map();
    for (const drops of this.#drops.values()) this.#write(dropRecord(drops));
    this.#drops.clear();
    if (this.#lost) {
      const { nodeName = '-', instanceId, clock } = this.#deps;
      this.#lost = false;
      this.#write(skipRecord(nodeName, instanceId, clock.nowMs()));
    }
    const lines = this.#waiting;
    this.#waiting = [];
    return lines;
  }

  /** Lines that could not be written: a gap is noted where they would be. */
  unwritten(lines: number): void {
    this.#lost = true;
    this.#deps.counters.addUnwritten(lines);
  }

  /** Records of the flows that are open. */
  *open(): Generator<FlowRecord> {
    for (const one of this.#open.values()) yield* this.#recordsOf(one);
  }

  #passagesOf(flow: TrackedFlow): readonly Passage[] {
    this.#ends ??= this.#state && new FlowEnds(this.#state);
    const passages: Passage[] = [];
    for (const end of this.#ends?.of(flow) ?? []) {
      if (!this.#passages.has(end)) this.#passages.set(end, this.#passage(end, flow));
      const passage = this.#passages.get(end);
      if (passage) passages.push(passage);
    }
    return passages;
  }

  /** Ends are remembered by who talks to whom, so that the address is always the same. */
  #passage(end: FlowEnd, flow: TrackedFlow): Passage | undefined {
    if (!this.#selection(end.port.eniId).accept) return undefined;
    return {
      end,
      facts: this.#factsOf(end, end.gate === 'egress' ? flow.source : flow.destination),
    };
  }

  #factsOf({ port }: FlowEnd, address: string): PortFacts {
    return this.#deps.factsOf(port.eniId, address);
  }

  #selection(eniId: string): Selection {
    let selection = this.#selected.get(eniId);
    if (!selection) {
      selection = this.#deps.selectionOf(eniId);
      this.#selected.set(eniId, selection);
    }
    return selection;
  }

  #count({ port, gate, verdict }: FlowEnd, outcome: 'accept' | 'reject'): void {
    const admitting = verdict.rules[0]?.groupId;
    const group =
      outcome === 'accept' && admitting !== undefined ? admitting : port.groupIds.join();
    this.#deps.counters.add({ group, verdict: outcome, direction: gate });
  }

  #recordsOf({ flow, passages, startMs }: OpenFlow): readonly FlowRecord[] {
    const nowMs = this.#deps.clock.nowMs();
    return passages.map((passage) => passageRecord(flow, passage, { startMs, nowMs }));
  }

  #write(record: FlowRecord): void {
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(formatFlowRecord(record));
    else this.unwritten(1);
    this.#tell(record);
  }

  #tell(record: FlowRecord): void {
    for (const listener of this.#listeners) listener(record);
  }
}
