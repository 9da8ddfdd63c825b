import { FLAG, TYPE } from './constants.ts';

/**
 * Bytes of netlink messages: a header, a fixed body, and attributes aligned to four bytes. Numbers
 * are in host order, which is little-endian on every machine that Node supports Linux on.
 */

const HEADER_BYTES = 16;
const ATTRIBUTE_HEADER_BYTES = 4;
const NESTED_MASK = 0x3fff;

/** One message as received. `body` starts after the netlink header. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Buffer;
}

/** The answer to a request: errno (0 is success) and the kernel's own explanation, if any. */
export interface Ack {
  readonly errno: number;
  readonly text: string | undefined;
}

/** An attribute: type and payload, padded to four bytes. */
export function attribute(type: number, payload: Buffer): Buffer {
  const out = Buffer.alloc(align(ATTRIBUTE_HEADER_BYTES + payload.length));
  out.writeUInt16LE(ATTRIBUTE_HEADER_BYTES + payload.length, 0);
  out.writeUInt16LE(type, 2);
  payload.copy(out, ATTRIBUTE_HEADER_BYTES);
  return out;
}

/** An attribute that holds others. */
export function nested(type: number, ...attributes: readonly Buffer[]): Buffer {
  return attribute(type, Buffer.concat(attributes));
}

/** An attribute with a zero-terminated text. */
export function textAttribute(type: number, text: string): Buffer {
  return attribute(type, Buffer.from(`${text}\0`, 'latin1'));
}

/** An attribute with a 32-bit number. */
export function u32Attribute(type: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(value >>> 0);
  return attribute(type, payload);
}

/** A whole message. The request and acknowledge flags are added. */
export function message(type: number, flags: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(HEADER_BYTES + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags | FLAG.request | FLAG.ack, 6);
  return Buffer.concat([header, body]);
}

/** Writes the sequence number into a message made by `message`. */
export function stamp(target: Buffer, sequence: number): Buffer {
  target.writeUInt32LE(sequence, 8);
  return target;
}

/** Splits a datagram into its messages. */
export function parseMessages(datagram: Buffer): Message[] {
  const messages: Message[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= datagram.length) {
    const length = datagram.readUInt32LE(at);
    if (length < HEADER_BYTES || at + length > datagram.length) break;
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      body: datagram.subarray(at + HEADER_BYTES, at + length),
    });
    at += align(length);
  }
  return messages;
}

/** Reads the attributes that follow a fixed body of `offset` bytes. The last of a type wins. */
export function parseAttributes(body: Buffer, offset: number): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  let at = align(offset);
  while (at + ATTRIBUTE_HEADER_BYTES <= body.length) {
    const length = body.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > body.length) break;
    const type = body.readUInt16LE(at + 2) & NESTED_MASK;
    attributes.set(type, body.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length));
    at += align(length);
  }
  return attributes;
}

/** The text of a zero-terminated attribute. */
export function attributeText(payload: Buffer | undefined): string | undefined {
  return payload?.toString('latin1').replace(/\0.*$/s, '');
}

/** Reads an error or done message as an acknowledgement; undefined for any other message. */
export function parseAck(received: Message): Ack | undefined {
  if (received.type !== TYPE.error && received.type !== TYPE.done) return undefined;
  if (received.body.length < 4) return { errno: 0, text: undefined };
  const errno = Math.abs(received.body.readInt32LE(0));
  if (received.type === TYPE.done || (received.flags & FLAG.ackTlvs) === 0)
    return { errno, text: undefined };
  const attributes = parseAttributes(received.body, ackAttributesOffset(received));
  return { errno, text: attributeText(attributes.get(1)) };
}

function ackAttributesOffset(received: Message): number {
  const request = 4;
  if ((received.flags & FLAG.capped) !== 0) return request + HEADER_BYTES;
  return request + received.body.readUInt32LE(request);
}

function align(length: number): number {
  return (length + 3) & ~3;
}
