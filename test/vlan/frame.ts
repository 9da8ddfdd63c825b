import { addressBytes, macBytes } from '../../src/io/netlink/address.ts';

/** A UDP datagram in an Ethernet frame, forged at will. */
export interface Forgery {
  readonly sourceMac: string;
  readonly targetMac: string;
  readonly source: string;
  readonly target: string;
  readonly port: number;
  /** 802.1Q tags, the outer one first. */
  readonly tags?: readonly number[];
  /** Length of the IP packet, in bytes. */
  readonly sizeBytes?: number;
}

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_8021Q = 0x8100;
const IP_HEADER_BYTES = 20;
const UDP_HEADER_BYTES = 8;
const SOURCE_PORT = 4444;
const UDP = 17;
const DONT_FRAGMENT = 0x4000;

/** The bytes of a frame, from the target's MAC on. */
export function forge(frame: Forgery): Buffer {
  const sizeBytes = frame.sizeBytes ?? IP_HEADER_BYTES + UDP_HEADER_BYTES + 4;
  return Buffer.concat([
    macBytes(frame.targetMac),
    macBytes(frame.sourceMac),
    ...(frame.tags ?? []).map((tag) => words(ETHERTYPE_8021Q, tag)),
    words(ETHERTYPE_IPV4),
    ipHeader(frame, sizeBytes),
    words(SOURCE_PORT, frame.port, sizeBytes - IP_HEADER_BYTES, 0),
    Buffer.alloc(sizeBytes - IP_HEADER_BYTES - UDP_HEADER_BYTES, 'x'),
  ]);
}

function ipHeader({ source, target }: Forgery, sizeBytes: number): Buffer {
  const start = words(0x4500, sizeBytes, 1, DONT_FRAGMENT, (64 << 8) | UDP);
  const addresses = Buffer.concat([addressBytes(source).bytes, addressBytes(target).bytes]);
  return Buffer.concat([start, words(checksum(Buffer.concat([start, addresses]))), addresses]);
}

/** RFC 1071, over a length that is even. */
function checksum(data: Buffer): number {
  let sum = 0;
  for (let at = 0; at < data.length; at += 2) sum += data.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function words(...values: readonly number[]): Buffer {
  const out = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) out.writeUInt16BE(value, index * 2);
  return out;
}
