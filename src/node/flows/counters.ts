import type { Direction } from '../../policy/rule.ts';

/** What is counted apart. */
export interface FlowLabels {
  /** The group whose rule admitted; for what was dropped, the groups that the interface wears. */
  readonly group: string;
  readonly verdict: 'accept' | 'reject';
  readonly direction: Direction;
}

/** Sets of labels that are counted apart; what comes later is counted under the group `other`. */
const SERIES_MAX = 1000;

/** Counts flows for Prometheus. */
export class FlowCounters {
  readonly #series = new Map<string, number>();
  #lost = 0;
  #unwritten = 0;

  /** Counts one flow, or `by` sampled packets that were dropped. */
  add({ group, verdict, direction }: FlowLabels, by = 1): void {
    const key = series(group, verdict, direction);
    const full = this.#series.size >= SERIES_MAX && !this.#series.has(key);
    const name = full ? series('other', verdict, direction) : key;
    this.#series.set(name, (this.#series.get(name) ?? 0) + by);
  }

  /** Counts a time at which the kernel had to throw events away. */
  addLoss(): void {
    this.#lost += 1;
  }

  /** Counts records that the store could not take. */
  addUnwritten(records: number): void {
    this.#unwritten += records;
  }

  /** The text format of Prometheus. */
  text(): string {
    const lines = [...this.#series]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([labels, value]) => `trunkline_flows_total{${labels}} ${value}`);
    return [
      ...family('trunkline_flows_total', 'Flows admitted, and sampled packets rejected.', lines),
      ...family('trunkline_flow_events_lost_total', 'Times at which the kernel lost flow events.', [
        `trunkline_flow_events_lost_total ${this.#lost}`,
      ]),
      ...family('trunkline_flow_records_unwritten_total', 'Records that could not be written.', [
        `trunkline_flow_records_unwritten_total ${this.#unwritten}`,
      ]),
    ].join('\n');
  }
}

function series(group: string, verdict: string, direction: string): string {
  return `group="${group}",verdict="${verdict}",direction="${direction}"`;
}

/** Lines of a metric with its head; all metrics of agents are counters. */
export function family(name: string, help: string, lines: readonly string[]): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`, ...lines];
}
