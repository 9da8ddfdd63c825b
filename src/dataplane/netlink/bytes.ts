/**
 * Bytes of netlink messages, written into one growing buffer: lengths are filled in when a message or an
 * attribute ends. Numbers of headers are in host order, which is little-endian on every machine that
 * Node supports Linux on; numbers inside nftables attributes are big-endian.
 */
import { assert } from '../../base/assert.ts';

const NESTED = 0x8000;
const HEADER_BYTES = 16;
/** Attribute lengths have 16 bits. */
const ATTRIBUTE_MAX = 0xffff;

/** Writes messages one after another. */
export class MessageBytes {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  /** Starts of the attributes that are open. */
  readonly #open: number[] = [];

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  result(): Uint8Array {
    assert(this.#open.length === 0, () => 'an attribute is open');
    return this.#bytes.subarray(0, this.#length);
  }

  /** A message of the nftables subsystem; `write` adds its attributes. */
  message(
    head: { readonly type: number; readonly flags: number; readonly family: number },
    write: () => void,
  ): void {
    const start = this.#take(HEADER_BYTES + 4);
    this.#view.setUint16(start + 4, head.type, true);
    this.#view.setUint16(start + 6, head.flags, true);
    this.#bytes[start + HEADER_BYTES] = head.family;
    write();
    this.#view.setUint32(start, this.#length - start, true);
  }

  /** An attribute that holds others. */
  nest(type: number, write: () => void): void {
    this.open(type);
    write();
    this.close();
  }

  /** Begins an attribute that holds others. */
  open(type: number): void {
    const start = this.#take(4);
    this.#view.setUint16(start + 2, type | NESTED, true);
    this.#open.push(start);
  }

  /** Ends the attribute that was opened last. */
  close(): void {
    const start = this.#open.pop() ?? 0;
    const length = this.#length - start;
    assert(length <= ATTRIBUTE_MAX, () => `an attribute of ${length} bytes`);
    this.#view.setUint16(start, length, true);
  }

  /** A big-endian number of 32 bits. */
  number(type: number, value: number): void {
    const start = this.#attribute(type, 4);
    this.#view.setUint32(start, value >>> 0, false);
  }

  /** A text that ends in a zero byte. */
  text(type: number, value: string): void {
    const start = this.#attribute(type, value.length + 1);
    for (let i = 0; i < value.length; i++) this.#bytes[start + i] = value.charCodeAt(i);
  }

  /** An attribute of `size` bytes, all zero; answers where they begin, for `put`. */
  room(type: number, size: number): number {
    return this.#attribute(type, size);
  }

  /** Writes a number into room: big-endian unless told otherwise. */
  put(at: number, size: number, value: bigint, little = false): void {
    let rest = value;
    for (let i = 0; i < size; i++) {
      this.#bytes[little ? at + i : at + size - 1 - i] = Number(rest & 0xffn);
      rest >>= 8n;
    }
  }

  /** As `put`, for numbers of 32 bits. */
  put32(at: number, value: number, little = false): void {
    this.#view.setUint32(at, value >>> 0, little);
  }

  /** Writes text into room, without an end. */
  putText(at: number, value: string): void {
    for (let i = 0; i < value.length; i++) this.#bytes[at + i] = value.charCodeAt(i);
  }

  #attribute(type: number, size: number): number {
    const start = this.#take(4 + size);
    this.#view.setUint16(start, 4 + size, true);
    this.#view.setUint16(start + 2, type, true);
    return start + 4;
  }

  /** Room for that many bytes, rounded up to four; new room is zero. */
  #take(size: number): number {
    const start = this.#length;
    this.#length += (size + 3) & ~3;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
}
