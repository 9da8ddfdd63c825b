import type { EniId, VpcId } from '../base/ids.ts';
import { formatIp, type Ip } from '../base/ip.ts';
import { PROTOCOL } from './rule.ts';

const NAMES = new Map<number, string>(Object.entries(PROTOCOL).map(([name, n]) => [n, name]));

/** The first packet of a flow. Both addresses are of one family. */
export interface Packet {
  /** IANA number. */
  readonly protocol: number;
  readonly source: Ip;
  readonly destination: Ip;
  /** tcp and udp only. */
  readonly destinationPort?: number;
  /** Never matched by rules; kept for the reader. */
  readonly sourcePort?: number;
  /** icmp and icmpv6 only. */
  readonly icmpType?: number;
  readonly icmpCode?: number;
  /** The interface that sends it, when known; otherwise the one that has the source address. */
  readonly senderEniId?: EniId;
  /** The interface it is routed to, when known; otherwise the one that has the destination address. */
  readonly receiverEniId?: EniId;
  /** The VPC it travels in; needed only when VPCs with overlapping addresses are in one world. */
  readonly vpcId?: VpcId;
}

/** What the packet asks for: `tcp/5432`, `icmp type 8 code 0`, `protocol 47`. */
export function describeService(packet: Packet): string {
  const { protocol, destinationPort: port = '?', icmpType = '?', icmpCode = '?' } = packet;
  const name = NAMES.get(protocol);
  if (name === undefined) return `protocol ${protocol}`;
  const icmp = name.startsWith('icmp');
  return icmp ? `${name} type ${icmpType} code ${icmpCode}` : `${name}/${port}`;
}

/** `tcp/5432 from 10.0.1.7 to 10.0.2.9`. */
export function describePacket(packet: Packet): string {
  const { source, destination } = packet;
  return `${describeService(packet)} from ${formatIp(source)} to ${formatIp(destination)}`;
}
