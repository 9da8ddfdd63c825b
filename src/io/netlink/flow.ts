import { AF, FLAG } from './constants.ts';
import { attribute, message, parseAttributes, type Message } from './message.ts';

/** Messages of the connection tracking subsystem (linux/netfilter/nfnetlink_conntrack.h). */

const SUBSYSTEM = 1 << 8;
const TYPE_NEW = SUBSYSTEM;
const TYPE_GET = SUBSYSTEM | 1;
const TYPE_DELETE = SUBSYSTEM | 2;
/** CTA_TUPLE_ORIG, CTA_TUPLE_IP, CTA_IP_V4_SRC, CTA_IP_V4_DST, CTA_TUPLE_PROTO, CTA_PROTO_NUM. */
const CTA = { original: 1, ip: 1, source: 1, destination: 2, protocol: 2, number: 1 } as const;
const NESTED = 0x8000;
const HEADER_BYTES = 4;

/** A tracked flow, by its first direction. */
export interface Flow {
  /** Four bytes each. */
  readonly source: Buffer;
  readonly destination: Buffer;
  /** As in the IP header: 17 is UDP. */
  readonly protocol: number | undefined;
  /** The whole key, as the kernel sent it. */
  readonly tuple: Buffer;
}

/** Asks for all flows of IPv4, or of both families. */
export function encodeListFlows(families: 'ipv4' | 'all' = 'ipv4'): Buffer {
  return message(TYPE_GET, FLAG.dump, [header(families === 'all' ? AF.unspec : AF.inet)]);
}

/** Asks to remove one flow. */
export function encodeDeleteFlow(flow: Flow): Buffer {
  return message(TYPE_DELETE, 0, [header(), attribute(CTA.original | NESTED, flow.tuple)]);
}

/** Reads a flow; undefined for other messages. */
export function decodeFlow(received: Message): Flow | undefined {
  if (received.type !== TYPE_NEW) return undefined;
  const tuple = parseAttributes(received.body, HEADER_BYTES).get(CTA.original);
  const ip = tuple && parseAttributes(tuple, 0).get(CTA.ip);
  const addresses = ip && parseAttributes(ip, 0);
  const source = addresses?.get(CTA.source);
  const destination = addresses?.get(CTA.destination);
  if (!tuple || !source || !destination) return undefined;
  return { source, destination, protocol: protocolOf(tuple), tuple };
}

function protocolOf(tuple: Buffer): number | undefined {
  const part = parseAttributes(tuple, 0).get(CTA.protocol);
  return part && parseAttributes(part, 0).get(CTA.number)?.[0];
}

function header(family: number = AF.inet): Buffer {
  return Buffer.from([family, 0, 0, 0]);
}
