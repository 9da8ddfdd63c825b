/** Frames that no honest stack sends: every field is the caller's. */
import { checksum, ipBytes, macBytes, u16 } from '../../src/lab/fabric-bed/frame.ts';
import { ipOf } from '../../src/lab/fabric-bed/slots.ts';

/** Numbers of the protocols that frames carry. */
export const ETHER = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, ipv6: 0x86dd } as const;

/** An Ethernet frame. */
export function ethernet(
  to: { readonly destination: string; readonly source: string },
  type: number,
  body: Buffer,
): Buffer {
  return Buffer.concat([macBytes(to.destination), macBytes(to.source), u16(type), body]);
}

/** Body of an ARP frame for IPv4. */
export function arp(fields: {
  readonly operation: 1 | 2;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac?: string;
  readonly targetIp: string;
}): Buffer {
  return Buffer.concat([
    Buffer.from([0, 1, 8, 0, 6, 4]),
    u16(fields.operation),
    macBytes(fields.senderMac),
    ipBytes(ipOf(fields.senderIp)),
    macBytes(fields.targetMac ?? '00:00:00:00:00:00'),
    ipBytes(ipOf(fields.targetIp)),
  ]);
}

/** What an IPv4 packet may lie about; the checksum is right unless `badChecksum`. */
export interface Ipv4Fields {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly body: Buffer;
  readonly options?: Buffer;
  readonly id?: number;
  /** Offset of the fragment in bytes, a multiple of 8. */
  readonly offset?: number;
  readonly moreFragments?: boolean;
  readonly version?: number;
  readonly headerWords?: number;
  readonly totalLength?: number;
  readonly badChecksum?: boolean;
}

/** An IPv4 packet. */
export function ipv4(fields: Ipv4Fields): Buffer {
  const { options = Buffer.alloc(0), body } = fields;
  const header = Buffer.concat([Buffer.alloc(20), options]);
  header[0] = ((fields.version ?? 4) << 4) | (fields.headerWords ?? header.length / 4);
  header.writeUInt16BE(fields.totalLength ?? header.length + body.length, 2);
  header.writeUInt16BE(fields.id ?? 1, 4);
  header.writeUInt16BE((fields.moreFragments ? 0x2000 : 0) | ((fields.offset ?? 0) >> 3), 6);
  header[8] = 64;
  header[9] = fields.protocol;
  ipBytes(ipOf(fields.source)).copy(header, 12);
  ipBytes(ipOf(fields.destination)).copy(header, 16);
  header.writeUInt16BE(checksum([header]) ^ (fields.badChecksum ? 1 : 0), 10);
  return Buffer.concat([header, body]);
}

/** A UDP datagram without a checksum, which IPv4 allows. */
export function udp(destinationPort: number, payload: Buffer, sourcePort = 40_000): Buffer {
  return Buffer.concat([
    u16(sourcePort),
    u16(destinationPort),
    u16(8 + payload.length),
    u16(0),
    payload,
  ]);
}

/** An IPv6 packet. */
export function ipv6(fields: {
  readonly source: string;
  readonly destination: string;
  readonly nextHeader: number;
  readonly body: Buffer;
}): Buffer {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(fields.body.length, 4);
  header[6] = fields.nextHeader;
  header[7] = 255;
  ipBytes(ipOf(fields.source)).copy(header, 8);
  ipBytes(ipOf(fields.destination)).copy(header, 24);
  return Buffer.concat([header, fields.body]);
}

/** An ICMPv6 message of IPv6, with its checksum. */
export function icmpv6(
  ends: { readonly source: string; readonly destination: string },
  type: number,
  body: Buffer,
): Buffer {
  const message = Buffer.concat([Buffer.from([type, 0, 0, 0]), body]);
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(message.length, 0);
  pseudo.writeUInt32BE(58, 4);
  const addresses = [ends.source, ends.destination].map((text) => ipBytes(ipOf(text)));
  message.writeUInt16BE(checksum([...addresses, pseudo, message]), 2);
  return ipv6({ ...ends, nextHeader: 58, body: message });
}

/** Body of a neighbour advertisement (override, solicited): `target` is at `mac`. */
export function advertisement(target: string, mac: string): Buffer {
  const flags = Buffer.from([0x60, 0, 0, 0]);
  return Buffer.concat([flags, ipBytes(ipOf(target)), Buffer.from([2, 1]), macBytes(mac)]);
}
