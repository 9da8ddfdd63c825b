import type { NetnsPath } from './network.ts';

/**
 * What the kernel tells about the traffic of one network namespace: flows that connection tracking has
 * taken up or given up, and heads of packets that a program logged. The real one is in
 * `io/flow-source.ts`.
 */
export interface FlowSource {
  /** Begins to listen. Throws NetworkError when the kernel has no such interface or refuses. */
  open(netns: NetnsPath, logGroup: number): FlowTap;
}

/** An open source. Nothing in it blocks. */
export interface FlowTap {
  /** What has happened since the last call, `max` messages at most: the kernel keeps the rest. */
  read(max: number): FlowBatch;
  /** The flows that are tracked now. */
  list(): readonly TrackedFlow[];
  close(): void;
}

/** Events in the order in which the kernel gave them; packets after flows. */
export interface FlowBatch {
  readonly events: readonly FlowEvent[];
  /** Whether the kernel had to throw events away because nobody fetched them in time. */
  readonly lost: boolean;
}

/** One event. */
export type FlowEvent = TrackedFlow | DroppedPacket;

/** Who talks to whom, as the first packet of the flow said it. Addresses are canonical texts. */
export interface FlowKey {
  /** IANA number. */
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  /** tcp and udp and their like. */
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
  /** icmp and icmpv6. */
  readonly icmpType: number | undefined;
  readonly icmpCode: number | undefined;
}

/** A flow that began, or one that ended. */
export interface TrackedFlow extends FlowKey {
  readonly kind: 'started' | 'ended';
  /** Of this flow, as long as it lives. */
  readonly id: number;
  /** Absent unless the kernel counts (net.netfilter.nf_conntrack_acct). */
  readonly sent: FlowCount | undefined;
  readonly replied: FlowCount | undefined;
  /** Absent unless the kernel notes times (net.netfilter.nf_conntrack_timestamp). */
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
}

/** Packets and bytes of one direction, with IP headers. */
export interface FlowCount {
  readonly packets: number;
  readonly bytes: number;
}

/** The head of a packet that a rule logged. */
export interface DroppedPacket extends FlowKey {
  readonly kind: 'dropped';
  /** What the rule calls itself. */
  readonly prefix: string;
  /** Index of the link that it came by; 0 when unknown. */
  readonly inLink: number;
  /** Index of the link that it was to leave by; 0 before that is decided. */
  readonly outLink: number;
  /** Length of the IP packet. */
  readonly bytes: number;
  /** tcp only: FIN 1, SYN 2, RST 4, PSH 8, ACK 16. */
  readonly tcpFlags: number | undefined;
}
