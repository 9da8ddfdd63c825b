import { describe, expect, test } from 'vitest';
import { FlowCounters } from './counters.ts';

describe('counters of flows', () => {
  test('are written as Prometheus reads them', () => {
    const counters = new FlowCounters();
    counters.add({ group: 'sg-b', verdict: 'accept', direction: 'egress' });
    counters.add({ group: 'sg-a', verdict: 'reject', direction: 'ingress' }, 2);
    counters.add({ group: 'sg-a', verdict: 'reject', direction: 'ingress' });
    counters.addLoss();
    counters.addUnwritten(7);
    expect(counters.text().split('\n')).toEqual([
      '# HELP trunkline_flows_total Flows admitted, and sampled packets rejected.',
      '# TYPE trunkline_flows_total counter',
      'trunkline_flows_total{group="sg-a",verdict="reject",direction="ingress"} 3',
      'trunkline_flows_total{group="sg-b",verdict="accept",direction="egress"} 1',
      '# HELP trunkline_flow_events_lost_total Times at which the kernel lost flow events.',
      '# TYPE trunkline_flow_events_lost_total counter',
      'trunkline_flow_events_lost_total 1',
      '# HELP trunkline_flow_records_unwritten_total Records that could not be written.',
      '# TYPE trunkline_flow_records_unwritten_total counter',
      'trunkline_flow_records_unwritten_total 7',
    ]);
  });

  test('never become more than a thousand and a few, however many groups there are', () => {
    const counters = new FlowCounters();
    for (let i = 0; i < 5000; i++)
      counters.add({ group: `sg-${i}`, verdict: 'accept', direction: 'egress' });
    const lines = counters.text().match(/^trunkline_flows_total{/gm);
    expect(lines).toHaveLength(1001);
    expect(counters.text()).toContain('{group="other",verdict="accept",direction="egress"} 4000');
  });
});
