import type { Ip } from '../../base/ip.ts';
import type { Packet } from '../../policy/packet.ts';

/** Ends the payload of every probe, before its number. */
const MAGIC = 0x7472_6e6b;
/** Source ports of probes: base plus number, so that no two flows of a batch are one. */
const SOURCE_PORT_BASE = 30_000;

/** What a probe frame carries besides the packet. */
export interface ProbeFrame {
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly packet: Packet;
  /** Tells the probe from all others when it arrives. */
  readonly number: number;
  /** What an ICMP error is about: the head of the packet that caused it. */
  readonly about?: Buffer;
}

/** The Ethernet frame of a probe: a valid first packet of its flow, with correct checksums. */
export function probeFrame(probe: ProbeFrame): Buffer {
  const { packet } = probe;
  const ethernet = Buffer.concat([macBytes(probe.destinationMac), macBytes(probe.sourceMac)]);
  const etherType = packet.source.family === 4 ? 0x0800 : 0x86dd;
  const body = transport(probe);
  return Buffer.concat([ethernet, u16(etherType), network(packet, body.length), body]);
}

/** The number of a probe frame; undefined for any other frame. */
export function probeNumber(frame: Buffer): number | undefined {
  if (frame.length < 22 || frame.readUInt32BE(frame.length - 8) !== MAGIC) return undefined;
  return frame.readUInt32BE(frame.length - 4);
}

function network(packet: Packet, length: number): Buffer {
  return packet.source.family === 4 ? ipv4(packet, length) : ipv6(packet, length);
}

function ipv4({ protocol, source, destination }: Packet, length: number): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + length, 2);
  header[8] = 64;
  header[9] = protocol;
  ipBytes(source).copy(header, 12);
  ipBytes(destination).copy(header, 16);
  header.writeUInt16BE(checksum([header]), 10);
  return header;
}

function ipv6({ protocol, source, destination }: Packet, length: number): Buffer {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(length, 4);
  header[6] = protocol;
  header[7] = 64;
  ipBytes(source).copy(header, 8);
  ipBytes(destination).copy(header, 24);
  return header;
}

function transport({ packet, number, about = Buffer.alloc(0) }: ProbeFrame): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(MAGIC, 0);
  payload.writeUInt32BE(number, 4);
  const header = transportHeader(packet, number);
  const whole = Buffer.concat([header.bytes, about, payload]);
  if (packet.protocol === 17) whole.writeUInt16BE(whole.length, 4);
  if (header.checksumAt === undefined) return whole;
  const pseudo = packet.protocol === 1 ? [] : [pseudoHeader(packet, whole.length)];
  whole.writeUInt16BE(checksum([...pseudo, whole]), header.checksumAt);
  return whole;
}

function transportHeader(
  packet: Packet,
  number: number,
): { readonly bytes: Buffer; readonly checksumAt?: number } {
  const ports = Buffer.concat([
    u16(packet.sourcePort ?? SOURCE_PORT_BASE + (number % 20_000)),
    u16(packet.destinationPort ?? 0),
  ]);
  switch (packet.protocol) {
    case 6: {
      // A SYN with a sequence number of its own, 20 bytes of header, an open window.
      const rest = Buffer.alloc(16);
      rest.writeUInt32BE(number, 0);
      rest.writeUInt8(0x50, 8);
      rest.writeUInt8(0x02, 9);
      rest.writeUInt16BE(65_535, 10);
      return { bytes: Buffer.concat([ports, rest]), checksumAt: 16 };
    }
    case 17:
      return { bytes: Buffer.concat([ports, Buffer.alloc(4)]), checksumAt: 6 };
    case 1:
    case 58: {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt8(packet.icmpType ?? 0, 0);
      bytes.writeUInt8(packet.icmpCode ?? 0, 1);
      bytes.writeUInt16BE((packet.sourcePort ?? number) % 65_536, 4);
      return { bytes, checksumAt: 2 };
    }
    default:
      return { bytes: Buffer.alloc(8) };
  }
}

function pseudoHeader({ protocol, source, destination }: Packet, length: number): Buffer {
  const tail = Buffer.alloc(8);
  tail.writeUInt32BE(length, 0);
  tail.writeUInt32BE(protocol, 4);
  return Buffer.concat([ipBytes(source), ipBytes(destination), tail]);
}

/** The Internet checksum (RFC 1071); zero is written as all ones, as UDP wants it. */
export function checksum(parts: readonly Buffer[]): number {
  const data = Buffer.concat(parts);
  let sum = 0;
  for (let i = 0; i < data.length; i += 2)
    sum += i + 1 < data.length ? data.readUInt16BE(i) : (data[i] ?? 0) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff || 0xffff;
}

/** An address as the wire has it. */
export function ipBytes(ip: Ip): Buffer {
  return Buffer.from(ip.value.toString(16).padStart(ip.family === 4 ? 8 : 32, '0'), 'hex');
}

/** A MAC address as the wire has it. */
export function macBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}

/** A number of 16 bits as the wire has it. */
export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value, 0);
  return bytes;
}
