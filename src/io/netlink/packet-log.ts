/** Packets that rules log (linux/netfilter/nfnetlink_log.h). */
import type { DroppedPacket, FlowKey } from '../../base/flow-source.ts';
import { AF } from './constants.ts';
import { ipText } from './flow-event.ts';
import { attribute, attributeText, message, parseAttributes, type Message } from './message.ts';

const SUBSYSTEM = 4 << 8;
const TYPE_PACKET = SUBSYSTEM;
const TYPE_CONFIG = SUBSYSTEM | 1;
/** struct nfgenmsg. */
const HEADER_BYTES = 4;
/** NFULA_CFG_* and their values. */
const CONFIG = { command: 1, mode: 2, timeout: 4, bind: 1, copyPacket: 2 } as const;
/** The kernel gathers packets for so long before it wakes anybody; in hundredths of a second. */
const GATHER = 10;
/** NFULA_*. */
const LOG = { inLink: 4, outLink: 5, payload: 9, prefix: 10 } as const;

const TCP = 6;
const WITH_PORTS: ReadonlySet<number> = new Set([TCP, 17, 33, 132, 136]);
const ICMP: ReadonlySet<number> = new Set([1, 58]);
const IPV4_BYTES_MIN = 20;
const IPV6_BYTES = 40;

/** Asks for the packets of a group, `bytes` of each. */
export function encodeLogRequests(group: number, bytes: number): readonly Buffer[] {
  const mode = Buffer.alloc(6);
  mode.writeUInt32BE(bytes, 0);
  mode.writeUInt8(CONFIG.copyPacket, 4);
  const timeout = Buffer.alloc(4);
  timeout.writeUInt32BE(GATHER, 0);
  return [
    attribute(CONFIG.command, Buffer.from([CONFIG.bind])),
    attribute(CONFIG.mode, mode),
    attribute(CONFIG.timeout, timeout),
  ].map((one) => message(TYPE_CONFIG, 0, [header(group), one]));
}

/** Reads a logged packet; undefined for other messages and for what is no IP packet. */
export function decodeLoggedPacket({ type, body }: Message): DroppedPacket | undefined {
  if (type !== TYPE_PACKET) return undefined;
  const all = parseAttributes(body, HEADER_BYTES);
  const payload = all.get(LOG.payload);
  const packet = payload && decodePacket(payload);
  if (!packet) return undefined;
  return {
    kind: 'dropped',
    ...packet,
    prefix: attributeText(all.get(LOG.prefix)) ?? '',
    inLink: all.get(LOG.inLink)?.readUInt32BE(0) ?? 0,
    outLink: all.get(LOG.outLink)?.readUInt32BE(0) ?? 0,
  };
}

type PacketHead = FlowKey & Pick<DroppedPacket, 'bytes' | 'tcpFlags'>;

function decodePacket(head: Buffer): PacketHead | undefined {
  const version = (head[0] ?? 0) >> 4;
  if (version === 4 && head.length >= IPV4_BYTES_MIN) return packet4(head);
  return version === 6 && head.length >= IPV6_BYTES ? packet6(head) : undefined;
}

function packet4(head: Buffer): PacketHead {
  const protocol = head.readUInt8(9);
  const isFirst = (head.readUInt16BE(6) & 0x1fff) === 0;
  const rest = head.subarray(isFirst ? (head.readUInt8(0) & 0xf) * 4 : head.length);
  return {
    protocol,
    source: ipText(head.subarray(12, 16)),
    destination: ipText(head.subarray(16, 20)),
    bytes: head.readUInt16BE(2),
    ...service(protocol, rest),
  };
}

/** Packets with extension headers show their first one as the protocol. */
function packet6(head: Buffer): PacketHead {
  const protocol = head.readUInt8(6);
  return {
    protocol,
    source: ipText(head.subarray(8, 24)),
    destination: ipText(head.subarray(24, 40)),
    bytes: IPV6_BYTES + head.readUInt16BE(4),
    ...service(protocol, head.subarray(IPV6_BYTES)),
  };
}

/** What the head of the payload says; nothing of what a fragment or a short packet lacks. */
function service(protocol: number, rest: Buffer): Omit<PacketHead, keyof Addressed> {
  const hasPorts = WITH_PORTS.has(protocol) && rest.length >= 4;
  const isIcmp = ICMP.has(protocol) && rest.length >= 2;
  return {
    sourcePort: hasPorts ? rest.readUInt16BE(0) : undefined,
    destinationPort: hasPorts ? rest.readUInt16BE(2) : undefined,
    icmpType: isIcmp ? rest[0] : undefined,
    icmpCode: isIcmp ? rest[1] : undefined,
    tcpFlags: protocol === TCP ? rest[13] : undefined,
  };
}

type Addressed = Pick<PacketHead, 'protocol' | 'source' | 'destination' | 'bytes'>;

function header(group: number): Buffer {
  const out = Buffer.from([AF.unspec, 0, 0, 0]);
  out.writeUInt16BE(group, 2);
  return out;
}
