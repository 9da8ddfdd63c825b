/** Makes records of events. */
import type { DroppedPacket, FlowKey, TrackedFlow } from '../../base/flow-source.ts';
import { flowRecord, NO_VALUE, type FlowRecord } from '../../policy/flow-record.ts';
import type { FlowEnd } from './ends.ts';
import type { PortFacts } from './facts.ts';

/** A flow as one gate of this host saw it. */
export interface Passage {
  readonly end: FlowEnd;
  readonly facts: PortFacts;
}

/** Packets of one kind that one gate dropped within a short time. */
export interface Drops {
  readonly packet: DroppedPacket;
  readonly end: FlowEnd;
  readonly facts: PortFacts;
  readonly firstMs: number;
  lastMs: number;
  packets: number;
  bytes: number;
  tcpFlags: number;
}

/** The record of a flow that began or ended, at `nowMs` unless the kernel noted the times. */
export function passageRecord(
  flow: TrackedFlow,
  { end, facts }: Passage,
  { startMs, nowMs }: { readonly startMs: number; readonly nowMs: number },
): FlowRecord {
  const start = seconds(flow.startMs ?? startMs);
  const isOpen = flow.kind === 'started';
  return flowRecord({
    ...commonFields(flow, end, facts),
    ...(isOpen ? {} : countFields(flow)),
    ...ruleFields(end),
    action: 'ACCEPT',
    event: isOpen ? 'open' : 'close',
    start,
    end: isOpen ? start : seconds(flow.endMs ?? nowMs),
    'traffic-path': end.gate === 'egress' && end.within ? IN_VPC : NO_VALUE,
    gate: end.gate,
  });
}

function countFields({ sent, replied }: TrackedFlow): Fields {
  return {
    ...(sent && { packets: String(sent.packets), bytes: String(sent.bytes) }),
    ...(replied && {
      'reply-packets': String(replied.packets),
      'reply-bytes': String(replied.bytes),
    }),
  };
}

function ruleFields({ verdict }: FlowEnd): Fields {
  const [rule] = verdict.rules;
  if (rule) return { 'rule-group-id': rule.groupId, 'rule-id': rule.ruleId };
  return { reason: verdict.note ?? `admitted earlier; now: ${verdict.nearest}` };
}

/** The record of what a gate dropped. */
export function dropRecord(drops: Drops): FlowRecord {
  const { packet, end, facts } = drops;
  return flowRecord({
    ...commonFields(packet, end, facts),
    action: 'REJECT',
    event: 'drop',
    packets: String(drops.packets),
    bytes: String(drops.bytes),
    start: seconds(drops.firstMs),
    end: seconds(drops.lastMs),
    'tcp-flags': packet.tcpFlags === undefined ? undefined : String(drops.tcpFlags),
    gate: packet.prefix,
    reason: dropReason(packet, end),
  });
}

/** The record that says that others are missing. */
export function skipRecord(node: string, instanceId: string, nowMs: number): FlowRecord {
  return flowRecord({
    version: VERSION,
    'log-status': 'SKIPDATA',
    'instance-id': instanceId,
    node,
    start: seconds(nowMs),
    end: seconds(nowMs),
  });
}

const VERSION = '5';
/** traffic-path: through another resource of the same VPC. */
const IN_VPC = '1';

type Fields = Partial<FlowRecord>;

function commonFields(flow: FlowKey, { port, gate }: FlowEnd, facts: PortFacts): Fields {
  return {
    ...facts,
    version: VERSION,
    srcaddr: flow.source,
    dstaddr: flow.destination,
    'pkt-srcaddr': flow.source,
    'pkt-dstaddr': flow.destination,
    // AWS writes 0 where a protocol has no ports.
    srcport: String(flow.sourcePort ?? 0),
    dstport: String(flow.destinationPort ?? 0),
    protocol: String(flow.protocol),
    type: flow.source.includes(':') ? 'IPv6' : 'IPv4',
    'log-status': 'OK',
    'flow-direction': gate,
    'security-group-ids': port.groupIds.join(','),
  };
}

function dropReason(packet: DroppedPacket, { port, verdict, denial }: FlowEnd): string {
  if (denial !== undefined) return denial;
  if (verdict.outcome === 'dropped') return verdict.nearest ?? NO_VALUE;
  if (packet.prefix === 'pin') return `${port.eniId} may not send such a frame`;
  return 'the packet belongs to no flow and cannot begin one';
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}
