/** Events of connection tracking (linux/netfilter/nfnetlink_conntrack.h) as values. */
import type { FlowCount, FlowKey, TrackedFlow } from '../../base/flow-source.ts';
import { addressText } from './address.ts';
import { parseAttributes, type Message } from './message.ts';

const SUBSYSTEM = 1 << 8;
const TYPE_NEW = SUBSYSTEM;
const TYPE_DELETE = SUBSYSTEM | 2;
/** struct nfgenmsg. */
const HEADER_BYTES = 4;
/** CTA_*. */
const CTA = { original: 1, sent: 9, replied: 10, id: 12, times: 20 } as const;
/** CTA_TUPLE_*, CTA_IP_* and CTA_PROTO_*. */
const TUPLE = { ip: 1, protocol: 2 } as const;
const IP = { source4: 1, destination4: 2, source6: 3, destination6: 4 } as const;
const PROTO = {
  number: 1,
  source: 2,
  destination: 3,
  type4: 5,
  code4: 6,
  type6: 8,
  code6: 9,
} as const;
const NS_PER_MS = 1_000_000n;

type Attributes = ReadonlyMap<number, Buffer>;
const NONE: Attributes = new Map();

/** Reads an event or an entry of a dump; undefined for other messages. */
export function decodeTrackedFlow({ type, body }: Message): TrackedFlow | undefined {
  if (type !== TYPE_NEW && type !== TYPE_DELETE) return undefined;
  const all = parseAttributes(body, HEADER_BYTES);
  const key = decodeTuple(inside(all, CTA.original));
  if (!key) return undefined;
  const times = inside(all, CTA.times);
  return {
    kind: type === TYPE_NEW ? 'started' : 'ended',
    ...key,
    id: all.get(CTA.id)?.readUInt32BE(0) ?? 0,
    sent: count(inside(all, CTA.sent)),
    replied: count(inside(all, CTA.replied)),
    startMs: stamp(times.get(1)),
    endMs: stamp(times.get(2)),
  };
}

function decodeTuple(tuple: Attributes): FlowKey | undefined {
  const addresses = inside(tuple, TUPLE.ip);
  const source = first(addresses, IP.source4, IP.source6);
  const destination = first(addresses, IP.destination4, IP.destination6);
  if (!source || !destination) return undefined;
  const service = inside(tuple, TUPLE.protocol);
  return {
    protocol: service.get(PROTO.number)?.[0] ?? 0,
    source: ipText(source),
    destination: ipText(destination),
    sourcePort: service.get(PROTO.source)?.readUInt16BE(0),
    destinationPort: service.get(PROTO.destination)?.readUInt16BE(0),
    icmpType: first(service, PROTO.type4, PROTO.type6)?.[0],
    icmpCode: first(service, PROTO.code4, PROTO.code6)?.[0],
  };
}

function inside(attributes: Attributes, type: number): Attributes {
  const bytes = attributes.get(type);
  return bytes ? parseAttributes(bytes, 0) : NONE;
}

function first(attributes: Attributes, one: number, other: number): Buffer | undefined {
  return attributes.get(one) ?? attributes.get(other);
}

/** As `addressText`, and fast for the family that there is most of. */
export function ipText(bytes: Buffer): string {
  return bytes.length === 4
    ? `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
    : addressText(bytes);
}

function count(both: Attributes): FlowCount | undefined {
  const [packets, bytes] = [both.get(1), both.get(2)];
  if (!packets || !bytes) return undefined;
  return { packets: number64(packets), bytes: number64(bytes) };
}

function number64(bytes: Buffer): number {
  return bytes.readUInt32BE(0) * 2 ** 32 + bytes.readUInt32BE(4);
}

function stamp(bytes: Buffer | undefined): number | undefined {
  return bytes && Number(bytes.readBigUInt64BE(0) / NS_PER_MS);
}
